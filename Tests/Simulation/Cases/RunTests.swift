import Glibc
import TestKit
import Testing

@testable import Simulation

@Suite("A simulated run") struct RunTests {
    @Test("is its seed: the same seed makes the same trace, byte for byte", arguments: [3, 13, 24] as [UInt64])
    func sameTrace(seed: UInt64) {
        let (first, second) = (trace(seed), trace(seed))
        #expect(first.count > 100)
        #expect(first == second)
    }

    private func trace(_ seed: UInt64) -> [String] {
        Sweep.run(seed: seed, days: 12, isTracing: true).trace
    }

    @Test("a database that a killed process had left under the same name was the former life of another story")
    func leftovers() throws {
        let path = Sweep.folder(0)
        #expect(mkdir(path, 0o700) == 0)
        try #require(Files.copy("/proc/self/status", to: "\(path)/edgecert.db"))
        #expect(Sweep.cleared(path) == path)
        #expect(access(path, F_OK) != 0)
    }

    @Test("is another one with another seed")
    func otherTrace() { #expect(trace(3) != trace(4)) }

    /// Complains of any crash: something that certainly happens.
    private struct NoCrash: Checker {
        let invariant = "X"
        mutating func check(_ witness: Witness) -> [String] {
            witness.isUp && witness.memory.upSince.map { $0 > .seconds(1000) } == true ? ["it was started again"] : []
        }
    }

    @Test("that fails is shrunk to the mishaps that it takes")
    func shrinking() throws {
        let failing = try #require(
            (1...40).lazy.map { seed in
                Sweep.run(seed: seed, days: 20, limit: .max, skipped: [], isTracing: false) { [NoCrash()] }
            }.first { $0.violations.first?.invariant == "X" })
        let (limit, skipped) = Sweep.shrink(failing, days: 20, tries: 40) { [NoCrash()] }
        let again = Sweep.run(
            seed: failing.seed, days: 20, limit: limit, skipped: skipped, isTracing: true
        ) { [NoCrash()] }
        #expect(again.violations.first?.invariant == "X")
        #expect(again.trace.count { $0.contains(" *** ") } <= max(1, limit - skipped.count))
        #expect(limit - skipped.count { $0 < limit } < failing.drawn)
    }

    @Test("that once failed holds now", arguments: Regression.all)
    func regression(_ one: Regression) {
        let outcome = Sweep.run(seed: one.seed, days: one.days)
        #expect(outcome.violations == [], "\(one.why)")
    }
}

/// A seed that once failed: a file `seed-N-days-D.txt` whose text says what it found.
struct Regression: Sendable, CustomTestStringConvertible {
    var seed: UInt64
    var days: Int
    var why: String
    var testDescription: String { "seed \(seed), \(days) days" }

    static let all: [Regression] = {
        let folder = String(#filePath.dropLast("Cases/RunTests.swift".count)) + "Regressions"
        return Files.names(in: folder).compactMap { name in
            let parts = name.split(whereSeparator: { $0 == "-" || $0 == "." })
            guard parts.count == 5, parts[0] == "seed", let seed = UInt64(parts[1]), let days = Int(parts[3]) else {
                return nil
            }
            let why = String(decoding: Files.read("\(folder)/\(name)") ?? [], as: UTF8.self)
            return Regression(seed: seed, days: days, why: why)
        }.sorted { $0.seed < $1.seed }
    }()
}
