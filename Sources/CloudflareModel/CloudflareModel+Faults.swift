import Domain

extension CloudflareModel {
    /// Adds a rule; the first that strikes a request counts.
    /// - Returns: The number to remove it by.
    @discardableResult
    public mutating func add(_ rule: FaultRule) -> Int {
        lastFaultNumber += 1
        var rule = rule
        rule.id = lastFaultNumber
        faults.append(rule)
        return rule.id
    }

    /// Removes one rule, or all of them.
    public mutating func removeFaults(_ id: Int? = nil) {
        if let id { faults.removeAll { $0.id == id } } else { faults = [] }
    }

    mutating func strike(_ request: ModelRequest, token label: String?) -> Fault? {
        for place in faults.indices {
            if let fault = faults[place].strikes(request, token: label, chance: &chance) { return fault }
        }
        return nil
    }

    /// The reply of a fault that keeps the request from having its effect.
    func struckBefore(_ call: inout Call) -> ModelReply? {
        switch call.fault {
        case .resetBefore: return ModelReply(status: 0, fate: .resetBefore)
        case .serverErrorBefore(let status): return Self.serverError(status, &call)
        case .html(let status):
            return ModelReply(status: status, headers: [.init("Content-Type", "text/html")], body: Self.page)
        case .limited(let seconds):
            var reply = call.refuse(.limited)
            if let seconds { reply.headers.append(.init("Retry-After", String(seconds))) }
            return reply
        case .unsuccessful:
            var reply = call.refuse(.troubleInside)
            reply.status = 200
            return reply
        default: return nil
        }
    }

    /// What a fault does to a reply whose effect is there.
    func struckAfter(_ reply: ModelReply, _ call: inout Call) -> ModelReply {
        var reply = reply
        switch call.fault {
        case .resetAfter: reply.fate = .resetAfter
        case .delay(let span): reply.fate = .delay(span)
        case .truncated(let bytes): reply.fate = .truncate(at: bytes)
        case .emptyBody: reply.body = []
        case .serverErrorAfter(let status): reply = Self.serverError(status, &call)
        default: break
        }
        return reply
    }

    private static func serverError(_ status: Int, _ call: inout Call) -> ModelReply {
        var refusal = Refusal.troubleInside
        refusal.status = status
        return call.refuse(refusal)
    }

    private static let page = Array(
        """
        <!DOCTYPE html>
        <html><head><title>Service unavailable</title></head>
        <body><h1>Service unavailable</h1><p>The proxy could not reach the origin.</p></body></html>

        """.utf8)
}
