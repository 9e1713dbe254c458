import Domain

/// What stands between a decision and its being carried out: modes, obstacles, and the brakes S2 to S18.
///
/// A decision that does not act passes as it is. One that acts passes, or becomes a wait or a hold that says what would
/// be done. What has passed counts for those that come after it.
struct Gate {
    let input: PlanInput
    let draft: PlanDraft
    private let approvals: Set<Licence>
    private let leaving: Set<ObjectID>
    private var removals: RemovalCount?
    /// Something would have passed if what is unwanted elsewhere had been counted, and allowed it (S7).
    private(set) var lacksUnwantedElsewhere = false
    private var cover: Cover?
    private var removed: Set<ObjectID> = []
    private var issued: [String: Int] = [:]
    private var ordered = 0
    private var orderedPacks = 0

    struct Licence: Hashable {
        var subject: Subject
        var reason: Reason
    }

    init(_ draft: PlanDraft, _ input: PlanInput, besides operation: Operation? = nil) {
        (self.draft, self.input) = (draft, input)
        approvals = Set(draft.liveApprovals.map { Licence(subject: $0.subject, reason: $0.reason) })
        leaving = draft.askedToGo(besides: operation?.id)
    }

    private var now: Timestamp { input.now }
    private var wishes: [Subject: Wish] { draft.wishes }

    private func ours(of subject: Subject) -> [ObjectRecord] { (draft.bySubject[subject] ?? []).filter(\.isOurs) }

    func isApproved(_ subject: Subject, _ reason: Reason) -> Bool {
        approvals.contains(Licence(subject: subject, reason: reason))
    }

    /// The first of several ways that is not held; the first of all when each is.
    mutating func pass(_ proposals: [Decision], for subject: Subject) -> Decision {
        var first: Decision?
        for proposal in proposals {
            let decision = pass(proposal, for: subject)
            if !decision.isHeld { return decision }
            first = first ?? decision
        }
        return first ?? .rest(because: .asWanted)
    }

    private mutating func pass(_ proposal: Decision, for subject: Subject) -> Decision {
        guard let action = proposal.action else { return proposal }
        if let objection = objection(to: action, proposal.reason, for: subject, isSending: false) { return objection }
        count(action, proposal.reason, for: subject)
        return proposal
    }

    private mutating func count(_ action: Action, _ reason: Reason, for subject: Subject) {
        if action.effect == .remove, let id = action.object { removed.insert(id) }
        if action.countsAsIssuance, reason != .renewalDue, let name = issuanceName(of: action) {
            issued[name, default: 0] += 1
        }
        if action.effect == .create { ordered += 1 }
        if case .pack(.order) = action { orderedPacks += 1 }
    }

    /// What is in the way of one action; nil when nothing is.
    ///
    /// - Parameter isSending: At the moment of sending the limits on issuances are not asked again: the operation is
    ///   among what they count.
    mutating func objection(
        to action: Action, _ reason: Reason, for subject: Subject, isSending: Bool
    ) -> Decision? {
        let record = draft.record(of: subject)
        if let foreign = strangeness(of: action, for: subject) { return foreign }
        if let obstacle = obstacle(to: action, for: subject) { return obstacle }
        if let pause = pause(of: action, record) { return pause }
        if !isSending, let past = pastTrouble(with: action, record) { return past }
        if !isSending, let limit = issuanceLimit(action, reason, for: subject) { return limit }
        if !isSending, let full = lackOfRoom(for: action, record) { return full }
        guard action.effect == .remove, let id = action.object, let object = draft.objects[id] else { return nil }
        guard !input.unconfirmed.contains(id) else {
            return .wait(
                because: .notSeen, "\(id) is on its way and may serve by now, and could not be asked about",
                until: now + Self.changeInterval)
        }
        return unproven(action, reason, object) ?? removalLimit(action, reason, for: subject)
            ?? uncovering(action, object)
    }

    // MARK: S2

    /// Only what is ours is changed or removed (S2).
    func strangeness(of action: Action, for subject: Subject) -> Decision? {
        guard let id = action.object, action.effect != .local else { return nil }
        guard let object = draft.objects[id], object.isOurs, object.subject == subject else {
            return .rest(because: .discovered, "\(id) is not ours")
        }
        if let pack = object.pack, !pack.isAdvanced {
            return .rest(because: .discovered, "\(id) is a pack of the type \(pack.type)")
        }
        guard object.stage != .unread else { return .hold(action, because: .statusUnread, unreadDetail(object)) }
        return nil
    }

    // MARK: Obstacles

