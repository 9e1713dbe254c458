import Domain

extension FaultRule {
    /// Reads a rule: `{"method": "POST", "path": "/zones/*/ssl/certificate_packs/order", "skip": 0, "count": 1,
    /// "probability": 1, "do": "reset_after"}`; `do` may be a list of words of which one is drawn, and the members
    /// `seconds`, `status`, `bytes`, `word` say more about it.
    public init(_ fields: inout Fields) throws(ScenarioTrouble) {
        let wanted = fields.value("do")
        guard let words = wanted?.text.map({ [$0] }) ?? wanted?.elements?.compactMap(\.text), !words.isEmpty else {
            throw fields.trouble("do", "missing; one or more of: \(Fault.codes.joined(separator: ", "))")
        }
        let seconds = try fields.integer("seconds", in: -86_400_000...86_400_000)
        let status = try fields.integer("status", in: 200...599)
        let bytes = try fields.integer("bytes", in: 0...100_000_000)
        let word = try fields.text("word")
        var faults: [Fault] = []
        for code in words {
            let fault: Fault? =
                switch code {
                case "delay": .delay(.seconds(max(0, seconds ?? 5)))
                case "reset_before": .resetBefore
                case "reset_after": .resetAfter
                case "server_error_before": .serverErrorBefore(status: status ?? 502)
                case "server_error_after": .serverErrorAfter(status: status ?? 502)
                case "limited": .limited(retryAfter: seconds.map { max(0, $0) })
                case "truncated": .truncated(at: bytes ?? 40)
                case "html": .html(status: status ?? 503)
                case "empty_body": .emptyBody
                case "duplicate_entry": .duplicateEntry
                case "missing_entry": .missingEntry
                case "unknown_status": .unknownStatus(word ?? "polishing")
                case "stale_list": .staleList(.seconds(max(0, seconds ?? 60)))
                case "unsuccessful": .unsuccessful
                case "date_skew": .dateSkew(seconds: seconds ?? 3600)
                default: nil
                }
            guard let fault else {
                throw fields.trouble("do", "'\(code)' is none of: \(Fault.codes.joined(separator: ", "))")
            }
            faults.append(fault)
        }
        self.init(
            faults, method: try fields.text("method"), path: try fields.text("path"), token: try fields.text("token"),
            skip: try fields.integer("skip", in: 0...1_000_000_000) ?? 0,
            count: try fields.integer("count", in: 0...1_000_000_000),
            probability: try fields.decimal("probability", in: 0...1) ?? 1)
        try fields.finish()
    }

    public func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", id)
            if let method { writer.member("method", method) }
            if let path { writer.member("path", path) }
            if let token { writer.member("token", token) }
            writer.member("skip", skip)
            if let count { writer.member("count", count) }
            writer.key("probability")
            writer.literal("\(probability)")
            writer.member("do", faults.map(\.code))
            writer.member("struck", struck)
        }
    }
}
