import Domain

/// What becomes of the records when an operation has its outcome.
extension PlanDraft {
    /// Writes that an operation was accepted, now or as the looks show later. When it took effect nobody knows then: it may
    /// have waited after its commit, so that the next change is counted from now (S10).
    mutating func accept(_ operation: Operation, _ object: ObjectID?, _ sighting: Sighting?) {
        let id = object ?? sighting?.id ?? operation.action.object
        guard operation.action.effect == .local || id != nil else {
            // Accepted, and nobody said what it made: the looks will find it (S3).
            return leaveOpen(operation, code: "accepted", message: "the answer does not say what was made")
        }
        if operation.action.effect != .local { resolve(operation, as: .accepted(at: now, object: id)) }
        for approval in approvals
        where approval.subject == operation.subject && operation.action.isUnder(approval.reason) {
            use(approval)
        }
        change(operation.subject) { [now] record in
            if operation.action.effect != .local { record.lastChangeAt = now }
            if record.refusal?.wishKey == operation.action.refusalKey { record.refusal = nil }
            record.noteSuccess(of: operation.action, reason: operation.reason, at: now)
        }
        if let id { apply(operation, to: id, sighting) }
    }

    private mutating func apply(_ operation: Operation, to id: ObjectID, _ sighting: Sighting?) {
        switch operation.action {
        case .pack(.order), .clientCertificate(.create): own(operation, id, sighting)
        case .pack(.adopt), .clientCertificate(.adopt): adopt(operation, id)
        case .clientCertificate(.deliver(_, let generation)):
            deliver(id, generation, for: operation.subject)
            write(.delivered, operation, id, as: .notice)
        case .clientCertificate(.runCommand):
            change(id) { [now] in $0.commandSucceededAt = now }
            write(.commandSucceeded, operation, id, as: .info)
        case .pack(.delete), .clientCertificate(.revoke):
            if let sighting { see(sighting) }
            change(id) { $0.removedFor = operation.reason }
            departures.removeAll { $0 == id }
            write(.operationAccepted, operation, id, as: .notice)
        case .clientCertificate(.reactivate):
            change(id) { $0.removedFor = nil }
            takePlace(id, of: operation)
            if let sighting { see(sighting) }
            write(.operationAccepted, operation, id, as: .notice)
        case .pack(.restart), .pack(.recheck), .pack(.setBranding):
            if let sighting { see(sighting) }
            write(.operationAccepted, operation, id, as: .notice)
        }
    }

    /// What an order made is ours from the moment that Cloudflare accepted it.
    private mutating func own(_ operation: Operation, _ id: ObjectID, _ sighting: Sighting?) {
        let expected = operation.expectedSighting(id)
        let fresh = (sighting ?? objects[id]?.sighting ?? expected).inOrder.completed(from: expected)
        var record =
            objects[id]
            ?? ObjectRecord(
                sighting: fresh, subject: operation.subject, ownership: .ordered, since: now, firstSeen: now,
                lastSeen: now)
        let old = record.sighting
        record.sighting = fresh
        (record.subject, record.ownership, record.missingSince) = (operation.subject, .ordered, nil)
        if case .clientCertificate(.create(let wish, let generation)) = operation.action {
            (record.generation, record.wishKey) = (generation, wish.wishKey)
            spend(generation, of: operation.subject)
        }
        if old.stage != fresh.stage || old.status != fresh.status { record.since = now }
        keepService(&record, since: objects[id])
        let isNew = objects[id] == nil
        set(record)
        write(
            Transition(
                subject: operation.subject, object: id, at: now, event: .operationAccepted,
                from: isNew ? .nothing : .init(old), to: .init(fresh), reason: operation.reason,
                operation: operation.id, detail: operation.action.code), of: operation.action, as: .notice)
    }

    /// What is delivered now is what is read from now on, also where a clock that was ahead has left a later delivery.
    private mutating func deliver(_ id: ObjectID, _ generation: Int, for subject: Subject) {
        for other in objects.values where other.subject == subject && other.id != id {
            guard let at = other.deliveredAt, at >= now else { continue }
            change(other.id) { [now] in $0.deliveredAt = now - .milliseconds(1) }
        }
        change(id) { [now] in ($0.generation, $0.deliveredAt, $0.commandSucceededAt) = (generation, now, nil) }
    }

    private mutating func adopt(_ operation: Operation, _ id: ObjectID) {
        change(id) { ($0.ownership, $0.subject, $0.removedFor) = (.adopted, operation.subject, nil) }
        takePlace(id, of: operation)
        let generation = objects[id]?.generation ?? 0
        change(operation.subject) { $0.isReleased = false }
        spend(generation, of: operation.subject)
        write(.adopted, operation, id, as: .notice)
    }

    /// A person brought this one back, or in: it is in the place of what was revoked before, which holds nothing any more
    /// (S8).
    private mutating func takePlace(_ id: ObjectID, of operation: Operation) {
        guard operation.reason == .personAsked else { return }
        for other in objects.values where other.subject == operation.subject && other.isOurs && other.id != id {
            guard other.clientCertificate != nil, other.stage == .revoked || other.stage == .leaving else { continue }
            change(other.id) { $0.removedFor = .superseded }
        }
    }

