public import Domain
public import Engine
import Synchronization

/// A clock that goes as the simulator's does: from a moment that the simulator told, at the simulator's speed.
///
/// For loopback alone. Whoever owns it asks the simulator now and then, and hands over what it says.
public final class SimulatorFollowingClock: Clock {
    private struct Anchor {
        /// The local uptime at which the simulator told.
        var local: Duration
        var wall: Timestamp
        /// Our own uptime then.
        var uptime: Duration
        var speed: Double

        func passed(until moment: Duration) -> Duration { max(.zero, moment - local).scaled(by: speed) }
    }

    private let anchor: Mutex<Anchor>
    private let localUptime: @Sendable () -> Duration

    /// - Parameters:
    ///   - now: What the simulator's clock shows just now.
    ///   - speed: Its seconds in one of ours. Taken for 0 below that, and for a million above it.
    ///   - localUptime: Time that is not scaled and never stepped.
    public init(
        now: Timestamp, speed: Double,
        localUptime: @escaping @Sendable () -> Duration = { SystemClock().uptime() }
    ) {
        let local = localUptime()
        anchor = Mutex(Anchor(local: local, wall: now, uptime: local, speed: Self.bounded(speed)))
        self.localUptime = localUptime
    }

    public func now() -> Timestamp { anchor.withLock { $0.wall + $0.passed(until: localUptime()) } }

    /// Scaled by the speed: a timer for a minute of the simulator is due when a minute of the simulator has passed.
    public func uptime() -> Duration { anchor.withLock { $0.uptime + $0.passed(until: localUptime()) } }

    /// The simulator's seconds in one of ours.
    public var speed: Double { anchor.withLock { $0.speed } }

    /// Takes over what the simulator's clock shows now. A difference is a step of the wall clock; the uptime goes on
    /// from where it was.
    ///
    /// - Returns: The step: how much later ``now()`` is than it would have been. A little of it is the time that the
    ///   answer took on its way, times the speed.
    @discardableResult
    public func update(now: Timestamp, speed: Double) -> Duration {
        anchor.withLock { anchor in
            let local = localUptime()
            let passed = anchor.passed(until: local)
            let step = now - (anchor.wall + passed)
            anchor = Anchor(
                local: local, wall: now, uptime: anchor.uptime + passed, speed: Self.bounded(speed))
            return step
        }
    }

    private static func bounded(_ speed: Double) -> Double { speed > 0 ? min(speed, 1_000_000) : 0 }
}

extension Duration {
    /// Times a factor, at most ten thousand years either way. Exact where the factor is 1.
    func scaled(by factor: Double) -> Duration {
        if factor == 1 { return self }
        let seconds = (Double(components.seconds) + Double(components.attoseconds) * 1e-18) * factor
        return .seconds(seconds.isNaN ? 0 : min(max(seconds, -3.2e11), 3.2e11))
    }
}
