import Dispatch
import Glibc
import Testing

@testable import Clockwork

@Suite("SignalWatch") struct SignalWatchTests {
    // That they arrive can only be seen in a process that has blocked them before its first thread: see the system tests.
    @Test("the signals that end or reload a service are blocked in the calling thread")
    func blocked() {
        var before = sigset_t()
        pthread_sigmask(SIG_SETMASK, nil, &before)
        SignalWatch.block()
        var now = sigset_t()
        pthread_sigmask(SIG_SETMASK, nil, &now)
        for signal in [SIGTERM, SIGINT, SIGHUP] { #expect(sigismember(&now, signal) == 1) }
        #expect(sigismember(&now, SIGSEGV) == 0)
        pthread_sigmask(SIG_SETMASK, &before, nil)
    }
}

@Suite("ClockStepWatch") struct ClockStepWatchTests {
    @Test("a watch can be made and let go, many times over")
    func made() throws {
        for _ in 0..<200 {
            let watch = try ClockStepWatch(queue: DispatchQueue(label: "steps under test")) {}
            withExtendedLifetime(watch) {}
        }
    }

    /// Sets the machine's clock to what it shows, which is as good as a step to whoever watches.
    @Test(
        "setting the clock is told, each time",
        .enabled(
            if: getenv("EDGECERT_TEST_SETS_CLOCK") != nil, "it sets the machine's clock: set EDGECERT_TEST_SETS_CLOCK"))
    func stepped() async throws {
        let (steps, told) = AsyncStream.makeStream(of: Void.self)
        let watch = try ClockStepWatch(queue: DispatchQueue(label: "steps under test")) { told.yield() }
        var iterator = steps.makeAsyncIterator()
        for _ in 0..<3 {
            var now = timespec()
            #expect(clock_gettime(CLOCK_REALTIME, &now) == 0)
            try #require(clock_settime(CLOCK_REALTIME, &now) == 0, "setting the clock takes a privilege")
            await iterator.next()
        }
        withExtendedLifetime(watch) {}
    }
}
