import Domain

/// Operations that nobody answered: one intention makes at most one order (S3).
extension PlanDraft {
    /// Two complete listings that lack what an operation should have made prove only this far apart that it made nothing.
    static let lossProof: Duration = .minutes(10)

    private enum Trace {
        case found(ObjectID?)
        /// Something is there that may be it, and does not say enough of itself.
        case unclear
        case lacking
    }

    mutating func recover(_ input: PlanInput) {
        for operation in operations.sorted(by: { ($0.committedAt, $0.id) < ($1.committedAt, $1.id) }) {
            guard case .open(let lackedSince) = operation.state,
                case .complete(_, let scope)? = input.looks[operation.subject.kind],
                operation.committedAt < input.lookedAt ?? .distantFuture || operation.committedAt > now
            else { continue }
            switch trace(of: operation) {
            case .found(let object): accept(operation, object, nil)
            case .unclear: continue
            // What was revoked since is missing by rights from the list of what can still change.
            case .lacking where operation.action.effect == .create && scope == .changeable: continue
            case .lacking: lack(operation, since: lackedSince, input)
            }
        }
    }

    private mutating func lack(_ operation: Operation, since: Timestamp?, _ input: PlanInput) {
        // At Cloudflare's time: set right, a clock would make a proof of two looks that were seconds apart.
        guard let since, since <= trueNow else {
            var open = operation
            open.state = .open(lackedSince: trueNow)
            return keep(open)
        }
        guard lookedAt - since >= Self.lossProof, isClockTrusted else { return }  // from look to look
        resolve(operation, as: .lost(at: now))
        write(
            Transition(
                subject: operation.subject, object: operation.action.object, at: now, event: .operationLost,
                reason: operation.reason, operation: operation.id,
                detail: "\(operation.action.code): no trace of it in two complete listings"), of: operation.action,
            as: .warning)
    }

    private func trace(of operation: Operation) -> Trace {
        switch operation.action {
        case .pack(.order(let wish)):
            return made(by: operation) { record in
                record.pack.map { wish.mayHaveMade($0, zoneName: zoneName) } ?? false
            }
        case .clientCertificate(.create(let wish, _)):
            let found = made(by: operation) { $0.clientCertificate?.requestDER == operation.request?.der }
            guard case .lacking = found else { return found }
            let unsigned = made(by: operation) { record in
                record.clientCertificate.map { $0.requestDER == nil && wish.isMet(by: $0) } ?? false
            }
            if case .found = unsigned { return .unclear }
            return .lacking
        case .pack(let action): return changed(action.object, by: operation.action)
        case .clientCertificate(let action): return changed(action.object, by: operation.action)
        }
    }

    /// What is outside of the operation's baseline, nobody's yet, and fits.
    private func made(by operation: Operation, where fits: (ObjectRecord) -> Bool) -> Trace {
        let found = objects.values.filter { record in
            record.sighting.kind == operation.subject.kind && !record.isOurs && record.missingSince == nil
                && record.stage != .gone && !operation.baseline.contains(record.id) && fits(record)
        }
        return found.min(by: isOlder).map { .found($0.id) } ?? .lacking
    }

    /// Whether a change or a removal can be seen to have been made.
    private func changed(_ id: ObjectID?, by action: Action) -> Trace {
        guard let id, let record = objects[id] else { return .lacking }
        // Missing from one listing: it may well be gone, which the next one tells. That is no sign that nothing was made.
        if record.missingSince != nil { return .unclear }
        // Neither is a status that cannot be read.
        if record.stage == .unread { return .unclear }
        let stage = record.stage
        let isDone: Bool
        switch action {
        case .pack(.delete), .clientCertificate(.revoke): isDone = stage.isDeparting
        case .pack(.restart): isDone = !stage.isStalled && !stage.isOver
        case .pack(.recheck(_, let method)): isDone = record.pack?.method == method.rawValue
        case .pack(.setBranding(_, let branding)): isDone = record.pack?.branding == branding
        case .clientCertificate(.reactivate): isDone = stage == .serving || stage == .underway(.reactivation)
        case .pack, .clientCertificate: isDone = true  // what is done here leaves nothing open
        }
        return isDone ? .found(id) : .lacking
    }
}

extension Operation {
    func isCreation(of kind: SubjectKind) -> Bool { subject.kind == kind && action.effect == .create }
}

extension Stage {
    var isStalled: Bool {
        guard case .stalled = self else { return false }
        return true
    }
}
