/// One row to be written.
public enum Change: Hashable, Sendable {
    /// Inserted, or put in place of the row with the same identity.
    case zone(ZoneRecord)
    case subject(SubjectRecord)
    case object(ObjectRecord)
    case operation(Operation)
    /// Opened, updated, or (with `resolvedAt`) closed: by scope and condition.
    case episode(Episode)
    /// Appended. History is never changed.
    case transition(Transition)
    case audit(AuditEntry)
    case approval(Approval)
    case approvalUsed(Subject, Reason)
    case suspension(Suspension)
    case resumption(Suspension.Scope)
    case note(NoteKey, String?)
}

/// Single texts that are kept beside the tables.
public enum NoteKey: String, Hashable, Sendable, CaseIterable {
    /// What the daemon was when it last started: program version, database, repairs.
    case era
    /// Set while the state is not to be trusted, with the reason; cleared by a person's `approve`.
    case untrusted
    /// The zone identifiers that were found by name, as `name=id` lines.
    case zoneIDs = "zone-ids"
    /// The request budget as it stood: until when every call of the token is blocked, as RFC 3339.
    case blockedUntil = "blocked-until"
}

/// What a person asked for, kept for ever.
public struct AuditEntry: Hashable, Sendable {
    public var at: Timestamp
    /// `uid 1000 (alice)`: taken from the socket, not from what the caller says of itself.
    public var person: String
    public var verb: String
    /// The subject, zone or scope it was about, as text.
    public var target: String
    public var detail: String
    public var outcome: String

    public init(at: Timestamp, person: String, verb: String, target: String, detail: String, outcome: String) {
        (self.at, self.person, self.verb, self.target) = (at, person, verb, target)
        (self.detail, self.outcome) = (detail, outcome)
    }
}
