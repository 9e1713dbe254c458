import Domain
import Engine
import Synchronization

/// Hands news on to where it goes anyway, and to everyone who watches. A watcher who is too slow loses the oldest
/// lines, never the others' time.
final class NewsFan: NewsSink {
    /// One piece of news with its place among all that were told: a gap is what a watcher has lost.
    struct Told: Sendable {
        let number: Int
        let at: Timestamp
        let news: News
    }

    private struct Watchers {
        var told = 0
        var lastID = 0
        var streams: [Int: AsyncStream<Told>.Continuation] = [:]
    }

    private let onward: any NewsSink
    private let clock: any Clock
    private let watchers = Mutex(Watchers())
    private static let held = 256

    init(onward: any NewsSink, clock: any Clock) { (self.onward, self.clock) = (onward, clock) }

    func tell(_ news: News) {
        onward.tell(news)
        watchers.withLock { watchers in
            watchers.told += 1
            guard !watchers.streams.isEmpty else { return }
            let told = Told(number: watchers.told, at: clock.now(), news: news)
            for stream in watchers.streams.values { stream.yield(told) }
        }
    }

    /// Everything that is told from now on, with the number of the last that was told before. Ends with the task that
    /// reads it.
    func watch() -> (news: AsyncStream<Told>, before: Int) {
        let (stream, continuation) = AsyncStream.makeStream(of: Told.self, bufferingPolicy: .bufferingNewest(Self.held))
        let (id, before) = watchers.withLock { watchers in
            watchers.lastID += 1
            watchers.streams[watchers.lastID] = continuation
            return (watchers.lastID, watchers.told)
        }
        continuation.onTermination = { [weak self] _ in self?.forget(id) }
        return (stream, before)
    }

    private func forget(_ id: Int) {
        let gone = watchers.withLock { $0.streams.removeValue(forKey: id) }
        gone?.finish()
    }
}
