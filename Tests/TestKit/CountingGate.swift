import Domain
import Engine
import Synchronization

/// Lets everything in, or nothing, and remembers what passed.
public final class CountingGate: RequestGate {
    public struct Entry: Hashable, Sendable {
        public var priority: RequestPriority
        public var zone: ZoneID?
        public init(priority: RequestPriority, zone: ZoneID?) { (self.priority, self.zone) = (priority, zone) }
    }

    private let state = Mutex<(entries: [Entry], signals: [ReplySignal])>(([], []))
    private let closedWith: ProviderTrouble?

    /// - Parameter trouble: What every request is turned away with; nil to let all in.
    public init(closedWith trouble: ProviderTrouble? = nil) { closedWith = trouble }

    public var entries: [Entry] { state.withLock { $0.entries } }
    public var signals: [ReplySignal] { state.withLock { $0.signals } }

    public func enter(_ priority: RequestPriority, zone: ZoneID?) async throws(ProviderTrouble) {
        if let closedWith { throw closedWith }
        state.withLock { $0.entries.append(Entry(priority: priority, zone: zone)) }
    }

    public func note(_ signal: ReplySignal) async { state.withLock { $0.signals.append(signal) } }
}
