import Domain
import Engine
import Executors
import TestKit
import Testing

@Suite("The request budget (S9)") struct RequestBudgetTests {
    let clock = ManualClock()

    private func budget(share: Double = 0.5, blockedUntil: Timestamp? = nil) -> RequestBudget {
        RequestBudget(
            executor: QueueExecutor(label: "test.budget"), clock: clock, timers: clock, share: share,
            blockedUntil: blockedUntil)
    }

    private func window(left: Int? = nil, resets: Int = 300, quota: Int? = nil, length: Int? = nil) -> RateWindow {
        RateWindow(
            name: "default", remaining: left, resetsAfter: left.map { _ in .seconds(resets) }, quota: quota,
            length: length.map { .seconds($0) })
    }

    /// Lets time pass until the budget has had its turn at each alarm.
    private func pass(_ span: Duration, _ budget: RequestBudget) async {
        await clock.advance(by: span) { for _ in 0..<20 { _ = await budget.snapshot() } }
    }

    @Test(
        "before the first answer half of the published 1,200 in 5 minutes is ours, a quarter of it kept for what is urgent"
    )
    func published() async throws {
        let budget = budget()
        for _ in 0..<450 { try await budget.enter(.settled, zone: nil) }
        #expect(await budget.snapshot().left == 150)
        let late = Task { try await budget.enter(.settled, zone: nil) }
        while await budget.snapshot().waiting == 0 { await Task.yield() }
        for _ in 0..<150 { try await budget.enter(.person, zone: nil) }
        #expect(await budget.snapshot().left == 0)
        await pass(.seconds(301), budget)
        try await late.value
    }

    @Test("what is announced as left is shared too, and what is under way counts as spent")
    func announced() async throws {
        let budget = budget()
        try await budget.enter(.person, zone: nil)
        try await budget.enter(.person, zone: nil)
        await budget.note(ReplySignal(httpStatus: 200, windows: [window(left: 10, quota: 1200, length: 300)]))
        #expect(await budget.snapshot().left == 4)  // half of 10, less the one under way
    }

    @Test("of two announced windows the short one had the long one forgotten, and four fifths of the limit went")
    func twoWindows() async throws {
        let budget = budget()
        let short = RateWindow(
            name: "ip", remaining: 199, resetsAfter: .seconds(1), quota: 200, length: .seconds(1))
        for number in 1...600 {
            try await budget.enter(.person, zone: nil)
            let long = window(left: 1200 - number, resets: 280, quota: 1200, length: 300)
            await budget.note(ReplySignal(httpStatus: 200, windows: number % 2 == 0 ? [short, long] : [long, short]))
            clock.advance(by: .milliseconds(100))
        }
        #expect(await budget.snapshot().left == 0)
        #expect(await budget.snapshot().rate == 2)
    }

    @Test("what is kept back of a short window is a part of that one: settled zones stood still beside a long one")
    func reserveOfShortWindow() async throws {
        let budget = budget()
        try await budget.enter(.person, zone: nil)
        let short = RateWindow(
            name: "fast", remaining: 49, resetsAfter: .seconds(10), quota: 50, length: .seconds(10))
        await budget.note(
            ReplySignal(httpStatus: 200, windows: [short, window(left: 1199, resets: 300, quota: 1200, length: 300)]))
        for _ in 0..<18 { try await budget.enter(.settled, zone: nil) }
        #expect(await budget.snapshot().left == 6)
    }

    @Test("a larger announced quota is taken up", arguments: [(100_000, 50_000), (100, 50)])
    func quota(announced: Int, ours: Int) async throws {
        let budget = budget()
        try await budget.enter(.person, zone: nil)
        await budget.note(ReplySignal(httpStatus: 200, windows: [window(quota: announced, length: 60)]))
        #expect(await budget.snapshot().left == ours - 1)
    }

    @Test("a 429 stops every call until the block is over, and then the one that waits goes")
    func block() async throws {
        let budget = budget()
        try await budget.enter(.settled, zone: nil)
        await budget.note(ReplySignal(httpStatus: 429, retryAfter: .seconds(120)))
        let change = Task { try await budget.enter(.change, zone: nil) }
        while await budget.snapshot().waiting == 0 { await Task.yield() }
        await pass(.seconds(119), budget)
        #expect(await budget.snapshot().waiting == 1)
        #expect(await budget.snapshot().left == 0)
        await pass(.seconds(2), budget)
        try await change.value
    }

    @Test("a 429 that does not say for how long blocks for five minutes, and one that says a year for an hour")
    func blockLengths() async throws {
        for (said, expected) in [(nil, 300), (Duration.days(365), 3600), (.seconds(-5), 1)] as [(Duration?, Int64)] {
            let budget = budget()
            try await budget.enter(.settled, zone: nil)
            await budget.note(ReplySignal(httpStatus: 429, retryAfter: said))
            #expect(await budget.snapshot().blockedFor == .seconds(expected))
        }
    }

    @Test("a person is told of a long block instead of being kept waiting")
    func impatient() async throws {
        let budget = budget(blockedUntil: clock.now() + .seconds(200))
        await #expect(throws: ProviderTrouble.self) { try await budget.enter(.person, zone: nil) }
        let change = Task { try await budget.enter(.change, zone: nil) }
        while await budget.snapshot().waiting == 0 { await Task.yield() }
        await pass(.seconds(201), budget)
        try await change.value
    }

    @Test("people go before changes, changes before zones in motion, those before settled ones, and zones take turns")
    func order() async throws {
        let budget = budget()
        try await budget.enter(.person, zone: nil)
        // One request a second is ours from here on, so that the order is seen.
        await budget.note(ReplySignal(httpStatus: 200, windows: [window(quota: 2, length: 1)]))
        let turns = Turns()
        let wanted: [(RequestPriority, String)] = [
            (.settled, "a"), (.settled, "a"), (.settled, "b"), (.moving, "c"), (.change, "d"), (.person, "e"),
        ]
        var tasks: [Task<Void, any Error>] = []
        for (index, (priority, zone)) in wanted.enumerated() {
            tasks.append(
                Task {
                    try await budget.enter(priority, zone: ZoneID(zone))
                    await turns.add(zone)
                })
            while await budget.snapshot().waiting <= index { await Task.yield() }
        }
        for turn in 1...wanted.count {
            await pass(.milliseconds(1001), budget)
            while await turns.taken.count < turn { await Task.yield() }
        }
        for task in tasks { try await task.value }
        #expect(await turns.taken == ["e", "d", "c", "a", "b", "a"])
    }

    @Test("numbers in headers that no arithmetic could hold do not trap")
    func extremes() async throws {
        let budget = budget(share: 1)
        try await budget.enter(.person, zone: nil)
        let wild = RateWindow(
            name: "x", remaining: .max, resetsAfter: .seconds(Int64.max), quota: .max, length: .seconds(Int64.max))
        await budget.note(ReplySignal(httpStatus: 429, windows: [wild], retryAfter: .seconds(Int64.max)))
        await budget.note(
            ReplySignal(
                httpStatus: 200, date: .distantPast,
                windows: [RateWindow(name: "x", remaining: .min, resetsAfter: .seconds(Int64.min), quota: .min)]))
        #expect(await budget.snapshot().blockedFor == .hours(1))
    }

    @Test("when the daemon stops, whoever waits is told so")
    func closing() async throws {
        let budget = budget(blockedUntil: clock.now() + .seconds(200))
        let waiting = Task { try await budget.enter(.settled, zone: nil) }
        while await budget.snapshot().waiting == 0 { await Task.yield() }
        await budget.close()
        await #expect(throws: ProviderTrouble.self) { try await waiting.value }
        await #expect(throws: ProviderTrouble.self) { try await budget.enter(.person, zone: nil) }
    }
}

private actor Turns {
    var taken: [String] = []
    func add(_ turn: String) { taken.append(turn) }
}
