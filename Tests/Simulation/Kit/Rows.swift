import CSQLite
import Glibc

/// Reads the rows of the database by plain SQL over a connection of its own: not through what the product reads with.
///
/// `@unchecked`: reached on the run's one thread alone.
final class Rows: @unchecked Sendable {
    private var connection: OpaquePointer?
    private var statements: [String: OpaquePointer] = [:]
    private let file: FileIdentity?

    /// - Returns: nil while there is no database that can be opened.
    init?(_ path: String) {
        file = FileIdentity(path)
        guard sqlite3_open_v2(path, &connection, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nil) == SQLITE_OK else {
            sqlite3_close_v2(connection)
            return nil
        }
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(connection)
    }

    /// Whether the file at this path is still the one that is read here: what opened it need not be opened again.
    func reads(_ path: String) -> Bool { file != nil && file == FileIdentity(path) }

    private struct FileIdentity: Equatable {
        let device: dev_t
        let number: ino_t

        /// - Returns: nil where there is no such file.
        init?(_ path: String) {
            var facts = stat()
            guard stat(path, &facts) == 0 else { return nil }
            (device, number) = (facts.st_dev, facts.st_ino)
        }
    }

    /// Changes whenever somebody else has written.
    var version: Int { Int(ask("PRAGMA data_version").first?[0] ?? "") ?? 0 }

    /// All rows as texts, nil for NULL; none where the question cannot be answered just now.
    func ask(_ sql: String, _ arguments: [String] = []) -> [[String?]] {
        guard let statement = prepared(sql) else { return [] }
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)  // SQLITE_TRANSIENT: SQLite copies it
        for (place, text) in arguments.enumerated() {
            sqlite3_bind_text(statement, Int32(place + 1), text, -1, transient)
        }
        var rows: [[String?]] = []
        while sqlite3_step(statement) == SQLITE_ROW {
            rows.append(
                (0..<sqlite3_column_count(statement)).map { column in
                    sqlite3_column_text(statement, column).map { String(cString: $0) }
                })
        }
        return rows
    }

    private func prepared(_ sql: String) -> OpaquePointer? {
        if let known = statements[sql] { return known }
        var statement: OpaquePointer?
        guard sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil) == SQLITE_OK
        else { return nil }
        statements[sql] = statement
        return statement
    }
}

/// An operation as its row says.
struct OperationRow {
    var id: String
    var zone: String
    var kind: String
    var name: String
    var effect: String
    var object: String?
    var issuanceName: String?
    var reason: String
    var committedAt: Int64
    var state: String
    var askedBy: String?
    var requestDER: String?
    var action: String

    var subject: String { "\(zone)/\(kind)/\(name)" }

    static let columns =
        "id, zone, kind, name, effect, object, issuance_name, reason, committed_at, state, asked_by, request_der, action"

    init?(_ row: [String?]) {
        guard row.count == 13, let id = row[0], let zone = row[1], let kind = row[2], let name = row[3],
            let effect = row[4], let reason = row[7], let at = row[8].flatMap({ Int64($0) }), let state = row[9],
            let action = row[12]
        else { return nil }
        (self.id, self.zone, self.kind, self.name, self.effect) = (id, zone, kind, name, effect)
        (object, issuanceName, self.reason, committedAt) = (row[5], row[6], reason, at)
        (self.state, askedBy, requestDER, self.action) = (state, row[10], row[11], action)
    }
}
