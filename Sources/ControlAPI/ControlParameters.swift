/// Parameters of `List`. A nil member passes everything.
public struct ListParameters: Codable, Hashable, Sendable {
    /// The zone's name or identifier.
    public var zone: String?
    /// `certificate_pack` or `client_certificate`, or the short forms `pack` and `cert`.
    public var kind: String?
    /// Only what ends within this many seconds, or has ended.
    public var expiringWithinSeconds: Int?
    public var moving: Bool?
    public var wrong: Bool?
    /// Also what is over: revoked and removed things that nobody wishes any more.
    public var all: Bool?

    public init(
        zone: String? = nil, kind: String? = nil, expiringWithinSeconds: Int? = nil, moving: Bool? = nil,
        wrong: Bool? = nil, all: Bool? = nil
    ) {
        (self.zone, self.kind, self.expiringWithinSeconds) = (zone, kind, expiringWithinSeconds)
        (self.moving, self.wrong, self.all) = (moving, wrong, all)
    }
}

/// Parameters of `Show` and `Why`.
public struct SubjectParameters: Codable, Hashable, Sendable {
    /// `example.com/certificate_pack/main`, or any shorter form that is unique.
    public var subject: String
    public init(subject: String) { self.subject = subject }
}

/// Parameters of `History`, `Orders` and `Audit`.
public struct HistoryParameters: Codable, Hashable, Sendable {
    public var subject: String?
    public var zone: String?
    /// RFC 3339.
    public var since: String?
    public var until: String?
    /// The newest this many; 1 to 10,000, 1,000 when left out.
    public var limit: Int?
    /// Orders alone: only those that nobody knows the outcome of yet.
    public var open: Bool?

    public init(
        subject: String? = nil, zone: String? = nil, since: String? = nil, until: String? = nil, limit: Int? = nil,
        open: Bool? = nil
    ) {
        (self.subject, self.zone, self.since, self.until) = (subject, zone, since, until)
        (self.limit, self.open) = (limit, open)
    }
}

/// Parameters of `Records`, `Plan`, `Reconcile` and `Resume`: a subject, a zone, or neither for everything.
public struct ScopeParameters: Codable, Hashable, Sendable {
    public var scope: String?
    public init(scope: String? = nil) { self.scope = scope }
}

/// Parameters of `Suspend`.
public struct SuspendParameters: Codable, Hashable, Sendable {
    /// A subject or a zone; left out for everything.
    public var scope: String?
    public var reason: String
    /// Its end as RFC 3339; either this or how long.
    public var until: String?
    /// How long from now, by the daemon's clock.
    public var forSeconds: Int?

    public init(scope: String?, reason: String, until: String? = nil, forSeconds: Int? = nil) {
        (self.scope, self.reason, self.until, self.forSeconds) = (scope, reason, until, forSeconds)
    }
}

/// Parameters of `Adopt`.
public struct AdoptParameters: Codable, Hashable, Sendable {
    /// Cloudflare's identifier of the thing.
    public var object: String
    public var subject: String
    /// Also take what is not as wished: it is replaced, and then removed.
    public var replace: Bool?

    public init(object: String, subject: String, replace: Bool? = nil) {
        (self.object, self.subject, self.replace) = (object, subject, replace)
    }
}

/// Parameters of `Release` and `Unhold`.
public typealias ReleaseParameters = SubjectParameters

/// Parameters of `Approve`: a held subject, or the state as a whole.
public struct ApproveParameters: Codable, Hashable, Sendable {
    public var subject: String?
    /// Trust a state that was begun anew or restored.
    public var state: Bool?
    public init(subject: String? = nil, state: Bool? = nil) { (self.subject, self.state) = (subject, state) }
}

/// Parameters of `Revoke` and `Reactivate`.
public struct RevokeParameters: Codable, Hashable, Sendable {
    public var subject: String
    /// Cloudflare's identifier of the certificate; left out for the one in use.
    public var object: String?
    /// Required by `Revoke`.
    public var reason: String?

    public init(subject: String, object: String? = nil, reason: String? = nil) {
        (self.subject, self.object, self.reason) = (subject, object, reason)
    }
}

/// Parameters of `Watch`.
public struct WatchParameters: Codable, Hashable, Sendable {
    /// Only news of these subjects; left out or empty for all.
    public var subjects: [String]?
    public init(subjects: [String]? = nil) { self.subjects = subjects }
}

/// Parameters of methods that take none.
public struct NoParameters: Codable, Hashable, Sendable {
    public init() {}
}
