import Dispatch
import Engine
import Synchronization

/// One timer of ``DispatchTimers``: waits, wakes, asks the clock, and fires once or waits again.
final class Alarm: TimerHandle {
    private let due: Duration
    private let leeway: Duration
    private let clock: any Clock
    private let queue: DispatchQueue
    private let speed: @Sendable () -> Double
    private let fire: @Sendable () -> Void
    private let done: @Sendable () -> Void
    private let sources = Mutex<Sources?>(nil)

    private struct Sources {
        /// By CLOCK_MONOTONIC.
        var awake: any DispatchSourceTimer
        /// By CLOCK_REALTIME.
        var wall: any DispatchSourceTimer
    }

    /// - Parameter done: Called once, when the alarm has fired or has been cancelled.
    init(
        due: Duration, leeway: Duration, clock: any Clock, queue: DispatchQueue,
        speed: @escaping @Sendable () -> Double,
        fire: @escaping @Sendable () -> Void, done: @escaping @Sendable () -> Void
    ) {
        (self.due, self.leeway, self.clock, self.queue, self.speed) = (due, leeway, clock, queue, speed)
        (self.fire, self.done) = (fire, done)
    }

    /// The sources hold the alarm, and the alarm them, until it has fired or has been cancelled.
    func start() {
        sources.withLock { sources in
            let new = Sources(
                awake: DispatchSource.makeTimerSource(queue: queue), wall: DispatchSource.makeTimerSource(queue: queue))
            for source in [new.awake, new.wall] { source.setEventHandler { @Sendable in self.wake() } }
            arm(new)
            new.awake.activate()
            new.wall.activate()
            sources = new
        }
    }

    /// Soon, on the queue: fires if it is time, or else waits for what is left.
    func check() { queue.async { self.wake() } }

    func cancel() {
        if end() { done() }
    }

    private func wake() {
        let isDue = sources.withLock { sources in
            guard let armed = sources else { return false }
            guard clock.uptime() >= due else {
                arm(armed)
                return false
            }
            return true
        }
        guard isDue, end() else { return }
        done()
        fire()
    }

    /// True for the one caller that ends it.
    private func end() -> Bool {
        sources.withLock { sources in
            guard let armed = sources else { return false }
            armed.awake.cancel()
            armed.wall.cancel()
            sources = nil
            return true
        }
    }

    private func arm(_ sources: Sources) {
        // A clock that stands still is asked once a second whether it goes again.
        let pace = speed()
        let left = max(.zero, due - clock.uptime())
        let wait = pace > 0 ? left.scaled(by: 1 / pace) : .seconds(1)
        let slack = pace > 0 ? max(.zero, leeway).scaled(by: 1 / pace) : .milliseconds(100)
        sources.awake.schedule(deadline: .now() + wait.interval, leeway: slack.interval)
        sources.wall.schedule(wallDeadline: .now() + wait.interval, leeway: slack.interval)
    }
}

extension Duration {
    /// At most ten years, rounded up to whole nanoseconds: a timer must not wake a moment before its time.
    fileprivate var interval: DispatchTimeInterval {
        let bounded = min(max(self, .zero), .seconds(10 * 365 * 86_400))
        let (seconds, attoseconds) = bounded.components
        return .nanoseconds(Int(seconds) * 1_000_000_000 + Int((attoseconds + 999_999_999) / 1_000_000_000))
    }
}
