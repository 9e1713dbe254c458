import CSystemd
import Domain
import Engine
import Glibc

/// systemd's service manager, told over `$NOTIFY_SOCKET`. Does nothing where there is none.
///
/// Telling never blocks and never fails: see ``Outbox``. A `WATCHDOG=1` or `STATUS=` that still waits gives way to the
/// newer one, the rest arrives in its order. Before the program ends, ``flush(within:)`` sees the last words off.
public final class SystemdSupervisor: Supervisor {
    /// The time within which systemd wants to see progress (`WatchdogSec=`); nil where it does not watch. Feed it at
    /// half of that.
    public let watchdogInterval: Duration?
    /// True when there is a service manager to tell.
    public let isSupervised: Bool

    private let outbox: Outbox<Message>

    struct Message: Hashable, Sendable {
        var notice: Notice
        var text: String
    }

    /// Reads `$NOTIFY_SOCKET`, `$WATCHDOG_USEC` and `$WATCHDOG_PID`, and leaves them as they are.
    public init() {
        var microseconds: UInt64 = 0
        let watched = sd_watchdog_enabled(0, &microseconds) > 0
        watchdogInterval = watched ? .microseconds(Int64(clamping: microseconds)) : nil
        isSupervised = getenv("NOTIFY_SOCKET") != nil
        outbox = Outbox(label: "edgecert.notify", limit: 64, replaces: Self.replaces) { message, _ in
            let result = sd_notify(0, message.text)
            if result < 0 {
                StandardError.write("<4>edgecertd: the service manager was not told: \(errorText(-result))\n")
            }
        }
    }

    public func tell(_ notice: Notice) {
        guard isSupervised else { return }
        outbox.post(Message(notice: notice, text: Self.text(of: notice, monotonicMicroseconds: Self.now())))
    }

    /// Waits until systemd has been told all that was said before, at most this long.
    public func flush(within limit: Duration = .seconds(1)) {
        if isSupervised { outbox.flush(within: limit) }
    }

    /// The message as `sd_notify(3)` has it. `RELOADING=1` carries the moment, so that systemd can tell which of two
    /// reloads an answer is for.
    static func text(of notice: Notice, monotonicMicroseconds: Int64) -> String {
        switch notice {
        case .ready: "READY=1"
        case .status(let line): "STATUS=\(singleLine(line, limit: 1000))"
        case .alive: "WATCHDOG=1"
        case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(monotonicMicroseconds)"
        case .stopping: "STOPPING=1"
        }
    }

    static func replaces(_ newer: Message, _ older: Message) -> Bool {
        switch (newer.notice, older.notice) {
        case (.alive, .alive), (.status, .status): true
        case (.ready, _), (.status, _), (.alive, _), (.reloading, _), (.stopping, _): false
        }
    }

    private static func now() -> Int64 {
        var moment = timespec()
        clock_gettime(CLOCK_MONOTONIC, &moment)  // cannot fail: the clock exists and the address is ours
        return Int64(moment.tv_sec) * 1_000_000 + Int64(moment.tv_nsec) / 1000
    }
}
