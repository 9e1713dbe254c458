import CSQLite
import Domain
import Engine
import Glibc
import TestKit
import Testing

@testable import StateStore

@Suite("opening the database") struct OpeningTests {
    @Test("a new database is made, private to its owner and group, and found again")
    func new() throws {
        let scratch = try Scratch()
        let first = try scratch.open()
        #expect(first.outcome == .created(formerLife: []))
        #expect(try first.ledger.note(.untrusted) == nil)
        try first.ledger.fill()
        #expect([scratch.mode(), scratch.mode("-wal"), scratch.mode("-shm")] == [0o640, 0o640, 0o640])
        let state = try first.ledger.state(of: Sample.zone, now: Sample.now)
        try first.ledger.close()
        #expect(try scratch.bytes("-wal").isEmpty)
        let second = try scratch.open()
        #expect(second.outcome == .existing)
        #expect(try second.ledger.state(of: Sample.zone, now: Sample.now) == state)
    }

    @Test("a child that was being started when the database was closed kept its lock")
    func inheritedLock() throws {
        let scratch = try Scratch()
        let lock = scratch.path + ".lock"
        let first = try scratch.open()
        let ours = scratch.names(in: "/proc/self/fd").first { name in
            var target = [CChar](repeating: 0, count: 4096)
            let length = readlink("/proc/self/fd/\(name)", &target, target.count)
            let bytes = target.prefix(max(0, length)).map { UInt8(bitPattern: $0) }
            return String(decoding: bytes, as: UTF8.self) == lock
        }
        let inherited = dup(try #require(ours.flatMap { Int32($0) }))  // as a child has it between fork and exec
        defer { close(inherited) }
        #expect(inherited >= 0)
        try first.ledger.close()
        #expect(try scratch.open().outcome == .existing)
    }

    @Test("every safeguard is on, and one that is not taken is trouble")
    func safeguards() throws {
        let scratch = try Scratch()
        try scratch.open().ledger.read { (database) throws(StoreTrouble) in
            for (pragma, value) in [
                ("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1"), ("cell_size_check", "1"),
                ("trusted_schema", "0"), ("cache_size", "-512"), ("mmap_size", "0"), ("wal_autocheckpoint", "512"),
                ("application_id", "1162048116"), ("user_version", "1"), ("busy_timeout", "2000"),
            ] {
                #expect(try database.pragmaText(pragma) == value, "\(pragma)")
            }
            #expect(throws: StoreTrouble.self) { try database.set("no_such_pragma", to: "1") }
            #expect(throws: StoreTrouble.self) { try database.set("page_size", to: "12345") }
            let strict = try database.all("PRAGMA table_list", of: "table_list") { (row) throws(StoreTrouble) in
                (try row.text(1), try row.integer(5))
            }
            #expect(strict.filter { !$0.0.hasPrefix("sqlite_") }.allSatisfy { $0.1 == 1 })
        }
    }

    @Test("an empty file is a new database")
    func empty() throws {
        let scratch = try Scratch()
        try scratch.put([])
        let opened = try scratch.open()
        #expect(opened.outcome == .created(formerLife: []))
        try opened.ledger.fill()
    }

    @Test(
        "a missing database with signs of a former life is begun anew and not trusted (S17)",
        arguments: ["edgecert.db.before-v2-2026", "edgecert.db.corrupt-2026", "edgecert.db-wal", "keys/zone"])
    func formerLife(_ sign: String) throws {
        let scratch = try Scratch()
        if sign.hasPrefix("keys/") {
            mkdir("\(scratch.folder)/keys", 0o700)
            mkdir("\(scratch.folder)/\(sign)", 0o700)
        } else {
            try scratch.put([1, 2, 3], String(sign.dropFirst("edgecert.db".count)))
        }
        let opened = try scratch.open()
        #expect(opened.outcome == .created(formerLife: [sign.hasPrefix("keys") ? "keys/" : sign]))
        #expect(try opened.ledger.note(.untrusted)?.contains("missing") == true)
        try opened.ledger.close()
        #expect(try scratch.open().ledger.note(.untrusted) != nil)
    }

    @Test(
        "a first start that was killed while it made the database is made again, and not taken for a loss of state",
        arguments: [[], Array("SQLite format 3\0 and no more".utf8)])
    func killedWhileMaking(_ leftOver: [UInt8]) throws {
        let scratch = try Scratch()
        try scratch.put(leftOver, ".new")
        let opened = try scratch.open()
        #expect(opened.outcome == .created(formerLife: []))
        #expect(try opened.ledger.note(.untrusted) == nil)
        #expect(!scratch.names().contains("edgecert.db.new"))
    }

    @Test("a reader beside a new database sees what is written from then on")
    func readerBesideNew() throws {
        let scratch = try Scratch()
        let opened = try scratch.open()
        let reader = try SQLiteLedger.openReading(scratch.path)
        try opened.ledger.commit([.zone(ZoneRecord(id: Sample.zone, name: "example.com"))])
        #expect(try reader.zones().count == 1)
    }

    @Test("a journal that lies where a database is missing is not read into the new one")
    func strayJournal() throws {
        let scratch = try Scratch()
        try scratch.put([1, 2, 3], "-journal")
        let opened = try scratch.open()
        #expect(opened.outcome == .created(formerLife: ["edgecert.db-journal"]))
        #expect(try opened.ledger.note(.untrusted) != nil)
        #expect(scratch.names().contains { $0.hasPrefix("edgecert.db.stray-") && $0.hasSuffix("-journal") })
    }

    @Test("the folder must exist")
    func noFolder() throws {
        #expect { try SQLiteLedger.open(inFolder: "/nonexistent/edgecert", now: Sample.now) } throws: { error in
            guard case .unopenable? = error as? StoreTrouble else { return false }
            return true
        }
    }

