import Domain

/// What is wrong just now, derived from the records and the clock: raised and cleared by the same predicate.
struct Conditions {
    struct Finding {
        var scope: Episode.Scope
        var condition: Episode.Condition
        var detail: String
        var priority: News.Priority
    }

    /// The conditions that a plan raises and resolves; the others are the engine's.
    static let subjectConditions: Set<Episode.Condition> = [
        .overdue, .stalled, .held, .expiring, .expired, .renewalOverdue, .uncovered, .commandFailed, .keyTrouble,
        .failing, .statusUnread, .suspended,
    ]
    /// A change that failed this often in a row, over three minutes at least, is more than a hiccup.
    static let failuresToTell = 3
    static let zoneConditions: Set<Episode.Condition> = [.suspended, .zoneUnseen]
    /// Those that a wrong clock would raise or clear.
    static let clockConditions: Set<Episode.Condition> = [
        .overdue, .expiring, .expired, .renewalOverdue, .uncovered, .suspended, .zoneUnseen,
    ]

    let input: PlanInput
    let draft: PlanDraft
    private var now: Timestamp { input.now }

    init(_ draft: PlanDraft, _ input: PlanInput) { (self.draft, self.input) = (draft, input) }

    func findings() -> [Finding] {
        let isManaged = input.wish != nil
        var cover: Cover?
        var findings: [Finding] = []
        for standing in draft.standings {
            let (subject, wish) = (standing.subject, standing.wish)
            let present = standing.things.only { !$0.stage.isOver }
            if let unread = present.filter({ $0.stage == .unread }).min(by: isOlder) {
                findings.append(finding(subject, .statusUnread, unreadDetail(unread), .warning))
            }
            let ours = present.only { $0.isOurs }
            guard !ours.isEmpty || wish != nil, isManaged else { continue }
            let record = draft.record(of: standing)
            findings += stages(of: ours, subject)
            findings += troubles(of: record)
            if let decision = record.decision, decision.isHeld, decision.reason == .statusUnread,
                !findings.contains(where: { $0.scope == .subject(subject) && $0.condition == .statusUnread })
            {
                findings.append(finding(subject, .statusUnread, decision.detail, .warning))
            }
            guard let wish, !record.isReleased else { continue }
            findings += ends(of: ours, subject, wish)
            if let detail = uncovered(wish, ours, record, &cover) {
                findings.append(finding(subject, .uncovered, detail, .error))
            }
        }
        return findings + suspensions() + unseen()
    }

    // MARK: Of a subject

    private func stages(of ours: [ObjectRecord], _ subject: Subject) -> [Finding] {
        var findings: [Finding] = []
        if let late = ours.filter({ isOverdue($0) }).min(by: isOlder) {
            findings.append(
                finding(
                    subject, .overdue,
                    "\(late.id) is \(late.sighting.status) since \(late.since.shown)"
                        + errors(of: late) + publication(late), .warning))
        }
        if let stalled = ours.filter({ $0.stage.isStalled }).min(by: isOlder) {
            findings.append(
                finding(
                    subject, .stalled,
                    "\(stalled.id) is \(stalled.sighting.status)\(errors(of: stalled))\(publication(stalled))", .warning
                ))
        }
        return findings
    }

    /// What a person has to publish, where a validation waits for it.
    private func publication(_ record: ObjectRecord) -> String {
        let count = record.recordsAwaited
        guard count > 0 else { return "" }
        let path = record.subject.path(zoneName: input.zoneName)
        return
            "; 'edgecertctl records \(path)' lists what has to be published (\(counted(count, "record")))"
    }

    private func errors(of record: ObjectRecord) -> String {
        guard let errors = record.pack?.validationErrors, !errors.isEmpty else { return "" }
        return ": \(errors.prefix(3).joined(separator: "; "))"
    }

    func isOverdue(_ record: ObjectRecord) -> Bool {
        guard record.missingSince == nil, let deadline = input.deadlines.deadline(of: record) else { return false }
        return draft.lookedAt - record.since > deadline
    }

