import Domain

/// When a zone is looked at again: never in the past, at the latest when a settled zone is.
struct Schedule {
    /// How soon after a change was sent its first effect is looked for.
    static let afterChange: Duration = .seconds(15)
    /// What moves in a kind that cannot be seen is tried to be seen at least this often, however long that has failed.
    static let unseenMotion: Duration = .minutes(15)

    let input: PlanInput
    let draft: PlanDraft
    private var now: Timestamp { input.now }

    init(_ draft: PlanDraft, _ input: PlanInput) { (self.draft, self.input) = (draft, input) }

    func nextLook(after entries: [Plan.Entry]) -> Timestamp {
        let interval = max(input.lookEvery, .seconds(1))
        var soonest = settled(interval)
        /// What a look alone can settle is not looked for more often than the effect of a change is, however long it
        /// stays unsettled, and no sooner than a kind that could not be seen is tried again.
        func consider(_ moment: Timestamp, _ kind: SubjectKind, notBefore floor: Duration = Self.afterChange) {
            let isUnseen = input.looks[kind]?.isUnseen ?? false
            let wait = isUnseen ? min(retry(from: Self.afterChange), Self.unseenMotion) : .zero
            soonest = min(soonest, max(moment, now + max(floor, wait)))
        }
        for record in draft.objects.values where record.isOurs {
            let kind = record.sighting.kind
            if let delay = delay(for: record) { consider(now + delay, kind) }
            if let due = renewal(of: record), due > now { consider(due, kind) }
            if let since = record.missingSince { consider(since + input.proofDistance, kind) }
        }
        for operation in draft.operations { consider(look(for: operation), operation.subject.kind) }
        for entry in entries {
            let kind = entry.subject.kind
            if let action = entry.decision.action, action.effect != .local { consider(now + Self.afterChange, kind) }
            if let until = entry.decision.until, until > now { consider(until, kind, notBefore: .seconds(1)) }
        }
        if input.looks.values.contains(where: \.isUnseen) { soonest = min(soonest, now + retry(from: .seconds(60))) }
        return soonest
    }

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
        return now + .milliseconds(period - place)
    }

    /// FNV-1a, 64 bits: the same on every machine and in every run.
    static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }

    /// The time until the next look at a thing that moves; nil for what does not.
    private func delay(for record: ObjectRecord) -> Duration? {
        let age = max(now - record.since, .zero)
        // Its removal was accepted, and no listing shows it yet.
        if record.removedFor != nil, !record.stage.isOver, record.stage != .leaving { return .seconds(60) }
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
        guard case .open(let lackedSince?) = operation.state, lackedSince <= now else { return now + Self.afterChange }
        return lackedSince + PlanDraft.lossProof
    }

    /// A look that failed is made again after `first`, and ever more slowly the longer it fails: a refused token must not
    /// use up the budget of the zones that it is not refused for. Time that went by without a try does not count.
    private func retry(from first: Duration) -> Duration { max(first, input.failingFor / 2) }
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
