import Domain

/// A JSON value as it was read. Members keep their order; of members with one key the first counts.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// The digits as they stood, so that no precision is lost.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    public struct Member: Hashable, Sendable {
        public var key: String
        public var value: JSONValue
        public init(key: String, value: JSONValue) { (self.key, self.value) = (key, value) }
    }

    /// The member of an object; nil for any other value, and where there is none.
    public subscript(key: String) -> JSONValue? {
        members?.first { $0.key == key }?.value
    }

    /// The element of an array; nil for any other value, and outside of it.
    public subscript(index: Int) -> JSONValue? {
        guard let elements, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    public var members: [Member]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    public var elements: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    public var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    public var flag: Bool? {
        guard case .bool(let flag) = self else { return nil }
        return flag
    }

    /// A whole number that fits; nil for fractions, exponents and anything else.
    public var integer: Int? {
        guard case .number(let digits) = self else { return nil }
        return Int(digits)
    }

    public var decimal: Double? {
        guard case .number(let digits) = self else { return nil }
        return Double(digits)
    }
}

/// What is wrong with a text that should be JSON, and where.
public struct JSONTrouble: Explained, Hashable {
    /// Bytes before the fault.
    public let offset: Int
    public let fault: String

    public var explanation: Explanation {
        Explanation(code: "json-malformed", summary: "not JSON at byte \(offset): \(fault)")
    }
}
