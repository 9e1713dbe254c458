/// What is remembered of one thing at Cloudflare.
public struct ObjectRecord: Hashable, Sendable {
    /// As last seen: identifier, status, stage, traits.
    @Shared public var sighting: Sighting
    /// Whose it is: the wish's subject when it is ours, else one named for its identifier.
    public var subject: Subject
    /// Ordered here, adopted, or neither (S2).
    public var ownership: Ownership
    /// Since when it has the status it has.
    public var since: Timestamp
    public var firstSeen: Timestamp
    public var lastSeen: Timestamp
    /// Since when it has been serving without a break; nil while it does not serve.
    public var servingSince: Timestamp?
    /// When it was last seen to serve; what it covered then counts as covered for 30 days (S4).
    public var lastServedAt: Timestamp?
    /// The first complete listing that should have shown it and did not; nil while it is seen.
    public var missingSince: Timestamp?
    /// The folder of its key here; client certificates of ours alone.
    public var generation: Int?
    /// When key and certificate were put in place together.
    public var deliveredAt: Timestamp?
    /// When the operator's command succeeded for it, or was found not to be wanted.
    public var commandSucceededAt: Timestamp?
    /// The least remaining life that was told of (the expiry ladder); nil before the first rung.
    public var rung: ExpiryRung?
    /// The wish it was ordered for, as a text; nil for what was not ordered here. A certificate's own fields do not
    /// tell all that was asked for.
    public var wishKey: String?
    /// Why we had it removed; nil while we have not. What goes without it was removed by somebody else (S18).
    public var removedFor: Reason?

    public enum Ownership: String, Hashable, Sendable { case ordered, adopted, foreign }

    public init(
        sighting: Sighting, subject: Subject, ownership: Ownership, since: Timestamp, firstSeen: Timestamp,
        lastSeen: Timestamp, servingSince: Timestamp? = nil, lastServedAt: Timestamp? = nil,
        missingSince: Timestamp? = nil, generation: Int? = nil, deliveredAt: Timestamp? = nil,
        commandSucceededAt: Timestamp? = nil, rung: ExpiryRung? = nil, wishKey: String? = nil,
        removedFor: Reason? = nil
    ) {
        (self.wishKey, self.removedFor) = (wishKey, removedFor)
        (self.sighting, self.subject, self.ownership) = (sighting, subject, ownership)
        (self.since, self.firstSeen, self.lastSeen) = (since, firstSeen, lastSeen)
        (self.servingSince, self.lastServedAt, self.missingSince) = (servingSince, lastServedAt, missingSince)
        self.generation = generation
        (self.deliveredAt, self.commandSucceededAt, self.rung) = (deliveredAt, commandSucceededAt, rung)
    }

    public var id: ObjectID { sighting.id }
    public var isOurs: Bool { ownership != .foreign }

    /// "Valid" is never stored: it is the stage and the clock at the moment of asking (S13).
    public func isValid(at now: Timestamp) -> Bool {
        guard sighting.stage == .serving, let notAfter = sighting.traits.notAfter else { return false }
        return now < notAfter
    }
}

/// The rungs of the expiry ladder; each is told once.
public enum ExpiryRung: Int, Hashable, Sendable, CaseIterable, Comparable {
    case days28, days7, days3, day1, hours6, hour1, expired

    /// The remaining life at which the rung is reached.
    public var remaining: Duration {
        switch self {
        case .days28: .days(28)
        case .days7: .days(7)
        case .days3: .days(3)
        case .day1: .days(1)
        case .hours6: .hours(6)
        case .hour1: .hours(1)
        case .expired: .zero
        }
    }

    /// One word for the journal and the tool. Never renamed.
    public var code: String {
        switch self {
        case .days28: "28d"
        case .days7: "7d"
        case .days3: "3d"
        case .day1: "1d"
        case .hours6: "6h"
        case .hour1: "1h"
        case .expired: "expired"
        }
    }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// The lowest rung that is reached with this much life left; nil above the ladder.
    public static func reached(with remaining: Duration) -> ExpiryRung? { allCases.last { remaining <= $0.remaining } }
}

/// What is remembered of one wish, or of a thing that was wished once.
public struct SubjectRecord: Hashable, Sendable {
    public var subject: Subject
    /// False once the settings name it no more.
    public var isWished: Bool
    /// The last decision and when it was first made so.
    @Shared public var decision: Decision?
    public var decidedSince: Timestamp?
    /// When the last change to it was sent (S10).
    public var lastChangeAt: Timestamp?
    /// How often what we had done was undone from outside (S18); the times, the newest two.
    public var undoneAt: [Timestamp]
    /// A refusal by Cloudflare that the same request will meet again, with the wish it was about.
    public var refusal: Refusal?
    /// The generation of the newest key made for it; 0 before the first.
    public var lastGeneration: Int
    public var nextLook: Timestamp?
    /// Given up by a person: watched, not adopted again, until a person adopts something for it.
    public var isReleased: Bool
    /// What the key of ``lastGeneration`` was made for, as a text: the same request is sent again only for the same.
    public var generationKey: String?
    /// Tries of one action in a row that did not bring about what they were for; nil once one did.
    public var tries: Tries?

