/// Reads JSON from bytes that anything may have happened to: every index is checked, and depth is bounded.
struct PackedReader {
    private let bytes: [UInt8]
    private var at = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func wholeText() throws(Unreadable) -> Packed {
        let value = try value(depth: 0)
        skipSpace()
        guard at == bytes.count else { throw Unreadable("something follows its end") }
        return value
    }

    private mutating func value(depth: Int) throws(Unreadable) -> Packed {
        guard depth < PackedText.depthLimit else { throw Unreadable("too deep") }
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return try record(depth: depth)
        case UInt8(ascii: "["): return try list(depth: depth)
        case UInt8(ascii: "\""): return .text(try text())
        case UInt8(ascii: "t"): return try literal("true", .flag(true))
        case UInt8(ascii: "f"): return try literal("false", .flag(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func record(depth: Int) throws(Unreadable) -> Packed {
        at += 1
        var members: [Packed.Member] = []
        skipSpace()
        if skip("}") { return .record(members) }
        repeat {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw Unreadable("a member without a name") }
            let name = try text()
            skipSpace()
            guard skip(":") else { throw Unreadable("no colon after '\(name)'") }
            guard !members.contains(where: { $0.name == name }) else {
                throw Unreadable("'\(name)' stands there twice")
            }
            guard members.count < PackedText.memberLimit else { throw Unreadable("a record of too many members") }
            members.append(.init(name: name, value: try value(depth: depth + 1)))
            skipSpace()
        } while skip(",")
        guard skip("}") else { throw Unreadable("a record without its end") }
        return .record(members)
    }

    private mutating func list(depth: Int) throws(Unreadable) -> Packed {
        at += 1
        var items: [Packed] = []
        skipSpace()
        if skip("]") { return .list(items) }
        repeat {
            items.append(try value(depth: depth + 1))
            skipSpace()
        } while skip(",")
        guard skip("]") else { throw Unreadable("a list without its end") }
        return .list(items)
    }

    private mutating func text() throws(Unreadable) -> String {
        at += 1
        let start = at
        while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { at += 1 }
        if peek == UInt8(ascii: "\"") {  // nearly always the whole text
            defer { at += 1 }
            return try utf8(bytes, start..<at)
        }
        var raw = Array(bytes[start..<at])
        while let byte = peek, byte != UInt8(ascii: "\"") {
            at += 1
            if byte == UInt8(ascii: "\\") { raw += try escape() } else { raw.append(byte) }
        }
        guard skip("\"") else { throw Unreadable("a text without its end") }
        return try utf8(raw, raw.indices)
    }

    private func utf8(_ bytes: [UInt8], _ range: Range<Int>) throws(Unreadable) -> String {
        let text = bytes.withUnsafeBufferPointer { String(utf8: UnsafeBufferPointer(rebasing: $0[range])) }
        guard let text else { throw Unreadable("a text that is not UTF-8") }
        return text
    }

    private mutating func escape() throws(Unreadable) -> [UInt8] {
        guard let byte = peek else { throw Unreadable("a text without its end") }
        at += 1
        switch byte {
        case UInt8(ascii: "n"): return [0x0a]
        case UInt8(ascii: "r"): return [0x0d]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0c]
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw Unreadable("an unknown escape")
        }
    }

    private mutating func unicodeEscape() throws(Unreadable) -> [UInt8] {
        var units = [try codeUnit()]
        if (0xd800..<0xdc00).contains(units[0]) {
            guard skip("\\"), skip("u") else { throw Unreadable("half a character") }
            units.append(try codeUnit())
        }
        guard let text = String(validating: units, as: UTF16.self) else { throw Unreadable("half a character") }
        return Array(text.utf8)
    }

    private mutating func codeUnit() throws(Unreadable) -> UInt16 {
        let digits = bytes[at...].prefix(4)
        at += digits.count
        guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw Unreadable("an escape without four digits") }
        return unit
    }

    private mutating func number() throws(Unreadable) -> Packed {
        let start = at
        while let byte = peek, (48...57).contains(byte) || "+-.eE".utf8.contains(byte) { at += 1 }
        let digits = String(decoding: bytes[start..<at], as: UTF8.self)
        if let number = Int64(digits) { return .number(number) }
        guard Double(digits) != nil else { throw Unreadable("something that is no value") }
        return .otherNumber
    }

    private mutating func literal(_ word: StaticString, _ value: Packed) throws(Unreadable) -> Packed {
        let count = word.utf8CodeUnitCount
        guard bytes[at...].prefix(count).elementsEqual(word.description.utf8) else {
            throw Unreadable("something that is no value")
        }
        at += count
        return value
    }

    private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skip(_ mark: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: mark) else { return false }
        at += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { at += 1 }
    }
}

extension String {
    /// The text of these bytes; nil where they are not UTF-8.
    ///
    /// Nearly all of what is stored is ASCII, and the library's own check takes ten times as long: it is not specialised,
    /// and each call looks up the types that it is made of (Swift 6.3.1, 2026-11).
    init?(utf8 bytes: UnsafeBufferPointer<UInt8>) {
        if bytes.allSatisfy({ $0 < 0x80 }) {
            self = String(decoding: bytes, as: UTF8.self)
        } else {
            self.init(validating: bytes, as: UTF8.self)
        }
    }
}
