import Domain
import Engine

/// The tables that the migrations make.
enum Table: String, CaseIterable {
    case meta, notes, budget, zones, subjects, objects, operations, episodes, approvals, suspensions
    case transitions, checkpoints, audit
}

/// What is selected of a table, and what its rows make. Whoever makes more of a row than its plain columns reads it
/// through one of these, so that the look at all rows (``Database/checkRows(_:)``) reads in the same way.
struct Shape<Item> {
    let table: Table
    /// The key comes first, so that a row that cannot be read is named by it. Without parameters.
    let columns: String
    let read: (Row) throws(StoreTrouble) -> Item

    init(_ table: Table, _ columns: String, _ read: @escaping (Row) throws(StoreTrouble) -> Item) {
        (self.table, self.columns, self.read) = (table, columns, read)
    }

    /// - Parameter rest: What stands behind the table's name.
    func statement(_ rest: String) -> String { "SELECT \(columns) FROM \(table.rawValue) \(rest)" }
}

/// The records that a statement gives, one at a time.
struct Records<Item> {
    let rows: Rows
    let shape: Shape<Item>

    /// The next one; nil past the last.
    func next() throws(StoreTrouble) -> Item? {
        guard let row = try rows.next() else { return nil }
        return try shape.read(row)
    }
}

extension Database {
    func records<Item>(
        _ shape: Shape<Item>, _ rest: String = "", _ values: [Value] = []
    ) throws(StoreTrouble) -> Records<Item> {
        Records(rows: try rows(shape.statement(rest), values, of: shape.table.rawValue), shape: shape)
    }

    func all<Item>(
        _ shape: Shape<Item>, _ rest: String = "", _ values: [Value] = []
    ) throws(StoreTrouble) -> [Item] {
        let records = try records(shape, rest, values)
        var items: [Item] = []
        while let item = try records.next() { items.append(item) }
        return items
    }

    func first<Item>(
        _ shape: Shape<Item>, _ rest: String, _ values: [Value]
    ) throws(StoreTrouble) -> Item? {
        try records(shape, rest, values).next()
    }
}
