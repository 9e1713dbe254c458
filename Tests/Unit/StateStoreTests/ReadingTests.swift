import Domain
import Engine
import Glibc
import TestKit
import Testing

@testable import StateStore

@Suite("reading the database from outside") struct ReadingTests {
    @Test("it is read while a daemon has it, and nothing is written")
    func beside() throws {
        let scratch = try Scratch()
        let ledger = try scratch.open().ledger
        try ledger.fill()
        let reading = try SQLiteLedger.openReading(scratch.path)
        #expect(try reading.note(.era) == "1")
        try ledger.commit([.note(.era, "2")])
        #expect(try reading.note(.era) == "2")
        let writer = try #require(reading as? SQLiteLedger)
        #expect(throws: StoreTrouble.self) { try writer.commit([.note(.era, "3")]) }
        #expect(try ledger.note(.era) == "2")
    }

    @Test("pages that were let go are read again, and nobody at work is waited for", .timeLimit(.minutes(1)))
    func pagesLetGo() throws {
        let scratch = try Scratch()
        let ledger = try scratch.open().ledger
        try ledger.fill()
        let before = try ledger.audit(since: nil, limit: 9)
        let kept = try ledger.read { (database) throws(StoreTrouble) in database.keptBytes }
        try ledger.read { (_) throws(StoreTrouble) in ledger.letPagesGo() }
        #expect(try ledger.read { (database) throws(StoreTrouble) in database.keptBytes } == kept)
        ledger.letPagesGo()
        #expect(try ledger.read { (database) throws(StoreTrouble) in database.keptBytes } < kept / 2)
        #expect(try ledger.audit(since: nil, limit: 9) == before)
        try ledger.commit([.note(.era, "2")])
        #expect(try ledger.note(.era) == "2")
    }

    @Test("a missing database is said to be missing, and none is made")
    func missing() throws {
        let scratch = try Scratch()
        #expect(throws: StoreTrouble.missing(path: scratch.path)) { try SQLiteLedger.openReading(scratch.path) }
        try scratch.put([])
        #expect(throws: StoreTrouble.missing(path: scratch.path)) { try SQLiteLedger.openReading(scratch.path) }
        #expect(scratch.names() == ["edgecert.db"])
    }

    @Test("a database whose schema version was lost was said to be one that the daemon brings up to date")
    func lostVersion() throws {
        let scratch = try Scratch()
        let ledger = try scratch.open().ledger
        try ledger.read { (database) throws(StoreTrouble) in try database.execute("PRAGMA user_version = 0") }
        try ledger.close()
        #expect(throws: StoreTrouble.corrupt(path: scratch.path, detail: "it has no schema version")) {
            try SQLiteLedger.openReading(scratch.path)
        }
    }

    @Test("a file without a log is read as it is, whatever its path looks like")
    func alone() throws {
        let scratch = try Scratch()
        let ledger = try scratch.open().ledger
        try ledger.fill()
        let copy = "\(scratch.folder)/a copy ? of #1 100%.db"
        try ledger.backup(to: copy, now: Sample.now)
        #expect(try SQLiteLedger.openReading(copy).note(.era) == "1")
        #expect(scratch.names().filter { $0.hasPrefix("a copy") } == ["a copy ? of #1 100%.db"])
    }

    @Test(
        "a member of the group reads it, the daemon running, stopped or killed",
        .enabled(if: OtherUser.isPossible, "needs root, to be another user for a moment"))
    func group() throws {
        let scratch = try Scratch()
        chown(scratch.folder, 0, OtherUser.group)
        let ledger = try scratch.open().ledger
        try ledger.fill()
        scratch.give(to: OtherUser.group)
        func note() throws -> String? {
            try OtherUser.run {
                let reading = try SQLiteLedger.openReading(scratch.path)
                _ = try reading.history(HistoryFilter())
                return try reading.note(.era)
            }
        }
        #expect(try note() == "1")
        try ledger.commit([.note(.era, "2")])
        #expect(try note() == "2")
        let (database, log, index) = try (scratch.bytes(), scratch.bytes("-wal"), scratch.bytes("-shm"))
        try ledger.close()
        let closed = try scratch.bytes()
        #expect(try note() == "2")

        // Killed: the log is full, and nobody has its index open.
        try scratch.put(database)
        try scratch.put(log, "-wal")
        try scratch.put(index, "-shm")
        #expect(try note() == "2")

        // Stopped, and what is empty was cleared away.
        try scratch.put([], "-wal")
        unlink(scratch.path + "-shm")
        try scratch.put(closed)
        scratch.give(to: OtherUser.group)
        #expect(try note() == "2")
        unlink(scratch.path + "-wal")
        #expect(try note() == "2")

        // Killed, and the index was cleared away: what is in the log cannot be read without a place for a new one.
        try scratch.put(database)
        try scratch.put(log, "-wal")
        scratch.give(to: OtherUser.group)
        #expect { try note() } throws: { error in
            guard case .unopenable(_, let detail)? = error as? StoreTrouble else { return false }
            return detail.contains("log")
        }

        chown(scratch.path, 0, 0)
        #expect { try note() } throws: { error in
            guard case .unopenable? = error as? StoreTrouble else { return false }
            return true
        }
    }

    @Test("readers beside a writer see whole commits, each at least as new as the one before")
    func concurrency() async throws {
        let scratch = try Scratch()
        let ledger = try scratch.open().ledger
        try ledger.commit([.note(.era, "0"), .note(.zoneIDs, "0")])
        let path = scratch.path
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    var last = 0
                    for _ in 0..<20 {
                        let reading = try SQLiteLedger.openReading(path)
                        for _ in 0..<10 {
                            let lines = try reading.history(HistoryFilter(limit: 3)).map { Int($0.detail) ?? -1 }
                            #expect(lines.count % 3 == 0)
                            #expect(lines.first ?? 0 == lines.last ?? 0, "half a commit: \(lines)")
                            #expect(lines.last ?? 0 >= last)
                            last = max(last, lines.last ?? 0)
                            await Task.yield()  // there may be fewer threads than readers
                        }
                    }
                }
            }
            group.addTask {
                for number in 1...300 {
                    let line = Change.transition(Sample.transition("\(number)"))
                    try ledger.commit([line, line, line])
                    await Task.yield()
                }
            }
            try await group.waitForAll()
        }
        #expect(try ledger.history(HistoryFilter()).count == 900)
    }

    @Test("one ledger serves many callers at once")
    func callers() async throws {
        let ledger = try SQLiteLedger.inMemory()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<4 {
                group.addTask {
                    for number in 0..<15 {
                        try ledger.commit([.object(Sample.pack("\(caller)-\(number)"))])
                        _ = try ledger.state(of: Sample.zone, now: Sample.now)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try ledger.knownIDs(.certificatePack, in: Sample.zone).count == 60)
    }
}
