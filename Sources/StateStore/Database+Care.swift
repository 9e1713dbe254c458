import CSQLite
import Domain
import Engine
import Synchronization

/// Safeguards, schema, checks.
extension Database {
    /// What a connection that writes is held to. Every safeguard is read back.
    func makeSafe(journal: String) throws(StoreTrouble) {
        try set("journal_mode", to: journal)
        try set("synchronous", to: "FULL", reading: "2")
        try makeFrugal()
        try set("foreign_keys", to: "ON", reading: "1")
        guard journal == "wal" else { return }
        try set("wal_autocheckpoint", to: "512")  // pages: the log stays near 2 MiB
        try set("journal_size_limit", to: "4194304")
        try keepLogFiles()
    }

    /// What every connection is held to: little memory, and no trust in what a file says of itself.
    func makeFrugal() throws(StoreTrouble) {
        try set("cache_size", to: "-512")  // KiB
        if path != ":memory:" { try set("mmap_size", to: "0") }
        try set("cell_size_check", to: "ON", reading: "1")
        try set("trusted_schema", to: "OFF", reading: "0")
    }

    var version: Int64 {
        get throws(StoreTrouble) { try number("user_version") }
    }

    var applicationID: Int64 {
        get throws(StoreTrouble) { try number("application_id") }
    }

    private func number(_ pragma: String) throws(StoreTrouble) -> Int64 {
        let rows = try rows("PRAGMA \(pragma)", of: "pragma")
        guard let row = try rows.next() else { throw .corrupt(path: path, detail: "PRAGMA \(pragma) says nothing") }
        return try row.integer(0)
    }

    /// Runs the migrations from the one after `version`, all of them or none; none either where what comes out is not
    /// what they make.
    func migrate(_ migrations: [Migration], from version: Int64) throws(StoreTrouble) {
        try transaction { (database) throws(StoreTrouble) in
            for migration in migrations.dropFirst(Int(clamping: version)) { try database.execute(migration.sql) }
            try database.run("PRAGMA application_id = \(Schema.applicationID)")
            try database.run("PRAGMA user_version = \(migrations.count)")
            let orphans = try database.rows("PRAGMA foreign_key_check", of: "foreign_key_check")
            guard try orphans.next() == nil else {
                throw .corrupt(path: database.path, detail: "a row refers to one that is not there")
            }
            try database.checkSchema(migrations)
        }
    }

    /// Compares tables, indices and triggers with what the migrations make. Something more does no harm.
    func checkSchema(_ migrations: [Migration]) throws(StoreTrouble) {
        let made = try Self.schema(after: migrations)
        let found = try schema()
        for (name, sql) in made where found[name] != sql {
            throw .corrupt(path: path, detail: "\(name) is \(found[name] == nil ? "missing" : "not as it was made")")
        }
    }

    /// Tables, indices and triggers as a database of its own gets them from the migrations. Made once for each list of
    /// them: a simulation opens thousands of databases.
    private static func schema(after migrations: [Migration]) throws(StoreTrouble) -> [String: String] {
        if let known = schemas.withLock({ $0[migrations] }) { return known }
        let model = try Database(":memory:", path: ":memory:", flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        for migration in migrations { try model.execute(migration.sql) }
        let schema = try model.schema()
        schemas.withLock { $0[migrations] = schema }
        return schema
    }

    private static let schemas = Mutex<[[Migration]: [String: String]]>([:])

    private func schema() throws(StoreTrouble) -> [String: String] {
        let rows = try rows("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL", of: "sqlite_schema")
        var schema: [String: String] = [:]
        while let row = try rows.next() { schema["\(try row.text(0)) \(try row.text(1))"] = try row.text(2) }
        return schema
    }

    /// Lets SQLite look at every page; with `full` also at every index.
    func checkPages(full: Bool) throws(StoreTrouble) {
        let pragma = full ? "integrity_check" : "quick_check"
        let verdict = try pragmaText("\(pragma)(1)")
        guard verdict == "ok" else { throw .corrupt(path: path, detail: verdict ?? "\(pragma) says nothing") }
    }

    func meta(_ name: String) throws(StoreTrouble) -> String? {
        try first("SELECT value FROM meta WHERE name = ?", [.text(name)], of: "meta") {
            (row) throws(StoreTrouble) in try row.text(0)
        }
    }

    func setMeta(_ name: String, _ value: String?) throws(StoreTrouble) {
        guard let value else { return try run("DELETE FROM meta WHERE name = ?", [.text(name)]) }
        try run("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", [.text(name), .text(value)])
    }
}
