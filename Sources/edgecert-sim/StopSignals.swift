import Dispatch
import Glibc

/// SIGTERM and SIGINT. Blocked from the beginning, so that none is lost before somebody waits for it.
struct StopSignals {
    private static let numbers = [SIGTERM, SIGINT]

    init() {
        var set = sigset_t()
        sigemptyset(&set)
        for number in Self.numbers { sigaddset(&set, number) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Returns when the first of them has come.
    func first() async {
        let (stream, continuation) = AsyncStream.makeStream(of: CInt.self)
        let queue = DispatchQueue(label: "edgecert-sim.signals")
        let sources = Self.numbers.map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { @Sendable in continuation.yield(number) }
            source.activate()
            return source
        }
        for await _ in stream { break }
        for source in sources { source.cancel() }
    }
}
