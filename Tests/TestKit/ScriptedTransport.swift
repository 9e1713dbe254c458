import CloudflareAPI
import Synchronization

/// Answers each request with the next of its answers, and remembers what was asked.
public final class ScriptedTransport: Transport {
    public typealias Answer = Result<HTTPResponse, TransportTrouble>

    private let state: Mutex<(answers: [Answer], requests: [HTTPRequest])>

    public init(_ answers: [Answer]) { state = Mutex((answers, [])) }

    /// Answers of status 200 with these bodies.
    public convenience init(_ bodies: String...) {
        self.init(bodies.map { .success(HTTPResponse(status: 200, body: Array($0.utf8))) })
    }

    public var requests: [HTTPRequest] { state.withLock { $0.requests } }

    /// `GET /zones/z1/client_certificates?status=all`, in order.
    public var targets: [String] { requests.map { "\($0.method.rawValue) \($0.target)" } }

    public func send(_ request: HTTPRequest) async throws(TransportTrouble) -> HTTPResponse {
        let answer = state.withLock { state -> Answer in
            state.requests.append(request)
            // The script says all that may be asked: more is the test's failure.
            guard !state.answers.isEmpty else { return .failure(.neverSent(.closed, "the script has ended")) }
            return state.answers.removeFirst()
        }
        return try answer.get()
    }
}
