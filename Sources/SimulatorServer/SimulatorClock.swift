import Domain

/// A clock that runs fast or slowly, stands still, and can be stepped.
public struct SimulatorClock: Sendable {
    /// Seconds that pass here in one of ours.
    public private(set) var speed: Double
    public private(set) var isPaused = false
    private var anchor: Timestamp
    private var anchoredAt: ContinuousClock.Instant

    /// - Parameter speed: From 0 to 1,000,000; values outside are taken for the ends.
    public init(startingAt moment: Timestamp, speed: Double = 1, at instant: ContinuousClock.Instant = .now) {
        (anchor, anchoredAt) = (moment, instant)
        self.speed = Self.bounded(speed)
    }

    /// Speed as it is just now: zero while the clock stands still.
    public var currentSpeed: Double { isPaused ? 0 : speed }

    public func now(at instant: ContinuousClock.Instant = .now) -> Timestamp {
        let (seconds, attoseconds) = (instant - anchoredAt).components
        let milliseconds = (Double(seconds) * 1e3 + Double(attoseconds) * 1e-15) * currentSpeed
        return anchor + .milliseconds(Int64(min(max(milliseconds, 0), 1e18).rounded()))
    }

    public mutating func step(by span: Duration, at instant: ContinuousClock.Instant = .now) {
        set(to: now(at: instant) + span, at: instant)
    }

    /// May also go back, as a clock that was set wrong would.
    public mutating func set(to moment: Timestamp, at instant: ContinuousClock.Instant = .now) {
        (anchor, anchoredAt) = (moment, instant)
    }

    public mutating func run(at speed: Double, from instant: ContinuousClock.Instant = .now) {
        set(to: now(at: instant), at: instant)
        self.speed = Self.bounded(speed)
    }

    public mutating func pause(_ isPaused: Bool, at instant: ContinuousClock.Instant = .now) {
        set(to: now(at: instant), at: instant)
        self.isPaused = isPaused
    }

    private static func bounded(_ speed: Double) -> Double { speed.isFinite ? min(max(speed, 0), 1_000_000) : 1 }
}
