import CSQLite
import Domain
import Engine

/// The look at everything, at a file that showed itself to be broken. What a query would meet and this passes over brings
/// the daemon down at each start anew, so it reads all that can be asked for, in the way in which it is asked for. One row
/// at a time.
extension Database {
    /// Reads every row of every table that `migrations` make: each column must hold what the table says of it, and each
    /// row make its records.
    func checkRows(_ migrations: [Migration] = Schema.migrations) throws(StoreTrouble) {
        for (table, columns) in try columns(of: migrations) { try checkColumns(columns, of: table) }
        for table in Table.allCases { try checkRecords(of: table) }
        try checkHistory()
    }

    /// Reads what can be read of tables that are older than those that the readers know: each value by itself, and the
    /// form of the JSON, over which a migration would trip.
    func checkOlderRows(_ migrations: [Migration]) throws(StoreTrouble) {
        for (table, columns) in try columns(of: migrations) {
            try checkColumns(columns, of: table)
            try checkForm(of: columns, of: table)
        }
    }

    private func columns(of migrations: [Migration]) throws(StoreTrouble) -> [(table: String, columns: [Column])] {
        let model = try Database(":memory:", path: path, flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        for migration in migrations { try model.execute(migration.sql) }
        var tables: [(table: String, columns: [Column])] = []
        for name in try model.tableNames() { tables.append((name, try model.columns(of: name))) }
        return tables
    }

    /// Whatever is read of a row by itself: its texts and its numbers, in all columns, whoever asks for them.
    private func checkColumns(_ columns: [Column], of table: String) throws(StoreTrouble) {
        let rows = try rows("SELECT \(Self.list(columns)) FROM \(table)", of: table)
        while let row = try rows.next() {
            for (place, column) in columns.enumerated() {
                switch (column.isText, column.mayBeMissing) {
                case (true, true): _ = try row.optionalText(place)
                case (true, false): _ = try row.text(place)
                case (false, true): _ = try row.optionalInteger(place)
                case (false, false): _ = try row.integer(place)
                }
            }
        }
    }

    /// Whether SQLite's own functions take what is packed into a column.
    private func checkForm(of columns: [Column], of table: String) throws(StoreTrouble) {
        for (place, column) in columns.enumerated() where column.isPacked {
            let odd = try rows(
                "SELECT \(Self.list(columns)) FROM \(table) WHERE NOT json_valid([\(column.name)])", of: table)
            if let row = try odd.next() { throw row.broken(place, "is not JSON") }
        }
    }

    private static func list(_ columns: [Column]) -> String {
        columns.map { "[\($0.name)]" }.joined(separator: ", ")
    }

    /// What is made of a row: its words, and the JSON in it.
    private func checkRecords(of table: Table) throws(StoreTrouble) {
        switch table {
        case .meta, .notes, .budget: break  // texts under names, which are columns and no more
        case .zones: try check(.zone)
        case .subjects: try check(.subject)
        case .objects: try check(.object)
        case .operations:
            try check(.operation)
            try check(.issuance)
        case .episodes: try check(.episode, "WHERE resolved_at IS NULL")  // nobody reads one that is over
        case .approvals: try check(.approval)
        case .suspensions: try check(.suspension)
        case .transitions: try check(.transition)
        case .checkpoints: try check(.checkpoint)
        case .audit: try check(.auditEntry)
        }
    }

    private func check<Item>(_ shape: Shape<Item>, _ rest: String = "") throws(StoreTrouble) {
        let records = try records(shape, rest)
        while try records.next() != nil {}
    }

    /// What would have a trigger refuse every pruning of a subject, or every further line.
    private func checkHistory() throws(StoreTrouble) {
        let claiming = try rows(
            """
            SELECT zone, kind, name, up_to_seq FROM checkpoints AS one WHERE EXISTS (
                SELECT 1 FROM transitions
                WHERE zone = one.zone AND kind = one.kind AND name = one.name AND seq <= one.up_to_seq)
            """, of: Table.checkpoints.rawValue)
        if let row = try claiming.next() { throw row.broken(3, "stands for lines that are still there") }
        for table in [Table.transitions, .audit] {
            // SQLite counts from 1, and shows a trigger -1 for the number that a line is about to get.
            let odd = try rows("SELECT seq FROM \(table.rawValue) WHERE seq < 1", of: table.rawValue)
            if let row = try odd.next() { throw row.broken(0, "is \(try row.integer(0))") }
        }
    }

    private struct Column {
        var name: String
        var isText: Bool
        var mayBeMissing: Bool

        /// Holds a ``PackedText``.
        var isPacked: Bool { ["rest", "traits", "action", "baseline", "standing"].contains(name) }
    }

    func tableNames() throws(StoreTrouble) -> [String] {
        try all(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY 1",
            of: "sqlite_schema"
        ) { (row) throws(StoreTrouble) in try row.text(0) }
    }

    /// Texts first, for they name the row. The tables are strict and have no other types than these two.
    private func columns(of table: String) throws(StoreTrouble) -> [Column] {
        try all(
            "SELECT name, type = 'TEXT', \"notnull\" OR pk > 0 FROM pragma_table_info(?) ORDER BY type <> 'TEXT', cid",
            [.text(table)], of: "table_info"
        ) { (row) throws(StoreTrouble) in
            Column(name: try row.text(0), isText: try row.flag(1), mayBeMissing: !(try row.flag(2)))
        }
    }
}