    @Test("a second daemon on the same database is turned away")
    func second() throws {
        let scratch = try Scratch()
        let first = try scratch.open()
        #expect(throws: StoreTrouble.busy(path: scratch.path)) { try scratch.open() }
        try first.ledger.close()
        _ = try scratch.open()
    }

    @Test(
        "what is not a database is set aside whole, and a new one is begun that nobody trusts yet (S17)",
        arguments: [[UInt8]("not a database, only some text".utf8), Array(repeating: 0, count: 8192)])
    func notADatabase(_ bytes: [UInt8]) throws {
        let scratch = try Scratch()
        for number in 1...2 {
            try scratch.put(bytes)
            try scratch.put([7], "-wal")
            let opened = try scratch.open()
            let old = scratch.path + ".corrupt-2026-11-21T00:00:00.123Z" + (number == 1 ? "" : ".2")
            #expect(opened.outcome == .quarantined(oldPath: old, detail: "it is not a database"))
            #expect(try opened.ledger.note(.untrusted)?.contains(old) == true)
            #expect(try opened.ledger.audit(since: nil, limit: 5).map(\.verb) == ["quarantine"])
            #expect(try scratch.bytes(String(old.dropFirst(scratch.path.count))) == bytes)
            #expect(try scratch.bytes(String(old.dropFirst(scratch.path.count)) + "-wal") == [7])
            try opened.ledger.fill()
            try opened.ledger.close()
        }
    }