    private func obstacle(to action: Action, for subject: Subject) -> Decision? {
        let would = "would \(action.summary)"
        if let trouble = input.obstacles.stateUntrusted {
            return .hold(
                action, because: .stateUntrusted, "\(trouble); 'edgecertctl approve --state' trusts it; \(would)")
        }
        if input.obstacles.planOnly.contains(subject.kind) { return .wait(because: .planningOnly, would) }
        if let skew = input.obstacles.clockSkew {  // S11; here too, for when something was delivered is counted from
            return .wait(because: .clockSkewed, "the clock is \(skew.wholeSeconds) s off; \(would)")
        }
        let suspension = input.state.suspensions.filter { $0.scope.contains(subject) && $0.until > now }
            .max { $0.until < $1.until }
        if let suspension {
            return .wait(
                because: .suspended, "by \(suspension.by): \(suspension.reason); \(would)", until: suspension.until)
        }
        let mode = input.wish?.mode ?? .observe
        if !mode.permits(action.effect) { return .wait(because: .modeForbids, "mode \(mode.rawValue); \(would)") }
        return nil
    }

    /// Two changes to one subject are at least 60 s apart (S10). A re-check with the same method is excepted.
    private func pause(of action: Action, _ record: SubjectRecord) -> Decision? {
        guard action.effect != .local, let last = record.lastChangeAt else { return nil }
        if case .pack(.recheck(let id, let method)) = action, draft.objects[id]?.pack?.method == method.rawValue {
            return nil
        }
        guard (now - last).magnitude < Self.changeInterval else { return nil }
        return .wait(because: .changedRecently, "next: \(action.summary)", until: last + Self.changeInterval)
    }

    static let changeInterval: Duration = .seconds(60)
    /// How long after a full quota an order is tried again.
    static let quotaInterval: Duration = .hours(6)

    /// Refusals that will be met again, failures that are tried again later, and what was undone from outside (S18).
    private func pastTrouble(with action: Action, _ record: SubjectRecord) -> Decision? {
        let path = record.subject.path(zoneName: input.zoneName)
        if let refusal = record.refusal, refusal.wishKey == action.refusalKey, refusal.reason != .sameHostSetRefused {
            let isOver = refusal.reason == .quotaExhausted && (now - refusal.at).magnitude >= Self.quotaInterval
            let hint = refusal.reason == .refused ? "; 'edgecertctl unhold \(path)' tries it again" : ""
            let next = refusal.reason == .quotaExhausted ? refusal.at + Self.quotaInterval : nil
            if !isOver {
                return Decision(
                    .hold(wouldBe: action), because: refusal.reason, "\(refusal.message)\(hint)", until: next)
            }
        }
        if action.effect != .local, record.undoneAt.count >= 2, wishes[record.subject] != nil {
            return .hold(
                action, because: .undoneOutside,
                "undone from outside at \(record.undoneAt.map(\.shown).joined(separator: " and ")); find out who else "
                    + "works on it, then 'edgecertctl unhold \(path)'")
        }
        guard let tries = record.tries, tries.action == action.code, tries.object == action.object else { return nil }
        let detail = "try \(tries.count) at \(tries.at.shown): \(tries.message)"
        // It was accepted: asked for again because of a listing from before, it would count as undone from outside.
        if action.isSeenInTraits, record.lastChangeAt == tries.at, draft.looksMayPredate(tries.at) {
            return .wait(because: .retryLater, detail, until: draft.nextLook(for: tries.at + PlanDraft.listingLag))
        }
        let next = tries.at + retryDelay(afterFailures: tries.count)
        guard now < next, now >= tries.at else { return nil }
        if tries.reason == .keyTrouble {
            return Decision(.hold(wouldBe: action), because: .keyTrouble, detail, until: next)
        }
        return .wait(because: .retryLater, detail, until: next)
    }

    // MARK: S6

    private func issuanceName(of action: Action) -> String? {
        switch action {
        case .pack(.order(let wish)): wish.hosts.withoutBranding.key
        case .pack(.restart(let id)): draft.objects[id]?.sighting.traits.name
        case .clientCertificate(.create(let wish, _)): wish.commonName
        case .pack, .clientCertificate: nil
        }
    }

    /// Orders and restarts by name, and orders of the whole daemon (S6).
    private func issuanceLimit(_ action: Action, _ reason: Reason, for subject: Subject) -> Decision? {
        guard action.countsAsIssuance else { return nil }
        let path = subject.path(zoneName: input.zoneName)
        if reason != .renewalDue, !isApproved(subject, .nameLimit), let name = issuanceName(of: action) {
            let counted = input.counts.issuances[name] ?? .init(inADay: 0, inAWeek: 0)
            let (day, week) = (counted.inADay + (issued[name] ?? 0), counted.inAWeek + (issued[name] ?? 0))
            if day >= input.limits.ordersPerNameADay || week >= input.limits.ordersPerNameAWeek {
                return .hold(
                    action, because: .nameLimit,
                    "\(day) orders or restarts in 24 hours, \(week) in 7 days; 'edgecertctl approve \(path)' does one more: "
                        + action.summary)
            }
        }
        let today = input.counts.ordersInADay + ordered
        guard action.effect == .create, today >= input.limits.ordersADay, !isApproved(subject, .daemonLimit) else {
            return nil
        }
        return .hold(
            action, because: .daemonLimit,
            "\(today) orders of the whole daemon in 24 hours; 'edgecertctl approve \(path)' does this one: \(action.summary)"
        )
    }

    // MARK: Quota

    /// How long a zone that was full counts as full, before Cloudflare is asked again.
    static let fullInterval: Duration = .hours(1)

