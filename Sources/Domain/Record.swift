/// What is remembered of one thing at Cloudflare.
public struct ObjectRecord: Hashable, Sendable {
    /// Kept once for all copies: a plan hands a record on far more often than it changes one.
    @usableFromInline
    struct Parts: Hashable, Sendable {
        @usableFromInline var sighting: Shared<Sighting>
        @usableFromInline var subject: Subject
        @usableFromInline var ownership: Ownership
        @usableFromInline var since: Timestamp
        @usableFromInline var firstSeen: Timestamp
        @usableFromInline var lastSeen: Timestamp
        @usableFromInline var servingSince: Timestamp?
        @usableFromInline var lastServedAt: Timestamp?
        @usableFromInline var missingSince: Timestamp?
        @usableFromInline var generation: Int?
        @usableFromInline var deliveredAt: Timestamp?
        @usableFromInline var commandSucceededAt: Timestamp?
        @usableFromInline var rung: ExpiryRung?
        @usableFromInline var wishKey: String?
        @usableFromInline var removedFor: Reason?
    }

    @usableFromInline var shared: Shared<Parts>

    /// As last seen: identifier, status, stage, traits.
    @inlinable public var sighting: Sighting {
        get { shared.box.value.sighting.box.value }
        set { shared.wrappedValue.sighting = Shared(wrappedValue: newValue) }
    }
    /// Whose it is: the wish's subject when it is ours, else one named for its identifier.
    @inlinable public var subject: Subject {
        get { shared.box.value.subject }
        set { shared.wrappedValue.subject = newValue }
    }
    /// Ordered here, adopted, or neither (S2).
    @inlinable public var ownership: Ownership {
        get { shared.box.value.ownership }
        set { shared.wrappedValue.ownership = newValue }
    }
    /// Since when it has the status it has.
    @inlinable public var since: Timestamp {
        get { shared.box.value.since }
        set { shared.wrappedValue.since = newValue }
    }
    @inlinable public var firstSeen: Timestamp {
        get { shared.box.value.firstSeen }
        set { shared.wrappedValue.firstSeen = newValue }
    }
    @inlinable public var lastSeen: Timestamp {
        get { shared.box.value.lastSeen }
        set { shared.wrappedValue.lastSeen = newValue }
    }
    /// Since when it has been serving without a break; nil while it does not serve.
    @inlinable public var servingSince: Timestamp? {
        get { shared.box.value.servingSince }
        set { shared.wrappedValue.servingSince = newValue }
    }
    /// When it was last seen to serve; what it covered then counts as covered for 30 days (S4).
    @inlinable public var lastServedAt: Timestamp? {
        get { shared.box.value.lastServedAt }
        set { shared.wrappedValue.lastServedAt = newValue }
    }
    /// The first complete listing that should have shown it and did not; nil while it is seen.
    @inlinable public var missingSince: Timestamp? {
        get { shared.box.value.missingSince }
        set { shared.wrappedValue.missingSince = newValue }
    }
    /// The folder of its key here; client certificates of ours alone.
    @inlinable public var generation: Int? {
        get { shared.box.value.generation }
        set { shared.wrappedValue.generation = newValue }
    }
    /// When key and certificate were put in place together.
    @inlinable public var deliveredAt: Timestamp? {
        get { shared.box.value.deliveredAt }
        set { shared.wrappedValue.deliveredAt = newValue }
    }
    /// When the operator's command succeeded for it, or was found not to be wanted.
    @inlinable public var commandSucceededAt: Timestamp? {
        get { shared.box.value.commandSucceededAt }
        set { shared.wrappedValue.commandSucceededAt = newValue }
    }
    /// The least remaining life that was told of (the expiry ladder); nil before the first rung.
    @inlinable public var rung: ExpiryRung? {
        get { shared.box.value.rung }
        set { shared.wrappedValue.rung = newValue }
    }
    /// The wish it was ordered for, as a text; nil for what was not ordered here. A certificate's own fields do not
    /// tell all that was asked for.
    @inlinable public var wishKey: String? {
        get { shared.box.value.wishKey }
        set { shared.wrappedValue.wishKey = newValue }
    }
    /// Why we had it removed; nil while we have not. What goes without it was removed by somebody else (S18).
    @inlinable public var removedFor: Reason? {
        get { shared.box.value.removedFor }
        set { shared.wrappedValue.removedFor = newValue }
    }

