import CloudflareAPI
import CloudflareModel
import Domain
import Synchronization

/// The model in the same process as a transport: no socket, no time of its own, and what happens to a reply on the way
/// is acted out as a client of libcurl would meet it.
public final class InProcessTransport: Transport {
    private let model: Mutex<CloudflareModel>
    private let now: @Sendable () -> Timestamp

    /// - Parameter now: The time that requests are answered at.
    public init(_ model: sending CloudflareModel, now: @escaping @Sendable () -> Timestamp) {
        self.model = Mutex(model)
        self.now = now
    }

    /// Looks at the model, or changes it, at the present time.
    public func withModel<Result: Sendable>(
        _ body: (inout CloudflareModel, Timestamp) throws -> Result
    ) rethrows -> Result {
        let now = now()
        return try model.withLock { model in try body(&model, now) }
    }

    public func send(_ request: HTTPRequest) async throws(TransportTrouble) -> HTTPResponse {
        let asked = ModelRequest(
            method: request.method.rawValue, target: request.target,
            authorization: request.token?.reveal { "Bearer \($0)" },
            contentType: request.headers.first { $0.name.lowercased() == "content-type" }?.value,
            body: request.body ?? [])
        let reply = withModel { model, now in model.reply(to: asked, at: now) }
        switch reply.fate {
        case .normal: break
        case .delay(let span):
            // Nobody waits in here: what would take longer than the request's time has been given up.
            guard span < request.totalTimeout else { throw .maybeSent(.timeout, "no answer within its time") }
        // From here nobody can tell the one from the other.
        case .resetBefore, .resetAfter: throw .maybeSent(.reset, "the connection was reset")
        case .truncate(let length):
            guard length >= reply.body.count else { throw .maybeSent(.truncated, "the answer ended before its end") }
        }
        guard reply.body.count <= request.answerLimitBytes else {
            throw .maybeSent(.tooLarge, "the answer is longer than \(request.answerLimitBytes) bytes")
        }
        return HTTPResponse(
            status: reply.status, headers: reply.headers.map { HTTPHeader($0.name, $0.value) }, body: reply.body)
    }
}
