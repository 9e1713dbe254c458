/// Writes JSON as bytes, front to back, without a tree in between. Commas are its own business.
public struct JSONWriter: Sendable {
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    public init() {}

    public mutating func object(_ content: (inout JSONWriter) -> Void) { nested("{", "}", content) }
    public mutating func array(_ content: (inout JSONWriter) -> Void) { nested("[", "]", content) }

    public mutating func key(_ key: String) {
        string(key)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    public mutating func string(_ text: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            if utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
                bytes.append(contentsOf: utf8)
            } else {
                escape(utf8)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ utf8: UnsafeBufferPointer<UInt8>) {
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x0A: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
            case 0x0D: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "r")])
            case 0..<0x20:
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(contentsOf: [byte >> 4, byte & 15].map { $0 < 10 ? 48 + $0 : 87 + $0 })
            default: bytes.append(byte)
            }
        }
    }

    public mutating func number(_ number: Int) { literal(String(number)) }
    public mutating func bool(_ flag: Bool) { literal(flag ? "true" : "false") }
    public mutating func null() { literal("null") }

    /// Puts in a value that is written already, or a number in its own digits.
    public mutating func literal(_ written: String) {
        separate()
        bytes.append(contentsOf: written.utf8)
    }

    public mutating func raw(_ written: [UInt8]) {
        separate()
        bytes.append(contentsOf: written)
    }

    private mutating func nested(_ open: Unicode.Scalar, _ close: Unicode.Scalar, _ content: (inout JSONWriter) -> Void)
    {
        separate()
        bytes.append(UInt8(ascii: open))
        needsComma = false
        content(&self)
        bytes.append(UInt8(ascii: close))
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}

extension JSONWriter {
    public mutating func member(_ key: String, _ text: String) {
        self.key(key)
        string(text)
    }

    public mutating func member(_ key: String, _ number: Int) {
        self.key(key)
        self.number(number)
    }

    public mutating func member(_ key: String, _ flag: Bool) {
        self.key(key)
        bool(flag)
    }

    public mutating func member(_ key: String, _ texts: [String]) {
        self.key(key)
        array { writer in
            for text in texts { writer.string(text) }
        }
    }

    /// `null` for nil.
    public mutating func member(_ key: String, orNull text: String?) {
        self.key(key)
        if let text { string(text) } else { null() }
    }

    public mutating func object(_ key: String, _ content: (inout JSONWriter) -> Void) {
        self.key(key)
        object(content)
    }

    public mutating func array(_ key: String, _ content: (inout JSONWriter) -> Void) {
        self.key(key)
        array(content)
    }

    /// One JSON text by itself.
    public static func text(_ content: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        content(&writer)
        return writer.bytes
    }
}

extension JSONValue {
    public func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .bool(let flag): writer.bool(flag)
        case .number(let digits): writer.literal(digits)
        case .string(let text): writer.string(text)
        case .array(let elements):
            writer.array { writer in
                for element in elements { element.write(to: &writer) }
            }
        case .object(let members):
            writer.object { writer in
                for member in members {
                    writer.key(member.key)
                    member.value.write(to: &writer)
                }
            }
        }
    }
}
