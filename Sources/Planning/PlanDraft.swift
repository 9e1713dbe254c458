import Domain

/// A zone's state while a plan is made of it: the records as they become, and what there is to write down and to tell.
struct PlanDraft {
    let zone: ZoneID
    let zoneName: String
    let now: Timestamp
    /// When the looks were made, and never after ``now``: what they show was so then, however long the plan had to wait for
    /// a request since.
    let lookedAt: Timestamp
    let before: ZoneState
    private(set) var objects: Table<ObjectID, ObjectRecord>
    private(set) var subjects: Table<Subject, SubjectRecord>
    /// Those still open; what was resolved on the way is in ``resolved``.
    var operations: [Operation]
    var episodes: [Episode]
    var approvals: [Approval]
    private(set) var resolved: [Operation] = []
    private(set) var usedApprovals: [Approval] = []
    var episodeChanges: [Episode] = []
    private(set) var transitions: [Transition] = []
    var news: [News] = []
    var doubtful: [ObjectID] = []
    /// Things of ours that began to go, or went, in this pass: what somebody else may have undone (S18).
    var departures: [ObjectID] = []
    /// What Cloudflare's time is ahead of ours while the clock is known to be wrong (S11).
    var clockSkew: Duration?
    /// False while the clock is known to be wrong: nothing is proven by it then.
    var isClockTrusted: Bool { clockSkew == nil }
    /// What is remembered once the clock is right again: written by a wrong one, it would be long past, or still to come.
    var trueNow: Timestamp { now + (clockSkew ?? .zero) }
    /// When the clock of this machine shows, or showed, a moment of Cloudflare's time.
    func byOurClock(_ moment: Timestamp) -> Timestamp { moment - (clockSkew ?? .zero) }

    /// True where the looks may show how it was before a moment, by our clock or by one that this much is behind: listings
    /// lag.
    func looksMayPredate(_ moment: Timestamp?, skew: Duration = .zero) -> Bool {
        guard let moment else { return false }
        return moment > lookedAt + skew - Self.listingLag && moment < now + skew + Self.listingLag
    }

    /// When to look for what a look no older than a moment would show; nil for nil.
    func nextLook(for moment: Timestamp?) -> Timestamp? {
        moment.map { $0 > now ? $0 : now + Schedule.afterChange }
    }

    /// Things whose removal an open operation is about: asked for, and not known to be made or not.
    func askedToGo(besides operation: OperationID? = nil) -> Set<ObjectID> {
        Set(operations.filter { $0.action.effect == .remove && $0.id != operation }.compactMap(\.action.object))
    }

    private var touchedObjects: Set<ObjectID> = []
    private var touchedSubjects: Set<Subject> = []

    /// What is wished, by subject.
    let wishes: [Subject: Wish]
    /// Everything by subject, as it was when ``group()`` was called last.
    private(set) var bySubject: [Subject: [ObjectRecord]] = [:]
    /// Everything that is known, wished or there, in the order of the subjects, as it was then.
    private(set) var standings: [Standing] = []
    private var isGrouped = false

    /// One subject with what concerns it: what is wished, and the things of it, the oldest first.
    struct Standing {
        let subject: Subject
        /// Where its record is in ``subjects``; nil when it had none.
        let place: Int?
        let wish: Wish?
        let things: [ObjectRecord]
    }

    init(_ input: PlanInput) {
        self.init(
            input.state, zone: input.zone, zoneName: input.zoneName, now: input.now, lookedAt: input.lookedAt,
            wishes: input.wish?.wishes ?? [])
    }

    init(
        _ state: ZoneState, zone: ZoneID, zoneName: String, now: Timestamp, lookedAt: Timestamp? = nil,
        wishes: [Wish] = []
    ) {
        self.wishes = Dictionary(
            wishes.map { (Subject(zone: zone, kind: $0.kind, name: $0.name), $0) },
            uniquingKeysWith: { first, _ in first })
        (self.zone, self.zoneName, self.now, before) = (zone, zoneName, now, state)
        self.lookedAt = min(lookedAt ?? now, now)
        objects = Table(state.objects, by: \.id)
        subjects = Table(state.subjects, by: \.subject)
        (operations, episodes, approvals) = (state.openOperations, state.episodes, state.approvals)
    }

