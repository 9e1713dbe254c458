/// One value of a TOML document, with the place where it begins.
struct TOMLValue {
    var place: TextPlace
    var content: Content

    enum Content {
        case string(String)
        case integer(Int64)
        case float(Double)
        case boolean(Bool)
        case date(TOMLDate)
        case array(TOMLArray)
        case table(TOMLTable)
        /// The text of the value was refused. It stands here so that its key does not read as missing.
        case unread
    }
}

/// A date, a time, or both. They are kept as they were written, with `T` and `Z` in capitals and between date and time.
struct TOMLDate: Hashable {
    enum Kind: Hashable { case offsetDateTime, localDateTime, localDate, localTime }
    var kind: Kind
    var text: String
}

/// A key, compared by its code points as TOML wants it: Swift's own equality takes `é` and `e` + accent for one.
struct TOMLKey: Hashable {
    let text: String

    static func == (left: TOMLKey, right: TOMLKey) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}

/// An array: of values, or the one that grows with each `[[header]]`.
final class TOMLArray {
    var items: [TOMLValue]
    let isOfTables: Bool

    init(_ items: [TOMLValue], isOfTables: Bool) { (self.items, self.isOfTables) = (items, isOfTables) }
}

/// A table with its keys in the order of the text.
final class TOMLTable {
    /// What made the table; it decides what may still be added to it.
    enum Origin {
        /// A header of its own: no second one may name it.
        case header
        /// A header of a table below it: a header may still name it.
        case headerBelow
        /// A dotted key: only dotted keys and headers of tables below may add to it.
        case dottedKey
        /// An inline table: closed.
        case inline
    }

    struct Entry {
        var key: TOMLKey
        var keyPlace: TextPlace
        var value: TOMLValue
    }

    var origin: Origin
    private(set) var entries: [Entry] = []
    /// Only for tables of many keys: for few a walk is faster, and ten thousand tables need no dictionary each.
    private var index: [TOMLKey: Int] = [:]

    init(_ origin: Origin) { self.origin = origin }

    /// No place that is found is past the end of `entries`: nothing is ever taken out of them, and `index` has only
    /// places of theirs.
    subscript(key: TOMLKey) -> Entry? { place(of: key).map { entries[$0] } }

    /// Ends nowhere but in the one above, whose proof is its own.
    subscript(key: String) -> Entry? { self[TOMLKey(text: key)] }

    /// The key must not be there yet.
    func add(_ entry: Entry) {
        entries.append(entry)
        if entries.count == Self.fewest { for (place, entry) in entries.enumerated() { index[entry.key] = place } }
        if entries.count > Self.fewest { index[entry.key] = entries.count - 1 }
    }

    /// Says where a table was written that a header below it had announced.
    func move(_ key: TOMLKey, to place: TextPlace) {
        guard let index = self.place(of: key) else { return }
        entries[index].keyPlace = place
        entries[index].value.place = place
    }

    private func place(of key: TOMLKey) -> Int? {
        entries.count < Self.fewest ? entries.firstIndex { $0.key == key } : index[key]
    }

    private static let fewest = 16
}

/// What was wrong at one place of a document.
struct TOMLTrouble: Error, Hashable {
    var place: TextPlace
    /// The full path of the key that was being read, `zone[2].hosts`; empty where there was none.
    var key: String
    var found: String
    var allowed: String
    var suggestion: String?
    var hint: String?
}

/// What was read of a document, and all that was wrong with it. With any trouble it is not TOML 1.0.
struct TOMLDocument {
    let root: TOMLTable
    let troubles: [TOMLTrouble]
    /// False when the reading ended before the end of the text.
    let isComplete: Bool
}
