import Domain
import Planning

/// Changes at Cloudflare that a person asks for: the revocation and the reactivation of a client certificate.
extension Engine {
    /// Sent at once, past the brakes on the daemon's own doings. Never past the mode, never on what is not ours (S2),
    /// and never out of a state that nobody trusts (S17). A revocation is made whatever the clock shows and however
    /// short ago the last change was; a reactivation is not (S10, S11).
    func byPerson(
        _ subject: Subject, _ object: ObjectID?, _ person: String, _ detail: String,
        _ action: (ObjectID) -> ClientCertificateAction
    ) async throws(CommandTrouble) -> CommandReply {
        guard subject.kind == .clientCertificate else {
            throw Self.unfit(
                "wrong-kind", "only client certificates are revoked and reactivated",
                "a pack is removed by taking it out of the settings")
        }
        await takeTurn(subject.zone)
        defer { giveTurn(subject.zone) }
        guard let duty = zones[subject.zone] else { throw Self.noZone(subject) }
        let now = ports.clock.now()
        let state = try reading { () throws(StoreTrouble) in try ports.ledger.state(of: subject.zone, now: now) }
        let certificates = state.objects.filter { $0.subject == subject }
        guard let meant = object ?? Self.meant(by: action, certificates) else {
            throw Self.unfit(
                "no-such-subject", "there is no certificate of ours for \(subject.path(zoneName: duty.name))",
                "'edgecertctl list --all' shows what there is")
        }
        guard certificates.contains(where: { $0.id == meant }) else {
            throw Self.unfit("no-such-object", "it has no such certificate", "'edgecertctl show' lists them")
        }
        let chosen = action(meant)
        if case .reactivate = chosen, let record = certificates.first(where: { $0.id == meant }),
            let wish = duty.wish?.wishes.first(where: { $0.kind == subject.kind && $0.name == subject.name }),
            let later = Self.later(than: record, of: subject, wish, state, duty)
        {
            throw Self.unsafe(
                "outranked", "\(later.id) serves with a later key: \(meant) would be revoked again in its favour",
                "'edgecertctl revoke' \(later.id) first")
        }
        var operation = Operation(
            id: OperationID(at: now, chance: ports.chance.next()), subject: subject, action: .clientCertificate(chosen),
            reason: .personAsked, committedAt: now)
        operation.askedBy = detail.isEmpty ? person : "\(person): \(detail)"
        let input = self.input(for: operation, in: state, duty)
        try await refuse(operation, input)
        try writing { () throws(StoreTrouble) in try commit([.operation(operation)]) }
        let sent = await send(Errand(operation: operation, input: input, duty: duty))
        let settled = planner.settle(operation, sent.outcome, in: state, zoneName: duty.name, now: ports.clock.now())
        try writing { () throws(StoreTrouble) in try commit(settled.changes) }
        tell(settled.news.map { $0.adding(sent.fields) })
        zones[subject.zone]?.due = ports.clock.uptime()
        switch sent.outcome {
        case .accepted: return CommandReply(lines: ["\(chosen.code) of \(meant) was accepted"])
        case .refused(.modeForbids, _, let code, let message):
            throw Self.unsafe(code, message, "set a mode that may: daemon.mode")
        case .refused(_, _, let code, let message), .withheld(_, let code, let message),
            .unanswered(let code, let message):
            throw .trouble(Explanation(code: code, summary: message))
        }
    }

    /// Without an identifier: to revoke, the one that is read from its files, or the newest that is not over; to
    /// reactivate, the newest that was revoked.
    private static func meant(
        by action: (ObjectID) -> ClientCertificateAction, _ certificates: [ObjectRecord]
    ) -> ObjectID? {
        func isOlder(_ left: ObjectRecord, _ right: ObjectRecord) -> Bool {
            (left.deliveredAt ?? .distantPast, left.firstSeen, left.id)
                < (right.deliveredAt ?? .distantPast, right.firstSeen, right.id)
        }
        let fitting = certificates.filter { record in
            let isGoing = record.sighting.stage == .leaving || record.sighting.stage.isOver
            if case .reactivate = action(record.id) { return isGoing }
            return !isGoing
        }
        return (fitting.max(by: isOlder) ?? certificates.max(by: isOlder))?.id
    }

    private func input(for operation: Operation, in state: ZoneState, _ duty: ZoneDuty) -> PlanInput {
        var input = PlanInput(
            zone: operation.subject.zone, zoneName: duty.name, wish: duty.wish, state: state,
            now: operation.committedAt)
        input.limits = settings.limits
        return input
    }

    private func refuse(_ operation: Operation, _ input: PlanInput) async throws(CommandTrouble) {
        if let stateTrouble {
            throw Self.unsafe(
                "state-untrusted", "the state is not trusted: \(stateTrouble)",
                "'edgecertctl approve --state' trusts it")
        }
        if let objection = planner.objection(to: operation, in: input) {
            throw Self.unsafe(
                objection.reason == .discovered ? "not-ours" : objection.reason.rawValue, objection.detail,
                "only what was ordered or adopted is changed; 'edgecertctl adopt' takes it over if its key is here")
        }
        guard case .clientCertificate(.reactivate) = operation.action else { return }
        if let skew = await skew() {
            throw Self.unsafe(
                Reason.clockSkewed.rawValue, "the clock is \(skew.wholeSeconds) s off Cloudflare's",
                "set the clock first")
        }
        let last = input.state.subjects.first { $0.subject == operation.subject }?.lastChangeAt
        if let last, (operation.committedAt - last) < .seconds(60), last <= operation.committedAt {
            throw Self.unsafe(
                Reason.changedRecently.rawValue,
                "\(operation.subject.path(zoneName: input.zoneName)) was changed at \(last.shown), less than a minute ago",
                "ask again in a minute")
        }
    }
}
