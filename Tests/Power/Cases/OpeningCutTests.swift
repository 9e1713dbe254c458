import Domain
import Engine
import Glibc
import PowerDisk
import TestKit
import Testing

@testable import StateStore

/// The power is cut at each call of an opening that changes something, some times each.
@Suite("Power cuts while the database is opened") struct OpeningCutTests {
    private static let later =
        Schema.migrations + [Migration(sql: "CREATE TABLE roots (id TEXT PRIMARY KEY) STRICT")]

    private func fill(_ cutting: Cutting) throws {
        let ledger = try SQLiteLedger.open(inFolder: cutting.root, now: Sample.now).ledger
        try ledger.commit([
            .transition(Sample.transition("1")), .operation(Sample.operation()), .note(.era, "1"),
        ])
        try ledger.close()
    }

    private func open(
        _ cutting: Cutting, hours: Int, _ migrations: [Migration] = Schema.migrations
    ) throws -> SQLiteLedger.Opened {
        try SQLiteLedger.open(inFolder: cutting.root, now: Sample.now + .hours(hours), migrations: migrations)
    }

    @Test("leave no database or a new one, and no sign of a former life")
    func new() throws {
        let cuts = try Cutting.atEachCall(chances: 4) { cutting in
            try open(cutting, hours: 0).ledger.close()
        } after: { cutting in
            let again = try open(cutting, hours: 1)
            #expect([.existing, .created(formerLife: [])].contains(again.outcome))
            #expect(try again.ledger.note(.untrusted) == nil)
            try again.ledger.close()
        }
        #expect(cuts > 100)
    }

    @Test("leave the old database or the new one while it is migrated, with its copy")
    func migrated() throws {
        let cuts = try Cutting.atEachCall(before: fill) { cutting in
            try open(cutting, hours: 1, Self.later).ledger.close()
        } after: { cutting in
            let again = try open(cutting, hours: 2, Self.later)
            switch again.outcome {
            case .existing, .migrated: break
            default: Issue.record("\(again.outcome)")
            }
            let copies = Files.names(in: cutting.root).filter {
                $0.contains(".before-v2-") && !$0.contains("partial")
            }
            #expect(!copies.isEmpty)
            for copy in copies {
                #expect(try SQLiteLedger.openReading(cutting.path(copy)).history(HistoryFilter()).count == 1)
            }
            #expect(try again.ledger.history(HistoryFilter()).count == 1)
            #expect(try again.ledger.operations(HistoryFilter(), openOnly: true).count == 1)
            try again.ledger.close()
        }
        #expect(cuts > 100)
    }

    @Test("leave a broken database where it was or set aside, and nothing that is trusted in its place (S17)")
    func broken() throws {
        let cuts = try Cutting.atEachCall { cutting in
            try fill(cutting)
            cutting.write("edgecert.db", [UInt8](repeating: 7, count: 512))
        } work: { cutting in
            try open(cutting, hours: 1).ledger.close()
        } after: { cutting in
            let again = try open(cutting, hours: 2)
            #expect(try again.ledger.note(.untrusted) != nil, "\(again.outcome)")
            try again.ledger.close()
            let aside = Files.names(in: cutting.root).filter { $0.contains(".corrupt-") && !$0.hasSuffix("-wal") }
            #expect(aside.contains { cutting.read($0)?.starts(with: [7, 7, 7, 7]) == true }, "\(aside)")
        }
        #expect(cuts > 100)
    }

    @Test("left a copy in pieces that was just becoming the database: its own log was taken for a stray one (S17)")
    func restored() throws {
        let cuts = try Cutting.atEachCall { cutting in
            try fill(cutting)
            try SQLiteLedger.backup(of: cutting.path("edgecert.db"), to: cutting.path("copy"), now: Sample.now)
            rename(cutting.path("copy"), cutting.path("edgecert.db"))
        } work: { cutting in
            try open(cutting, hours: 1).ledger.close()
        } after: { cutting in
            let again = try open(cutting, hours: 2)
            switch again.outcome {
            // As after any copy: the era is begun anew, and its first pass only plans.
            case .existing: #expect(try again.ledger.note(.era) == nil)
            case .restored(copiedAt: Sample.now): break
            default: Issue.record("\(again.outcome)")
            }
            #expect(try again.ledger.history(HistoryFilter()).count == 1)
            try again.ledger.close()
        }
        #expect(cuts > 20)
    }

    @Test("leave a backup whole, or none under its name")
    func backup() throws {
        try Cutting.atEachCall(before: fill) { cutting in
            try SQLiteLedger.backup(of: cutting.path("edgecert.db"), to: cutting.path("copy"), now: Sample.now)
        } after: { cutting in
            guard Files.names(in: cutting.root).contains("copy") else { return }
            let copy = try SQLiteLedger.openReading(cutting.path("copy"))
            #expect(try copy.history(HistoryFilter()).count == 1)
        }
    }
}
