import Domain

/// One entry as the journal gets it: fields by name, and the same as one line.
///
/// `MESSAGE` is the fixed text of the kind, then the subject (or the zone) and the facts that a person needs first,
/// always in the same order: `a certificate changed: example.com/certificate_pack/main from=validation to=serving`.
/// It is made of the fields and of nothing else, so programs read the fields and group by `MESSAGE_ID`, and nothing
/// ever has to take the message apart.
struct JournalEntry: Hashable, Sendable {
    struct Field: Hashable, Sendable {
        var name: String
        var value: String
    }

    let fields: [Field]
    let priority: News.Priority
    let message: String

    init(_ news: News, identifier: String) {
        priority = news.priority
        message = Self.message(for: news)
        var fields = [
            Field(name: "MESSAGE", value: message),
            Field(name: "MESSAGE_ID", value: news.kind.messageID),
            Field(name: "PRIORITY", value: String(news.priority.rawValue)),
            Field(name: "SYSLOG_IDENTIFIER", value: identifier),
            Field(name: "EDGECERT_NEWS", value: news.kind.rawValue),
        ]
        func add(_ name: String, _ value: String) { fields.append(Field(name: name, value: Self.bounded(value))) }
        if let zone = news.zoneName ?? news.subject?.zone.text { add("EDGECERT_ZONE", zone) }
        if let subject = news.subject {
            add("EDGECERT_SUBJECT", subject.path(zoneName: news.zoneName ?? subject.zone.text))
            add("EDGECERT_KIND", subject.kind.rawValue)
            if !news.fields.contains(where: { $0.name == .zoneID }) { add("EDGECERT_ZONE_ID", subject.zone.text) }
        }
        for field in news.fields.prefix(Self.fieldLimit) { add("EDGECERT_\(field.name.rawValue)", field.value) }
        self.fields = fields
    }

    /// `<5>a certificate changed: …`, without the end of the line.
    var line: String { "<\(priority.rawValue)>\(message)" }

    /// journald takes 1,024 fields an entry (systemd 252, `ENTRY_FIELD_COUNT_MAX`).
    private static let fieldLimit = 256
    /// Bytes of a value. journald takes 768 MiB; nobody reads that.
    static let valueLimit = 64 << 10
    private static let factLimit = 300
    private static let messageLimit = 2000

    /// At most ``valueLimit`` bytes, cut between characters.
    private static func bounded(_ value: String) -> String {
        guard value.utf8.count > valueLimit else { return value }
        var kept = value.utf8.prefix(valueLimit - 3)  // three bytes for the mark
        while !kept.isEmpty {
            if let text = String(kept) { return text + "…" }
            kept = kept.dropLast()
        }
        return "…"
    }
}

extension JournalEntry {
    private static func message(for news: News) -> String {
        var parts: [String] = []
        if let subject = news.subject {
            parts.append(singleLine(subject.path(zoneName: news.zoneName ?? subject.zone.text), limit: factLimit))
        } else if let zone = news.zoneName {
            parts.append(singleLine(zone, limit: factLimit))
        }
        for name in factsInMessage {
            for field in news.fields where field.name == name && !isNoise(field) {
                parts.append("\(name.rawValue.lowercased())=\(quoted(singleLine(field.value, limit: factLimit)))")
            }
        }
        let facts = parts.isEmpty ? "" : ": " + parts.joined(separator: " ")
        return singleLine(news.kind.message + facts, limit: messageLimit)
    }

    /// What a person needs first, in this order. What is missing here (identifiers, the command's output) is a field.
    static let factsInMessage: [News.Field.Name] = [
        .event, .action, .condition, .rung, .from, .to, .toStatus, .move, .reason, .errorCode, .httpStatus,
        .errorMessage, .file, .line, .exitStatus, .mode, .version, .person, .notAfter, .since, .operation, .ray,
        .detail, .hint,
    ]

    /// Facts that are so in every quiet entry and would only make the line longer.
    private static func isNoise(_ field: News.Field) -> Bool {
        switch (field.name, field.value) {
        case (_, ""), (.event, "moved"), (.move, "none"), (.move, "expected"): true
        default: false
        }
    }

    /// As it is when it is one word, else in quotation marks, with `\` before those and itself.
    private static func quoted(_ value: String) -> String {
        guard value.contains(where: { $0.isWhitespace || $0 == "\"" || $0 == "\\" || $0 == "=" }) else { return value }
        return "\"\(value.reduce(into: "") { $0 += $1 == "\"" || $1 == "\\" ? "\\\($1)" : String($1) })\""
    }
}
