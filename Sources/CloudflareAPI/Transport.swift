/// Carries one request to Cloudflare and brings the answer back.
///
/// Runs where its caller runs: between the call and its return nothing else happens on the caller's executor but what
/// the transport itself waits for. Nothing is decided here about what an answer means, and nothing is sent twice that
/// is not a `GET`.
public protocol Transport: Sendable {
    /// - Returns: The answer, whole, of whatever HTTP status.
    func send(_ request: HTTPRequest) async throws(TransportTrouble) -> HTTPResponse
}

/// Why no answer came: the one difference that matters is whether the request may have arrived.
public enum TransportTrouble: Error, Hashable, Sendable {
    /// The request never left this machine whole: it had no effect.
    case neverSent(Cause, String)
    /// The request was on its way when it went wrong: it may have been carried out.
    case maybeSent(Cause, String)

    /// What went wrong, for people and for tests. The text beside it says more.
    public enum Cause: String, Hashable, Sendable, CaseIterable {
        /// The request itself cannot be sent: an address that is not https, a header with a line end.
        case unfit
        case nameResolution = "name-resolution"
        case connection
        case tls
        case timeout
        /// The connection broke, or closed without an answer.
        case reset
        /// The answer ended before its end.
        case truncated
        /// The answer is longer than ``HTTPRequest/answerLimitBytes``.
        case tooLarge = "too-large"
        case cancelled
        /// The transport has been shut down.
        case closed
    }

    public var cause: Cause {
        switch self {
        case .neverSent(let cause, _), .maybeSent(let cause, _): cause
        }
    }

    public var detail: String {
        switch self {
        case .neverSent(_, let detail), .maybeSent(_, let detail): detail
        }
    }
}
