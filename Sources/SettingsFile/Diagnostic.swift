import Domain

/// One thing that is wrong with the settings, or doubtful: where, what was found, and what is allowed.
public struct Diagnostic: Hashable, Sendable, CustomStringConvertible {
    public enum Severity: String, Hashable, Sendable, CaseIterable {
        /// The settings are not taken.
        case error
        /// They are taken, and a person should have a look.
        case warning
    }

    public var severity: Severity
    /// One word for programs, `unknown-key`. Never renamed.
    public var code: String
    public var file: String
    /// nil when the file could not be read at all.
    public var place: TextPlace?
    /// The full path of the key, counted from 1: `zone[2].certificate_pack[1].hosts[3]`. Empty where there is none.
    public var key: String
    public var found: String
    public var allowed: String
    /// What was most likely meant.
    public var suggestion: String?
    /// What to do.
    public var hint: String?

    public init(
        _ severity: Severity = .error, code: String, file: String, place: TextPlace? = nil, key: String = "",
        found: String, allowed: String, suggestion: String? = nil, hint: String? = nil
    ) {
        (self.severity, self.code, self.file, self.place, self.key) = (severity, code, file, place, key)
        (self.found, self.allowed, self.suggestion, self.hint) = (found, allowed, suggestion, hint)
    }

    /// One line: `FILE:LINE:COLUMN: error: KEY: found X; allowed is Y; did you mean 'Z'?; HINT`.
    public var description: String {
        let spot = place.map { ":\($0.line):\($0.column)" } ?? ""
        let subject = key.isEmpty ? "" : "\(key): "
        return "\(file.escaped)\(spot): \(severity.rawValue): \(subject)\(sentence)"
    }

    /// The line without place, severity and key.
    public var sentence: String {
        var clauses = ["found \(found)", "allowed is \(allowed)"]
        if let suggestion { clauses.append("did you mean '\(suggestion)'?") }
        if let hint { clauses.append(hint) }
        return clauses.joined(separator: "; ")
    }
}

/// The settings cannot be taken. Carries everything that is wrong with them, warnings included, in order of file and
/// place; at least one is an error.
public struct SettingsTrouble: Error, Hashable, Sendable, CustomStringConvertible {
    public let diagnostics: [Diagnostic]

    public init(diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }

    public var errors: [Diagnostic] { diagnostics.filter { $0.severity == .error } }

    /// A line for each diagnostic.
    public var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}

extension SettingsTrouble: Explained {
    /// Names the first error and counts the others: one clause is all that a status line can show.
    public var explanation: Explanation {
        let errors = errors
        let first = errors.first?.description ?? "the settings are not readable"
        let others = errors.count > 1 ? " (and \(errors.count - 1) more)" : ""
        return Explanation(
            code: "settings-refused", summary: first + others, hint: "'edgecertctl check' shows all that is wrong")
    }
}

extension [Diagnostic] {
    /// In the order of `files`, and of the places in them; those of one place in the order in which they were noted.
    func inOrder(of files: [String]) -> [Diagnostic] {
        let ranks = Dictionary(files.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let nowhere = TextPlace(line: 0, column: 0)
        return enumerated().sorted { left, right in
            let leftKey = (ranks[left.element.file] ?? .max, left.element.place ?? nowhere, left.offset)
            return leftKey < (ranks[right.element.file] ?? .max, right.element.place ?? nowhere, right.offset)
        }.map(\.element)
    }
}
