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
            switch trace(of: operation, input) {
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
        // A try like one that was refused: what is lost time and again is sent ever less often, and told as failing.
        let isNews = !record(of: operation.subject).hasFailed(operation.action)
        change(operation.subject) { record in
            record.noteTry(
                of: operation.action, reason: .retryLater, message: "nobody answered, and no trace of it came",
                at: operation.committedAt)
        }
        write(
            Transition(
                subject: operation.subject, object: operation.action.object, at: now, event: .operationLost,
                reason: operation.reason, operation: operation.id,
                detail: "\(operation.action.code): no trace of it in two complete listings"), of: operation.action,
            as: .warning, isTold: isNews)
    }

    private func trace(of operation: Operation, _ input: PlanInput) -> Trace {
        switch operation.action {
        case .pack(.order), .clientCertificate(.create):
            return made(by: operation, input.keysInHand[operation.subject] ?? [:])
        case .pack(let action): return changed(action.object, by: operation.action)
        case .clientCertificate(let action): return changed(action.object, by: operation.action)
        }
    }

    private func made(by operation: Operation, _ keysInHand: [ObjectID: Int]) -> Trace {
        var made: ObjectRecord?
        var isUnclear = false
        for record in objects.values where !record.isOurs && record.missingSince == nil {
            switch likeness(of: record.sighting, to: operation) {
            case .none: continue
            case .unsaid where keysInHand[record.id].map({ !operation.action.makes(generation: $0) }) ?? true:
                isUnclear = true
            // Another of the same request that is over may hide the one that is not listed yet.
            case .its where record.stage.isOver && looksMayPredate(operation.committedAt): isUnclear = true
            case .unsaid, .its: if made.map({ isLikelier(record, $0) }) ?? true { made = record }
            }
        }
        return made.map { .found($0.id) } ?? (isUnclear ? .unclear : .lacking)
    }

    /// What still counts before what is over, then the older.
    private func isLikelier(_ left: ObjectRecord, _ right: ObjectRecord) -> Bool {
        left.stage.isOver == right.stage.isOver ? isOlder(left, right) : right.stage.isOver
    }

    /// How far a thing is what a creation would have made.
    private enum Likeness {
        case none
        /// It does not say of which request it is, or for which hosts, and is like it in all else.
        case unsaid
        case its
    }

    /// True for what one of the open operations may have made.
    func mayBeMade(_ sighting: Sighting) -> Bool { operations.contains { likeness(of: sighting, to: $0) != .none } }

    private func likeness(of sighting: Sighting, to operation: Operation) -> Likeness {
        guard sighting.kind == operation.subject.kind, sighting.stage != .gone,
            !operation.baseline.contains(sighting.id)
        else { return .none }
        switch (operation.action, sighting.traits) {
        case (.pack(.order(let wish)), .pack(let pack)):
            if sighting.stage == .unread, pack.hosts.isEmpty {
                var like = pack
                like.hosts = wish.hosts
                if like.type.isEmpty { like.type = "advanced" }
                return wish.mayHaveMade(like, zoneName: zoneName) ? .unsaid : .none
            }
            return wish.mayHaveMade(pack, zoneName: zoneName) ? .its : .none
        case (.clientCertificate(.create(let wish, _)), .clientCertificate(let traits)):
            if isOfAnEarlierOne(traits, operation) { return .none }
            guard let der = traits.requestDER else { return wish.isMet(by: traits) ? .unsaid : .none }
            return der == operation.request?.der ? .its : .none
        default: return .none
        }
    }

    /// Issued before the operation was committed, by more than a signer's backdating (minutes) and any wrong clock that was
    /// not noticed explain. An operator's request is sent again for each generation, and what is over may be in no row: an
    /// older certificate of the same request would pass for the new one.
    private func isOfAnEarlierOne(_ traits: ClientCertificateTraits, _ operation: Operation) -> Bool {
        guard let issued = traits.issuedOn, operation.committedAt <= trueNow else { return false }
        return issued < operation.committedAt - .days(1)
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

extension Action {
    fileprivate func makes(generation: Int) -> Bool {
        guard case .clientCertificate(.create(_, generation)) = self else { return false }
        return true
    }
}

extension Stage {
    var isStalled: Bool {
        guard case .stalled = self else { return false }
        return true
    }
}
