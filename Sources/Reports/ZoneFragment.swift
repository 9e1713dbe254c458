import Domain

/// Validation records as a fragment of a zone file (RFC 1035 §5.1), to be included or pasted.
///
/// A name and its wildcard are proven at one name with two values: these make one set of records, each value once.
/// What comes from outside is escaped, so that no name and no value can begin a record of its own.
public struct ZoneFragment: Sendable {
    /// Short, because the values change with every validation.
    public static let timeToLive = 60

    private var values: [Key: [String]] = [:]

    private struct Key: Hashable, Comparable {
        let name: String
        let type: String
        static func < (left: Key, right: Key) -> Bool { (left.name, left.type) < (right.name, right.type) }
    }

    public init(_ packs: [PackRecords]) {
        for record in packs.flatMap(\.records) {
            guard let name = record.name, record.type == "TXT" || record.type == "CNAME" else { continue }
            let key = Key(name: Self.name(name), type: record.type)
            let value = record.type == "TXT" ? Self.text(record.value) : Self.name(record.value)
            if !(values[key] ?? []).contains(value) { values[key, default: []].append(value) }
        }
    }

    /// One record a line, sorted by name; empty when nothing is to be published in DNS.
    public var text: String {
        values.keys.sorted().flatMap { key in
            (values[key] ?? []).map { "\(key.name) \(Self.timeToLive) IN \(key.type) \($0)\n" }
        }.joined()
    }

    /// Fully qualified, lower case, with everything but letters, digits, `-`, `_`, `*` and dots escaped.
    static func name(_ name: String) -> String {
        let plain = HostSet.normalized(name).utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                UInt8(ascii: "_"), UInt8(ascii: "*"), UInt8(ascii: "."):
                String(UnicodeScalar(byte))
            default: escaped(byte)
            }
        }
        return plain.joined() + "."
    }

    /// Quoted, in pieces of at most 255 bytes.
    static func text(_ value: String) -> String {
        let bytes = Array(value.utf8)
        let pieces =
            bytes.isEmpty
            ? [bytes[...]]
            : stride(from: 0, to: bytes.count, by: 255).map {
                bytes[$0..<min($0 + 255, bytes.count)]
            }
        return pieces.map { piece in
            let inside = piece.map { byte in
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): "\\" + String(UnicodeScalar(byte))
                case 0x20...0x7e: String(UnicodeScalar(byte))
                default: escaped(byte)
                }
            }
            return "\"\(inside.joined())\""
        }.joined(separator: " ")
    }

    private static func escaped(_ byte: UInt8) -> String {
        let digits = String(byte)
        return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
    }
}
