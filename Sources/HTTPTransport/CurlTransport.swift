import CloudflareAPI
import Dispatch
import Domain
import Executors
import Glibc
import Synchronization

/// Sends requests over https with libcurl, and keeps connections with HTTP/2 for the next ones.
///
/// Those with HTTP/1 are closed after their answer: nothing there tells whose answer comes next.
/// Certificates are always checked. Proxies are those of the environment (`HTTPS_PROXY`, `NO_PROXY`), but for loopback.
/// The process must ignore SIGPIPE.
public final class CurlTransport: Transport {
    private let loop: CurlLoop
    private let lastID = Atomic<UInt64>(0)

    /// - Parameters:
    ///   - trustedRootsFile: PEM of the authorities to trust in place of the system's.
    ///   - limit: Requests at the same time; more wait for their turn, which their time-outs do not count.
    public init(trustedRootsFile: String? = nil, limit: Int = 16) throws(HTTPTransportTrouble) {
        if let trustedRootsFile, access(trustedRootsFile, R_OK) != 0 {
            throw .unreadableRoots(path: trustedRootsFile, detail: String(cString: strerror(errno)))
        }
        let loop = try CurlLoop(trustedRoots: trustedRootsFile, limit: limit)
        loop.executor.queue.sync { loop.assumeIsolated { $0.open() } }
        self.loop = loop
    }

    public func send(_ request: HTTPRequest) async throws(TransportTrouble) -> HTTPResponse {
        guard let address = Address(request.url) else {
            throw .neverSent(.unfit, "only https is spoken, and http on loopback")
        }
        guard Self.isFit(request) else {
            throw .neverSent(.unfit, "a header or the token holds a line end or another character that may not be sent")
        }
        let id = lastID.wrappingAdd(1, ordering: .relaxed).newValue
        let call = Call()
        let loop = loop
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Transfer.Outcome, Never>) in
                loop.executor.queue.async {
                    // The mark is set before the cancellation is put into the queue, so one of the two sees the other.
                    guard !call.isCancelled.load(ordering: .acquiring) else {
                        return continuation.resume(
                            returning: .failure(.neverSent(.cancelled, "cancelled before it was sent")))
                    }
                    loop.assumeIsolated { loop in
                        loop.start(
                            .init(
                                id: id, request: request, address: address,
                                finish: { continuation.resume(returning: $0) }))
                    }
                }
            }
        } onCancel: {
            call.isCancelled.store(true, ordering: .releasing)
            loop.executor.queue.async { loop.assumeIsolated { $0.cancel(id) } }
        }
        return try outcome.get()
    }

    /// Ends every request with ``TransportTrouble/Cause/closed``, closes every connection, and comes back when no
    /// descriptor is left. Afterwards nothing can be sent.
    public func close() async { await loop.close() }

    deinit {
        let loop = loop
        loop.executor.queue.async { loop.assumeIsolated { $0.shutDown() } }
    }

    private final class Call: Sendable {
        let isCancelled = Atomic<Bool>(false)
    }

    private static func isFit(_ request: HTTPRequest) -> Bool {
        let texts = request.headers.flatMap { [$0.name, $0.value] }
        let isToken = request.token?.reveal { $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } } ?? true
        return isToken && texts.allSatisfy { $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }
    }
}

/// Why requests cannot be sent at all.
public enum HTTPTransportTrouble: Error, Hashable, Sendable {
    case unusableLibrary(String)
    /// Sockets cannot be watched: no descriptor or memory is left.
    case noWatch(String)
    case unreadableRoots(path: String, detail: String)
}

extension HTTPTransportTrouble: Explained {
    public var explanation: Explanation {
        switch self {
        case .unusableLibrary(let detail): Explanation(code: "http-library", summary: detail)
        case .noWatch(let detail):
            Explanation(
                code: "http-watch", summary: "sockets cannot be watched: \(detail)",
                hint: "look at the service's LimitNOFILE= and at the machine's memory")
        case .unreadableRoots(let path, let detail):
            Explanation(
                code: "http-roots", summary: "\(path) cannot be read: \(detail)",
                hint: "cloudflare.trusted_roots_file names a PEM file of certificates; leave it out for the system's")
        }
    }
}
