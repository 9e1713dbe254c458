import Dispatch
import Glibc
import Testing

@testable import Executors

@Suite("Epoll", .timeLimit(.minutes(1)))
struct EpollTests {
    @Test("what has come is told again until it is read")
    func level() async throws {
        let (pair, watcher) = (try Pair(), Watcher())
        #expect(await watcher.watch(pair.ours, key: 7, reading: true))
        pair.say("ab")
        for _ in 0..<3 { #expect(await watcher.next() == Epoll.Event(key: 7, isReadable: true, isWritable: false)) }
        #expect(pair.hear() == 2)
        await watcher.settle()
        #expect(await watcher.next(within: .milliseconds(20)) == nil)
        await watcher.stop()
    }

    @Test("a socket that is read only after it was waited for to take more is told of what comes")
    func readingAfterWriting() async throws {
        let (pair, watcher) = (try Pair(), Watcher())
        pair.fill()
        #expect(await watcher.watch(pair.ours, key: 1, reading: false, writing: true))
        #expect(await watcher.next(within: .milliseconds(20)) == nil)
        #expect(await watcher.watch(pair.ours, key: 1, reading: true, writing: true))
        pair.say("x")
        #expect(await watcher.next() == Epoll.Event(key: 1, isReadable: true, isWritable: false))
        await watcher.stop()
    }

    @Test("a hang-up is told as readable and writable, and of what is watched for neither not at all")
    func hangUp() async throws {
        let (pair, other, watcher) = (try Pair(), try Pair(), Watcher())
        #expect(await watcher.watch(pair.ours, key: 1, reading: true))
        #expect(await watcher.watch(other.ours, key: 2, reading: true))
        #expect(await watcher.watch(other.ours, key: 2, reading: false))
        pair.hangUp()
        other.hangUp()
        #expect(await watcher.next() == Epoll.Event(key: 1, isReadable: true, isWritable: true))
        await watcher.forget(pair.ours)
        await watcher.settle()
        #expect(await watcher.next(within: .milliseconds(20)) == nil)
        await watcher.stop()
    }

    @Test("a number that was closed without a word is watched again under another key")
    func numbersComeBack() async throws {
        let watcher = Watcher()
        let gone = try Pair()
        let number = gone.ours
        #expect(await watcher.watch(number, key: 1, reading: true))
        let pair = try Pair(inPlaceOf: gone)
        #expect(await watcher.watch(number, key: 2, reading: true))
        pair.say("x")
        #expect(await watcher.next()?.key == 2)
        await watcher.stop()
    }

    @Test("those who hang up by the thousand leave the others watched")
    func comingAndGoing() async throws {
        let (pair, watcher) = (try Pair(), Watcher())
        #expect(await watcher.watch(pair.ours, key: 1, reading: true))
        for number in 2..<2002 {
            let passing = try Pair()
            #expect(await watcher.watch(passing.ours, key: UInt64(number), reading: true))
            passing.say("x")
            passing.hangUp()
            #expect(await watcher.next()?.key == UInt64(number))
            await watcher.forget(passing.ours)
            await watcher.settle()
        }
        pair.say("x")
        #expect(await watcher.next()?.key == 1)
        await watcher.stop()
    }

    @Test("one that was never started can be let go")
    func unstarted() throws {
        _ = try #require(Epoll(queue: QueueExecutor(label: "test.epoll").queue))
    }

    @Test("a descriptor that is none is refused")
    func none() async throws {
        let watcher = Watcher()
        #expect(await !watcher.watch(-1, key: 1, reading: true))
        await watcher.stop()
    }
}

/// An instance on the queue of its actor, as the adapters have it.
private actor Watcher {
    let executor = QueueExecutor(label: "test.epoll")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private var epoll: Epoll?
    private var told: [Epoll.Event] = []
    private var waiting: CheckedContinuation<Void, Never>?
    private var waits = 0

    func watch(_ descriptor: Int32, key: UInt64, reading: Bool, writing: Bool = false) -> Bool {
        if epoll == nil {
            epoll = Epoll(queue: executor.queue)
            epoll?.start { @Sendable [weak self] in self?.assumeIsolated { $0.take() } }
        }
        return epoll?.watch(descriptor, key: key, reading: reading, writing: writing) ?? false
    }

    func forget(_ descriptor: Int32) { epoll?.forget(descriptor) }

    private func take() {
        told += epoll?.events() ?? []
        waiting?.resume()
        waiting = nil
    }

    /// Forgets what was told before now.
    func settle() { told = [] }

    /// - Returns: nil when there is none in all that time: for what is to come, far longer than it takes.
    func next(within time: Duration = .seconds(10)) async -> Epoll.Event? {
        let end = ContinuousClock.now + time
        while told.isEmpty, ContinuousClock.now < end {
            waits += 1
            await withCheckedContinuation { continuation in
                waiting = continuation
                let left = Int((end - .now) / .microseconds(1)) + 1
                executor.queue.asyncAfter(deadline: .now() + .microseconds(left)) { @Sendable [weak self, waits] in
                    self?.assumeIsolated { $0.giveUp(waits) }
                }
            }
        }
        return told.isEmpty ? nil : told.removeFirst()
    }

    private func giveUp(_ number: Int) {
        guard number == waits else { return }
        waiting?.resume()
        waiting = nil
    }

    func stop() async {
        await withCheckedContinuation { continuation in
            guard let epoll else { return continuation.resume() }
            epoll.cancel { continuation.resume() }
        }
        epoll = nil
    }
}

/// Two sockets that are connected to each other; the first is watched.
private final class Pair {
    private(set) var ours: Int32
    private var theirs: Int32

    struct NoPair: Error { var number: Int32 }

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else { throw NoPair(number: errno) }
        (ours, theirs) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    }

    /// Closes another pair's first one, and has its number: at once, so that no other test comes to have it.
    convenience init(inPlaceOf other: Pair) throws {
        try self.init()
        guard dup2(ours, other.ours) >= 0 else { throw NoPair(number: errno) }
        close(ours)
        ours = other.ours
        other.ours = -1
    }

    deinit {
        if ours >= 0 { close(ours) }
        hangUp()
    }

    func say(_ text: String) { _ = text.withCString { send(theirs, $0, strlen($0), 0) } }

    /// - Returns: how many bytes there were.
    func hear() -> Int {
        var bytes = [UInt8](repeating: 0, count: 64)
        return recv(ours, &bytes, bytes.count, 0)
    }

    /// Until it takes no more.
    func fill() {
        let bytes = [UInt8](repeating: 0, count: 64 << 10)
        while send(ours, bytes, bytes.count, 0) > 0 {}
    }

    func hangUp() {
        if theirs >= 0 { close(theirs) }
        theirs = -1
    }
}