    @Test("a later schema is refused, and its file is left as it is")
    func newerSchema() throws {
        let scratch = try Scratch()
        try scratch.open().ledger.close()
        var bytes = try scratch.bytes()
        bytes[63] = 9  // user_version
        try scratch.put(bytes)
        let names = scratch.names()
        #expect(throws: StoreTrouble.newerSchema(path: scratch.path, found: 9, known: 1)) { try scratch.open() }
        #expect(throws: StoreTrouble.newerSchema(path: scratch.path, found: 9, known: 1)) {
            try SQLiteLedger.openReading(scratch.path)
        }
        #expect(try scratch.bytes() == bytes)
        #expect(scratch.names() == names)
    }

    @Test("a database of another program is refused, and left as it is", arguments: [0, 0x0F05_5112])
    func foreign(_ applicationID: Int) throws {
        let scratch = try Scratch()
        let other = try Database(
            scratch.path, path: scratch.path, flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        try other.execute("PRAGMA application_id = \(applicationID); CREATE TABLE theirs (a)")
        let bytes = try scratch.bytes()
        #expect(throws: StoreTrouble.foreign(path: scratch.path)) { try scratch.open() }
        #expect(throws: StoreTrouble.foreign(path: scratch.path)) { try SQLiteLedger.openReading(scratch.path) }
        #expect(try scratch.bytes() == bytes)
        #expect(scratch.names() == ["edgecert.db", "edgecert.db.lock"])
    }

    @Test(
        "a sound file of a later version or of another program was set aside for its format, and a new one begun",
        arguments: [18, 19, nil])
    func laterFormat(_ place: Int?) throws {
        for (statement, expected) in [
            ("PRAGMA user_version = 99", { .newerSchema(path: $0, found: 99, known: 1) }),
            ("PRAGMA application_id = 77", { .foreign(path: $0) }),
        ] as [(String, (String) -> StoreTrouble)] {
            let scratch = try Scratch()
            let ledger = try scratch.open().ledger
            try ledger.fill()
            try ledger.close()
            scratch.spoil(statement)
            var bytes = try scratch.bytes()
            for place in place.map({ [$0] }) ?? [18, 19] { bytes[place] = 3 }
            try scratch.put(bytes)
            let names = scratch.names()
            #expect(throws: expected(scratch.path)) { try scratch.open() }
            #expect(throws: expected(scratch.path)) { try SQLiteLedger.openReading(scratch.path) }
            #expect(scratch.names() == names)
            #expect(try scratch.bytes() == bytes)
        }
    }

    @Test(
        "a schema that lacks a part, or has one that was changed, is corruption; one more index is none",
        arguments: [
            ("DROP TRIGGER transitions_pruned", true), ("DROP INDEX objects_present", true),
            ("DROP TABLE notes", true), ("ALTER TABLE zones ADD COLUMN x TEXT", true),
            ("CREATE INDEX mine ON zones (name)", false),
        ])
    func schema(_ change: String, isCorrupt: Bool) throws {
        let scratch = try Scratch()
        let first = try scratch.open().ledger
        try first.read { (database) throws(StoreTrouble) in try database.execute(change) }
        try first.close()
        guard case .quarantined = try scratch.open().outcome else {
            #expect(!isCorrupt)
            return
        }
        #expect(isCorrupt)
    }

    @Test(
        "a row that cannot be read is corruption that names its table and key, never a shorter state (S1, S17)",
        arguments: [
            ("UPDATE objects SET traits = '{\"v\":1}'", "objects \(Sample.zone)/certificate_pack/main: traits"),
            ("UPDATE objects SET traits = '{\"v\":2}'", "its form 2 is not known"),
            ("UPDATE objects SET stage = 'asleep'", "stage is 'asleep'"),
            ("UPDATE objects SET rung = 99", "rung is 99"),
            ("UPDATE subjects SET rest = '{\"v\":1,\"decision\":{}}'", "subjects \(Sample.zone)/certificate_pack/main"),
            ("UPDATE subjects SET is_wished = 2", "is_wished is neither"),
            ("UPDATE operations SET reason = 'whim'", "operations op1/\(Sample.zone)/certificate_pack: reason"),
            ("UPDATE operations SET reason = printf('%.5000c', 'a')", "aaaaa…"),
            ("UPDATE operations SET state = 'opem'", "state is 'opem'"),
            ("UPDATE operations SET action = '[]'", "action cannot be read"),
            ("UPDATE approvals SET reason = 'whim'", "approvals"),
            ("UPDATE suspensions SET rank = 7", "suspensions"),
            ("UPDATE episodes SET condition = 'whim'", "episodes"),
            ("UPDATE zones SET name = CAST(x'ff' AS TEXT)", "zones \(Sample.zone)/\u{fffd}: name is not UTF-8"),
        ])
    func unreadableRows(_ damage: String, _ words: String) throws {
        let scratch = try Scratch()
        let ledger = try scratch.open().ledger
        try ledger.fill()
        try ledger.read { (database) throws(StoreTrouble) in
            try database.execute("PRAGMA ignore_check_constraints = ON; " + damage)
        }
        #expect { try ledger.state(of: Sample.zone, now: Sample.now) } throws: { error in
            guard case .corrupt(scratch.path, let detail)? = error as? StoreTrouble else { return false }
            #expect(detail.contains(words) && detail.utf8.count < 1000, "\(detail)")
            return true
        }
        // The mark that was left brings a look at every row when it is opened next.
        #expect(scratch.names().contains("edgecert.db.suspect"))
        try ledger.close()
        guard case .quarantined(_, let detail) = try scratch.open().outcome else {
            Issue.record("not set aside")
            return
        }
        #expect(detail.contains(words) || detail.contains("CHECK constraint failed"))
        #expect(!scratch.names().contains("edgecert.db.suspect"))
    }

    @Test("a sound database that was under suspicion is kept")
    func suspicion() throws {
        let scratch = try Scratch()
        let ledger = try scratch.open().ledger
        try ledger.fill()
        try ledger.close()
        try scratch.put([], ".suspect")
        #expect(try scratch.open().outcome == .existing)
        #expect(!scratch.names().contains("edgecert.db.suspect"))
    }
}
