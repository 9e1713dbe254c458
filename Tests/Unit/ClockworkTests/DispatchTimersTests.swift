import Dispatch
import Domain
import Engine
import Executors
import Synchronization
import TestKit
import Testing

@testable import Clockwork

@Suite("DispatchTimers") struct DispatchTimersTests {
    let clock = ManualClock()
    let queue = DispatchQueue(label: "timers under test")
    let fired = Counter()

    final class Counter: Sendable {
        private let value = Mutex(0)
        func count() { value.withLock { $0 += 1 } }
        var total: Int { value.withLock { $0 } }
    }

    var timers: DispatchTimers { DispatchTimers(clock: clock, queue: queue) }

    @Test("a timer fires once, on the queue, when the clock says so and not before")
    func fires() {
        let timers = timers
        _ = timers.once(after: .hours(8), leeway: .seconds(1)) { [queue, fired] in
            dispatchPrecondition(condition: .onQueue(queue))
            fired.count()
        }
        clock.advance(by: .hours(8) - .milliseconds(1))
        timers.clockChanged()
        queue.sync {}
        #expect(fired.total == 0)
        #expect(timers.timersSet == 1)
        clock.advance(by: .milliseconds(1))
        for _ in 0..<3 { timers.clockChanged() }
        queue.sync {}
        #expect(fired.total == 1)
        #expect(timers.timersSet == 0)
    }

    @Test("a timer that wakes before its time by the clock waits on, without being told")
    func wakesEarly() async {
        let timers = timers
        // Real time passes while the clock stands still, as after a suspend that only one of the two counted.
        await withCheckedContinuation { continuation in
            _ = timers.once(after: .milliseconds(20), leeway: .zero) { [fired] in
                fired.count()
                continuation.resume()
            }
            _ = timers.once(after: .zero, leeway: .zero) { [clock, queue, fired] in
                queue.asyncAfter(deadline: .now() + .milliseconds(60)) {
                    #expect(fired.total == 0)
                    clock.advance(by: .milliseconds(20))
                }
            }
        }
        #expect(fired.total == 1)
    }

    @Test("a cancelled timer does not fire, and cancelling again does nothing")
    func cancel() {
        let timers = timers
        let handle = timers.once(after: .seconds(1), leeway: .zero) { [fired] in fired.count() }
        let other = timers.once(after: .seconds(1), leeway: .zero) { [fired] in fired.count() }
        handle.cancel()
        handle.cancel()
        #expect(timers.timersSet == 1)
        clock.advance(by: .seconds(1))
        timers.clockChanged()
        queue.sync {}
        #expect(fired.total == 1)
        other.cancel()
        #expect(timers.timersSet == 0)
    }

    @Test("a delay of nothing, or less, fires at once", arguments: [Duration.zero, .seconds(-5)])
    func noDelay(delay: Duration) async {
        await withCheckedContinuation { continuation in
            _ = timers.once(after: delay, leeway: .zero) { continuation.resume() }
        }
    }

    @Test(
        "delays of any size can be set", arguments: [Duration.seconds(Int64.max / 2), .days(100_000), .nanoseconds(1)])
    func anySize(delay: Duration) {
        timers.once(after: delay, leeway: delay) {}.cancel()
    }

    @Test("at the simulator's speed an hour takes a moment")
    func fast() async {
        let simulated = SimulatorFollowingClock(now: ManualClock.start, speed: 200_000)
        let timers = DispatchTimers(clock: simulated, queue: queue) { simulated.speed }
        let begun = simulated.uptime()
        await withCheckedContinuation { continuation in
            _ = timers.once(after: .hours(1), leeway: .seconds(1)) { continuation.resume() }
        }
        #expect(simulated.uptime() - begun >= .hours(1))
    }

    @Test("a timer that was set in slow time is not late when time goes fast")
    func speedUp() async {
        let simulated = SimulatorFollowingClock(now: ManualClock.start, speed: 1)
        let timers = DispatchTimers(clock: simulated, queue: queue) { simulated.speed }
        await withCheckedContinuation { continuation in
            _ = timers.once(after: .hours(1), leeway: .zero) { continuation.resume() }
            simulated.update(now: simulated.now(), speed: 1_000_000)
            timers.clockChanged()
        }
    }
}

@Suite("QueueExecutor") struct QueueExecutorTests {
    actor Counting {
        private let executor: QueueExecutor
        private(set) var count = 0
        init(_ executor: QueueExecutor) { self.executor = executor }
        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

        func increment() {
            dispatchPrecondition(condition: .onQueue(executor.queue))
            count += 1
        }
    }

    @Test("an actor runs on the queue, one job after another", arguments: [nil, DispatchQueue.global()])
    func runsOnQueue(threads: DispatchQueue?) async {
        let counting = Counting(QueueExecutor(label: "actor under test", threads: threads))
        await withTaskGroup { group in for _ in 0..<200 { group.addTask { await counting.increment() } } }
        #expect(await counting.count == 200)
    }

    @Test("a timer that is aimed at the queue is inside the actor", arguments: [nil, DispatchQueue.global()])
    func timerIsInside(threads: DispatchQueue?) async {
        let executor = QueueExecutor(label: "actor under test", threads: threads)
        let counting = Counting(executor)
        let timers = DispatchTimers(clock: SystemClock(), queue: executor.queue)
        await withCheckedContinuation { continuation in
            _ = timers.once(after: .milliseconds(1), leeway: .zero) {
                counting.assumeIsolated { $0.increment() }
                continuation.resume()
            }
        }
        #expect(await counting.count == 1)
    }

    @Test("whoever is not on the queue is not taken for the actor")
    func outside() async {
        await #expect(processExitsWith: .failure) {
            let counting = Counting(QueueExecutor(label: "actor under test"))
            func enter() { counting.assumeIsolated { $0.increment() } }
            enter()
        }
    }
}
