import Domain

/// What the engine may learn from Cloudflare. Everybody has it, in every mode.
///
/// All calls take their turn in the request budget. The suite `ProviderContract` runs against the model in process
/// and against the client over HTTP, and is what these sentences mean.
public protocol Looking: Sendable {
    /// Everything of one kind in a zone, over all pages. A page that fails, is short or contradicts the others fails
    /// the call: a partial list would read as removals (S1). Each identifier once.
    func list(
        _ kind: SubjectKind, in zone: ZoneID, scope: ListScope, priority: RequestPriority
    ) async throws(ProviderTrouble) -> [Sighting]

    /// One thing by its identifier; ``ProviderTrouble/notFound(_:)`` when Cloudflare says that there is none.
    func get(
        _ id: ObjectID, _ kind: SubjectKind, in zone: ZoneID, priority: RequestPriority
    ) async throws(ProviderTrouble) -> Sighting

    /// The zone of this name; `.notFound` when the token sees none, `.ambiguous` when it sees several.
    func zone(named name: String) async throws(ProviderTrouble) -> ZoneFacts

    func zone(_ id: ZoneID) async throws(ProviderTrouble) -> ZoneFacts

    /// The token's own status and end. It does not tell what the token may do.
    ///
    /// - Parameter account: nil for a token of a user. One of an account is known at another address, which needs the
    ///   account's identifier; each address refuses the other's tokens.
    func token(ofAccount account: String?) async throws(ProviderTrouble) -> TokenFacts

    /// How many advanced packs the zone may have, and has.
    func packQuota(in zone: ZoneID) async throws(ProviderTrouble) -> PackQuota
}

/// Asked when the turn of a change in the request budget has come, right before it is sent: the turn may be long in
/// coming, and what was fit to be sent when it was committed need not be so any more.
///
/// With nil it is sent. With an objection nothing is sent, and ``ProviderTrouble/withheld(_:)`` brings the objection back.
public typealias LastLook = @Sendable () async -> Objection?

/// Why a change that was committed is not sent after all. It had no effect, and a later pass plans anew.
public struct Objection: Hashable, Sendable {
    public var reason: Reason
    public var code: String
    public var message: String
    /// True when it counts as a try that failed, so that a while passes before the next; false when nothing is amiss but
    /// that time has passed.
    public var isTry: Bool
    public init(_ reason: Reason, code: String, message: String, isTry: Bool = true) {
        (self.reason, self.code, self.message, self.isTry) = (reason, code, message, isTry)
    }
}

/// Orders packs, has client certificates signed.
public protocol Creating: Sendable {
    /// Sends an operation of the effect `create`. Never repeated here: after ``ProviderTrouble/unanswered(_:)`` it may
    /// have been carried out, and only the next looks can tell (S3).
    func create(_ operation: Operation, lastLook: LastLook) async throws(ProviderTrouble) -> Receipt
}

/// Restarts, re-checks, rebrands, reactivates.
public protocol Changing: Sendable {
    /// Sends an operation of the effect `change`.
    func change(_ operation: Operation, lastLook: LastLook) async throws(ProviderTrouble) -> Receipt
}

/// Deletes packs, revokes client certificates.
public protocol Removing: Sendable {
    /// Sends an operation of the effect `remove`.
    func remove(_ operation: Operation, lastLook: LastLook) async throws(ProviderTrouble) -> Receipt
}

/// What a mode leaves in the engine's hands: what it may not do, it has no method for.
public struct Provider: Sendable {
    public let looking: any Looking
    public let creating: (any Creating)?
    public let changing: (any Changing)?
    public let removing: (any Removing)?

    public init(
        mode: Mode, looking: any Looking, creating: any Creating, changing: any Changing, removing: any Removing
    ) {
        self.looking = looking
        self.creating = mode.permits(.create) ? creating : nil
        self.changing = mode.permits(.change) ? changing : nil
        self.removing = mode.permits(.remove) ? removing : nil
    }
}

/// What Cloudflare answered to a change that it accepted.
public struct Receipt: Hashable, Sendable {
    /// What was made or changed; nil when the answer did not say.
    public var object: ObjectID?
    /// The thing itself, where the answer holds it readably.
    public var sighting: Sighting?
    public var ray: String?

    public init(object: ObjectID?, sighting: Sighting? = nil, ray: String? = nil) {
        (self.object, self.sighting, self.ray) = (object, sighting, ray)
    }
}

public struct ZoneFacts: Hashable, Sendable {
    public var id: ZoneID
    public var name: String
    /// Cloudflare's word: `active`, `pending`, `moved`, …
    public var status: String
    /// The identifier of the account that it belongs to; nil when the answer had none.
    public var account: String?
    public init(id: ZoneID, name: String, status: String, account: String? = nil) {
        (self.id, self.name, self.status, self.account) = (id, name, status, account)
    }
}

public struct TokenFacts: Hashable, Sendable {
    public var status: String
    public var expiresOn: Timestamp?
    public init(status: String, expiresOn: Timestamp? = nil) { (self.status, self.expiresOn) = (status, expiresOn) }
}

/// Who goes first when the budget is short.
public enum RequestPriority: Int, Hashable, Sendable, CaseIterable, Comparable {
    /// A command that a person is waiting for.
    case person
    case change
    case moving
    case settled

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
