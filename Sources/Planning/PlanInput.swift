import Domain

/// Everything that one plan for one zone is made from. Equal inputs give equal plans.
public struct PlanInput: Hashable, Sendable {
    public var zone: ZoneID
    public var zoneName: String
    /// nil when the settings name the zone no more: it is watched, never emptied.
    public var wish: ZoneWish?
    /// One look for each kind that was looked at in this pass.
    public var looks: [SubjectKind: Look]
    /// When the looks were made; nil for just now. A look says nothing about what was committed after it, which
    /// matters when a zone is planned for once more without a fresh look.
    public var lookedAt: Timestamp?
    /// What GETs by identifier said of things that a listing left in doubt; nil for "Cloudflare knows none".
    public var answers: [ObjectID: Sighting?]
    /// Packs on their way that a plan removed, and that could not be asked about: they are not removed now.
    public var unconfirmed: Set<ObjectID> = []
    /// By subject, the client certificates that are nobody's and that a key of the subject answers to, each with the
    /// generation of that key.
    public var keysInHand: [Subject: [ObjectID: Int]]
    /// By subject, the highest generation that a key is here for, where the database does not know what it was made
    /// for: the process ended before that was written down, or the database was put back to an earlier one. Such a key
    /// may have gone to Cloudflare, so its request is never sent again. So it is with one that the database knows, and
    /// that does not fit what is wished.
    public var keysLeft: [Subject: Int] = [:]
    /// Subjects of which the key room could not say whether such a key is here, or a key for a certificate that is
    /// nobody's. Nothing is made for them now, and no generation is written down as made for what is wished: its key may be
    /// there already, for something else.
    public var keysUncounted: Set<Subject> = []
    public var state: ZoneState
    public var counts: BrakeCounts
    /// Things of ours that are wished no more and still there, in the other zones (S7). nil when they were not counted:
    /// nothing that is wished no more goes then, and a plan that it mattered to says so.
    public var unwantedElsewhere: Int?
    public var now: Timestamp
    public var limits: LimitSettings
    public var deadlines: DeadlineSettings
    /// How long a settled zone may go without a look.
    public var lookEvery: Duration
    /// By kind, how many looks have failed in a row, this one included.
    public var failures: [SubjectKind: Int] = [:]
    /// What stands in the way of changes just now.
    public var obstacles: Obstacles
    /// The zone's room for packs; nil when it was not asked for, or is not known.
    public var packQuota: PackQuota?

    public init(
        zone: ZoneID, zoneName: String, wish: ZoneWish?, looks: [SubjectKind: Look] = [:],
        answers: [ObjectID: Sighting?] = [:], keysInHand: [Subject: [ObjectID: Int]] = [:],
        state: ZoneState = ZoneState(), counts: BrakeCounts = BrakeCounts(),
        unwantedElsewhere: Int? = nil, now: Timestamp, limits: LimitSettings = LimitSettings(),
        deadlines: DeadlineSettings = DeadlineSettings(), lookEvery: Duration = .minutes(15),
        obstacles: Obstacles = Obstacles()
    ) {
        (self.zone, self.zoneName, self.wish, self.looks, self.answers) = (zone, zoneName, wish, looks, answers)
        self.keysInHand = keysInHand
        (self.state, self.counts, self.unwantedElsewhere, self.now) = (state, counts, unwantedElsewhere, now)
        (self.limits, self.deadlines, self.lookEvery, self.obstacles) = (limits, deadlines, lookEvery, obstacles)
    }
}

/// What stands in the way of changes, whatever the subject.
public struct Obstacles: Hashable, Sendable {
    /// The local clock differs from the answers' dates by this much, more than 60 s (S11).
    public var clockSkew: Duration?
    /// The kinds that are seen for the first time after an upgrade, on a new, restored or repaired database: the first
    /// pass over them only plans.
    public var planOnly: Set<SubjectKind> = []
    /// The state was set aside and begun anew, and no person has approved it yet (S17).
    public var stateUntrusted: String?

    public init() {}
}

/// What is to be done in one zone, and everything that has to be written down about it first.
public struct Plan: Hashable, Sendable {
    public struct Entry: Hashable, Sendable {
        public var subject: Subject
        public var decision: Decision
        public init(subject: Subject, decision: Decision) { (self.subject, self.decision) = (subject, decision) }
    }

    /// A decision about every subject, in their order.
    public var entries: [Entry]
    /// The rows that are to be committed, with the operations for the entries that act, before anything is sent.
    public var changes: [Change]
    /// To be told once the changes are committed.
    public var news: [News]
    /// The state as it is with the changes.
    public var state: ZoneState
    /// Things that a complete listing lacked for the first time, for which a GET by identifier would settle it now.
    public var doubtful: [ObjectID]
    /// Something would go if what is unwanted elsewhere had been counted, and allowed it (S7).
    public var lacksUnwantedElsewhere: Bool
    public var nextLook: Timestamp

    public init(
        entries: [Entry], changes: [Change], news: [News], state: ZoneState, doubtful: [ObjectID],
        lacksUnwantedElsewhere: Bool = false, nextLook: Timestamp
    ) {
        (self.entries, self.changes, self.news) = (entries, changes, news)
        (self.state, self.doubtful, self.nextLook) = (state, doubtful, nextLook)
        self.lacksUnwantedElsewhere = lacksUnwantedElsewhere
    }
}

extension Plan {
    /// Packs that it removes because none of them serves, and that are on their way to: the listing may be too old to show
    /// that one does by now (S4, S5).
    public var removedOnTheirWay: [ObjectID] {
        let removed = Set(entries.compactMap(\.decision.action).filter { $0.effect == .remove }.compactMap(\.object))
        return state.objects.filter { record in
            guard record.pack != nil, removed.contains(record.id) else { return false }
            switch record.stage {
            case .underway, .holding, .standby: return true
            case .serving, .stalled, .retiring, .leaving, .inactive, .expired, .revoked, .gone, .unread: return false
            }
        }.map(\.id)
    }
}

/// What came of one operation that was sent.
public enum SendOutcome: Hashable, Sendable {
    case accepted(ObjectID?, Sighting?)
    /// Cloudflare, or something on the way, is sure that it had no effect. `lasting` when the same request will meet
    /// the same answer; the reason is then kept with the subject.
    case refused(Reason, lasting: Bool, code: String, message: String)
    /// It was not fit to be sent any more when its turn had come, and nothing was asked of Cloudflare. No try: the next
    /// pass plans anew.
    case withheld(Reason, code: String, message: String)
    /// It may have had its effect.
    case unanswered(code: String, message: String)
}
