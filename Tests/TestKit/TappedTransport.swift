import CloudflareAPI
import Synchronization

/// A transport that a test can stop in, or break: it is told of each request before it is carried on, and after.
public final class TappedTransport: Transport {
    public typealias Tap = @Sendable (HTTPRequest) async throws(TransportTrouble) -> Void

    private let onward: any Transport
    private let taps: Mutex<(before: Tap?, after: Tap?, count: Int)>

    public init(_ onward: any Transport) {
        self.onward = onward
        taps = Mutex((nil, nil, 0))
    }

    /// Called with each request; what it throws is what the caller meets, and nothing is sent.
    public func before(_ tap: Tap?) { taps.withLock { $0.before = tap } }

    /// Called when Cloudflare has answered, before the caller hears of it.
    public func after(_ tap: Tap?) { taps.withLock { $0.after = tap } }

    /// Requests so far.
    public var count: Int { taps.withLock { $0.count } }

    public func send(_ request: HTTPRequest) async throws(TransportTrouble) -> HTTPResponse {
        let (before, after) = taps.withLock { taps in
            taps.count += 1
            return (taps.before, taps.after)
        }
        if let before { try await before(request) }
        let response = try await onward.send(request)
        if let after { try await after(request) }
        return response
    }
}

/// A place where one side stops until the other lets it go on.
public final class Barrier: Sendable {
    private struct State {
        var isReached = false
        var isOpen = false
        var comers: [CheckedContinuation<Void, Never>] = []
        var watchers: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())

    public init() {}

    /// Stops here until ``open()``.
    public func stop() async {
        await withCheckedContinuation { continuation in
            let (watchers, isOpen) = state.withLock { state in
                state.isReached = true
                let watchers = state.watchers
                state.watchers = []
                if !state.isOpen { state.comers.append(continuation) }
                return (watchers, state.isOpen)
            }
            for watcher in watchers { watcher.resume() }
            if isOpen { continuation.resume() }
        }
    }

    /// Comes back when somebody has stopped here.
    public func reached() async {
        await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                if !state.isReached { state.watchers.append(continuation) }
                return state.isReached
            }
            if isReached { continuation.resume() }
        }
    }

    /// Lets everybody go on, now and later.
    public func open() {
        let comers = state.withLock { state in
            state.isOpen = true
            let comers = state.comers
            state.comers = []
            return comers
        }
        for comer in comers { comer.resume() }
    }
}
