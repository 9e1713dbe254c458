import Domain
import Engine

/// Cloudflare, as the engine knows it: requests and answers over a ``Transport``, one at a time, each let in by the
/// ``RequestGate`` and noted with it exactly once.
///
/// Everything runs where the caller runs; nothing is remembered between calls, and nothing is sent twice.
public struct CloudflareClient: Sendable {
    public struct Options: Hashable, Sendable {
        /// https, or http on loopback, without a slash at its end.
        public var baseURL: String
        /// Of this program, for `User-Agent`.
        public var version: String
        public var connectTimeout: Duration
        public var requestTimeout: Duration
        public var answerLimitBytes: Int

        public init(_ settings: CloudflareSettings, version: String) {
            var base = settings.baseURL
            while base.hasSuffix("/") { base.removeLast() }
            (baseURL, self.version, connectTimeout) = (base, version, settings.connectTimeout)
            (requestTimeout, answerLimitBytes) = (settings.requestTimeout, settings.answerLimitBytes)
        }
    }

    let options: Options
    let currentToken: @Sendable () -> Secret
    let transport: any Transport
    let gate: any RequestGate

    /// - Parameter token: Asked anew for each request, so that a reload can bring another one.
    public init(
        options: Options, token: @escaping @Sendable () -> Secret, transport: any Transport, gate: any RequestGate
    ) {
        (self.options, currentToken, self.transport, self.gate) = (options, token, transport, gate)
    }

    /// Sends one call and gives back its good answer; every other one is a trouble.
    ///
    /// - Parameter lastLook: Asked when the gate has let it in.
    func reply(
        to call: Call, _ priority: RequestPriority, zone: ZoneID?, lastLook: LastLook = { nil }
    ) async throws(ProviderTrouble) -> Reply {
        _ = try request(for: call, token: currentToken())  // what cannot be sent takes no turn
        try await gate.enter(priority, zone: zone)
        if let objection = await lastLook() {
            await gate.note(ReplySignal())
            throw .withheld(objection)
        }
        // The turn may have been long in coming: a reload may have brought another token.
        let token = currentToken()
        let response: HTTPResponse
        do throws(ProviderTrouble) {
            response = try await send(try request(for: call, token: token), call)
        } catch {
            await gate.note(ReplySignal())
            throw error.hiding(token)
        }
        let reply = Reply(response, to: call, sentWith: token)
        var signal = RateHeaders.signal(from: response)
        guard reply.isGood else {
            let trouble = ProviderTrouble(reply, signal: signal)
            // So that the gate closes also where only the code, and no header, says for how long.
            if case .limited(let delay, _) = trouble { signal.retryAfter = delay }
            await gate.note(signal)
            throw trouble
        }
        await gate.note(signal)
        return reply
    }

    private func send(_ request: HTTPRequest, _ call: Call) async throws(ProviderTrouble) -> HTTPResponse {
        do { return try await transport.send(request) } catch { throw ProviderTrouble(error, in: call) }
    }

    private func request(for call: Call, token: Secret) throws(ProviderTrouble) -> HTTPRequest {
        let target = try call.target()
        let isUsable = token.reveal { text in !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) } }
        guard isUsable else {
            let flaw =
                token.isEmpty ? "there is no token" : "the token holds white space, line ends or other characters"
            throw .tokenRefused(ProviderAnswer(endpoint: call.endpoint, message: flaw))
        }
        var headers = [
            HTTPHeader("Accept", "application/json"), HTTPHeader("User-Agent", "edgecertd/\(options.version)"),
        ]
        // With the header and without a body Cloudflare answers 6003.
        if call.body != nil { headers.append(HTTPHeader("Content-Type", "application/json")) }
        return HTTPRequest(
            method: call.method, baseURL: options.baseURL, target: target, headers: headers, token: token,
            body: call.body?.bytes, connectTimeout: options.connectTimeout, totalTimeout: options.requestTimeout,
            answerLimitBytes: options.answerLimitBytes)
    }
}

extension ProviderTrouble {
    /// The same, with the token struck out wherever something on the way has echoed it.
    fileprivate func hiding(_ token: Secret) -> ProviderTrouble {
        func clean(_ answer: ProviderAnswer) -> ProviderAnswer {
            var answer = answer
            token.reveal { token in
                answer.message = Words.hiding(token, in: answer.message)
                answer.ray = answer.ray.map { Words.hiding(token, in: $0) }
            }
            return answer
        }
        return switch self {
        case .notSent(let answer): .notSent(clean(answer))
        case .unanswered(let answer): .unanswered(clean(answer))
        case .limited(let delay, let answer): .limited(retryAfter: delay, clean(answer))
        case .tokenRefused(let answer): .tokenRefused(clean(answer))
        case .notFound(let answer): .notFound(clean(answer))
        case .busy(let answer): .busy(clean(answer))
        case .alreadySo(let answer): .alreadySo(clean(answer))
        case .duplicateHosts(let answer): .duplicateHosts(clean(answer))
        case .quotaExhausted(let answer): .quotaExhausted(clean(answer))
        case .ambiguous(let answer): .ambiguous(clean(answer))
        case .refused(let answer): .refused(clean(answer))
        case .withheld: self
        }
    }
}
