import CSQLite
import Domain
import Engine
import TestKit
import Testing

@testable import StateStore

/// A daemon that meets a broken value ends, and the next one looks at everything before it goes on. What that look passed
/// over would be met again, and end every daemon from then on.
@Suite("the look at a suspect database") struct CheckTests {
    @Test("whatever a query meets in any column of any table, the look at all rows meets too")
    func everyColumn() throws {
        let database = try Self.fullDatabase()
        var (met, passed) = (0, 0)
        for (table, column) in try database.allColumns() {
            for value in Self.values {
                try database.execute("SAVEPOINT damage")
                let statement = "UPDATE \(table) SET \(column) = \(value)"
                if try database.spoil(table, statement) {
                    try database.execute("SAVEPOINT asking")
                    let asked = database.trouble { (database) throws(StoreTrouble) in try database.askEverything() }
                    try database.execute("ROLLBACK TO asking")
                    if case .corrupt(_, let detail)? = asked {
                        met += 1
                        let found = database.trouble { (database) throws(StoreTrouble) in
                            try database.checkPages(full: true)
                            try database.checkRows()
                        }
                        #expect(found != nil, "\(statement): \(detail)")
                    } else {
                        passed += 1
                    }
                }
                try database.execute("ROLLBACK TO damage; RELEASE damage")
            }
        }
        // A test in which nothing breaks, or everything, shows nothing.
        #expect(met > 400 && passed > 400, "\(met) met, \(passed) harmless")
        try database.checkRows()
    }

    @Test("every table that the migrations make is one whose rows are looked at")
    func everyTable() throws {
        #expect(try Self.fullDatabase().tableNames() == Table.allCases.map(\.rawValue).sorted())
    }

    @Test(
        "a broken value that only the brakes read was passed over, and ended the daemon at each start",
        arguments: [
            "UPDATE operations SET issuance_name = CAST(x'ff' AS TEXT)",
            """
            UPDATE operations SET issuance_name = NULL, object = (SELECT id FROM objects WHERE kind = operations.kind);
            UPDATE objects SET issuance_name = CAST(x'ff' AS TEXT)
            """,
        ])
    func brakes(_ damage: String) throws {
        try Self.isSetAside(after: damage, "issuance_name is not UTF-8") { ledger throws(StoreTrouble) in
            _ = try ledger.counts(names: ["example.com"], now: Sample.now)
        }
    }

