import Dispatch
import Synchronization

/// Hands items to a call that may block, in their order, without ever blocking the one who posts them.
///
/// libsystemd's `sd_notify` and `sd_journal_sendv` send on blocking sockets: a service manager or a journald that
/// stands still would hold up a pass, and then the watchdog would restart a daemon that has nothing wrong with it.
/// What has been posted waits here instead, up to a limit; past that the oldest goes, and is counted.
final class Outbox<Item: Sendable>: Sendable {
    private struct Waiting {
        var items: [Item] = []
        var dropped = 0
        var isDraining = false
    }

    private let waiting = Mutex(Waiting())
    private let queue: DispatchQueue
    private let limit: Int
    private let replaces: (@Sendable (Item, Item) -> Bool)?
    private let deliver: @Sendable (Item, _ droppedBefore: Int) -> Void

    /// - Parameters:
    ///   - limit: Items that may wait, at least 1.
    ///   - replaces: True when the first, newer item makes the second, which still waits, needless.
    ///   - deliver: Called on a queue of its own, one item at a time, with the number of items that were dropped since
    ///     the call before.
    init(
        label: String, limit: Int, replaces: (@Sendable (Item, Item) -> Bool)? = nil,
        deliver: @escaping @Sendable (Item, _ droppedBefore: Int) -> Void
    ) {
        (self.limit, self.replaces, self.deliver) = (max(1, limit), replaces, deliver)
        queue = DispatchQueue(label: label)
    }

    func post(_ item: Item) {
        let mustWake = waiting.withLock { waiting in
            if let replaces { waiting.items.removeAll { replaces(item, $0) } }
            if waiting.items.count >= limit {
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
            defer { (waiting.items, waiting.dropped) = ([], 0) }
            return (waiting.items, waiting.dropped)
        }
    }
}
