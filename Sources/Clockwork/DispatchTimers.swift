public import Dispatch
public import Engine
import Synchronization

/// Timers that fire on one Dispatch queue: an actor that runs on the same queue is entered with `assumeIsolated`.
///
/// A DispatchSource timer counts either by CLOCK_MONOTONIC, which stands still while the machine sleeps, or by the wall
/// clock, which can be set. So each timer here has one of both kinds, and whichever wakes asks the ``Clock`` whether it
/// is time, and otherwise goes to sleep again for what is left: after a suspend the wall clock's wakes in time, after
/// the clock was set back the other does.
public final class DispatchTimers: Timers {
    private let clock: any Clock
    private let queue: DispatchQueue
    private let speed: @Sendable () -> Double
    private let pending = Mutex(Pending())

    private struct Pending {
        var made = 0
        var alarms: [Int: Alarm] = [:]
    }

    /// - Parameters:
    ///   - clock: Whose uptime the delays are counted in.
    ///   - queue: Serial.
    ///   - speed: How fast the clock's uptime passes just now: 1 but for the simulator's clock.
    public init(clock: any Clock, queue: DispatchQueue, speed: @escaping @Sendable () -> Double = { 1 }) {
        (self.clock, self.queue, self.speed) = (clock, queue, speed)
    }

    public func once(
        after delay: Duration, leeway: Duration, _ fire: @escaping @Sendable () -> Void
    ) -> any TimerHandle {
        let due = clock.uptime() + max(.zero, delay)
        let alarm = pending.withLock { pending in
            pending.made += 1
            let number = pending.made
            let alarm = Alarm(due: due, leeway: leeway, clock: clock, queue: queue, speed: speed, fire: fire) {
                [weak self] in self?.pending.withLock { _ = $0.alarms.removeValue(forKey: number) }
            }
            pending.alarms[number] = alarm
            return alarm
        }
        alarm.start()
        return alarm
    }

    /// To be called when the clock goes faster or slower than it did, or has been set: whoever is due fires, and the
    /// others wait for what is left.
    public func clockChanged() {
        for alarm in pending.withLock({ Array($0.alarms.values) }) { alarm.check() }
    }

    /// How many timers are set and have neither fired nor been cancelled.
    public var timersSet: Int { pending.withLock { $0.alarms.count } }
}