    /// An order that the zone has no room for would be refused; those before it in this plan take their places.
    private func lackOfRoom(for action: Action, _ record: SubjectRecord) -> Decision? {
        guard case .pack(.order(let wish)) = action else { return nil }
        guard let quota = input.packQuota else { return lackedRoom(for: action, record) }
        let used = quota.used.addingReportingOverflow(orderedPacks)
        let findings = Preflight.findings(
            wish, zoneName: input.zoneName, now: now, quota: (quota.allocated, used.overflow ? .max : used.partialValue)
        )
        guard let full = findings.first(where: { $0.code == .quotaUsedUp }) else { return nil }
        let path = record.subject.path(zoneName: input.zoneName)
        return Decision(
            .hold(wouldBe: action), because: .quotaExhausted,
            "\(full.found); \(full.hint); 'edgecertctl unhold \(path)' asks again at once",
            until: now + Self.fullInterval)
    }

    /// What the last answer said holds for a while, so that a full zone is not asked about in every pass.
    private func lackedRoom(for action: Action, _ record: SubjectRecord) -> Decision? {
        guard let last = record.decision, last.reason == .quotaExhausted, case .hold(action) = last.verdict,
            let until = last.until, until > now, until - now <= Self.fullInterval
        else { return nil }
        return Decision(last.verdict, because: last.reason, last.detail, until: until)
    }

    // MARK: S5

    /// A predecessor goes only after its successor has proven itself (S5), or a person has said that it may go first.
    private func unproven(_ action: Action, _ reason: Reason, _ object: ObjectRecord) -> Decision? {
        if reason == .sameHostSetRefused {
            guard !isApproved(object.subject, .sameHostSetRefused) else { return nil }
            return .hold(action, because: .sameHostSetRefused, "no approval for \(action.summary)")
        }
        guard reason == .superseded, object.mayServe || object.clientCertificate != nil else { return nil }
        switch wishes[object.subject] {
        case .pack(let wish):
            let successors = ours(of: object.subject).filter { one in
                one.id != object.id && one.pack.map { wish.isMet(by: $0, zoneName: input.zoneName) } ?? false
            }
            let proof = successors.compactMap { $0.proof(at: now) }.min()
            guard let proof, proof <= draft.lookedAt else {
                return .wait(because: .proving, "\(object.id) stays until then", until: draft.nextLook(for: proof))
            }
            return nil
        case .clientCertificate(let wish):
            let successors = ours(of: object.subject).filter { $0.id != object.id && wish.isMet(by: $0) }
            let proof = successors.compactMap { wish.proof(of: $0, at: now) }.min()
            guard let proof, proof <= now else {
                return .wait(because: .overlapRunning, "\(object.id) stays until then", until: proof)
            }
            return nil
        case nil:
            return .wait(because: .proving, "nothing is wished in place of \(object.id)")
        }
    }

    // MARK: S7

    /// What is wished no more goes in small numbers only (S7).
    private mutating func removalLimit(_ action: Action, _ reason: Reason, for subject: Subject) -> Decision? {
        guard reason == .noLongerWanted, !isApproved(subject, .removalLimit) else { return nil }
        guard let elsewhere = input.unwantedElsewhere else {
            lacksUnwantedElsewhere = true
            return .hold(
                action, because: .removalLimit,
                "what the other zones want no more is not counted yet; would \(action.summary)")
        }
        let removals = self.removals ?? RemovalCount(input, draft, leaving: leaving, elsewhere: elsewhere)
        self.removals = removals
        guard removals.isOver else { return nil }
        let path = subject.path(zoneName: input.zoneName)
        return .hold(
            action, because: .removalLimit,
            "\(removals.summary); if that is meant, 'edgecertctl approve \(path)' does this one: \(action.summary)")
    }

    // MARK: S4

    /// No removal leaves a host without cover that is wished, or was served lately (S4).
    private mutating func uncovering(_ action: Action, _ object: ObjectRecord) -> Decision? {
        guard object.mayServe, object.pack != nil, !object.hasEnded(at: now) else { return nil }
        if isApproved(object.subject, .wouldUncover) { return nil }
        let cover = self.cover ?? Cover(draft.objects.values, wishes: wishes.values, leaving: leaving, now: now)
        self.cover = cover
        let hosts = cover.uncovered(byRemoving: object, after: removed)
        guard !hosts.isEmpty else { return nil }
        let path = object.subject.path(zoneName: input.zoneName)
        return .hold(
            action, because: .wouldUncover,
            "\(hosts.prefix(5).joined(separator: ", "))\(hosts.count > 5 ? " and \(hosts.count - 5) more" : "") would be "
                + "without a certificate; if that is meant, 'edgecertctl approve \(path)' does it: \(action.summary)")
    }
}

func unreadDetail(_ object: ObjectRecord) -> String {
    if object.pack != nil, PackStatus(rawValue: object.sighting.status) != nil {
        return "\(object.id) is listed without hosts that can be read"
    }
    return "\(object.id) has the status '\(object.sighting.status)', which this version does not know"
}
