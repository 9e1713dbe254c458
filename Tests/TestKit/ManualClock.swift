import Dispatch
import Domain
import Engine
import Synchronization

/// A clock that stands still until the test moves it, with the timers that go by it.
///
/// Timers fire exactly when they are due, never late, one after another in order of their moment, and of their making
/// where two are due at once. While one fires, the clock shows its moment. What a timer sets anew within the same
/// stretch fires in the same stretch.
public final class ManualClock: Clock, Timers {
    private struct Entry {
        var number: Int
        var due: Duration
        var fire: @Sendable () -> Void
    }

    private struct State {
        var now: Timestamp
        var uptime: Duration
        var made = 0
        var entries: [Entry] = []

        /// Never moves back: a timer's handler may itself have advanced the clock.
        mutating func move(to moment: Duration) {
            guard moment > uptime else { return }
            now = now + (moment - uptime)
            uptime = moment
        }
    }

    private let state: Mutex<State>
    private let queue: DispatchQueue?

    /// - Parameter queue: Where timers fire, as it would be with real ones; nil fires them on the caller's thread.
    public init(
        now: Timestamp = ManualClock.start, uptime: Duration = .seconds(1000), firingOn queue: DispatchQueue? = nil
    ) {
        state = Mutex(State(now: now, uptime: uptime))
        self.queue = queue
    }

    /// 2026-11-21T00:00:00Z.
    public static let start = Timestamp(unixSeconds: 1_795_219_200)

    public func now() -> Timestamp { state.withLock { $0.now } }
    public func uptime() -> Duration { state.withLock { $0.uptime } }

    public func once(after delay: Duration, leeway: Duration, _ fire: @escaping @Sendable () -> Void)
        -> any TimerHandle
    {
        state.withLock { state in
            state.made += 1
            state.entries.append(Entry(number: state.made, due: state.uptime + max(.zero, delay), fire: fire))
            return Handle(clock: self, number: state.made)
        }
    }

    /// How many timers have been set and neither fired nor been cancelled.
    public var timersSet: Int { state.withLock { $0.entries.count } }

    /// The time until the next timer is due; nil without one.
    public var untilNextTimer: Duration? {
        state.withLock { state in state.entries.map(\.due).min().map { max(.zero, $0 - state.uptime) } }
    }

    /// Lets time pass, and fires every timer that falls due in it.
    public func advance(by span: Duration) {
        let end = uptime() + span
        while let fire = takeNext(until: end) { run(fire) }
        move(to: end)
    }

    /// Lets time pass, and after each timer waits for `settle`, so that the work it began is done at its moment.
    public func advance(by span: Duration, afterEach settle: () async throws -> Void) async rethrows {
        let end = uptime() + span
        while let fire = takeNext(until: end) {
            run(fire)
            try await settle()
        }
        move(to: end)
    }

    /// Lets time pass up to the next timer and fires it.
    /// - Returns: How much time passed; nil when no timer is set.
    @discardableResult
    public func advanceToNextTimer() -> Duration? {
        guard let span = untilNextTimer, let fire = takeNext(until: uptime() + span) else { return nil }
        run(fire)
        return span
    }

    /// Steps the wall clock as an administrator or NTP would: no time passes, and no timer fires.
    public func stepWall(by span: Duration) { state.withLock { $0.now = $0.now + span } }

    private func run(_ fire: @Sendable () -> Void) {
        if let queue { queue.sync(execute: fire) } else { fire() }
    }

    /// Takes the first timer that is due by `end` out, and moves the clock to its moment.
    private func takeNext(until end: Duration) -> (@Sendable () -> Void)? {
        state.withLock { state -> (@Sendable () -> Void)? in
            let next = state.entries.indices.min { left, right in
                let (left, right) = (state.entries[left], state.entries[right])
                return (left.due, left.number) < (right.due, right.number)
            }
            guard let next, state.entries[next].due <= end else { return nil }
            let entry = state.entries.remove(at: next)
            state.move(to: entry.due)
            return entry.fire
        }
    }

    private func move(to moment: Duration) { state.withLock { $0.move(to: moment) } }

    private struct Handle: TimerHandle {
        let clock: ManualClock
        let number: Int
        func cancel() { clock.state.withLock { $0.entries.removeAll { $0.number == number } } }
    }
}
