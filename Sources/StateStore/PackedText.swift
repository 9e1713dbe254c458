/// A value of the compact JSON that columns hold for what is never searched for.
indirect enum Packed: Hashable {
    case null
    case flag(Bool)
    case number(Int64)
    /// A number that is not whole or too large: only in members that this version does not know.
    case otherNumber
    case text(String)
    case list([Packed])
    /// A few members, in any order, none twice: looked through, which for as few is quicker than to hash their names.
    case record([Member])

    struct Member: Hashable {
        var name: String
        var value: Packed
    }

    /// A record without the members that are nil.
    static func record(of members: KeyValuePairs<String, Packed?>) -> Packed {
        .record(members.compactMap { name, value in value.map { Member(name: name, value: $0) } })
    }

    static func texts(_ texts: some Sequence<String>) -> Packed { .list(texts.map(Packed.text)) }
}

/// What a text that should have been written here does not hold.
struct Unreadable: Error {
    var what: String
    init(_ what: String) { self.what = what }
}

/// JSON (RFC 8259) as the database's columns have it.
///
/// Every text is a record with the member `v`, the version of its form. A later version may add members, which this
/// one passes over; where the meaning of an old one changes it writes a higher `v`, which this one refuses.
enum PackedText {
    static let version: Int64 = 1
    /// Ours are at most 6 deep.
    static let depthLimit = 32
    /// Ours have at most 10. Each is compared with all before it.
    static let memberLimit = 256

    static func write(_ record: KeyValuePairs<String, Packed?>) -> String {
        var bytes: [UInt8] = []
        guard case .record(var members) = Packed.record(of: record) else { return "" }
        members.append(.init(name: "v", value: .number(version)))
        append(.record(members), to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    static func read(_ bytes: [UInt8]) throws(Unreadable) -> Packed {
        var reader = PackedReader(bytes)
        let packed = try reader.wholeText()
        let found = try packed.number("v")
        guard (1...version).contains(found) else { throw Unreadable("its form \(found) is not known here") }
        return packed
    }

    /// Members in the order of their names, so that equal values are equal texts.
    private static func append(_ packed: Packed, to bytes: inout [UInt8]) {
        switch packed {
        case .null, .otherNumber: bytes += "null".utf8
        case .flag(let flag): bytes += (flag ? "true" : "false").utf8
        case .number(let number): bytes += String(number).utf8
        case .text(let text): append(text, to: &bytes)
        case .list(let list):
            bytes.append(UInt8(ascii: "["))
            for (index, item) in list.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                append(item, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .record(let record):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in record.sorted(by: { $0.name < $1.name }).enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                append(member.name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                append(member.value, to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): bytes += "\\n".utf8
            case 0..<0x20: bytes += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

extension Packed {
    /// The members of a record; a member that is null is as good as none.
    subscript(name: String) -> Packed? {
        guard case .record(let members) = self, let member = members.first(where: { $0.name == name }),
            member.value != .null
        else { return nil }
        return member.value
    }

    func need(_ name: String) throws(Unreadable) -> Packed {
        guard let member = self[name] else { throw Unreadable("no '\(name)'") }
        return member
    }

    func text(_ name: String) throws(Unreadable) -> String {
        guard let text = try optionalText(name) else { throw Unreadable("no '\(name)'") }
        return text
    }

    func optionalText(_ name: String) throws(Unreadable) -> String? {
        switch self[name] {
        case nil: nil
        case .text(let text): text
        default: throw Unreadable("'\(name)' is not a text")
        }
    }

    func number(_ name: String) throws(Unreadable) -> Int64 {
        guard let number = try optionalNumber(name) else { throw Unreadable("no '\(name)'") }
        return number
    }

    func optionalNumber(_ name: String) throws(Unreadable) -> Int64? {
        switch self[name] {
        case nil: nil
        case .number(let number): number
        default: throw Unreadable("'\(name)' is not a whole number")
        }
    }

    func optionalFlag(_ name: String) throws(Unreadable) -> Bool? {
        switch self[name] {
        case nil: nil
        case .flag(let flag): flag
        default: throw Unreadable("'\(name)' is neither true nor false")
        }
    }

    /// The items of a list; a list that is left out is empty.
    func list(_ name: String) throws(Unreadable) -> [Packed] {
        switch self[name] {
        case nil: []
        case .list(let list): list
        default: throw Unreadable("'\(name)' is not a list")
        }
    }

    func texts(_ name: String) throws(Unreadable) -> [String] {
        var texts: [String] = []
        for item in try list(name) {
            guard case .text(let text) = item else { throw Unreadable("'\(name)' holds something that is not a text") }
            texts.append(text)
        }
        return texts
    }

    func word<Word: RawRepresentable>(_ name: String) throws(Unreadable) -> Word where Word.RawValue == String {
        let text = try text(name)
        guard let word = Word(rawValue: text) else { throw Unreadable("'\(name)' is '\(text)', no \(Word.self)") }
        return word
    }
}
