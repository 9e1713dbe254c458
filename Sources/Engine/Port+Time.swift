import Domain

/// The one place that time is read from.
public protocol Clock: Sendable {
    /// The wall clock: for what is shown and for expiry.
    func now() -> Timestamp
    /// Time since some fixed moment, also while the machine sleeps, never stepped: for timers.
    func uptime() -> Duration
}

/// Calls back later.
public protocol Timers: Sendable {
    /// Calls `fire` once, `delay` from now in the time of the ``Clock``, at most `leeway` late.
    func once(after delay: Duration, leeway: Duration, _ fire: @escaping @Sendable () -> Void) -> any TimerHandle
}

public protocol TimerHandle: Sendable {
    /// After this returns `fire` is not called any more, unless it is being called right now.
    func cancel()
}

/// Chance, so that a run can be made again from its seed.
public protocol Chance: Sendable {
    func next() -> UInt64
}
