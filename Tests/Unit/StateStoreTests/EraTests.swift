import Domain
import Engine
import Glibc
import TestKit
import Testing

@testable import StateStore

@Suite("the era of a start") struct EraTests {
    @Test("two starts that could not write were in one era, in which a restored copy skipped the pass that only plans")
    func unwritableEra() throws {
        let scratch = try Scratch()
        let opened = try scratch.open()
        let chance = SeededChance(seed: 7)
        let known = opened.era(version: "1.0", chance: chance)
        #expect(opened.era(version: "1.0", chance: chance) != known, "it was created by this opening")
        #expect(rename("\(scratch.path)-wal", "\(scratch.path)-away") == 0)
        let eras = (0..<2).map { _ in opened.era(version: "1.0", chance: chance) }
        #expect(Set(eras).count == 2 && !eras.contains(known))
        #expect(rename("\(scratch.path)-away", "\(scratch.path)-wal") == 0)
        try opened.ledger.close()
        let next = try scratch.open()
        let era = next.era(version: "1.0", chance: chance)
        #expect(try next.ledger.note(.era) == era)
        #expect(next.era(version: "1.0", chance: chance) == era)
        #expect(next.era(version: "1.1", chance: chance) != era)
    }
}
