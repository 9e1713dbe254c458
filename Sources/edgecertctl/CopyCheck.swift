import CSQLite

/// SQLite's own judgement of a copied database.
enum CopyCheck {
    static func check(_ path: String) throws {
        var connection: OpaquePointer?
        defer { sqlite3_close(connection) }
        guard sqlite3_open_v2(path, &connection, SQLITE_OPEN_READONLY, nil) == SQLITE_OK else {
            throw refusal(path, message(connection))
        }
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        guard sqlite3_prepare_v2(connection, "PRAGMA integrity_check(1)", -1, &statement, nil) == SQLITE_OK,
            sqlite3_step(statement) == SQLITE_ROW, let text = sqlite3_column_text(statement, 0)
        else { throw refusal(path, message(connection)) }
        let verdict = String(cString: text)
        guard verdict == "ok" else { throw refusal(path, verdict) }
    }

    private static func message(_ connection: OpaquePointer?) -> String { String(cString: sqlite3_errmsg(connection)) }

    private static func refusal(_ path: String, _ why: String) -> Failure {
        Failure(
            "backup-unsound", "the copy \(path) is not sound: \(why)",
            hint: "is the disk sound? 'edgecertctl doctor' looks at the database itself")
    }
}
