/// A JSON value as it came, with accessors that take what is usable and never fail.
///
/// Cloudflare changes types without notice (identifiers were numbers until 2021), so nothing here insists on one.
enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    /// As written: a serial number has more digits than any integer type.
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    struct Member: Hashable, Sendable {
        var key: String
        var value: JSON
    }

    /// The member of this name; where a name comes twice the last one counts. `null` where there is none.
    subscript(_ key: String) -> JSON {
        guard case .object(let members) = self else { return .null }
        return members.last { $0.key == key }?.value ?? .null
    }

    var isNull: Bool { self == .null }

    var isObject: Bool {
        guard case .object = self else { return false }
        return true
    }

    var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// A string that is not empty, or a number as it was written.
    var text: String? {
        switch self {
        case .string(let text): text.isEmpty ? nil : text
        case .number(let text): text
        case .null, .bool, .array, .object: nil
        }
    }

    /// A whole number, also one that stands in a string.
    var int: Int? { text.flatMap { Int($0) } }

    var array: [JSON]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }
}