    public enum Ownership: String, Hashable, Sendable { case ordered, adopted, foreign }

    public init(
        sighting: Sighting, subject: Subject, ownership: Ownership, since: Timestamp, firstSeen: Timestamp,
        lastSeen: Timestamp, servingSince: Timestamp? = nil, lastServedAt: Timestamp? = nil,
        missingSince: Timestamp? = nil, generation: Int? = nil, deliveredAt: Timestamp? = nil,
        commandSucceededAt: Timestamp? = nil, rung: ExpiryRung? = nil, wishKey: String? = nil,
        removedFor: Reason? = nil
    ) {
        shared = Shared(
            wrappedValue: Parts(
                sighting: Shared(wrappedValue: sighting), subject: subject, ownership: ownership, since: since,
                firstSeen: firstSeen, lastSeen: lastSeen, servingSince: servingSince, lastServedAt: lastServedAt,
                missingSince: missingSince, generation: generation, deliveredAt: deliveredAt,
                commandSucceededAt: commandSucceededAt, rung: rung, wishKey: wishKey, removedFor: removedFor))
    }

    /// How many records its validation waits for; 0 unless it is in validation, or was given up there.
    public var recordsAwaited: Int {
        guard case .pack(let pack) = sighting.traits else { return 0 }
        switch sighting.stage {
        case .underway(.validation), .stalled(.validation): return pack.validationRecords.count
        default: return 0
        }
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
    /// Kept once for all copies, as an object's are.
    @usableFromInline
    struct Parts: Hashable, Sendable {
        @usableFromInline var subject: Subject
        @usableFromInline var isWished: Bool
        @usableFromInline var decision: Shared<Decision?>
        @usableFromInline var decidedSince: Timestamp?
        @usableFromInline var lastChangeAt: Timestamp?
        @usableFromInline var undoneAt: [Timestamp]
        @usableFromInline var refusal: Refusal?
        @usableFromInline var lastGeneration: Int
        @usableFromInline var nextLook: Timestamp?
        @usableFromInline var isReleased: Bool
        @usableFromInline var generationKey: String?
        @usableFromInline var tries: Tries?
    }

    @usableFromInline var shared: Shared<Parts>

    @inlinable public var subject: Subject {
        get { shared.box.value.subject }
        set { shared.wrappedValue.subject = newValue }
    }
    /// False once the settings name it no more.
    @inlinable public var isWished: Bool {
        get { shared.box.value.isWished }
        set { shared.wrappedValue.isWished = newValue }
    }
    /// The last decision and when it was first made so.
    @inlinable public var decision: Decision? {
        get { shared.box.value.decision.box.value }
        set { shared.wrappedValue.decision = Shared(wrappedValue: newValue) }
    }
    @inlinable public var decidedSince: Timestamp? {
        get { shared.box.value.decidedSince }
        set { shared.wrappedValue.decidedSince = newValue }
    }
    /// When the last change to it was sent (S10).
    @inlinable public var lastChangeAt: Timestamp? {
        get { shared.box.value.lastChangeAt }
        set { shared.wrappedValue.lastChangeAt = newValue }
    }
    /// How often what we had done was undone from outside (S18); the times, the newest two.
    @inlinable public var undoneAt: [Timestamp] {
        get { shared.box.value.undoneAt }
        set { shared.wrappedValue.undoneAt = newValue }
    }
    /// A refusal by Cloudflare that the same request will meet again, with the wish it was about.
    @inlinable public var refusal: Refusal? {
        get { shared.box.value.refusal }
        set { shared.wrappedValue.refusal = newValue }
    }
    /// The generation of the newest key made for it; 0 before the first.
    @inlinable public var lastGeneration: Int {
        get { shared.box.value.lastGeneration }
        set { shared.wrappedValue.lastGeneration = newValue }
    }
    @inlinable public var nextLook: Timestamp? {
        get { shared.box.value.nextLook }
        set { shared.wrappedValue.nextLook = newValue }
    }
    /// Given up by a person: watched, not adopted again, until a person adopts something for it.
    @inlinable public var isReleased: Bool {
        get { shared.box.value.isReleased }
        set { shared.wrappedValue.isReleased = newValue }
    }
    /// What the key of ``lastGeneration`` was made for, as a text: the same request is sent again only for the same.
    /// nil once a certificate was made with it.
    @inlinable public var generationKey: String? {
        get { shared.box.value.generationKey }
        set { shared.wrappedValue.generationKey = newValue }
    }
    /// Tries of one action in a row that did not bring about what they were for; nil once one did.
    @inlinable public var tries: Tries? {
        get { shared.box.value.tries }
        set { shared.wrappedValue.tries = newValue }
    }

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
        shared = Shared(
            wrappedValue: Parts(
                subject: subject, isWished: isWished, decision: Shared(wrappedValue: decision),
                decidedSince: decidedSince, lastChangeAt: lastChangeAt, undoneAt: undoneAt, refusal: refusal,
                lastGeneration: lastGeneration, nextLook: nextLook, isReleased: isReleased,
                generationKey: generationKey, tries: tries))
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
    /// What of it was planned for, and under which era: the first pass over a kind under another only plans.
    public var plannedUnder: PlannedUnder?

    public init(
        id: ZoneID, name: String, isManaged: Bool = true, lastCompleteLook: Timestamp? = nil,
        lastFullLook: Timestamp? = nil, nextLook: Timestamp? = nil, plannedUnder: PlannedUnder? = nil
    ) {
        (self.id, self.name, self.isManaged, self.plannedUnder) = (id, name, isManaged, plannedUnder)
        (self.lastCompleteLook, self.lastFullLook, self.nextLook) = (lastCompleteLook, lastFullLook, nextLook)
    }
}

/// What of a zone was seen and planned for under an era, which is one program and one database.
public struct PlannedUnder: Hashable, Sendable {
    public var era: String
    /// nil for the whole zone, and for whatever kinds are wished in it later.
    public private(set) var kinds: Set<SubjectKind>?

