import CSQLite
import Engine
import Glibc

/// One connection to one SQLite file, with its prepared statements. Used by one thread at a time.
final class Database {
    let path: String
    private let handle: OpaquePointer
    private var statements: [String: Statement] = [:]

    /// - Parameter name: What SQLite opens: a path, `:memory:`, or a `file:` URI where the flags allow it.
    init(_ name: String, path: String, flags: Int32) throws(StoreTrouble) {
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(name, &opened, flags | SQLITE_OPEN_NOMUTEX, nil)
        guard code == SQLITE_OK, let opened else {
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
            sqlite3_close_v2(opened)
            throw StoreTrouble(code: code, message: message, path: path)
        }
        (self.path, handle) = (path, opened)
        sqlite3_extended_result_codes(opened, 1)
        sqlite3_busy_timeout(opened, Self.busyMilliseconds)
        // A row is a few kilobytes; nothing that a broken file says of a length may ask for more memory than this.
        sqlite3_limit(opened, SQLITE_LIMIT_LENGTH, 16 << 20)
    }

    deinit {
        statements = [:]
        sqlite3_close_v2(handle)
    }

    /// A commit waits this long for a checkpoint or another process.
    static let busyMilliseconds: Int32 = 2000

    /// Runs one or more statements that give no rows.
    func execute(_ sql: String) throws(StoreTrouble) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw trouble(code) }
    }

    /// The rows of a statement, one at a time. It is prepared once, kept, and ready for use again when the rows are let go.
    func rows(_ sql: String, _ values: [Value] = [], of table: String = "") throws(StoreTrouble) -> Rows {
        let statement = try statement(sql)
        try statement.bind(values)
        return Rows(statement, table: table)
    }

    /// Runs a statement to its end.
    func run(_ sql: String, _ values: [Value] = []) throws(StoreTrouble) {
        let rows = try rows(sql, values)
        while try rows.next() != nil {}
    }

    /// All rows, made into something.
    func all<Item>(
        _ sql: String, _ values: [Value] = [], of table: String, _ make: (Row) throws(StoreTrouble) -> Item
    ) throws(StoreTrouble) -> [Item] {
        let rows = try rows(sql, values, of: table)
        var items: [Item] = []
        while let row = try rows.next() { items.append(try make(row)) }
        return items
    }

    func first<Item>(
        _ sql: String, _ values: [Value] = [], of table: String, _ make: (Row) throws(StoreTrouble) -> Item
    ) throws(StoreTrouble) -> Item? {
        let rows = try rows(sql, values, of: table)
        guard let row = try rows.next() else { return nil }
        return try make(row)
    }

    /// Everything in `body`, or nothing of it.
    func transaction<Result>(
        _ body: (Database) throws(StoreTrouble) -> Result
    ) throws(StoreTrouble) -> Result {
        try execute("BEGIN IMMEDIATE")
        do {
            let result = try body(self)
            try execute("COMMIT")
            return result
        } catch {
            // SQLite has rolled back by itself after some errors of the disk.
            if sqlite3_get_autocommit(handle) == 0 { try execute("ROLLBACK") }
            throw error
        }
    }

    /// Rows that the last statement inserted, updated or deleted.
    var changed: Int { Int(sqlite3_changes(handle)) }

    /// Lets go of pages that are kept in case they are read again; nothing that was written depends on them.
    func letPagesGo() { sqlite3_db_release_memory(handle) }

    /// Bytes of pages that are kept.
    var keptBytes: Int {
        var (now, most) = (Int32(0), Int32(0))
        sqlite3_db_status(handle, SQLITE_DBSTATUS_CACHE_USED, &now, &most, 0)
        return Int(now)
    }

    /// Sets a pragma and reads it back: SQLite passes over what it does not know or cannot do.
    func set(_ pragma: String, to value: String, reading expected: String? = nil) throws(StoreTrouble) {
        try run("PRAGMA \(pragma) = \(value)")
        let found = try pragmaText(pragma)
        guard found == expected ?? value else {
            throw .unopenable(path: path, detail: "PRAGMA \(pragma) is \(found ?? "unknown"), not \(value)")
        }
    }

    func pragmaText(_ pragma: String) throws(StoreTrouble) -> String? {
        let rows = try rows("PRAGMA \(pragma)", of: "pragma")
        return try rows.next()?.anyText(0)
    }

    /// SQLite opens what it may not write for reading, and says so only when something is written.
    func proveWritable() throws(StoreTrouble) {
        guard sqlite3_db_readonly(handle, "main") == 0 else {
            throw .unwritable(path: path, detail: "the file, or its file system, is read-only")
        }
    }

    /// Keeps the `-wal` and `-shm` files when the last connection closes, so that a reader who may not make files in
    /// the folder finds them.
    func keepLogFiles() throws(StoreTrouble) {
        var on: Int32 = 1
        let code = sqlite3_file_control(handle, "main", SQLITE_FCNTL_PERSIST_WAL, &on)
        guard code == SQLITE_OK else { throw trouble(code) }
    }

    /// Writes the log into the database and empties it. Readers that are at work may leave a part for later.
    func checkpoint() throws(StoreTrouble) {
        let code = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
        guard code == SQLITE_OK || code == SQLITE_BUSY else { throw trouble(code) }
    }

    /// Copies everything into `other` at once: one state of this database, whatever is written meanwhile.
    func copy(into other: Database) throws(StoreTrouble) {
        guard let copying = sqlite3_backup_init(other.handle, "main", handle, "main") else {
            throw other.trouble(sqlite3_errcode(other.handle))
        }
        let code = sqlite3_backup_step(copying, -1)
        let end = sqlite3_backup_finish(copying)
        guard code == SQLITE_DONE, end == SQLITE_OK else { throw other.trouble(code == SQLITE_DONE ? end : code) }
    }

    private func statement(_ sql: String) throws(StoreTrouble) -> Statement {
        if let known = statements[sql], !known.isInUse { return known }
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared else { throw trouble(code) }
        let statement = Statement(prepared, path: path)
        if !sql.hasPrefix("PRAGMA"), statements[sql] == nil { statements[sql] = statement }
        return statement
    }

    fileprivate func trouble(_ code: Int32) -> StoreTrouble {
        StoreTrouble(code: code, message: String(cString: sqlite3_errmsg(handle)), path: path)
    }
}