    // MARK: Records

    /// Groups everything by subject, the oldest first.
    mutating func group() {
        guard !isGrouped else { return }
        isGrouped = true
        bySubject = Dictionary(grouping: objects.values, by: \.subject)
        for (subject, records) in bySubject where records.count > 1 {
            bySubject[subject] = records.sorted(by: isOlder)
        }
        var (wished, found) = (0, 0)
        let known = subjects.values
        standings = known.enumerated().map { place, record in
            let subject = record.subject
            let (wish, things) = (wishes[subject], bySubject[subject])
            if wish != nil { wished += 1 }
            if things != nil { found += 1 }
            return Standing(subject: subject, place: place, wish: wish, things: things ?? [])
        }
        // Nearly always all that is wished and all that is there is known by its record, and in order.
        let isAll = wished == wishes.count && found == bySubject.count
        if isAll, zip(known, known.dropFirst()).allSatisfy({ $0.subject < $1.subject }) { return }
        standings = everySubject.map { subject in
            Standing(
                subject: subject, place: subjects.place(of: subject), wish: wishes[subject],
                things: bySubject[subject] ?? [])
        }
    }

    /// Every subject that is known, wished or there, each once, in order.
    private var everySubject: [Subject] {
        var every = subjects.values.map { $0.subject }
        every += wishes.keys.filter { !subjects.contains($0) }
        every += bySubject.keys.filter { !subjects.contains($0) && wishes[$0] == nil }
        return every.sorted()
    }

    mutating func set(_ object: ObjectRecord) {
        objects.put(object, object.id)
        isGrouped = false
        touchedObjects.insert(object.id)
    }

    mutating func set(_ record: SubjectRecord) {
        if !subjects.contains(record.subject) { isGrouped = false }
        subjects.put(record, record.subject)
        touchedSubjects.insert(record.subject)
    }

    /// The record of a subject, made where there is none yet.
    func record(of subject: Subject) -> SubjectRecord {
        subjects[subject] ?? SubjectRecord(subject: subject, isWished: false)
    }

    /// The same as it is now, without a search.
    func record(of standing: Standing) -> SubjectRecord {
        standing.place.map { subjects.values[$0] } ?? record(of: standing.subject)
    }

    mutating func change(_ subject: Subject, _ body: (inout SubjectRecord) -> Void) {
        var record = record(of: subject)
        body(&record)
        if subjects[subject] != record { set(record) }
    }

    mutating func resolve(_ operation: Operation, as state: Operation.State) {
        operations.removeAll { $0.id == operation.id }
        var closed = operation
        closed.state = state
        resolved.append(closed)
    }

    /// The open operation again, with something new known about it.
    mutating func keep(_ operation: Operation) {
        operations = operations.map { $0.id == operation.id ? operation : $0 }
        resolved.append(operation)
    }

    mutating func use(_ approval: Approval) {
        approvals.removeAll { $0 == approval }
        usedApprovals.append(approval)
    }

    /// Approvals that still count.
    var liveApprovals: [Approval] { approvals.isEmpty ? [] : approvals.filter { $0.holds(at: now) } }

    /// Gives up approvals that count no more, and says so. Not by a clock that is known to be wrong: what it gives up
    /// is gone, and under it nothing is done anyway (S11).
    mutating func lapseApprovals() {
        guard isClockTrusted else { return }
        for approval in approvals where !approval.holds(at: now) {
            use(approval)
            write(
                Transition(
                    subject: approval.subject, at: now, event: .approvalLapsed, reason: approval.reason,
                    detail: "given at \(approval.at.shown) by \(approval.by), not used within 7 days"), as: .notice)
        }
    }

