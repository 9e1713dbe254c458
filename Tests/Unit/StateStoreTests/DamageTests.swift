import Domain
import Engine
import TestKit
import Testing

@testable import StateStore

/// A file that anything may have happened to: it works, or it is told to be corrupt, or it is refused; nothing traps,
/// and nothing is deleted.
@Suite("damage to the database") struct DamageTests {
    @Test("flipped bits are met with an answer or an error", arguments: 0..<8 as Range<UInt64>)
    func bitFlips(_ seed: UInt64) throws {
        print("damage: bit flips with seed \(seed)")
        let (sound, scratch) = (try Self.soundDatabase(), try Scratch())
        var chance = SplitMix(state: seed)
        var outcomes: [String: Int] = [:]
        for _ in 0..<150 {
            var bytes = sound
            // Half of them in the first page and what is known of it, where a flip tells most.
            let places = chance.next() % 2 == 0 ? UInt64(bytes.count) : 200
            for _ in 0...(chance.next() % 3) {
                bytes[Int(chance.next() % places)] ^= 1 << UInt8(chance.next() % 8)
            }
            outcomes[try Self.outcome(of: bytes, in: scratch), default: 0] += 1
        }
        // The flips must hit: a test in which nothing breaks shows nothing.
        #expect(outcomes["worked"] ?? 0 > 0 && outcomes["set aside"] ?? 0 > 0, "\(outcomes)")
    }

    @Test("flipped bits in the log lose no more than the log")
    func bitFlipsInLog() throws {
        let (source, scratch) = (try Scratch(), try Scratch())
        let ledger = try source.open().ledger
        try ledger.fill()
        let (sound, log) = (try source.bytes(), try source.bytes("-wal"))
        #expect(log.count > 10_000)
        var chance = SplitMix(state: 7)
        for _ in 0..<200 {
            var damaged = log
            damaged[Int(chance.next() % UInt64(log.count))] ^= 1 << UInt8(chance.next() % 8)
            scratch.clear()
            try scratch.put(damaged, "-wal")
            _ = try Self.outcome(of: sound, in: scratch, clearing: false)
        }
    }

    /// Where only the content of a row was lost, as by an overflow page of zeros, its reading tells, and leaves the mark
    /// by which the next opening looks at everything.
    @Test("a file that ends early is set aside, at the latest when it is opened again after it was read")
    func truncations() throws {
        let (sound, scratch) = (try Self.soundDatabase(), try Scratch())
        for page in 0...sound.count / 4096 {
            for count in [page * 4096, page * 4096 + 77, page * 4096 + 2048] where count < sound.count {
                let outcomes = try Self.outcomes(of: Array(sound[..<count]), in: scratch)
                #expect(outcomes.last == (count == 0 ? "worked" : "set aside"), "\(count): \(outcomes)")
            }
        }
    }

    @Test("a page of zeros is met at once, or when its rows are read")
    func zeroPages() throws {
        let (sound, scratch) = (try Self.soundDatabase(), try Scratch())
        var isMetLate = false
        for page in 1..<sound.count / 4096 {
            var bytes = sound
            bytes.replaceSubrange(page * 4096..<(page + 1) * 4096, with: repeatElement(0, count: 4096))
            let outcomes = try Self.outcomes(of: bytes, in: scratch)
            #expect(outcomes.last == "set aside", "page \(page): \(outcomes)")
            isMetLate = isMetLate || outcomes.count > 1
        }
        #expect(isMetLate)
    }

    /// And of a second opening where the first one did not see what the reading met.
    private static func outcomes(of bytes: [UInt8], in scratch: Scratch) throws -> [String] {
        let first = try outcome(of: bytes, in: scratch)
        return first.hasPrefix("corrupt") ? [first, try outcome(of: bytes, in: scratch, clearing: false)] : [first]
    }

    /// One file with all tables in it, log written in.
    private static func soundDatabase() throws -> [UInt8] {
        let scratch = try Scratch()
        let ledger = try scratch.open().ledger
        try ledger.fill()
        var long = Sample.operation("long")
        long.baseline = Set((0..<1000).map { ObjectID("known-\($0)") })  // takes pages of its own
        try ledger.commit([.operation(long)])
        for number in 0..<200 {
            let name = "subject-\(number)"
            try ledger.commit([
                .transition(Sample.transition("d", name: name)),
                number < 10 ? .object(Sample.pack("p\(number)", name: name)) : .note(.era, name),
            ])
        }
        try ledger.close()
        return try scratch.bytes()
    }

    private static func outcome(of bytes: [UInt8], in scratch: Scratch, clearing: Bool = true) throws -> String {
        if clearing { scratch.clear() }
        try scratch.put(bytes)
        readOnce(scratch.path)
        do {
            let opened = try scratch.open()
            if case .quarantined(let oldPath, _) = opened.outcome {
                #expect(try scratch.bytes(String(oldPath.dropFirst(scratch.path.count))).count >= min(bytes.count, 1))
                try opened.ledger.readAll()
                return "set aside"
            }
            try opened.ledger.readAll()
            try opened.ledger.commit([.object(Sample.pack("new")), .transition(Sample.transition("new"))])
            try opened.ledger.close()
            return "worked"
        } catch let trouble as StoreTrouble {
            switch trouble {
            case .corrupt(_, let detail): return "corrupt: \(detail)"
            case .foreign, .newerSchema: return "refused"
            case .unwritable: return "unwritable"
            case .unopenable, .busy, .missing, .displaced:
                Issue.record("\(trouble.explanation)")
                return "other"
            }
        }
    }

    /// The tool's way in must stand it too.
    private static func readOnce(_ path: String) {
        do {
            let reading = try SQLiteLedger.openReading(path)
            _ = try (reading.history(HistoryFilter()), reading.openEpisodes(), reading.zones())
            try reading.forEachSubject(SubjectFilter()) { _, _ in }
        } catch {
            // Told; what it says is checked where the daemon opens the same file.
        }
    }
}

private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
