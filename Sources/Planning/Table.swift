/// Rows in the order in which they came, found by their key. Reading them all copies nothing.
struct Table<Key: Hashable, Row> {
    private(set) var rows: [Row]
    private var places: [Key: Int]

    /// Of rows with the same key the first is kept.
    init(_ rows: [Row], by key: (Row) -> Key) {
        self.rows = rows
        places = Dictionary(minimumCapacity: rows.count)
        for place in rows.indices {
            let first = places.updateValue(place, forKey: key(rows[place]))
            if let first { places[key(rows[place])] = first }
        }
        guard places.count != rows.count else { return }
        self.rows = places.values.sorted().map { rows[$0] }
        places = [:]
        for (place, row) in self.rows.enumerated() { places[key(row)] = place }
    }

    var values: [Row] { rows }

    /// Where in ``values`` the row of a key is, and stays.
    func place(of key: Key) -> Int? { places[key] }

    /// Asks for no copy of the row.
    func contains(_ key: Key) -> Bool { places[key] != nil }

    /// A part of a row, without a copy of the row.
    func read<Part>(_ key: Key, _ part: (Row) -> Part) -> Part? { places[key].map { part(rows[$0]) } }

    subscript(key: Key) -> Row? { places[key].map { rows[$0] } }

    mutating func put(_ row: Row, _ key: Key) {
        if let place = places[key] {
            rows[place] = row
        } else {
            places[key] = rows.count
            rows.append(row)
        }
    }
}