    /// What a person approved is not done any more once the subject was seen and is at rest: what was asked about is over. It
    /// would let another change pass, later and unasked.
    mutating func endApprovals(_ entries: [Plan.Entry], _ input: PlanInput) {
        guard !approvals.isEmpty else { return }
        for entry in entries {
            guard case .rest = entry.decision.verdict, case .complete? = input.looks[entry.subject.kind] else {
                continue
            }
            for approval in approvals where approval.subject == entry.subject {
                use(approval)
                write(
                    Transition(
                        subject: approval.subject, at: now, event: .approvalLapsed, reason: approval.reason,
                        detail: "given at \(approval.at.shown) by \(approval.by), and not needed any more"), as: .notice
                )
            }
        }
    }

    // MARK: History

    /// Appends a line to the history (S14) and tells it, unless it is no news any more.
    mutating func write(
        _ transition: Transition, of action: Action? = nil, as priority: News.Priority, isTold: Bool = true
    ) {
        transitions.append(transition)
        guard isTold else { return }
        var fields: [News.Field] = [.init(.event, transition.event.rawValue)]
        if let action { fields.append(.init(.action, action.code)) }
        if let object = transition.object { fields.append(.init(.object, object.text)) }
        let points: [(News.Field.Name, String)] = [
            (.from, transition.from.stage), (.to, transition.to.stage), (.fromStatus, transition.from.status),
            (.toStatus, transition.to.status), (.move, transition.move == .none ? "" : transition.move.rawValue),
            (.reason, transition.reason?.rawValue ?? ""), (.operation, transition.operation?.text ?? ""),
            (.detail, transition.detail),
        ]
        fields += points.filter { !$0.1.isEmpty }.map { News.Field($0.0, $0.1) }
        news.append(
            News(Self.kind(of: transition.event), priority, about: transition.subject, zoneName: zoneName, fields))
    }

    private static func kind(of event: Transition.Event) -> News.Kind {
        switch event {
        case .decided, .approvalLapsed: .decision
        case .delivered: .delivered
        case .operationAccepted: .operationAccepted
        case .operationFailed: .operationRefused
        case .operationLost: .operationLost
        case .appeared, .moved, .vanished, .adopted, .released, .bound, .certificateReplaced, .commandSucceeded:
            .transition
        }
    }

    // MARK: The outcome

    /// The rows that differ, in an order in which none refers to one that comes later.
    var changes: [Change] {
        let oldSubjects =
            touchedSubjects.isEmpty
            ? [:] : Dictionary(before.subjects.map { ($0.subject, $0) }, uniquingKeysWith: { first, _ in first })
        let oldObjects =
            touchedObjects.isEmpty
            ? [:] : Dictionary(before.objects.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let changedSubjects = touchedSubjects.sorted().compactMap { subjects[$0] }
            .filter { oldSubjects[$0.subject] != $0 }
        let changedObjects = touchedObjects.sorted().compactMap { objects[$0] }.filter { oldObjects[$0.id] != $0 }
        return changedSubjects.map(Change.subject) + changedObjects.map(Change.object) + resolved.map(Change.operation)
            + transitions.map(Change.transition) + episodeChanges.map(Change.episode)
            + usedApprovals.map { .approvalUsed($0.subject, $0.reason) }
    }

    /// The state as it is with the changes.
    var state: ZoneState {
        var state = before
        if !touchedSubjects.isEmpty { state.subjects = subjects.values.sorted { $0.subject < $1.subject } }
        if !touchedObjects.isEmpty { state.objects = merged(before.objects) }
        (state.openOperations, state.approvals, state.episodes) = (operations, approvals, episodes)
        return state
    }

    /// Records in their old order, new ones after them.
    private func merged(_ old: [ObjectRecord]) -> [ObjectRecord] {
        let known = Set(old.map(\.id))
        let fresh = touchedObjects.subtracting(known).sorted().compactMap { objects[$0] }
        return old.map { objects[$0.id] ?? $0 } + fresh
    }
}

extension [ObjectRecord] {
    /// Those that fit; the list as it is, and no copy, when all of them do.
    func only(_ fits: (ObjectRecord) -> Bool) -> Self { allSatisfy(fits) ? self : filter(fits) }
}

/// The oldest first: the order in which a subject's things are looked through.
func isOlder(_ left: ObjectRecord, _ right: ObjectRecord) -> Bool {
    (left.firstSeen, left.id) < (right.firstSeen, right.id)
}
