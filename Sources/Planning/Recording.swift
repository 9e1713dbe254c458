import Domain

extension PlanDraft {
    /// Writes the decisions that differ from what was decided before; a quiet pass writes nothing.
    mutating func record(_ entries: [Plan.Entry], _ input: PlanInput) {
        if input.obstacles.planOnly.contains(.clientCertificate) { forgetUnspentKeys() }
        for entry in entries {
            if case .clientCertificate(.adopt(let id))? = entry.decision.action,
                let generation = input.keysInHand[entry.subject]?[id], var record = objects[id],
                record.generation != generation
            {
                record.generation = generation
                set(record)
            }
            if subjects.read(entry.subject, { $0.tells(of: entry.decision) }) == true { continue }
            let old = record(of: entry.subject)
            var record = old
            record.forgetTries(after: entry.decision)
            if case .clientCertificate(.create(let wish, let generation))? = entry.decision.action,
                !input.keysUncounted.contains(entry.subject)
            {
                (record.lastGeneration, record.generationKey) = (generation, wish.requestKey)
            }
            if isNews(entry.decision, for: old) {
                if old.decision?.isSame(as: entry.decision) != true { record.decidedSince = now }
                var decision = entry.decision
                decision.inputs = inputs(from: bySubject[entry.subject] ?? [], record, input)
                record.decision = decision
                tell(entry, old.decision)
            } else if let known = old.decision, known.isSame(as: entry.decision),
                known.until != entry.decision.until || known.detail != entry.decision.detail
                    || known.verdict != entry.decision.verdict
            {
                // The same again, later or for other particulars: kept for whoever asks why, and not told.
                var decision = entry.decision
                decision.inputs = inputs(from: bySubject[entry.subject] ?? [], record, input)
                record.decision = decision
            }
            if record != old || !subjects.contains(entry.subject) { set(record) }
        }
    }

    /// What an earlier database says of a key that no certificate was made with yet may be long past. The key room is asked
    /// then whether there is one of that generation, and it is passed over.
    private mutating func forgetUnspentKeys() {
        for record in subjects.values where record.generationKey != nil {
            var record = record
            record.generationKey = nil
            set(record)
        }
    }

    private func isNews(_ decision: Decision, for record: SubjectRecord) -> Bool {
        guard let old = record.decision else { return true }
        if decision.isSame(as: old) { return false }
        // A look that failed changes nothing (S1), and trying again is not a new decision.
        if decision.reason == .notSeen { return false }
        if let action = decision.action, record.refusal?.wishKey == action.refusalKey { return false }
        guard let action = decision.action, let tries = record.tries else { return true }
        return tries.action != action.code || tries.object != action.object
    }

    /// Acts and holds are told, and what ends a hold; that something rests or waits is written and not told, unless it
    /// is a person's doing.
    private mutating func tell(_ entry: Plan.Entry, _ old: Decision?) {
        let decision = entry.decision
        let isToldAlways: Bool
        switch decision.verdict {
        case .act, .hold: isToldAlways = true
        case .wait:
            isToldAlways = [.modeForbids, .suspended, .clockSkewed, .absenceUnproven].contains(decision.reason)
        case .rest: isToldAlways = decision.reason == .released
        }
        guard isToldAlways || old?.isHeld == true else { return }
        // A hold that begins is told by an episode: its own, or that of the cause where one condition tells of it
        // already (`Conditions.hasItsOwn`). A hold whose reason changes raises none, so it is told here.
        let isToldByEpisode =
            decision.isHeld
            && !episodes.contains {
                $0.scope == .subject(entry.subject) && $0.condition == .held && $0.resolvedAt == nil
            }
        let what = decision.action?.code ?? decision.wouldBe.map { "not \($0.code)" }
        let verdict = [decision.word, what].compactMap { $0 }.joined(separator: " ")
        write(
            Transition(
                subject: entry.subject, object: decision.action?.object ?? decision.wouldBe?.object, at: now,
                event: .decided, reason: decision.reason,
                detail: decision.detail.isEmpty ? verdict : "\(verdict): \(decision.detail)"),
            as: decision.isHeld ? .warning : .info, isTold: !isToldByEpisode)
    }

    /// What the decision was made from, for people.
    private func inputs(from own: [ObjectRecord], _ record: SubjectRecord, _ input: PlanInput) -> [Decision.Input] {
        var inputs: [Decision.Input] = [.init("mode", (input.wish?.mode).map(\.rawValue) ?? "unmanaged")]
        inputs.append(.init("wished", record.isWished ? "yes" : "no"))
        for object in own.suffix(5) {
            let end = object.notAfter.map { (object.stage.isOver ? ", end " : ", valid until ") + $0.shown } ?? ""
            // What vanished has no status.
            let status = object.sighting.status.isEmpty ? "" : " (\(object.sighting.status))"
            inputs.append(
                .init(
                    "object \(object.id)",
                    "\(object.stage.code)\(status) since \(object.since.shown)\(end), "
                        + object.ownership.rawValue))
        }
        if let last = record.lastChangeAt { inputs.append(.init("last change", last.shown)) }
        if let tries = record.tries {
            inputs.append(.init("tries", "\(tries.count) of \(tries.action): \(tries.message)"))
        }
        return inputs
    }
}

extension Decision {
    fileprivate var isAtRest: Bool {
        guard case .rest = verdict else { return false }
        return true
    }

    /// What a hold keeps from being done, where that is known.
    var wouldBe: Action? {
        guard case .hold(let action) = verdict else { return nil }
        return action
    }

    /// The same but for its particulars.
    func isSame(as other: Decision) -> Bool {
        word == other.word && reason == other.reason
            && (action ?? wouldBe)?.code == (other.action ?? other.wouldBe)?.code
    }
}

extension SubjectRecord {
    /// True when the decision is written down as it is, and changes nothing else of the record.
    fileprivate func tells(of new: Decision) -> Bool {
        guard tries == nil, new.action == nil, let decision else { return false }
        return decision.isSame(as: new) && decision.until == new.until && decision.detail == new.detail
    }

    /// Forgets failed tries once what they were for is so, or is wanted no more.
    fileprivate mutating func forgetTries(after decision: Decision) {
        guard let tries else { return }
        switch tries.action {
        case PackAction.recheckCode, PackAction.setBrandingCode:
            let isAskedAgain =
                (decision.action ?? decision.wouldBe)?.code == tries.action || decision.reason == .retryLater
                || decision.reason == .changedRecently || decision.reason == .notSeen
            if !isAskedAgain, decision.reason != .operationOpen { self.tries = nil }
        default:
            if case .rest = decision.verdict { self.tries = nil }
        }
    }
}

extension PackAction {
    fileprivate static let recheckCode = "recheck"
    fileprivate static let setBrandingCode = "set-branding"
}
