import Domain

/// One request on its way through the model, with what has been found out about it.
struct Call: Sendable {
    let request: ModelRequest
    let now: Timestamp
    let route: Route?
    let token: ModelToken?
    var ray = ""
    var fault: Fault?
    var effect: LedgerEntry.Effect?
    var code: Int?

    init(request: ModelRequest, now: Timestamp, route: Route?, token: ModelToken?) {
        (self.request, self.now, self.route, self.token) = (request, now, route, token)
    }

    mutating func refuse(_ refusal: Refusal) -> ModelReply {
        code = refusal.code
        return ModelReply(status: refusal.status, body: refusal.body)
    }

    /// The word that a fault puts in place of every status.
    var statusWord: String? {
        guard case .unknownStatus(let word) = fault else { return nil }
        return word
    }

    /// The moment that a listing shows.
    func listMoment(lag: Duration) -> Timestamp {
        if case .staleList(let age) = fault { return now - lag - age }
        return now - lag
    }

    /// The request's body as a JSON object.
    func members() throws(Refusal) -> JSONValue {
        guard request.body.count <= 1 << 20 else { throw .malformedBody }
        do throws(JSONTrouble) {
            let value = try JSONValue(reading: request.body)
            guard value.members != nil else { throw JSONTrouble(offset: 0, fault: "not an object") }
            return value
        } catch {
            throw .malformedBody
        }
    }

    func entry(status reply: ModelReply) -> LedgerEntry {
        let isAnswered = reply.fate != .resetBefore && reply.fate != .resetAfter
        let endpoint = "\(request.method) \(route?.template ?? "(unknown)")"
        return LedgerEntry(
            number: 0, at: now, method: request.method, path: request.apiPath, query: request.query,
            endpoint: endpoint, token: token?.label, status: isAnswered ? reply.status : nil, code: code,
            effect: effect, fault: fault?.code, ray: ray)
    }
}

extension CloudflareModel {
    /// Cloudflare's envelope around a result.
    static func envelope(_ page: ListPage? = nil, _ result: (inout JSONWriter) -> Void) -> [UInt8] {
        JSONWriter.text { writer in
            writer.object { writer in
                writer.key("result")
                result(&writer)
                page?.write(to: &writer)
                writer.member("success", true)
                writer.array("errors") { _ in }
                writer.array("messages") { _ in }
            }
        }
    }
}

/// Which part of a list was asked for.
struct ListPage: Hashable, Sendable {
    var page: Int
    var perPage: Int
    var offset: Int
    var limit: Int
    /// Entries of the whole list, known after the list was made.
    var total = 0
    var count = 0

    /// Pages of 5 to 50, 20 where nothing is said. A size out of the range is refused (assumed: it is not documented).
    init(_ request: ModelRequest, allowsOffset: Bool = false) throws(Refusal) {
        (page, perPage) = (1, 20)
        if let text = request.parameter("page") {
            guard let number = Int(text), (1...10_000_000).contains(number) else { throw .invalid("page is invalid") }
            page = number
        }
        if let text = request.parameter("per_page") {
            guard let number = Int(text), (5...50).contains(number) else {
                throw .invalid("per_page must be from 5 to 50")
            }
            perPage = number
        }
        (offset, limit) = ((page - 1) * perPage, perPage)
        guard allowsOffset, request.parameter("limit") != nil || request.parameter("offset") != nil else { return }
        guard let limit = Int(request.parameter("limit") ?? "20"), (1...50).contains(limit),
            let offset = Int(request.parameter("offset") ?? "0"), (0...10_000_000).contains(offset)
        else { throw .invalid("limit or offset is invalid") }
        (self.offset, self.limit, perPage, page) = (offset, limit, limit, offset / limit + 1)
    }

    /// The part of the list that is shown, with what a fault does to it.
    mutating func cut<Entry>(_ entries: [Entry], fault: Fault?) -> [Entry] {
        total = entries.count
        var shown = Array(entries.dropFirst(offset).prefix(limit))
        count = shown.count
        switch fault {
        case .missingEntry where !shown.isEmpty: shown.removeFirst()
        case .duplicateEntry where !shown.isEmpty: shown.insert(shown[0], at: shown.count)
        default: break
        }
        return shown
    }

    func write(to writer: inout JSONWriter) {
        writer.object("result_info") { writer in
            writer.member("page", page)
            writer.member("per_page", perPage)
            writer.member("count", count)
            writer.member("total_count", total)
            writer.member("total_pages", (total + perPage - 1) / perPage)
        }
    }
}
