import Dispatch
import Synchronization

/// Hands items to a call that may block, in their order, without ever blocking the one who posts them.
///
/// libsystemd's `sd_notify` and `sd_journal_sendv` send on blocking sockets: a service manager or a journald that
/// stands still would hold up a pass, and then the watchdog would restart a daemon that has nothing wrong with it.
/// What has been posted waits here instead, up to a limit in number and in bytes; past that the oldest goes, and is
/// counted.
final class Outbox<Item: Sendable>: Sendable {
    private struct Waiting {
        var items: [Item] = []
        var bytes = 0
        var dropped = 0
        var isDraining = false
    }

    private let waiting = Mutex(Waiting())
    private let queue: DispatchQueue
    private let limit: Int
    private let byteLimit: Int
    private let bytes: @Sendable (Item) -> Int
    private let replaces: (@Sendable (Item, Item) -> Bool)?
    private let deliver: @Sendable (Item, _ droppedBefore: Int) -> Void

    /// - Parameters:
    ///   - limit: Items that may wait, at least 1.
    ///   - byteLimit: What they may have together, by `bytes`; the newest is kept whatever it has. As much again may be
    ///     on its way.
    ///   - replaces: True when the first, newer item makes the second, which still waits, needless.
    ///   - deliver: Called on a queue of its own, one item at a time, with the number of items that were dropped since
    ///     the call before.
    init(
        label: String, limit: Int, byteLimit: Int = .max, bytes: @escaping @Sendable (Item) -> Int = { _ in 0 },
        replaces: (@Sendable (Item, Item) -> Bool)? = nil,
        deliver: @escaping @Sendable (Item, _ droppedBefore: Int) -> Void
    ) {
        (self.limit, self.byteLimit, self.bytes) = (max(1, limit), byteLimit, bytes)
        (self.replaces, self.deliver) = (replaces, deliver)
        queue = DispatchQueue(label: label)
    }

    func post(_ item: Item) {
        let mustWake = waiting.withLock { waiting in
            if let replaces {
                waiting.items.removeAll { replaces(item, $0) }
                waiting.bytes = waiting.items.reduce(0) { $0 + bytes($1) }
            }
            waiting.bytes += bytes(item)
            while let oldest = waiting.items.first, waiting.items.count >= limit || waiting.bytes > byteLimit {
                waiting.bytes -= bytes(oldest)
                waiting.items.removeFirst()
                waiting.dropped += 1
            }
            waiting.items.append(item)
            defer { waiting.isDraining = true }
            return !waiting.isDraining
        }
        if mustWake { queue.async { self.drain() } }
    }

    /// Waits until all that was posted before has been delivered, at most this long. For the way out of a program.
    ///
    /// - Returns: False when the time was over first.
    @discardableResult func flush(within limit: Duration) -> Bool {
        let done = DispatchSemaphore(value: 0)
        queue.async { done.signal() }
        let milliseconds = Int(clamping: max(0, limit.components.seconds)).multipliedReportingOverflow(by: 1000)
        let wait = milliseconds.overflow ? Int(Int32.max) : min(milliseconds.partialValue, Int(Int32.max))
        let rest = Int(limit.components.attoseconds / 1_000_000_000_000_000)
        return done.wait(timeout: .now() + .milliseconds(wait + max(0, rest))) == .success
    }

    private func drain() {
        while let (batch, dropped) = nextBatch() {
            var untold = dropped
            for item in batch {
                deliver(item, untold)
                untold = 0
            }
        }
    }

    private func nextBatch() -> ([Item], Int)? {
        waiting.withLock { waiting in
            guard !waiting.items.isEmpty else {
                waiting.isDraining = false
                return nil
            }
            defer { (waiting.items, waiting.bytes, waiting.dropped) = ([], 0, 0) }
            return (waiting.items, waiting.dropped)
        }
    }
}