    /// A certificate was made with the key of a generation: no other is, whatever becomes of this one.
    private mutating func spend(_ generation: Int, of subject: Subject) {
        change(subject) { subject in
            guard generation >= subject.lastGeneration else { return }
            (subject.lastGeneration, subject.generationKey) = (generation, nil)
        }
    }

    /// Writes that an operation had no effect, and when or whether it may be tried again.
    mutating func refuse(_ operation: Operation, _ reason: Reason, lasting: Bool, code: String, message: String) {
        let isLocal = operation.action.effect == .local
        // What could not even be prepared here was never committed, and never asked of Cloudflare.
        let isAsked = !isLocal && reason != .keyTrouble
        // The first failure is news; that it goes on failing is told by an episode, once and then once a day. So is all
        // trouble on this machine.
        let isNews = isAsked && !record(of: operation.subject).hasFailed(operation.action)
        if !isLocal { resolve(operation, as: .failed(at: now, code: code, message: message)) }
        change(operation.subject) { [now] record in
            if lasting {
                record.refusal = .init(
                    reason: reason, message: message, at: now, wishKey: operation.action.refusalKey)
            }
            // The other pack may be in no listing yet, or no more: then it is tried again, and ever less often.
            if !lasting || reason == .sameHostSetRefused {
                record.noteTry(of: operation.action, reason: reason, message: message, at: now)
            }
        }
        write(
            Transition(
                subject: operation.subject, object: operation.action.object, at: now, event: .operationFailed,
                reason: reason, operation: isAsked ? operation.id : nil,
                detail: "\(operation.action.code): \(message) (\(code))"), of: operation.action, as: .warning,
            isTold: isNews)
    }

    /// Writes that an operation was not sent after all. It failed at nothing, so it has no try to count and none to wait for.
    mutating func withhold(_ operation: Operation, _ reason: Reason, code: String, message: String) {
        guard operation.action.effect != .local else { return }
        resolve(operation, as: .failed(at: now, code: code, message: message))
        write(
            Transition(
                subject: operation.subject, object: operation.action.object, at: now, event: .operationFailed,
                reason: reason, operation: operation.id, detail: "\(operation.action.code): \(message) (\(code))"),
            of: operation.action, as: .info)
    }

    /// Nobody knows whether it was made: it stays open, and the looks will tell (S3).
    mutating func leaveOpen(_ operation: Operation, code: String, message: String) {
        operations.removeAll { $0.id == operation.id }
        operations.append(operation)
        // Time and again is told by an episode, as with what is refused.
        let isNews = !record(of: operation.subject).hasFailed(operation.action)
        change(operation.subject) { [now] in $0.lastChangeAt = now }
        guard isNews else { return }
        news.append(
            News(
                .operationUnanswered, .warning, about: operation.subject, zoneName: zoneName,
                [
                    .init(.operation, operation.id.text), .init(.action, operation.action.code),
                    .init(.errorCode, code), .init(.errorMessage, message),
                ]))
    }

    // MARK: Frame

    private mutating func change(_ id: ObjectID, _ body: (inout ObjectRecord) -> Void) {
        guard var record = objects[id] else { return }
        body(&record)
        if objects[id] != record { set(record) }
    }

    private mutating func write(
        _ event: Transition.Event, _ operation: Operation, _ id: ObjectID, as priority: News.Priority
    ) {
        let point = objects[id].map { Transition.Point($0.sighting) } ?? .nothing
        write(
            Transition(
                subject: operation.subject, object: id, at: now, event: event, from: point, to: point,
                reason: operation.reason, operation: operation.action.effect == .local ? nil : operation.id,
                detail: operation.action.code), of: operation.action, as: priority)
    }
}

extension Operation {
    /// What an accepted creation looks like before it is seen for the first time.
    fileprivate func expectedSighting(_ id: ObjectID) -> Sighting {
        switch action {
        case .pack(.order(let wish)):
            Sighting(
                id: id, status: "", stage: .underway(.start),
                traits: .pack(
                    PackTraits(
                        type: "advanced", hosts: wish.hosts, authority: wish.authority.rawValue,
                        method: wish.method.rawValue, validityDays: wish.validityDays)))
        case .clientCertificate(.create(let wish, _)):
            Sighting(
                id: id, status: "", stage: .serving,
                traits: .clientCertificate(
                    ClientCertificateTraits(
                        commonName: wish.commonName, requestDER: request?.der, validityDays: wish.validityDays)))
        case .pack:
            Sighting(id: id, status: "", stage: .unread, traits: .pack(PackTraits(type: "", hosts: [])))
        case .clientCertificate:
            Sighting(
                id: id, status: "", stage: .unread,
                traits: .clientCertificate(ClientCertificateTraits(commonName: "")))
        }
    }
}

extension Action {
    /// True for what an approval of this reason lets pass.
    func isUnder(_ reason: Reason) -> Bool {
        switch reason {
        case .nameLimit: countsAsIssuance
        case .daemonLimit: effect == .create
        case .revokedOutside: self.effect == .create
        case .removalLimit, .wouldUncover, .sameHostSetRefused: effect == .remove
        default: false
        }
    }
}
