import CTimerfd
public import Dispatch
public import Domain
import Glibc
import Synchronization

/// Calls back when the wall clock has been set, by a person, by NTP's first correction, or by a suspend's end.
///
/// The kernel tells: a timerfd of CLOCK_REALTIME with TFD_TIMER_CANCEL_ON_SET becomes readable then (timerfd_create(2)).
/// A clock that is merely slewed has not been set.
public final class ClockStepWatch: Sendable {
    private let source: Mutex<any DispatchSourceRead>

    /// - Parameters:
    ///   - queue: Where `stepped` is called.
    ///   - stepped: Once for each time that the clock was set; for several that follow close on each other perhaps once.
    public init(queue: DispatchQueue, _ stepped: @escaping @Sendable () -> Void) throws(ClockTrouble) {
        let descriptor = edgecert_step_watch_create()
        guard descriptor >= 0 else { throw .noStepWatch(String(cString: strerror(errno))) }
        // ECANCELED: the clock was set while we armed; the descriptor is armed all the same.
        guard edgecert_step_watch_arm(descriptor) == 0 || errno == ECANCELED else {
            let detail = String(cString: strerror(errno))
            close(descriptor)
            throw .noStepWatch(detail)
        }
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler { @Sendable in
            var ticks: UInt64 = 0
            let count = read(descriptor, &ticks, MemoryLayout<UInt64>.size)
            guard count < 0, errno == ECANCELED else { return }
            // It stays armed as it is; armed again, it would forget a step between the read and now.
            stepped()
        }
        source.setCancelHandler { @Sendable in _ = close(descriptor) }
        source.activate()
        self.source = Mutex(source)
    }

    deinit { source.withLock { $0.cancel() } }
}

/// What can go wrong with clocks.
public enum ClockTrouble: Error, Hashable, Sendable {
    /// The kernel does not tell when the clock is set.
    case noStepWatch(String)
}

extension ClockTrouble: Explained {
    public var explanation: Explanation {
        switch self {
        case .noStepWatch(let detail):
            Explanation(
                code: "clock-step-watch", summary: "steps of the clock cannot be watched for: \(detail)",
                hint: "the service's system call filter must let timerfd_create and timerfd_settime through")
        }
    }
}