    @Test(
        "a line of history or a checkpoint for which SQLite refuses to prune or to append is found",
        arguments: [
            ("UPDATE checkpoints SET up_to_seq = 9999, count = count + 1", "stands for lines that are still there"),
            ("UPDATE checkpoints SET up_to_seq = 9999, count = 9223372036854775807", "which counts no lines"),
            (
                """
                INSERT INTO transitions (seq, zone, kind, name, at, event, from_stage, from_status, to_stage,
                    to_status, move, detail)
                SELECT -1, zone, kind, 'other', at, event, from_stage, from_status, to_stage, to_status, move, detail
                FROM transitions
                """, "seq is -1"
            ),
            ("INSERT INTO audit SELECT 0, at, person, verb, target, detail, outcome FROM audit", "seq is 0"),
            ("INSERT INTO audit SELECT -1, at, person, verb, target, detail, outcome FROM audit", "seq is -1"),
        ])
    func refusedWrites(_ damage: String, _ words: String) throws {
        let database = try Self.fullDatabase()
        try database.checkRows()
        try database.execute(damage)
        #expect { try database.checkRows() } throws: { error in
            guard case .corrupt(_, let detail)? = error as? StoreTrouble else { return false }
            #expect(detail.contains(words), "\(detail)")
            return true
        }
    }

    @Test("a text longer than any that is written was told as a disk that fails, and the file was kept for ever")
    func longText() throws {
        let damage = "UPDATE objects SET status = CAST(zeroblob(17 << 20) AS TEXT)"
        try Self.isSetAside(after: damage, "too big") { ledger throws(StoreTrouble) in
            _ = try ledger.state(of: Sample.zone, now: Sample.now)
        }
    }

    @Test(
        "a file that calls itself one of a later SQLite was read from then on, and never written nor set aside",
        arguments: [18, 19])
    func fileFormat(_ place: Int) throws {
        let scratch = try Scratch()
        let ledger = try scratch.open().ledger
        try ledger.fill()
        try ledger.close()
        var bytes = try scratch.bytes()
        bytes[place] = 5
        try scratch.put(bytes)
        #expect { try SQLiteLedger.openReading(scratch.path) } throws: { error in
            guard case .corrupt? = error as? StoreTrouble else { return false }
            return true
        }
        guard case .quarantined(let oldPath, _) = try scratch.open().outcome else {
            Issue.record("not set aside")
            return
        }
        #expect(try scratch.bytes(String(oldPath.dropFirst(scratch.path.count))) == bytes)
    }

    @Test("what the daemon's second connection met at its first reading left no mark, and ended it at each start")
    func secondConnection() throws {
        try Self.isSetAside(
            after: "UPDATE notes SET value = CAST(x'ff' AS TEXT) WHERE name = 'era'", "value is not UTF-8"
        ) { ledger throws(StoreTrouble) in _ = try ledger.openReading() }
    }

    @Test("what was met is looked for after the migrations, when the tables are as the readers know them")
    func older() throws {
        let scratch = try Scratch()
        let ledger = try scratch.open().ledger
        try ledger.fill()
        try ledger.close()
        scratch.spoil("UPDATE operations SET issuance_name = CAST(x'ff' AS TEXT)")
        try scratch.put([], ".suspect")
        let later = [Migration(sql: "CREATE TABLE roots (id TEXT PRIMARY KEY) STRICT;")]
        let opened = try SQLiteLedger.open(
            inFolder: scratch.folder, now: Sample.now, migrations: Schema.migrations + later)
        guard case .quarantined(let oldPath, _) = opened.outcome else {
            Issue.record("not set aside")
            return
        }
        #expect(!scratch.names().contains("edgecert.db.suspect"))
        let old = try Database(oldPath, path: oldPath, flags: SQLITE_OPEN_READWRITE)
        #expect(try old.audit(since: nil, limit: 1).map(\.verb) == ["migrate"])
    }

    /// A daemon that meets the damage, and the one after it.
    private static func isSetAside(
        after damage: String, _ words: String, _ meet: (SQLiteLedger) throws(StoreTrouble) -> Void
    ) throws {
        let scratch = try Scratch()
        let first = try scratch.open().ledger
        try first.fill()
        try first.close()
        scratch.spoil(damage)
        let second = try scratch.open()
        #expect(second.outcome == .existing)
        #expect { try meet(second.ledger) } throws: { error in
            guard case .corrupt(scratch.path, let detail)? = error as? StoreTrouble else { return false }
            #expect(detail.contains(words), "\(detail)")
            return true
        }
        #expect(scratch.names().contains("edgecert.db.suspect"))
        try second.ledger.close()
        let third = try scratch.open()
        guard case .quarantined(_, let detail) = third.outcome else {
            Issue.record("not set aside")
            return
        }
        #expect(detail.contains(words), "\(detail)")
        try third.ledger.readAll()
    }

    private static func fullDatabase() throws -> Database {
        let database = try Database(":memory:", path: ":memory:", flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        try database.makeSafe(journal: "memory")
        try database.migrate(Schema.migrations, from: 0)
        for change in Sample.everything { try database.write(change) }
        #expect(try database.prune(before: .distantFuture, limit: 1) == 1)
        return database
    }

    private static let values = [
        "NULL", "0", "-1", "2", "9223372036854775807", "-9223372036854775808", "1.5", "''", "'x'", "x'00'", "char(0)",
        "'[]'", "'{\"v\":0}'", "'{\"v\":1}'", "'{\"v\":1,\"kind\":\"certificate_pack\"}'", "'{\"v\":1,\"action\":{}}'",
        "CAST(x'ff' AS TEXT)", "CAST(x'7b2276223a317dff' AS TEXT)", "'accepted'", "'failed'",
    ]
}

extension Database {
    fileprivate func allColumns() throws(StoreTrouble) -> [(table: String, column: String)] {
        try all(
            """
            SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c
            WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY 1, 2
            """, of: "schema"
        ) { (row) throws(StoreTrouble) in (try row.text(0), try row.text(1)) }
    }

    /// Does with a table what its triggers and checks would refuse.
    /// - Returns: False when it cannot be done.
    fileprivate func spoil(_ table: String, _ statement: String) throws(StoreTrouble) -> Bool {
        let triggers = try all(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?", [.text(table)], of: "schema"
        ) { (row) throws(StoreTrouble) in (try row.text(0), try row.text(1)) }
        for (name, _) in triggers { try execute("DROP TRIGGER \(name)") }
        let isDone =
            trouble { (database) throws(StoreTrouble) in
                try database.execute("PRAGMA ignore_check_constraints = ON")
                try database.execute(statement)
            } == nil
        try execute("PRAGMA ignore_check_constraints = OFF")
        for (_, sql) in triggers { try execute(sql) }
        return isDone
    }

    fileprivate func trouble(_ body: (Database) throws(StoreTrouble) -> Void) -> StoreTrouble? {
        do throws(StoreTrouble) {
            try body(self)
            return nil
        } catch { return error }
    }

    /// All that the daemon and the tool ask, and all that the daemon writes.
    fileprivate func askEverything() throws(StoreTrouble) {
        _ = try state(of: Sample.zone, now: Sample.now)
        _ = try counts(names: ["example.com"], now: Sample.now)
        _ = try (knownIDs(.certificatePack, in: Sample.zone), unwantedOurs(outside: Sample.otherZone))
        _ = try (zones(), history(HistoryFilter()), checkpoint(of: Sample.subject()))
        _ = try (operations(HistoryFilter(), openOnly: true), operations(HistoryFilter(), openOnly: false))
        _ = try (openEpisodes(), suspensions(), approvals(of: Sample.subject()), audit(since: nil, limit: 100))
        let listing = try SubjectListing(self, SubjectFilter(includesOver: true))
        while try listing.next() != nil {}
        for key in NoteKey.allCases { _ = try note(key) }
        for change in Sample.everything { try write(change) }
        _ = try (prune(before: .distantFuture, limit: 1000), pruneSettled(before: .distantFuture, limit: 1000))
    }
}
