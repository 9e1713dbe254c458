/// One change asked of Cloudflare: committed before it is sent, resolved after (S3).
public struct Operation: Hashable, Sendable {
    public var id: OperationID
    public var subject: Subject
    public var action: Action
    public var reason: Reason
    /// The request that is sent with the creation of a client certificate.
    public var request: SigningRequest?
    /// The identifiers of this kind that were known in the zone when the operation was committed. What it made is
    /// found outside of these. Kept while the operation is open: a resolved one reads back without.
    public var baseline: Set<ObjectID>
    public var committedAt: Timestamp
    public var state: State
    /// The person who asked for it, or nil when the daemon decided.
    public var askedBy: String?

    public enum State: Hashable, Sendable {
        /// Committed; nobody knows yet whether it reached Cloudflare. `lackedSince` is the first complete listing
        /// after it that does not show what it should have made.
        case open(lackedSince: Timestamp?)
        /// Cloudflare took it. With the identifier it made or changed.
        case accepted(at: Timestamp, object: ObjectID?)
        /// Cloudflare refused it, or it never left this machine: it had no effect.
        case failed(at: Timestamp, code: String, message: String)
        /// Two agreeing complete listings, at least ten minutes apart, lack it: it had no effect.
        case lost(at: Timestamp)

        /// `open`, `accepted`, `failed` or `lost`: the word for the database and the tool. Never renamed.
        public var code: String {
            switch self {
            case .open: "open"
            case .accepted: "accepted"
            case .failed: "failed"
            case .lost: "lost"
            }
        }
    }

    public init(
        id: OperationID, subject: Subject, action: Action, reason: Reason, request: SigningRequest? = nil,
        baseline: Set<ObjectID> = [], committedAt: Timestamp, state: State = .open(lackedSince: nil),
        askedBy: String? = nil
    ) {
        (self.id, self.subject, self.action, self.reason) = (id, subject, action, reason)
        (self.request, self.baseline, self.committedAt, self.state) = (request, baseline, committedAt, state)
        self.askedBy = askedBy
    }

    public var isOpen: Bool {
        guard case .open = state else { return false }
        return true
    }

    /// What the brakes of S6 count by: the host set or the common name.
    public var issuanceName: String? {
        switch action {
        case .pack(.order(let wish)): wish.hosts.withoutBranding.key
        case .clientCertificate(.create(let wish, _)): wish.commonName
        case .pack, .clientCertificate: nil
        }
    }
}
