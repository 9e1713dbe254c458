import CSQLite
import Domain
import Engine
import Glibc
import TestKit
import Testing

@testable import StateStore

@Suite("writing the database") struct WritingTests {
    @Test(
        "history, checkpoints and audit can only be appended to (S14)",
        arguments: [
            "UPDATE transitions SET detail = 'other'", "DELETE FROM transitions",
            "REPLACE INTO transitions SELECT * FROM transitions", "UPDATE audit SET person = 'nobody'",
            "DELETE FROM audit", "REPLACE INTO audit SELECT * FROM audit", "DELETE FROM checkpoints",
            "UPDATE checkpoints SET count = 0",
            """
            INSERT INTO checkpoints SELECT zone, kind, name, seq - 1, at, 1, '{}' FROM transitions WHERE true
                ON CONFLICT DO UPDATE SET up_to_seq = excluded.up_to_seq
            """,
        ])
    func appendOnly(_ statement: String) throws {
        let ledger = try SQLiteLedger.inMemory()
        try ledger.fill()
        #expect(try ledger.prune(before: .distantFuture, limit: 1) == 1)
        let (history, audit) = try (ledger.history(HistoryFilter()), ledger.audit(since: nil, limit: 10))
        #expect(history.count == 1 && audit.count == 1)
        #expect(throws: StoreTrouble.self) {
            try ledger.read { (database) throws(StoreTrouble) in try database.execute(statement) }
        }
        #expect(try ledger.history(HistoryFilter()) == history)
        #expect(try ledger.audit(since: nil, limit: 10) == audit)
    }

    @Test("a full disk refuses the whole commit, and later ones work again when there is space")
    func full() throws {
        let scratch = try Scratch()
        let ledger = try scratch.open().ledger
        try ledger.fill()
        let state = try ledger.state(of: Sample.zone, now: Sample.now)
        let history = try ledger.history(HistoryFilter())
        func limitPages(_ count: String) throws {
            try ledger.read { (database) throws(StoreTrouble) in
                try database.run("PRAGMA max_page_count = \(count)")
            }
        }
        try limitPages("1")  // taken for "as many as there are"
        let many = (0..<500).map { Change.transition(Sample.transition("line \($0)")) }
        var zone = try #require(state.zone)
        zone.name = "changed.example"
        #expect { try ledger.commit([.zone(zone)] + many) } throws: { error in
            guard case .unwritable(scratch.path, _)? = error as? StoreTrouble else { return false }
            return true
        }
        #expect(try ledger.state(of: Sample.zone, now: Sample.now) == state)
        #expect(try ledger.history(HistoryFilter()) == history)
        try limitPages("1000000")
        try ledger.commit([.zone(zone)] + many)
        #expect(try ledger.history(HistoryFilter()).count == history.count + 500)
        #expect(!scratch.names().contains("edgecert.db.suspect"))
    }

    @Test("a commit that breaks in its middle leaves nothing behind")
    func rollback() throws {
        let ledger = try SQLiteLedger.inMemory()
        try ledger.fill()
        let state = try ledger.state(of: Sample.zone, now: Sample.now)
        try ledger.read { (database) throws(StoreTrouble) in
            try database.execute(
                "CREATE TEMP TRIGGER stop BEFORE INSERT ON audit BEGIN SELECT raise(ABORT, 'stop'); END")
        }
        let entry = AuditEntry(at: Sample.now, person: "p", verb: "v", target: "t", detail: "d", outcome: "o")
        #expect(throws: StoreTrouble.self) {
            try ledger.commit([.note(.era, "2"), .approvalUsed(Sample.subject(), .nameLimit), .audit(entry)])
        }
        #expect(try ledger.state(of: Sample.zone, now: Sample.now) == state)
        #expect(try ledger.note(.era) == "1")
        try ledger.commit([.note(.era, "3")])
        #expect(try ledger.note(.era) == "3")
    }

    @Test(
        "a database that cannot be written is read on, each commit says so, and writes again when it can",
        .enabled(if: OtherUser.isPossible, "needs root, to be another user for a moment"))
    func readOnly() throws {
        let scratch = try Scratch()
        let first = try scratch.open().ledger
        try first.fill()
        try first.close()
        scratch.give(to: OtherUser.group)
        let ledger = try OtherUser.run {
            let opened = try scratch.open()
            guard case .readOnly(.unwritable) = opened.outcome else {
                Issue.record("\(opened.outcome)")
                return opened.ledger
            }
            #expect(opened.ledger.isReadOnly)
            #expect(opened.ledger.staysReadOnly())
            try opened.ledger.readAll()
            for _ in 1...2 {
                #expect { try opened.ledger.commit([.note(.era, "7")]) } throws: { error in
                    guard case .unwritable? = error as? StoreTrouble else { return false }
                    return true
                }
            }
            return opened.ledger
        }
        try ledger.commit([.note(.era, "8")])
        #expect(!ledger.isReadOnly)
        #expect(try ledger.note(.era) == "8")
        #expect(!ledger.staysReadOnly())
    }

    @Test(
        "a database begun anew when the disk could be written again was gone on with, as one that is trusted (S17)",
        .enabled(if: OtherUser.isPossible, "needs root, to be another user for a moment"))
    func begunAnewWhileReadOnly() throws {
        let scratch = try Scratch()
        let first = try scratch.open().ledger
        try first.fill()
        try first.close()
        scratch.spoil("UPDATE operations SET action = 'x{'")
        try scratch.put([], ".suspect")
        scratch.give(to: OtherUser.group)
        let ledger = try OtherUser.run {
            let ledger = try scratch.open().ledger
            #expect(ledger.staysReadOnly())
            return ledger
        }
        #expect(!ledger.staysReadOnly())
        // Again and again: whoever passes over the first time ends with the second.
        for ask in [{ try ledger.commit([.note(.era, "8")]) }, { _ = try ledger.note(.era) }] {
            #expect {
                try ask()
            } throws: { error in
                guard case .corrupt? = error as? StoreTrouble else { return false }
                return true
            }
        }
        #expect(!ledger.isReadOnly)
        let next = try scratch.open()
        #expect(next.outcome == .existing)
        #expect(try next.ledger.note(.untrusted)?.contains(".corrupt-") == true)
    }

    @Test(
        "a database found broken while it could not be written was opened as sound when it could, and changes were sent (S17)",
        .enabled(if: OtherUser.isPossible, "needs root, to be another user for a moment"), arguments: [false, true])
    func foundBrokenWhileReadOnly(byAnotherConnection: Bool) throws {
        let scratch = try Scratch()
        let ledger = try brokenAndReadOnly(scratch) { (ledger) throws(StoreTrouble) in
            if byAnotherConnection {
                ledger.doubt(.corrupt(path: scratch.path, detail: "a row"))
            } else {
                #expect(throws: StoreTrouble.self) { try ledger.operations(HistoryFilter(), openOnly: false) }
            }
            #expect(ledger.staysReadOnly())
        }
        #expect(!scratch.names().contains("edgecert.db.suspect"), "there was no way to leave it")
        #expect {
            try ledger.commit([.zone(ZoneRecord(id: Sample.otherZone, name: "example.org"))])
        } throws: { error in
            guard case .corrupt? = error as? StoreTrouble else { return false }
            return true
        }
        #expect(!ledger.staysReadOnly())
        let next = try scratch.open()
        #expect(next.outcome == .existing)
        #expect(try next.ledger.note(.untrusted)?.contains(".corrupt-") == true)
        #expect(try next.ledger.note(.era) == nil)
    }

    @Test(
        "a broken database whose folder took no mark was opened as sound by who may write its files (S17)",
        .enabled(if: OtherUser.isPossible, "needs root, to be another user for a moment"))
    func foundBrokenWhereNoMarkCanBeLeft() throws {
        let scratch = try Scratch()
        let ledger = try brokenAndReadOnly(scratch) { (ledger) throws(StoreTrouble) in
            #expect(throws: StoreTrouble.self) { try ledger.operations(HistoryFilter(), openOnly: false) }
        }
        for name in scratch.names() { #expect(chmod("\(scratch.folder)/\(name)", 0o660) == 0) }
        try OtherUser.run {
            #expect(throws: StoreTrouble.self) { try ledger.commit([.note(.era, "8")]) }
            #expect(!scratch.names().contains("edgecert.db.suspect"))
        }
        do {
            let lock = try StoreLock(StoreFile(path: scratch.path))
            #expect(throws: StoreTrouble.busy(path: scratch.path)) { try ledger.commit([]) }
            withExtendedLifetime(lock) {}
            #expect(scratch.names().contains("edgecert.db.suspect"), "for the next process, should this one end now")
        }
        #expect(throws: StoreTrouble.self) { try ledger.commit([.note(.era, "9")]) }
        #expect(try scratch.open().ledger.note(.untrusted)?.contains(".corrupt-") == true)
    }

    @Test(
        "a database that was read first when the disk could be written again was not marked, nor looked through later",
        .enabled(if: OtherUser.isPossible, "needs root, to be another user for a moment"))
    func foundBrokenWhileOpenForReading() throws {
        let scratch = try Scratch()
        do {
            let ledger = try brokenAndReadOnly(scratch) { (_) throws(StoreTrouble) in }
            #expect(throws: StoreTrouble.self) { try ledger.operations(HistoryFilter(), openOnly: false) }
            #expect(scratch.names().contains("edgecert.db.suspect"))
        }  // the process ends here
        guard case .quarantined = try scratch.open().outcome else {
            Issue.record("it was taken for sound")
            return
        }
    }

    /// A ledger over a broken row that the quick look passes over, opened by who cannot write it.
    private func brokenAndReadOnly(
        _ scratch: Scratch, _ use: (SQLiteLedger) throws(StoreTrouble) -> Void
    ) throws -> SQLiteLedger {
        let first = try scratch.open().ledger
        try first.fill()
        try first.close()
        scratch.spoil("UPDATE operations SET action = 'x{'")
        for log in ["-wal", "-shm"] { try scratch.put([], log) }  // as a daemon that was killed leaves them
        scratch.give(to: OtherUser.group)
        return try OtherUser.run {
            let ledger = try scratch.open().ledger
            #expect(ledger.isReadOnly)
            try use(ledger)
            return ledger
        }
    }

    @Test(
        "what was put in the place of a database that could not be written was taken up in the middle of a life",
        .enabled(if: OtherUser.isPossible, "needs root, to be another user for a moment"))
    func replacedWhileReadOnly() throws {
        let scratch = try Scratch()
        let first = try scratch.open().ledger
        try first.fill()
        try first.close()
        scratch.give(to: OtherUser.group)
        let ledger = try OtherUser.run { try scratch.open().ledger }
        #expect(rename(scratch.path, "\(scratch.path).away") == 0)
        #expect(throws: StoreTrouble.displaced(path: scratch.path, file: scratch.path)) {
            try ledger.commit([.note(.era, "8")])
        }
        #expect(!scratch.names().contains("edgecert.db"))
    }

    @Test("a second look at the file took the locks away that keep others from removing its log")
    func locksStay() throws {
        let scratch = try Scratch()
        let ledger = try scratch.open().ledger
        try ledger.fill()
        let reading = try SQLiteLedger.openReading(scratch.path)
        _ = try StoreFile(path: scratch.path).header()
        let inode = try StoreFile(path: scratch.path).inode()
        let list = StoreHolder.text(of: "/proc/locks")
        let isOwn = list.split(separator: "\n").contains { line in
            let words = line.split(separator: " ").map(String.init)
            guard words.count >= 6, words[1] == "POSIX" else { return false }
            return words[4] == String(getpid()) && words[5].hasSuffix(":\(inode)")
        }
        #expect(isOwn)
        #expect(try reading.note(.era) == ledger.note(.era))
    }

    @Test(
        "a commit is refused when a file of the database was removed or replaced under it",
        arguments: ["", "-wal", "-shm", ".lock"], [false, true])
    func displaced(_ suffix: String, isReplaced: Bool) throws {
        let scratch = try Scratch()
        let ledger = try scratch.open().ledger
        try ledger.fill()
        let name = scratch.path + suffix
        #expect(rename(name, "\(name).away") == 0)
        if isReplaced { try scratch.put([], suffix) }
        #expect(throws: StoreTrouble.displaced(path: scratch.path, file: name)) {
            try ledger.commit([.note(.era, "2")])
        }
        #expect(rename("\(name).away", name) == 0)
        try ledger.commit([.note(.era, "3")])
        #expect(try ledger.note(.era) == "3")
    }

    @Test("where the folder's name ended in two slashes, no commit was taken", arguments: ["", "/", "//"])
    func slashes(_ end: String) throws {
        let scratch = try Scratch()
        let ledger = try SQLiteLedger.open(inFolder: scratch.folder + end, now: Sample.now).ledger
        try ledger.fill()
        #expect(rename(scratch.path, "\(scratch.path).away") == 0)
        #expect(throws: StoreTrouble.self) { try ledger.commit([.note(.era, "2")]) }
    }

    @Test("what was committed is there after a crash at any moment")
    func crash() throws {
        let (scratch, after) = (try Scratch(), try Scratch())
        let ledger = try scratch.open().ledger
        for number in 1...40 {
            try ledger.commit([.transition(Sample.transition("\(number)")), .note(.zoneIDs, "\(number)")])
            // What lies on disk at this moment, without the index, which does not survive a crash.
            try after.put(try scratch.bytes())
            try after.put(try scratch.bytes("-wal"), "-wal")
            let found = try after.open().ledger
            #expect(try found.note(.zoneIDs) == "\(number)")
            #expect(try found.history(HistoryFilter()).count == number)
            try found.close()
            after.clear()
        }
    }

    @Test("after it was closed every call is refused")
    func closed() throws {
        let scratch = try Scratch()
        let ledger = try scratch.open().ledger
        try ledger.close()
        try ledger.close()
        #expect(throws: StoreTrouble.self) { try ledger.commit([]) }
        #expect(throws: StoreTrouble.self) { try ledger.zones() }
    }

    @Test("an episode that was resolved stays in the database")
    func closedEpisodes() throws {
        let ledger = try SQLiteLedger.inMemory()
        var episode = Episode(
            scope: .daemon, condition: .tokenRefused, detail: "d", raisedAt: Sample.now, lastTold: Sample.now)
        for _ in 1...2 {
            episode.resolvedAt = nil
            try ledger.commit([.episode(episode)])
            episode.resolvedAt = Sample.now
            try ledger.commit([.episode(episode)])
        }
        let count = try ledger.read { (database) throws(StoreTrouble) in
            try database.first("SELECT count(*) FROM episodes", of: "episodes") { (row) throws(StoreTrouble) in
                try row.count(0)
            }
        }
        #expect(count == 2)
    }

    @Test("the words for what is over are those that the indices are made of")
    func overWords() {
        #expect(Set(Stage.all.filter(\.isOver).map(\.code)) == ["gone", "revoked"])
    }

    @Test(
        "result codes are sorted by what is to be done about them",
        arguments: [
            (SQLITE_FULL, "store-unwritable"), (SQLITE_IOERR | (3 << 8), "store-unwritable"),
            (SQLITE_READONLY | (1 << 8), "store-unwritable"), (SQLITE_BUSY | (2 << 8), "store-busy"),
            (SQLITE_CORRUPT, "store-corrupt"), (SQLITE_NOTADB, "store-corrupt"),
            (SQLITE_CANTOPEN, "store-unopenable"), (SQLITE_ERROR, "store-corrupt"),
        ])
    func codes(_ code: Int32, _ expected: String) {
        let trouble = StoreTrouble(code: code, message: "m", path: "/p")
        #expect(trouble.explanation.code == expected)
        #expect(trouble.explanation.summary.contains("/p"))
    }
}
