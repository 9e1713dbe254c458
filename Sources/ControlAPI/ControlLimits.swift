import Glibc

/// What one caller, or all of them together, may take of the server.
public struct ControlLimits: Sendable {
    /// A longer call ends its connection.
    public var callBytes = 1 << 20
    /// A longer reply becomes an error.
    public var replyBytes = 16 << 20
    /// A stream waits while this much of it has not been read.
    public var unreadBytes = 256 << 10
    /// Further ones are closed at once.
    public var connections = 64
    /// Of these, for administrators alone: readers cannot lock them out.
    public var reservedConnections = 8
    /// A connection without a call for this long is closed.
    public var idle: Duration = .seconds(120)
    /// A call that has begun must be whole after this.
    public var halfSent: Duration = .seconds(10)
    /// A caller that reads nothing for this long, though something is there, is cut off.
    public var unread: Duration = .seconds(30)

    public init() {}
}

/// Time that only goes forward, for the limits above. Not the wall clock, and nothing is decided by it but patience.
public struct Patience: Sendable {
    public let now: @Sendable () -> Duration
    public init(now: @escaping @Sendable () -> Duration) { self.now = now }

    public static let monotonic = Patience {
        var time = timespec()
        // Cannot fail for this clock; were it to, no time would pass and nobody would be cut off.
        clock_gettime(CLOCK_MONOTONIC, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
