import Domain

/// Collects what is wrong while the settings are read.
final class DiagnosticLog {
    private(set) var diagnostics: [Diagnostic] = []

    func note(_ diagnostic: Diagnostic) {
        // A file of garbage must not fill the memory; nobody reads a thousand lines.
        if diagnostics.count < Self.most { diagnostics.append(diagnostic) }
    }

    private static let most = 1000
}

/// Reads the keys of one table, each once, and knows afterwards which keys nobody asked for.
struct TableReader {
    let table: TOMLTable
    let file: String
    /// The table's full path, `zone[2]`; empty for the whole file.
    let path: String
    let place: TextPlace
    let log: DiagnosticLog
    private var asked: [String] = []
    /// The keys that were present, with the places of their values.
    private(set) var keys: [TablePlaces.Key] = []

    init(_ table: TOMLTable, file: String, path: String, place: TextPlace, log: DiagnosticLog) {
        (self.table, self.file, self.path, self.place, self.log) = (table, file, path, place, log)
    }

    /// - Returns: nil when the key is absent, or when its value was refused, which is then noted.
    mutating func value<Value>(_ key: String, _ form: Form<Value>) -> Value? {
        asked.append(key)
        guard let value = table[key]?.value else { return nil }
        keys.append(.init(name: key, place: value.place))
        if case .unread = value.content { return nil }
        switch form.read(value) {
        case .value(let result): return result
        case .refused(let found, let suggestion, let hint):
            let found = form.isHidden ? "another value (not shown)" : found ?? value.shown
            let suggestion = form.isHidden ? nil : suggestion
            note(
                "bad-value", at: value.place, key: key, found: found, allowed: form.allowed, suggestion: suggestion,
                hint: hint)
            return nil
        }
    }

    /// The same, and an absent key is noted.
    mutating func required<Value>(_ key: String, _ form: Form<Value>) -> Value? {
        if table[key] == nil {
            note("missing-key", at: place, key: key, found: "no '\(key)'", allowed: form.allowed)
        }
        return value(key, form)
    }

    func has(_ key: String) -> Bool { table[key] != nil }

    /// - Parameters:
    ///   - zone: The number of the zone, from 1.
    ///   - kind: With `number`, of the wish in it; nil for the zone itself.
    ///   - ofKeys: False for the header's alone.
    func places(zone: Int, kind: SubjectKind? = nil, number: Int = 0, ofKeys: Bool) -> TablePlaces {
        TablePlaces(
            zone: Int32(clamping: zone), kind: kind, number: Int32(clamping: number), file: file, place: place,
            keys: ofKeys ? keys : [])
    }

    /// The place of the key's value; of the table when the key is absent.
    func place(of key: String) -> TextPlace { table[key]?.value.place ?? place }

    /// The table under `key`; nil when it is absent or something else, which is then noted.
    mutating func table(_ key: String) -> TableReader? {
        asked.append(key)
        guard let value = table[key]?.value else { return nil }
        switch value.content {
        case .table(let inner): return reader(inner, key: key, place: value.place)
        case .unread: return nil
        default:
            note(
                "bad-value", at: value.place, key: key, found: value.shown, allowed: "a table",
                hint: "its header is written [\(fullPath(key))]")
            return nil
        }
    }

    /// The tables under `key`, one for each `[[key]]`, with their numbers from 1.
    mutating func tables(_ key: String, header: String) -> [(number: Int, reader: TableReader)] {
        asked.append(key)
        guard let value = table[key]?.value else { return [] }
        let hint = "each has a header of its own, written [[\(header)]]"
        guard case .array(let array) = value.content else {
            if case .unread = value.content { return [] }
            note(
                "bad-value", at: value.place, key: key, found: value.shown, allowed: "an array of tables", hint: hint)
            return []
        }
        return array.items.enumerated().compactMap { index, item in
            let key = "\(key)[\(index + 1)]"
            switch item.content {
            case .table(let inner): return (index + 1, reader(inner, key: key, place: item.place))
            case .unread: return nil  // also what was read before the document had ended
            default:
                note("bad-value", at: item.place, key: key, found: item.shown, allowed: "a table", hint: hint)
                return nil
            }
        }
    }

    private func reader(_ inner: TOMLTable, key: String, place: TextPlace) -> TableReader {
        TableReader(inner, file: file, path: fullPath(key), place: place, log: log)
    }

    func fullPath(_ key: String) -> String {
        if key.isEmpty || path.isEmpty { return path + key }
        return key.hasPrefix("[") ? path + key : "\(path).\(key)"
    }

    /// - Parameter key: Empty for the table itself.
    func note(
        _ code: String, _ severity: Diagnostic.Severity = .error, at place: TextPlace, key: String, found: String,
        allowed: String, suggestion: String? = nil, hint: String? = nil
    ) {
        log.note(
            Diagnostic(
                severity, code: code, file: file, place: place, key: fullPath(key), found: found, allowed: allowed,
                suggestion: suggestion, hint: hint))
    }

    /// Notes every key that was not asked for. The values of unknown keys are never shown: they may be secrets.
    ///
    /// - Parameter homes: For keys of other tables, the table in which they belong.
    func finish(homes: [String: String]) {
        for entry in table.entries where !asked.contains(entry.key.text) {
            let key = entry.key.text
            if SecretWords.isSecret(key) {
                note(
                    "secret-in-settings", at: entry.keyPlace, key: TOMLParser.text(of: key),
                    found: "what looks like a secret (not shown)", allowed: "no secret in the settings",
                    hint: SecretWords.hint)
                continue
            }
            let suggestion = Suggestion.nearest(to: key, among: asked)
            let home = homes[key].map { "'\(key)' belongs under \($0)" }
            note(
                "unknown-key", at: entry.keyPlace, key: TOMLParser.text(of: key), found: "an unknown key",
                allowed: asked.sorted().joined(last: "or"), suggestion: home == nil ? suggestion : nil, hint: home)
        }
    }
}

/// Keys under which people write their token.
enum SecretWords {
    static func isSecret(_ key: String) -> Bool {
        let letters = key.lowercased().filter { $0 != "_" && $0 != "-" }
        return words.contains { letters.contains($0) }
    }

    private static let words = [
        "token", "secret", "password", "passwd", "passphrase", "apikey", "privatekey", "credential", "authkey",
        "bearer",
    ]

    static let hint =
        "the token is handed over as the credential 'cloudflare-token' (LoadCredential= in the unit), "
        + "or in a file that cloudflare.token_file names"
}
