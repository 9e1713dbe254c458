/// Trouble that a person may have to read. The tool prints it; the journal gets it field by field.
public protocol Explained: Error { var explanation: Explanation { get } }

/// What a person is told of a trouble: a code that never changes, one clause that says what is wrong and where, and
/// what to do about it where there is something to do.
public struct Explanation: Hashable, Sendable {
    public let code: String
    public let summary: String
    public let hint: String?

    public init(code: String, summary: String, hint: String? = nil) {
        (self.code, self.summary, self.hint) = (code, summary, hint)
    }
}

/// A text that must never reach a log, an error, an argument list or the database. Printing one prints `•••`.
public struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let text: String
    public init(_ text: String) { self.text = text }

    /// Hands the text to the one call that needs it. What comes out must not be kept.
    public func reveal<Result>(_ use: (String) throws -> Result) rethrows -> Result { try use(text) }

    public var isEmpty: Bool { text.isEmpty }
    public var description: String { "•••" }
    public var debugDescription: String { "•••" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
