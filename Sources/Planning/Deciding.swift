import Domain

/// One decision about every subject of the zone, in their order.
struct Deciding {
    private let input: PlanInput
    private let draft: PlanDraft
    private let open: [Subject: Operation]
    private let approvals: [Approval]

    init(_ draft: PlanDraft, _ input: PlanInput) {
        (self.draft, self.input, approvals) = (draft, input, draft.liveApprovals)
        open = Dictionary(draft.operations.map { ($0.subject, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// - Returns: Also whether something would go if what is unwanted elsewhere had been counted, and allowed it.
    func entries() -> (entries: [Plan.Entry], lacksUnwantedElsewhere: Bool) {
        lazy var gate = Gate(draft, input)  // put up for the first decision that acts: in a zone at rest none does
        let surroundings = Surroundings(draft, input)
        var (entries, lacksUnwantedElsewhere) = ([Plan.Entry](), false)
        entries.reserveCapacity(draft.standings.count)
        for standing in draft.standings {
            let subject = standing.subject
            guard let proposals = proposals(for: standing, surroundings) else { continue }
            let decision: Decision
            if let first = proposals.first, first.action == nil, !first.isHeld {
                decision = first
            } else {
                decision = gate.pass(proposals, for: subject)
                lacksUnwantedElsewhere = gate.lacksUnwantedElsewhere
            }
            if case .pack(.adopt(let id))? = decision.action { surroundings.claimed.insert(id) }
            if case .clientCertificate(.adopt(let id))? = decision.action { surroundings.claimed.insert(id) }
            entries.append(.init(subject: subject, decision: decision))
        }
        return (entries, lacksUnwantedElsewhere)
    }

    /// nil for a subject of which nothing is left, when that is written down already.
    private func proposals(for standing: PlanDraft.Standing, _ surroundings: Surroundings) -> [Decision]? {
        let (subject, all) = (standing.subject, standing.things)
        let record = draft.record(of: standing)
        let ours = all.only { $0.isOurs }
        let present = ours.only { !$0.stage.isOver }
        guard let wish = standing.wish else {
            return unwished(subject, record, present, isThere: all.contains { !$0.stage.isOver })
        }
        if record.isReleased { return [.rest(because: .released)] }
        if let obstacle = sight(of: subject) { return [obstacle] }
        let approved = Set(approvals.lazy.filter { $0.subject == subject }.map { $0.reason })
        let scene = Scene(
            zoneName: input.zoneName, now: input.now, approved: approved, surroundings: surroundings)
        switch wish {
        case .pack(let wish):
            return PackDecider(wish: wish, subject: subject, record: record, own: present, scene: scene).proposals()
        case .clientCertificate(let wish):
            return ClientCertificateDecider(wish: wish, subject: subject, record: record, all: ours, scene: scene)
                .proposals()
        }
    }

    /// Why nothing can be said about a subject just now; nil when it was seen and nothing is open (S1, S3).
    private func sight(of subject: Subject) -> Decision? {
        switch input.looks[subject.kind] {
        case .complete: break
        case .unseen(let code, let summary)?: return .wait(because: .notSeen, "\(summary) (\(code))")
        case nil: return .wait(because: .notSeen, "not looked at")
        }
        return open[subject].map { operation in
            .wait(because: .operationOpen, "\(operation.id): \(operation.action.summary)")
        }
    }

    // MARK: Not wished

    private func unwished(
        _ subject: Subject, _ record: SubjectRecord, _ present: [ObjectRecord], isThere: Bool
    ) -> [Decision]? {
        if record.isReleased, isThere { return [.rest(because: .released)] }
        guard !present.isEmpty else {
            if isThere { return [.rest(because: .discovered)] }
            let over = Decision.rest(because: .asWanted, "nothing is left of it")
            let isSaid = record.decision?.detail == over.detail || !draft.subjects.contains(subject)
            return isSaid ? nil : [over]
        }
        guard input.wish != nil else { return [.rest(because: .notManaged)] }
        return sight(of: subject).map { [$0] } ?? unwanted(present, record)
    }

    /// What is ours and wished no more is removed, under S4, S7 and S10.
    private func unwanted(_ present: [ObjectRecord], _ record: SubjectRecord) -> [Decision] {
        if let lost = present.first(where: { $0.missingSince != nil }) {
            return [.wait(because: lost.lossReason, "\(lost.id) is missing from a listing, which proves nothing yet")]
        }
        let isRecent = draft.looksMayPredate(record.lastChangeAt)
        let removable = present.filter { object in
            switch object.stage {
            case .leaving, .unread: false
            case .stalled(.deletion): true
            default: object.removedFor == nil || !isRecent
            }
        }
        let removals = removable.sorted {
            ($0.mayServe ? 1 : 0, $0.firstSeen, $0.id) < ($1.mayServe ? 1 : 0, $1.firstSeen, $1.id)
        }
        if !removals.isEmpty { return removals.map(removal) }
        if let unread = present.first(where: { $0.stage == .unread }) {
            return [.hold(because: .statusUnread, unreadDetail(unread))]
        }
        return [.wait(because: .providerRemoving)]
    }

    private func removal(_ object: ObjectRecord) -> Decision {
        let reason: Reason = object.stage == .stalled(.deletion) ? .removalStalled : .noLongerWanted
        switch object.sighting.traits {
        case .pack: return .act(.pack(.delete(object.id)), because: reason)
        case .clientCertificate: return .act(.clientCertificate(.revoke(object.id)), because: reason)
        }
    }
}

extension ObjectRecord {
    /// Why a thing that a listing lacks is waited for: it is going because we had it removed, or nobody knows why.
    var lossReason: Reason { removedFor == nil ? .absenceUnproven : .providerRemoving }
}
