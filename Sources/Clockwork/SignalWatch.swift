public import Dispatch
import Glibc
import Synchronization

/// Calls back for signals that are sent to the process.
///
/// A signal must be blocked before the first thread is started, or one that comes early ends the process or is lost:
/// call ``block(_:)`` first thing in `main`. Blocked signals wait until the watch is made.
public final class SignalWatch: Sendable {
    private let sources: Mutex<[any DispatchSourceSignal]>

    /// Blocks signals in this thread, and in every thread that it starts from now on.
    public static func block(_ signals: [CInt] = [SIGTERM, SIGINT, SIGHUP]) {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// - Parameters:
    ///   - signals: Blocked before, by ``block(_:)``.
    ///   - queue: Where `received` is called.
    ///   - received: With the signal's number. The same signal sent several times in a moment may come once.
    public init(
        _ signals: [CInt] = [SIGTERM, SIGINT, SIGHUP], queue: DispatchQueue,
        received: @escaping @Sendable (CInt) -> Void
    ) {
        sources = Mutex(
            signals.map { signal in
                let source = DispatchSource.makeSignalSource(signal: signal, queue: queue)
                source.setEventHandler { @Sendable in received(signal) }
                source.activate()
                return source
            })
    }

    deinit { sources.withLock { for source in $0 { source.cancel() } } }
}
