// Whichever of these two modules the compiler reads first is where it finds `timespec`.
import CTimerfd
public import Domain
public import Engine
import Glibc

/// The machine's own clocks: CLOCK_REALTIME, and CLOCK_BOOTTIME, which goes on while the machine sleeps.
public struct SystemClock: Clock {
    public init() {}

    public func now() -> Timestamp { Timestamp(unixMilliseconds: reading(CLOCK_REALTIME).wholeMilliseconds) }
    public func uptime() -> Duration { reading(CLOCK_BOOTTIME) }
}

/// What a clock of the kernel shows. Both of ours exist on every Linux since 2.6.39, so that reading them cannot fail.
private func reading(_ clock: clockid_t) -> Duration {
    var time = timespec()
    let code = clock_gettime(clock, &time)
    precondition(code == 0, "the kernel has no clock \(clock)")
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
