import CSQLite
import Domain
import Engine
import Glibc
import TestKit
import Testing

@testable import StateStore

@Suite("migrations, backups, restoring") struct MigrationTests {
    /// A second version, as a later release will have one.
    private static let later =
        Schema.migrations + [
            Migration(sql: "ALTER TABLE zones ADD COLUMN plan TEXT; CREATE TABLE roots (id TEXT PRIMARY KEY) STRICT;")
        ]

    @Test("the schema of a released version is never edited")
    func frozen() {
        // A change of the text below is a change of databases that exist: add a migration instead.
        var sum: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in Schema.migrations[0].sql.utf8 { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3 }
        #expect(sum == 6_257_870_322_912_688_138)
        #expect(Schema.migrations.count == 1)
    }

    @Test("an older database is copied, then brought up to date")
    func migrates() throws {
        let scratch = try Scratch()
        let first = try scratch.open().ledger
        try first.fill()
        let state = try first.state(of: Sample.zone, now: Sample.now)
        try first.close()

        let opened = try SQLiteLedger.open(inFolder: scratch.folder, now: Sample.now, migrations: Self.later)
        let backup = "\(scratch.path).before-v2-2026-11-21T00:00:00.123Z"
        #expect(opened.outcome == .migrated(from: 1, to: 2, backup: backup))
        #expect(try opened.ledger.state(of: Sample.zone, now: Sample.now) == state)
        #expect(try opened.ledger.audit(since: nil, limit: 1).map(\.verb) == ["migrate"])
        #expect(try scratch.bytes()[60..<64].elementsEqual([0, 0, 0, 2]), "the file itself says its version")
        try opened.ledger.close()
        #expect(try SQLiteLedger.openReading(backup).openEpisodes() == state.episodes)
        #expect(
            try SQLiteLedger.open(inFolder: scratch.folder, now: Sample.now, migrations: Self.later).outcome
                == .existing)
        #expect(throws: StoreTrouble.newerSchema(path: scratch.path, found: 2, known: 1)) { try scratch.open() }
    }

    @Test("a migration that fails leaves the old database as it was, and each start does not leave one more copy")
    func fails() throws {
        let scratch = try Scratch()
        let first = try scratch.open().ledger
        try first.fill()
        try first.read { (database) throws(StoreTrouble) in try database.execute("CREATE TABLE roots (mine TEXT)") }
        try first.close()
        // The table is there already, so the second statement fails after the first has altered one.
        for hour in 0...1 {
            #expect {
                try SQLiteLedger.open(
                    inFolder: scratch.folder, now: Sample.now + .hours(hour), migrations: Self.later)
            } throws: { error in
                guard case .unopenable(_, let detail)? = error as? StoreTrouble else { return false }
                return detail.contains("roots already exists")
            }
        }
        #expect(!scratch.names().contains { $0.contains(".before-") || $0.contains(".suspect") })
        let again = try scratch.open()
        #expect(again.outcome == .existing)
        #expect(try again.ledger.note(.era) == "1")
    }

    @Test("each start whose migration met a full disk left one more copy of the file there")
    func fullDisk() throws {
        let scratch = try Scratch()
        let first = try scratch.open().ledger
        try first.fill()
        try first.close()
        let growing = Migration(
            sql: """
                PRAGMA max_page_count = 1; CREATE TABLE roots (id TEXT);
                INSERT INTO roots SELECT hex(zeroblob(100000)) FROM operations;
                """)
        for hour in 0...1 {
            let opened = try SQLiteLedger.open(
                inFolder: scratch.folder, now: Sample.now + .hours(hour), migrations: Schema.migrations + [growing])
            guard case .readOnly(.unwritable(_, let detail)) = opened.outcome else {
                Issue.record("\(opened.outcome)")
                continue
            }
            #expect(detail.contains("full"), "\(detail)")
        }
        #expect(!scratch.names().contains { $0.contains(".before-") })
        let again = try scratch.open()
        #expect(again.outcome == .existing)
        #expect(try again.ledger.note(.era) == "1")
    }

    @Test("a mark of long ago and a migration that is at fault had a sound database set aside")
    func staleMark() throws {
        let scratch = try Scratch()
        let first = try scratch.open().ledger
        try first.fill()
        try first.close()
        try scratch.put([], ".suspect")
        let faulty = Migration(sql: "ALTER TABLE zones ADD COLUMN plan TEXT; SELECT nobody FROM zones")
        for hour in 0...1 {
            #expect {
                try SQLiteLedger.open(
                    inFolder: scratch.folder, now: Sample.now + .hours(hour), migrations: Schema.migrations + [faulty])
            } throws: { error in
                guard case .unopenable(_, let detail)? = error as? StoreTrouble else { return false }
                return detail.contains("cannot be brought from schema 1 to 2")
            }
        }
        #expect(!scratch.names().contains { $0.contains(".before-") || $0.contains(".corrupt-") })
        let again = try scratch.open()
        #expect(again.outcome == .existing)
        #expect(try again.ledger.note(.era) == "1")
    }

    @Test(
        "a broken row over which a migration trips ended every start for ever, each with one more copy of the file",
        arguments: [false, true])
    func brokenRow(isSuspect: Bool) throws {
        let scratch = try Scratch()
        let first = try scratch.open().ledger
        try first.fill()
        try first.close()
        scratch.spoil("UPDATE operations SET action = 'x{'")
        if isSuspect { try scratch.put([], ".suspect") }
        let opened = try SQLiteLedger.open(inFolder: scratch.folder, now: Sample.now, migrations: Self.unpacking)
        guard case .quarantined(let oldPath, let detail) = opened.outcome else {
            Issue.record("\(opened.outcome)")
            return
        }
        #expect(detail.contains("action is not JSON"), "\(detail)")
        #expect(!scratch.names().contains { $0.contains(".before-") || $0.contains(".suspect") })
        #expect(try opened.ledger.note(.untrusted)?.contains(oldPath) == true)
        let old = try Database(oldPath, path: oldPath, flags: SQLITE_OPEN_READWRITE)
        #expect(try old.version == 1)
        #expect(try old.note(.era) == "1")
        try opened.ledger.close()
        #expect(
            try SQLiteLedger.open(inFolder: scratch.folder, now: Sample.now, migrations: Self.unpacking).outcome
                == .existing)
    }

    /// Reads the JSON of each row, as a migration may.
    private static let unpacking =
        Schema.migrations + [
            Migration(
                sql: """
                    CREATE TABLE roots (id TEXT PRIMARY KEY) STRICT;
                    INSERT INTO roots SELECT id || coalesce(json_extract(action, '$.x'), '') FROM operations;
                    """)
        ]

    @Test("what can be told of rows of an older schema takes all that is written for sound")
    func olderRows() throws {
        let scratch = try Scratch()
        let ledger = try scratch.open().ledger
        try ledger.fill()
        #expect(try ledger.prune(before: .distantFuture, limit: 1) == 1)
        try ledger.read { (database) throws(StoreTrouble) in
            try database.checkOlderRows(Schema.migrations)
            for (table, column) in [
                ("subjects", "rest"), ("objects", "traits"), ("operations", "action"), ("operations", "baseline"),
                ("checkpoints", "standing"),
            ] {
                try database.execute("SAVEPOINT damage; DROP TRIGGER IF EXISTS checkpoints_grow")
                try database.execute("UPDATE \(table) SET \(column) = '{'")
                #expect(throws: StoreTrouble.self) { try database.checkOlderRows(Schema.migrations) }
                try database.execute("ROLLBACK TO damage; RELEASE damage")
            }
        }
    }

    @Test("no migration without its copy")
    func noCopyNoMigration() throws {
        let scratch = try Scratch()
        try scratch.open().ledger.close()
        try scratch.put([1], ".before-v2-2026-11-21T00:00:00.123Z")
        #expect(throws: StoreTrouble.self) {
            try SQLiteLedger.open(inFolder: scratch.folder, now: Sample.now, migrations: Self.later)
        }
        #expect(try scratch.open().outcome == .existing)
        #expect(try scratch.bytes(".before-v2-2026-11-21T00:00:00.123Z") == [1])
    }

    @Test("a backup is one whole private file, and overwrites nothing")
    func backup() throws {
        let scratch = try Scratch()
        let ledger = try scratch.open().ledger
        try ledger.fill()
        try ledger.backup(to: scratch.path + ".copy", now: Sample.now)
        #expect(scratch.mode(".copy") == 0o600)
        #expect(scratch.names().filter { $0.contains("copy") } == ["edgecert.db.copy"])
        let reading = try SQLiteLedger.openReading(scratch.path + ".copy")
        #expect(try reading.history(HistoryFilter()) == ledger.history(HistoryFilter()))
        let bytes = try scratch.bytes(".copy")
        #expect { try ledger.backup(to: scratch.path + ".copy", now: Sample.now) } throws: { error in
            guard case .unopenable(_, let detail)? = error as? StoreTrouble else { return false }
            return detail.contains("File exists")
        }
        #expect(try scratch.bytes(".copy") == bytes)
        try ledger.close()
        try SQLiteLedger.backup(of: scratch.path, to: scratch.path + ".second", now: Sample.now)
        #expect(try SQLiteLedger.openReading(scratch.path + ".second").note(.era) == "1")
    }

    @Test(
        "a copy that stands in the database's place is told to be restored, once, and the log of the other is not read")
    func restored() throws {
        let scratch = try Scratch()
        let ledger = try scratch.open().ledger
        try ledger.fill()
        #expect(try !ledger.state(of: Sample.zone, now: Sample.now).approvals.isEmpty)
        try ledger.backup(to: scratch.path + ".copy", now: Sample.now)
        try ledger.commit([.note(.era, "after the copy")])
        let log = try scratch.bytes("-wal")
        try ledger.close()
        try scratch.put(try scratch.bytes(".copy"))  // over the old file, as cp does
        try scratch.put(log, "-wal")  // as a daemon that was killed leaves it

        let opened = try scratch.open(now: Sample.now + .hours(1))
        #expect(opened.outcome == .restored(copiedAt: Sample.now))
        let state = try opened.ledger.state(of: Sample.zone, now: Sample.now)
        #expect(state.zone?.name == "example.com")
        #expect(state.approvals.isEmpty, "one that was used since would be used twice")
        #expect(try opened.ledger.audit(since: nil, limit: 1).map(\.verb) == ["restore"])
        #expect(scratch.names().contains { $0.contains(".stray-") })
        try opened.ledger.close()
        #expect(try scratch.open().outcome == .existing)
    }

    @Test("a daemon that ended right after a copy became the database: the next one did not plan first")
    func restoredAndEnded() throws {
        let scratch = try Scratch()
        let ledger = try scratch.open().ledger
        try ledger.fill()
        #expect(try ledger.note(.era) == "1")
        try ledger.backup(to: scratch.path + ".copy", now: Sample.now)
        try ledger.close()
        rename(scratch.path + ".copy", scratch.path)
        try scratch.open().ledger.close()  // and never comes to write an era of its own
        let again = try scratch.open()
        #expect(again.outcome == .existing)
        #expect(try again.ledger.note(.era) == nil)
    }

    @Test("another file than before in the database's place is told to be restored")
    func replaced() throws {
        let scratch = try Scratch()
        let ledger = try scratch.open().ledger
        try ledger.fill()
        try ledger.close()
        try scratch.put(try scratch.bytes(), ".new")
        rename(scratch.path + ".new", scratch.path)
        #expect(try scratch.open().outcome == .restored(copiedAt: nil))
        #expect(try scratch.open().outcome == .existing)
    }

    @Test("a backup made while the ledger is written holds one state")
    func backupMeanwhile() async throws {
        let scratch = try Scratch()
        let ledger = try scratch.open().ledger
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 1...200 {
                    let line = Change.transition(Sample.transition("\(number)"))
                    try ledger.commit([line, line])
                }
            }
            group.addTask {
                for number in 1...5 { try ledger.backup(to: "\(scratch.path).copy-\(number)", now: Sample.now) }
            }
            try await group.waitForAll()
        }
        for number in 1...5 {
            let lines = try SQLiteLedger.openReading("\(scratch.path).copy-\(number)").history(HistoryFilter())
            #expect(lines.count % 2 == 0)
        }
    }
}