    /// Tries of one action in a row without success. The next one waits: a minute, doubling to an hour.
    public struct Tries: Hashable, Sendable {
        /// The action's code.
        public var action: String
        public var object: ObjectID?
        public var count: Int
        /// The newest of them.
        public var at: Timestamp
        public var reason: Reason
        public var message: String
        public init(
            action: String, object: ObjectID?, count: Int, at: Timestamp, reason: Reason, message: String
        ) {
            (self.action, self.object, self.count, self.at) = (action, object, count, at)
            (self.reason, self.message) = (reason, message)
        }
    }

    public struct Refusal: Hashable, Sendable {
        public var reason: Reason
        public var message: String
        public var at: Timestamp
        /// The wish that was refused, as a text: a changed wish is tried anew.
        public var wishKey: String
        public init(reason: Reason, message: String, at: Timestamp, wishKey: String) {
            (self.reason, self.message, self.at, self.wishKey) = (reason, message, at, wishKey)
        }
    }

    public init(
        subject: Subject, isWished: Bool, decision: Decision? = nil, decidedSince: Timestamp? = nil,
        lastChangeAt: Timestamp? = nil, undoneAt: [Timestamp] = [], refusal: Refusal? = nil, lastGeneration: Int = 0,
        nextLook: Timestamp? = nil, isReleased: Bool = false, generationKey: String? = nil, tries: Tries? = nil
    ) {
        (self.isReleased, self.generationKey, self.tries) = (isReleased, generationKey, tries)
        (self.subject, self.isWished, self.decision, self.decidedSince) = (subject, isWished, decision, decidedSince)
        (self.lastChangeAt, self.undoneAt, self.refusal) = (lastChangeAt, undoneAt, refusal)
        (self.lastGeneration, self.nextLook) = (lastGeneration, nextLook)
    }
}

/// A person's word that a change which was held may be made, once, within a week.
public struct Approval: Hashable, Sendable {
    /// How long it counts: what the person saw when it was given is past after that.
    public static let life: Duration = .days(7)
    /// How far ahead of the clock its moment may be: a clock that is set right by a little.
    public static let clockSlack: Duration = .minutes(1)

    public var subject: Subject
    public var reason: Reason
    public var at: Timestamp
    public var by: String
    public init(subject: Subject, reason: Reason, at: Timestamp, by: String) {
        (self.subject, self.reason, self.at, self.by) = (subject, reason, at, by)
    }

    /// The moment from which on it counts no more.
    public var until: Timestamp { at + Self.life }

    /// Whether it still counts. What was given at a moment that is still to come was given by a clock that was ahead:
    /// nobody knows how old it is, so it does not.
    public func holds(at now: Timestamp) -> Bool { now < until && at - now <= Self.clockSlack }
}

/// A person's word that nothing is to be changed for a while.
public struct Suspension: Hashable, Sendable {
    public var scope: Scope
    public var reason: String
    public var until: Timestamp
    public var by: String
    public var at: Timestamp

    public enum Scope: Hashable, Sendable {
        case all
        case zone(ZoneID)
        case subject(Subject)

        public func contains(_ subject: Subject) -> Bool {
            switch self {
            case .all: true
            case .zone(let zone): subject.zone == zone
            case .subject(let one): subject == one
            }
        }
    }

    public init(scope: Scope, reason: String, until: Timestamp, by: String, at: Timestamp) {
        (self.scope, self.reason, self.until, self.by, self.at) = (scope, reason, until, by, at)
    }
}

/// What is remembered of one zone.
public struct ZoneRecord: Hashable, Sendable {
    public var id: ZoneID
    public var name: String
    /// False once the settings name it no more: it is watched, never emptied.
    public var isManaged: Bool
    public var lastCompleteLook: Timestamp?
    /// The last daily listing of every status, by kind.
    public var lastFullLook: Timestamp?
    public var nextLook: Timestamp?
    /// The program and database that last made a plan for it: the first pass under another only plans.
    public var plannedUnder: String?

    public init(
        id: ZoneID, name: String, isManaged: Bool = true, lastCompleteLook: Timestamp? = nil,
        lastFullLook: Timestamp? = nil, nextLook: Timestamp? = nil, plannedUnder: String? = nil
    ) {
        (self.id, self.name, self.isManaged, self.plannedUnder) = (id, name, isManaged, plannedUnder)
        (self.lastCompleteLook, self.lastFullLook, self.nextLook) = (lastCompleteLook, lastFullLook, nextLook)
    }
}