    public init(era: String, kinds: Set<SubjectKind>? = nil) { (self.era, self.kinds) = (era, kinds) }

    /// - Parameter text: An era, followed by `;` and the kinds with commas where they are not all. A kind that this
    ///   version does not know counts as none.
    public init(text: String) {
        guard let end = text.firstIndex(of: ";") else {
            self.init(era: text)
            return
        }
        let kinds = text[text.index(after: end)...].split(separator: ",").compactMap {
            SubjectKind(rawValue: String($0))
        }
        self.init(era: String(text[..<end]), kinds: Set(kinds))
    }

    public var text: String {
        guard let kinds else { return era }
        return era + ";" + kinds.sorted().map(\.rawValue).joined(separator: ",")
    }

    public func covers(_ kind: SubjectKind, under era: String) -> Bool {
        self.era == era && kinds?.contains(kind) ?? true
    }

    /// With what was seen now: the whole zone where each kind that there is in it was seen at once, or by and by each that
    /// there may ever be. One that was refused and is wished no more is not forgotten by that.
    public static func adding(
        _ seen: Set<SubjectKind>, of present: Set<SubjectKind>, under era: String, to old: Self?
    ) -> Self {
        guard let old, old.era == era else { return Self(era: era, kinds: present.isSubset(of: seen) ? nil : seen) }
        guard let kinds = old.kinds else { return old }
        let all = kinds.union(seen)
        return Self(era: era, kinds: all.count == SubjectKind.allCases.count ? nil : all)
    }
}
