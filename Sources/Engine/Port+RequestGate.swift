import Domain

/// The one door that every request to Cloudflare goes through (S9).
public protocol RequestGate: Sendable {
    /// Comes back when a request may be sent. ``ProviderTrouble/limited(retryAfter:_:)`` when the block would outlast
    /// the patience of the priority, or when the daemon is stopping.
    func enter(_ priority: RequestPriority, zone: ZoneID?) async throws(ProviderTrouble)

    /// What an answer, or the lack of one, said of the limits and of the time. Once for each request let in.
    func note(_ signal: ReplySignal) async
}

/// What the headers of one answer say.
public struct ReplySignal: Hashable, Sendable {
    /// nil when no answer came.
    public var httpStatus: Int?
    /// `Date:`, in whole seconds.
    public var date: Timestamp?
    public var windows: [RateWindow]
    /// `Retry-After:`.
    public var retryAfter: Duration?

    public init(httpStatus: Int? = nil, date: Timestamp? = nil, windows: [RateWindow] = [], retryAfter: Duration? = nil)
    {
        (self.httpStatus, self.date, self.windows, self.retryAfter) = (httpStatus, date, windows, retryAfter)
    }
}

/// One member of `Ratelimit` with the member of `Ratelimit-Policy` that has the same name.
public struct RateWindow: Hashable, Sendable {
    public var name: String
    /// Requests left; nil when only the policy was announced.
    public var remaining: Int?
    /// Until the window starts anew.
    public var resetsAfter: Duration?
    /// Requests in a window.
    public var quota: Int?
    public var length: Duration?

    public init(
        name: String, remaining: Int? = nil, resetsAfter: Duration? = nil, quota: Int? = nil, length: Duration? = nil
    ) {
        (self.name, self.remaining, self.resetsAfter) = (name, remaining, resetsAfter)
        (self.quota, self.length) = (quota, length)
    }
}
