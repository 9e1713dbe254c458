extension JSONValue {
    /// Reads one JSON text (RFC 8259) with nothing after it but white space.
    ///
    /// - Parameter depthLimit: Arrays and objects may be nested this deep; more is refused rather than followed.
    public init(reading bytes: some Sequence<UInt8>, depthLimit: Int = 32) throws(JSONTrouble) {
        var reader = JSONReader(bytes: Array(bytes))
        self = try reader.wholeValue(depth: depthLimit)
    }
}

/// A recursive reader; every step leaves `place` behind what it has read.
private struct JSONReader {
    let bytes: [UInt8]
    var place = 0

    mutating func wholeValue(depth: Int) throws(JSONTrouble) -> JSONValue {
        let value = try value(depth: depth)
        skipSpace()
        guard place == bytes.count else { throw trouble("something follows the value") }
        return value
    }

    private mutating func value(depth: Int) throws(JSONTrouble) -> JSONValue {
        skipSpace()
        guard place < bytes.count else { throw trouble("the text ends where a value should be") }
        switch bytes[place] {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(JSONTrouble) -> JSONValue {
        guard depth > 0 else { throw trouble("it is nested too deep") }
        place += 1
        var members: [JSONValue.Member] = []
        skipSpace()
        if skip("}") { return .object(members) }
        while true {
            skipSpace()
            guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { throw trouble("a key is missing") }
            let key = try string()
            skipSpace()
            guard skip(":") else { throw trouble("a colon is missing") }
            members.append(.init(key: key, value: try value(depth: depth - 1)))
            skipSpace()
            if skip("}") { return .object(members) }
            guard skip(",") else { throw trouble("a comma or a brace is missing") }
        }
    }

    private mutating func array(depth: Int) throws(JSONTrouble) -> JSONValue {
        guard depth > 0 else { throw trouble("it is nested too deep") }
        place += 1
        var elements: [JSONValue] = []
        skipSpace()
        if skip("]") { return .array(elements) }
        while true {
            elements.append(try value(depth: depth - 1))
            skipSpace()
            if skip("]") { return .array(elements) }
            guard skip(",") else { throw trouble("a comma or a bracket is missing") }
        }
    }

    private mutating func string() throws(JSONTrouble) -> String {
        place += 1
        var text: [UInt8] = []
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw trouble("a control character stands in a string")
            default: text.append(byte)
            }
        }
        throw trouble("a string does not end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONTrouble) {
        guard place < bytes.count else { throw trouble("a string does not end") }
        let mark = bytes[place]
        place += 1
        switch mark {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(mark)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            let scalar = Unicode.Scalar(try codePoint()) ?? "\u{FFFD}"  // half a surrogate pair names no character
            text.append(contentsOf: Array(String(Character(scalar)).utf8))
        default: throw trouble("an unknown escape stands in a string")
        }
    }

    private mutating func codePoint() throws(JSONTrouble) -> UInt32 {
        let first = try fourHexDigits()
        guard (0xD800..<0xDC00).contains(first), place + 1 < bytes.count, bytes[place] == UInt8(ascii: "\\"),
            bytes[place + 1] == UInt8(ascii: "u")
        else { return first }
        place += 2
        let second = try fourHexDigits()
        guard (0xDC00..<0xE000).contains(second) else { return 0xD800 }
        return 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
    }

    private mutating func fourHexDigits() throws(JSONTrouble) -> UInt32 {
        guard place + 4 <= bytes.count, bytes[place..<place + 4].allSatisfy(\.isHexDigit),
            let number = UInt32(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16)
        else { throw trouble("four hexadecimal digits are missing") }
        place += 4
        return number
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(JSONTrouble) -> JSONValue {
        guard bytes[place...].starts(with: word.utf8) else { throw trouble("an unknown word") }
        place += word.utf8.count
        return value
    }

    private mutating func number() throws(JSONTrouble) -> JSONValue {
        let start = place
        _ = skip("-")
        let whole = digits()
        guard whole > 0, whole == 1 || bytes[place - whole] != UInt8(ascii: "0") else { throw trouble("not a value") }
        if skip("."), digits() == 0 { throw trouble("digits are missing after the point") }
        if skip("e") || skip("E") {
            if !skip("+") { _ = skip("-") }
            guard digits() > 0 else { throw trouble("digits are missing in the exponent") }
        }
        return .number(String(decoding: bytes[start..<place], as: UTF8.self))
    }

    private mutating func digits() -> Int {
        let start = place
        while place < bytes.count, (48...57).contains(bytes[place]) { place += 1 }
        return place - start
    }

    private mutating func skip(_ mark: Unicode.Scalar) -> Bool {
        guard place < bytes.count, bytes[place] == UInt8(ascii: mark) else { return false }
        place += 1
        return true
    }

    private mutating func skipSpace() {
        while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
    }

    private func trouble(_ fault: String) -> JSONTrouble { JSONTrouble(offset: place, fault: fault) }
}

extension UInt8 {
    /// True for the ASCII codes of 0 to 9, A to F and a to f.
    var isHexDigit: Bool { (48...57).contains(self) || (65...70).contains(self) || (97...102).contains(self) }
}
