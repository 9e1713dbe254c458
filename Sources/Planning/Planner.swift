import Domain

/// Turns what is wanted, what was seen and what is remembered into a ``Plan``. No clock, no chance, no I/O.
///
/// The steps, each in a file of its own: what was seen is folded into what is known (`Fold`), open operations are
/// resolved (`Recovery`), things are bound to wishes (`Binding`), what went without our doing is counted (`Undoing`), each
/// subject is decided about (`PackDecider`, `ClientCertificateDecider`), what would act passes the brakes (`Gate`), and
/// what is new is written down and told (`Recording`, `ExpiryLadder`, `Conditions`). `Schedule` says when to look again.
public struct Planner: Sendable {
    public init() {}

    /// Equal inputs give equal plans, whatever the order of what was listed. Planning again without anything new changes
    /// nothing.
    public func plan(_ input: PlanInput) -> Plan {
        var draft = PlanDraft(input)
        draft.fold(input)
        draft.lapseApprovals()
        draft.recover(input)
        draft.bind(input)
        draft.countUndoings()
        draft.group()
        let (entries, lacksUnwantedElsewhere) = Deciding(draft, input).entries()
        draft.endApprovals(entries, input)
        draft.record(entries, input)
        draft.climbExpiryLadder(input)
        draft.keepEpisodes(input)
        return Plan(
            entries: entries, changes: draft.changes, news: draft.news, state: draft.state, doubtful: draft.doubtful,
            lacksUnwantedElsewhere: lacksUnwantedElsewhere, nextLook: Schedule(draft, input).nextLook(after: entries))
    }

    /// The host sets and common names whose issuances have to be counted before a plan is made (S6).
    public static func namesToCount(_ wish: ZoneWish?, _ state: ZoneState) -> Set<String> {
        let wished = (wish?.wishes ?? []).map { wish in
            switch wish {
            case .pack(let wish): wish.hosts.withoutBranding.key
            case .clientCertificate(let wish): wish.commonName
            }
        }
        // A restart goes by the hosts of the pack, to which Cloudflare may have added the apex.
        return Set(wished).union(state.objects.lazy.filter(\.isOurs).map(\.sighting.traits.name))
    }

    /// What stands against sending one operation at this very moment; nil when nothing does.
    ///
    /// Asked of the newest state and clock: whether the thing is ours (S2), what would be left without cover (S4),
    /// whether the successor has proven itself (S5), how much goes at once (S7), how long ago the last change was (S10),
    /// and the clock (S11). `input.counts` are those that the plan was made with: this operation is not among them. What
    /// a person asked for is held up by S2 alone.
    public func objection(to operation: Operation, in input: PlanInput) -> Decision? {
        var draft = PlanDraft(input)
        draft.group()
        var gate = Gate(draft, input, besides: operation)
        if operation.askedBy != nil || operation.reason == .personAsked {
            return gate.strangeness(of: operation.action, for: operation.subject)
        }
        return gate.objection(to: operation.action, operation.reason, for: operation.subject, isSending: true)
    }

    /// What is to be written and told once an operation has its outcome. What is done on this machine (adoption,
    /// delivery, the command) comes here too, as an operation that is never written itself.
    ///
    /// An approval is used up here, when what it allowed was accepted; or by ``plan(_:)``, when the looks show that.
    public func settle(
        _ operation: Operation, _ outcome: SendOutcome, in state: ZoneState, zoneName: String, now: Timestamp
    ) -> (changes: [Change], news: [News], state: ZoneState) {
        var draft = PlanDraft(state, zone: operation.subject.zone, zoneName: zoneName, now: now)
        switch outcome {
        case .accepted(let object, let sighting): draft.accept(operation, object, sighting)
        case .refused(let reason, let lasting, let code, let message):
            draft.refuse(operation, reason, lasting: lasting, code: code, message: message)
        case .withheld(let reason, let code, let message):
            draft.withhold(operation, reason, code: code, message: message)
        case .unanswered(let code, let message): draft.leaveOpen(operation, code: code, message: message)
        }
        return (draft.changes, draft.news, draft.state)
    }
}
