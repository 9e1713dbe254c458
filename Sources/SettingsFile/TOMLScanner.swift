/// Walks over the bytes of a text and always knows line and column.
struct TOMLScanner {
    private let bytes: [UInt8]
    private(set) var offset = 0
    private(set) var line = 1
    private var column = 1

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
    }

    var place: TextPlace { TextPlace(line: line, column: column) }
    var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    func ahead(_ count: Int) -> UInt8? {
        let index = offset + count
        return index < bytes.count ? bytes[index] : nil
    }

    func text(from start: Int) -> ArraySlice<UInt8> { bytes[min(start, offset)..<offset] }

    mutating func advance() {
        guard let byte = next else { return }
        offset += 1
        if byte == Ascii.lineFeed {
            line += 1
            column = 1
        } else if byte & 0xC0 != 0x80 {  // a byte inside a scalar is no column of its own
            column += 1
        }
    }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        advance()
        return true
    }

    mutating func skipBlanks() {
        while let byte = next, Ascii.isBlank(byte) { advance() }
    }

    var isAtLineEnd: Bool { next == Ascii.lineFeed || (next == Ascii.carriageReturn && ahead(1) == Ascii.lineFeed) }

    mutating func skipLineEnd() -> Bool {
        guard isAtLineEnd else { return false }
        if next == Ascii.carriageReturn { advance() }
        advance()
        return true
    }

    /// To the end of the line, without its line feed.
    mutating func skipRestOfLine() {
        while let byte = next, byte != Ascii.lineFeed { advance() }
    }

    /// What stands here, for a person to read.
    var description: String {
        guard let byte = next else { return "the end of the file" }
        if isAtLineEnd { return "the end of the line" }
        guard byte >= 0x80 else { return Self.description(of: Unicode.Scalar(byte)) }
        var end = offset + 1
        while end < bytes.count, end < offset + 4, bytes[end] & 0xC0 == 0x80 { end += 1 }
        let scalar = String(decoding: bytes[offset..<end], as: UTF8.self).unicodeScalars.first ?? "\u{FFFD}"
        return Self.description(of: scalar)
    }

    private static func description(of scalar: Unicode.Scalar) -> String {
        if scalar.value < 32 || (127...159).contains(scalar.value) || scalar.properties.isDefaultIgnorableCodePoint {
            let digits = String(scalar.value, radix: 16, uppercase: true)
            return "the control character U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        }
        return scalar == "'" ? "\"'\"" : "'\(scalar)'"
    }
}

/// The characters that TOML gives a meaning.
enum Ascii {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let quote = UInt8(ascii: "\"")
    static let apostrophe = UInt8(ascii: "'")
    static let backslash = UInt8(ascii: "\\")
    static let hash = UInt8(ascii: "#")
    static let dot = UInt8(ascii: ".")
    static let comma = UInt8(ascii: ",")
    static let equals = UInt8(ascii: "=")
    static let colon = UInt8(ascii: ":")
    static let plus = UInt8(ascii: "+")
    static let minus = UInt8(ascii: "-")
    static let underscore = UInt8(ascii: "_")
    static let openBracket = UInt8(ascii: "[")
    static let closeBracket = UInt8(ascii: "]")
    static let openBrace = UInt8(ascii: "{")
    static let closeBrace = UInt8(ascii: "}")

    static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == tab }
    static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
    static func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (97...122).contains(byte) }
    static func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 48...57: UInt32(byte) - 48
        case 65...70: UInt32(byte) - 55
        case 97...102: UInt32(byte) - 87
        default: nil
        }
    }
    static func isBareKey(_ byte: UInt8) -> Bool {
        isLetter(byte) || isDigit(byte) || byte == minus || byte == underscore
    }
    /// Refused in strings and comments: everything below the blank except the tab, and DEL.
    static func isControl(_ byte: UInt8) -> Bool { (byte < 32 && byte != tab) || byte == 127 }
}