    private func troubles(of record: SubjectRecord) -> [Finding] {
        var findings: [Finding] = []
        if let decision = record.decision, decision.isHeld, !Self.hasItsOwn(decision.reason) {
            findings.append(
                finding(record.subject, .held, "\(decision.reason.rawValue): \(decision.detail)", .warning))
        }
        guard let tries = record.tries else { return findings }
        let detail = "try \(tries.count) at \(tries.at.shown): \(tries.message)"
        if tries.reason == .keyTrouble {
            findings.append(finding(record.subject, .keyTrouble, detail, .error))
        } else if tries.action == ClientCertificateAction.runCommand(ObjectID(""), generation: 0).code {
            findings.append(finding(record.subject, .commandFailed, detail, .error))
        } else if [.retryLater, .sameHostSetRefused].contains(tries.reason), tries.count >= Self.failuresToTell {
            findings.append(finding(record.subject, .failing, "\(tries.action): \(detail)", .error))
        }
        return findings
    }

    /// Holds that another condition tells of.
    private static func hasItsOwn(_ reason: Reason) -> Bool {
        [.statusUnread, .keyTrouble, .stateUntrusted].contains(reason)
    }

    /// The end of what serves for the subject: of several the first that no other one takes the place of.
    private func ends(of ours: [ObjectRecord], _ subject: Subject, _ wish: Wish) -> [Finding] {
        let alive = ours.only { record in
            switch record.stage {
            case .serving, .underway, .holding, .stalled, .expired: record.removedFor == nil && record.notAfter != nil
            default: false
            }
        }
        let isAlone = alive.count == 1 && alive.allSatisfy { wish.isMet(by: $0, zoneName: input.zoneName) }
        let last = isAlone ? alive : alive.only { !draft.isOutlasted($0) }
        guard let first = last.min(by: { ($0.notAfter ?? .distantPast, $0.id) < ($1.notAfter ?? .distantPast, $1.id) }),
            let notAfter = first.notAfter
        else { return [] }
        let end = { "\(first.id) ends at \(notAfter.shown)" }
        if notAfter <= now || first.stage == .expired {
            return [finding(subject, .expired, "\(first.id) ended at \(notAfter.shown)", .critical)]
        }
        var findings: [Finding] = []
        let renewal = CloudflareRenewal(of: first)
        if let renewal, renewal.isDueBy <= now {
            let records = first.pack?.validationRecords.count ?? 0
            let hint =
                records == 0
                ? "" : "; \(records) validation records have to be published, 'edgecertctl records' lists them"
            findings.append(finding(subject, .renewalOverdue, end() + hint + errors(of: first), .error))
        }
        // Below this nothing renews it any more: Cloudflare gives up a day before the end.
        let start = renewal == nil ? ladderStart(first, wish) : .days(1)
        if notAfter - now <= start { findings.append(finding(subject, .expiring, end(), .warning)) }
        return findings
    }

    /// What we renew is late once the lead has passed.
    private func ladderStart(_ record: ObjectRecord, _ wish: Wish) -> Duration {
        min(ExpiryRung.days28.remaining, ExpiryLadder.quiet(for: record, wish, input.lookEvery))
    }

