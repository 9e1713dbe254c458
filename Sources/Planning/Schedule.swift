import Domain

/// When a zone is looked at again: never in the past, at the latest when a settled zone is.
struct Schedule {
    /// How soon after a change was sent its first effect is looked for.
    static let afterChange: Duration = .seconds(15)
    /// What is overdue, or waits in a kind that cannot be seen, is looked for at least this often, however long that was in
    /// vain.
    static let atLeast: Duration = .minutes(15)

    let input: PlanInput
    let draft: PlanDraft
    private var now: Timestamp { input.now }

    init(_ draft: PlanDraft, _ input: PlanInput) { (self.draft, self.input) = (draft, input) }

    func nextLook(after entries: [Plan.Entry]) -> Timestamp {
        let interval = max(input.lookEvery, .seconds(1))
        var soonest = settled(interval)
        /// What a look alone can settle is not looked for more often than the effect of a change is, and ever less often
        /// the longer it stays unsettled; no sooner than a kind that could not be seen is tried again.
        func consider(_ moment: Timestamp, _ kind: SubjectKind, notBefore floor: Duration = Self.afterChange) {
            var wait = max(floor, min((now - moment) / 8, Self.atLeast))
            if isUnseen(kind) { wait = max(wait, min(retry(kind, from: Self.afterChange), Self.atLeast)) }
            soonest = min(soonest, max(moment, now + wait))
        }
        for record in draft.objects.values where record.isOurs {
            let kind = record.sighting.kind
            if let delay = delay(for: record) { consider(now + delay, kind) }
            if let due = renewal(of: record), due > now || isUnseen(kind) { consider(due, kind) }
            if let since = record.missingSince { consider(draft.byOurClock(since) + input.proofDistance, kind) }
        }
        for rung in draft.nextRungs(input.lookEvery) { consider(rung.at, rung.kind) }
        for operation in draft.operations { consider(look(for: operation), operation.subject.kind) }
        for entry in entries {
            let kind = entry.subject.kind
            if let action = entry.decision.action, action.effect != .local { consider(now + Self.afterChange, kind) }
            if let until = entry.decision.until, until > now { consider(until, kind, notBefore: .seconds(1)) }
        }
        for kind in input.looks.keys where isUnseen(kind) {
            // What would have been decided at a time that was set before.
            for record in input.state.subjects where record.subject.kind == kind {
                if let until = record.decision?.until { consider(until, kind) }
            }
            soonest = min(soonest, now + retry(kind, from: .seconds(60)))
        }
        return soonest
    }

    private func isUnseen(_ kind: SubjectKind) -> Bool { input.looks[kind]?.isUnseen ?? false }

    /// When a certificate is to be renewed by us: a life that is short does not wait for an interval that is long.
    private func renewal(of record: ObjectRecord) -> Timestamp? {
        guard record.sighting.kind == .clientCertificate, record.stage == .serving, record.removedFor == nil,
            case .clientCertificate(let wish)? = draft.wishes[record.subject],
            let traits = record.clientCertificate, let notAfter = traits.notAfter
        else { return nil }
        return notAfter - wish.renewalLead(of: traits)
    }

    /// The zone's own place in the interval, by its identifier: a restart does not bring a herd.
    private func settled(_ interval: Duration) -> Timestamp {
        let period = max(interval.wholeMilliseconds, 1000)
        let phase = Int64(Self.hash(input.zone.text) % UInt64(period))
        let place = ((now.unixMilliseconds - phase) % period + period) % period
        let left = period - place
        // A clock that was set back a little since the look was put in its place is no reason to look twice.
        return now + .milliseconds(left < min(period / 8, Self.slack) ? period : left)
    }

    /// In milliseconds.
    private static let slack: Int64 = 5000

    /// FNV-1a, 64 bits: the same on every machine and in every run.
    static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }

    /// The time until the next look at a thing that moves; nil for what does not.
    private func delay(for record: ObjectRecord) -> Duration? {
        let age = max(now - record.since, .zero)
        // Its removal was accepted, and no listing shows it yet.
        if record.removedFor != nil, !record.stage.isOver, record.stage != .leaving {
            let asked = draft.record(of: record.subject).lastChangeAt ?? record.since
            return max(.seconds(60), (now - asked) / 10)
        }
        switch record.stage {
        case .underway(.validation): return ValidationChecks.next(after: age) - age
        case .underway(.deployment), .underway(.start), .underway(.issuance), .underway(.reactivation):
            return min(max(.seconds(15), age / 8), age < .hours(1) ? .seconds(60) : age / 10)
        case .leaving, .underway(.deletion), .underway(.revocation): return max(.seconds(60), age / 10)
        case .stalled, .holding, .serving, .standby, .retiring, .inactive, .expired, .revoked, .gone, .unread:
            return nil
        }
    }

    /// Soon for the first listing that may show it, and after ten minutes for the one that proves its loss (S3).
    private func look(for operation: Operation) -> Timestamp {
        guard case .open(let lackedSince?) = operation.state, lackedSince <= draft.trueNow else {
            return min(operation.committedAt, now) + Self.afterChange
        }
        return draft.byOurClock(lackedSince) + PlanDraft.lossProof
    }

    /// A look that failed is made again after `first`, and half as long again after each that fails as well: a refused
    /// token must not use up the budget of the zones that it is not refused for. Counted in looks and not in time, so that
    /// one that fails after a long sleep, or the end of a block, is not taken for the last of many.
    private func retry(_ kind: SubjectKind, from first: Duration) -> Duration {
        var wait = first
        for _ in 1..<min(max(input.failures[kind] ?? 1, 1), 30) { wait = wait * 3 / 2 }
        return wait
    }
}

/// When Cloudflare checks a validation again: ten times about every minute or more, then ever more slowly up to 4 hours.
///
/// - SeeAlso: <https://developers.cloudflare.com/ssl/edge-certificates/changing-dcv-method/validation-backoff-schedule/>,
///   as of 2026-11: the page's table, which its formula does not match.
enum ValidationChecks {
    /// The time that a check may take before a look can show what came of it.
    private static let answer: Duration = .seconds(3)

    /// The time since the start of a validation at which the first look after `age` is worth while.
    static func next(after age: Duration) -> Duration {
        var moment: Duration = .zero
        for delay in delays {
            moment += .seconds(delay)
            if moment + answer > age { return moment + answer }
        }
        let past = max((age - moment - answer).wholeSeconds, 0)
        return moment + answer + .seconds((past / last + 1) * last)
    }

    private static let last: Int64 = 14_400
    private static let delays: [Int64] = {
        let first: [Int64] = [60, 63, 66, 69, 72, 76, 80, 84, 88, 93]
        var power = 1.0
        var table = first
        for retry in 1..<40 {
            power *= 1.15
            if retry >= 10 { table.append(min(Int64(60 * power), last)) }
        }
        return table
    }()
}

extension Look {
    var isUnseen: Bool {
        guard case .unseen = self else { return false }
        return true
    }
}
