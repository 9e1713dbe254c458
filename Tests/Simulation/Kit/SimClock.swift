import Domain
import Engine

/// True time, the machine's wall clock beside it, and the timers of all its processes. Nothing passes by itself.
///
/// `@unchecked`: reached on the run's one thread alone.
final class SimClock: Clock, @unchecked Sendable {
    private struct Entry {
        var number: Int
        var due: Duration
        var owner: Int
        var fire: () -> Void
    }

    /// What Cloudflare's clocks show.
    private(set) var trueNow: Timestamp
    private(set) var up: Duration
    private let start: Timestamp
    private let began: Duration = .seconds(1000)
    /// What the machine's wall clock is ahead of true time.
    private(set) var wallOffset: Duration = .zero
    private var entries: [Entry] = []
    private var made = 0

    init(start: Timestamp) { (self.start, trueNow, up) = (start, start, began) }

    func now() -> Timestamp { trueNow + wallOffset }
    func uptime() -> Duration { up }

    func setWall(offset: Duration) { wallOffset = offset }

    /// - Parameter owner: The process whose timer it is; 0 for the world's own.
    func at(_ due: Duration, owner: Int, _ fire: @escaping () -> Void) -> Int {
        made += 1
        entries.append(Entry(number: made, due: max(due, up), owner: owner, fire: fire))
        return made
    }

    func cancel(_ number: Int) {
        if let place = entries.firstIndex(where: { $0.number == number }) { entries.remove(at: place) }
    }

    func cancelAll(of owner: Int) { entries.removeAll { $0.owner == owner } }

    func count(of owner: Int) -> Int { entries.count { $0.owner == owner } }

    /// Lets time pass up to the next timer and fires it; false when none is due by `end`, and time is at `end` then.
    func step(until end: Duration) -> Bool {
        let next = entries.indices.min { (entries[$0].due, entries[$0].number) < (entries[$1].due, entries[$1].number) }
        guard let next, entries[next].due <= end else {
            pass(to: end)
            return false
        }
        let entry = entries.remove(at: next)
        pass(to: entry.due)
        entry.fire()
        return true
    }

    /// Time passes and nothing fires: the machine sleeps.
    func sleep(_ span: Duration) { pass(to: up + span) }

    private func pass(to moment: Duration) {
        guard moment > up else { return }
        up = moment
        // From the start, for a moment has whole milliseconds and what is less would get lost at each step.
        trueNow = start + (up - began)
    }
}

/// The timers of one process: they go with it.
///
/// `@unchecked`: reached on the run's one thread alone.
final class LifeTimers: Timers, @unchecked Sendable {
    let clock: SimClock
    let owner: Int
    var isDead = false

    init(_ clock: SimClock, owner: Int) { (self.clock, self.owner) = (clock, owner) }

    func once(after delay: Duration, leeway: Duration, _ fire: @escaping @Sendable () -> Void) -> any TimerHandle {
        guard !isDead else { return Handle(clock: clock, number: 0) }
        return Handle(clock: clock, number: clock.at(clock.up + max(.zero, delay), owner: owner, fire))
    }

    private struct Handle: TimerHandle {
        let clock: SimClock
        let number: Int
        func cancel() { clock.cancel(number) }
    }
}