    /// Wished, served before or stuck, and nothing valid serves for it now. nil while all is covered.
    private func uncovered(
        _ wish: Wish, _ ours: [ObjectRecord], _ record: SubjectRecord, _ cover: inout Cover?
    ) -> String? {
        // What one listing lacked is not gone (S1): it serves until a second one agrees.
        let isServed = ours.contains { $0.isValid(at: now) && wish.isMet(by: $0, zoneName: input.zoneName) }
        guard !isServed else { return nil }
        // A renewal at Cloudflare goes through the stages of a new order while the old certificate serves on.
        let isRenewing = ours.contains {
            $0.stage.isMoving && $0.stage != .leaving && $0.lastServedAt != nil && !$0.hasEnded(at: now)
        }
        let everServed = (draft.bySubject[record.subject] ?? []).contains { $0.lastServedAt != nil }
        // While the state is not trusted nothing is ours yet, whatever serves at Cloudflare.
        let isHeld = record.decision.map { $0.isHeld && $0.reason != .stateUntrusted } ?? false
        guard !isRenewing, everServed || isHeld else { return nil }
        switch wish {
        case .clientCertificate(let wish):
            guard !ours.contains(where: { $0.isValid(at: now) && $0.removedFor == nil }) else { return nil }
            return "no valid certificate for \(wish.commonName)"
        case .pack(let wish):
            let known = cover ?? Cover(draft.objects.values, wishes: [], leaving: [], now: now - Cover.leastLife)
            cover = known
            let hosts = wish.hosts.names.filter { !known.isCovered($0) }
            return hosts.isEmpty ? nil : "nothing serves for \(hosts.prefix(5).joined(separator: ", "))"
        }
    }

    // MARK: Of the zone

    /// A suspension that lasts, or is about to end, is told, so that none is forgotten.
    private func suspensions() -> [Finding] {
        input.state.suspensions.filter { $0.until > now && (now - $0.at >= .days(1) || $0.until - now <= .hours(1)) }
            .compactMap { suspension in
                let detail = "by \(suspension.by) until \(suspension.until.shown): \(suspension.reason)"
                switch suspension.scope {
                case .all: return nil
                case .zone(let zone):
                    return Finding(scope: .zone(zone), condition: .suspended, detail: detail, priority: .notice)
                case .subject(let subject): return finding(subject, .suspended, detail, .notice)
                }
            }
    }

    /// A zone that was not seen completely for three of its intervals (S16).
    private func unseen() -> [Finding] {
        guard input.wish != nil, !input.looks.isEmpty else { return [] }
        let troubles = input.looks.sorted { $0.key < $1.key }.compactMap { _, look -> String? in
            guard case .unseen(let code, let summary) = look else { return nil }
            return "\(summary) (\(code))"
        }
        guard let trouble = troubles.first else { return [] }
        // Never seen: since it was first waited for.
        let waiting = draft.subjects.values.filter { $0.decision?.reason == .notSeen }.compactMap(\.decidedSince).min()
        guard let since = input.state.zone?.lastCompleteLook ?? waiting, now - since > input.lookEvery * 3 else {
            return []
        }
        return [
            Finding(
                scope: .zone(input.zone), condition: .zoneUnseen, detail: "not seen since \(since.shown): \(trouble)",
                priority: .warning)
        ]
    }

    private func finding(
        _ subject: Subject, _ condition: Episode.Condition, _ detail: String, _ priority: News.Priority
    ) -> Finding {
        Finding(scope: .subject(subject), condition: condition, detail: detail, priority: priority)
    }
}

extension DeadlineSettings {
    /// How long the stage of a thing may last before it is overdue; nil where it may last.
    func deadline(of record: ObjectRecord) -> Duration? {
        switch record.stage {
        case .underway(.start): initializing
        case .underway(.validation): min(validation, record.tokenLife - .days(1))
        case .underway(.issuance): issuance
        case .underway(.deployment): deployment
        case .underway(.deletion), .underway(.revocation), .underway(.reactivation), .leaving: removal
        case .stalled, .holding, .serving, .standby, .retiring, .inactive, .expired, .revoked, .gone, .unread: nil
        }
    }
}

extension ObjectRecord {
    /// How long validation tokens live: 7 days at Let's Encrypt, 14 at the others. The authority does not know them after.
    ///
    /// - SeeAlso: <https://developers.cloudflare.com/ssl/reference/certificate-authorities/>, as of 2026-11.
    fileprivate var tokenLife: Duration {
        pack?.authority == CertificateAuthority.letsEncrypt.rawValue ? .days(7) : .days(14)
    }
}
