import Domain
import Synchronization
import TestKit
import Testing

@testable import Engine

@Suite("Memory is given back in a lull after work", .timeLimit(.minutes(1))) struct LullTests {
    let wish = PackWish(
        name: "main", hosts: ["example.com", "*.example.com"], authority: .google, method: .txt, validityDays: 90)
    let zone = EngineBench.zone
    let givenBack = GivenBack()

    final class GivenBack: Sendable {
        private let held = Mutex(0)
        var count: Int { held.withLock { $0 } }
        func call() { held.withLock { $0 += 1 } }
    }

    private func bench() async throws -> EngineBench {
        let givenBack = givenBack
        return try await EngineBench([.pack(wish)], giveMemoryBack: { givenBack.call() })
    }

    /// As many passes as far as the turns over a zone go.
    private func pass(_ count: Int, _ bench: EngineBench) async {
        for _ in 0..<count {
            await bench.engine.takeTurn(zone)
            await bench.engine.giveTurn(zone)
        }
    }

    /// Lets the lull that the engine waits for be over, and what it does then be done.
    private func letLullPass(_ bench: EngineBench) async {
        #expect(await bench.engine.isWaitingForLull)
        bench.clock.advance(by: Engine.lull)
        while await bench.engine.isWaitingForLull { await Task.yield() }
    }

    @Test("after several passes, once, when no other has begun for a moment")
    func afterPasses() async throws {
        let bench = try await bench()
        await pass(Engine.passesWorthIt - 1, bench)
        #expect(await !bench.engine.isWaitingForLull)
        await pass(3, bench)
        #expect(givenBack.count == 0)
        await letLullPass(bench)
        #expect(givenBack.count == 1)
    }

    @Test("after a single pass only when it was not done for long")
    func afterOnePass() async throws {
        let bench = try await bench()
        bench.clock.advance(by: Engine.worthItEvery - .seconds(1))
        _ = await bench.engine.pass(over: zone, .scheduled)
        #expect(await !bench.engine.isWaitingForLull)
        bench.clock.advance(by: .seconds(61))
        _ = await bench.engine.pass(over: zone, .scheduled)
        await letLullPass(bench)
        #expect(givenBack.count == 1)
        await pass(1, bench)
        #expect(await !bench.engine.isWaitingForLull)
    }

    @Test("a daemon with nothing to do does not wake for it")
    func idle() async throws {
        let bench = try await bench()
        await pass(Engine.passesWorthIt, bench)
        await letLullPass(bench)
        let timers = bench.clock.timersSet
        await bench.engine.takeTurn(zone)
        bench.clock.advance(by: .days(3))
        #expect(await !bench.engine.isWaitingForLull)
        #expect(bench.clock.timersSet <= timers)
        #expect(givenBack.count == 1)
    }

    @Test("not while a pass is under way, but after it")
    func duringAPass() async throws {
        let bench = try await bench()
        await pass(Engine.passesWorthIt, bench)
        await bench.engine.takeTurn(zone)
        await letLullPass(bench)
        #expect(givenBack.count == 0)
        await bench.engine.giveTurn(zone)
        await letLullPass(bench)
        #expect(givenBack.count == 1)
    }

    @Test("in between, after many passes, where there is no lull")
    func withoutALull() async throws {
        let bench = try await bench()
        await bench.engine.takeTurn(ZoneID("another"))
        await pass(Engine.passesWithoutLull - 1, bench)
        #expect(await !bench.engine.isWaitingForLull)
        #expect(givenBack.count == 0)
        await pass(1, bench)
        #expect(givenBack.count == 1)
        await pass(Engine.passesWithoutLull - 1, bench)
        #expect(givenBack.count == 1)
    }

    @Test("after a reload: the settings that were replaced are gone only then")
    func afterAReload() async throws {
        let bench = try await bench()
        _ = try await bench.engine.perform(.reload, by: "test")
        await letLullPass(bench)
        #expect(givenBack.count == 1)
    }

    @Test("not while the daemon stops")
    func stopping() async throws {
        let bench = try await bench()
        await pass(Engine.passesWorthIt, bench)
        await bench.engine.stop()
        #expect(await !bench.engine.isWaitingForLull)
        await pass(Engine.passesWithoutLull, bench)
        bench.clock.advance(by: .hours(1))
        #expect(givenBack.count == 0)
    }
}

extension Engine {
    fileprivate var isWaitingForLull: Bool { work.lull != nil }
}
