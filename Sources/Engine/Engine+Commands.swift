import Domain
import Planning

/// What people ask for. Each command is written to the audit before it answers, also one that was refused.
extension Engine {
    /// Carries out one command.
    ///
    /// - Parameter person: Who asked, as the socket knows them: `uid 1000 (alice)`.
    public func perform(_ command: PersonCommand, by person: String) async throws(CommandTrouble) -> CommandReply {
        let result: Result<CommandReply, CommandTrouble>
        do throws(CommandTrouble) {
            result = .success(try await carryOut(command, person))
        } catch {
            result = .failure(error)
        }
        record(command, person, result)
        return try result.get()
    }

    private func carryOut(_ command: PersonCommand, _ person: String) async throws(CommandTrouble) -> CommandReply {
        switch command {
        case .reconcile(let scope): return try await reconcile(scope, .person)
        case .plan(let scope): return try await reconcile(scope, .planning)
        case .adopt(let object, let subject, let mayReplace):
            return try await adopt(object, as: subject, mayReplace: mayReplace)
        case .release(let subject): return try await release(subject)
        case .approve(let subject): return try await approve(subject, person)
        case .approveState: return try approveState()
        case .unhold(let subject): return try await unhold(subject)
        case .suspend(let scope, let reason, let until): return try await suspend(scope, reason, until, person)
        case .resume(let scope): return try await resume(scope)
        case .revoke(let subject, let object, let reason):
            return try await byPerson(subject, object, person, reason) { .revoke($0) }
        case .reactivate(let subject, let object):
            return try await byPerson(subject, object, person, "") { .reactivate($0) }
        case .reload: return try await reload()
        }
    }

    // MARK: Looking and planning now

    private func reconcile(
        _ scope: Suspension.Scope, _ purpose: PassPurpose
    ) async throws(CommandTrouble) -> CommandReply {
        let touched = zones.keys.filter { scope.touches($0) }.sorted()
        if touched.isEmpty {
            guard unnamed.isEmpty else {
                throw Self.unfit(
                    "no-such-zone", "a zone of the settings was not found at Cloudflare yet",
                    "'edgecertctl status' tells what stands in the way")
            }
            throw Self.unfit(
                "no-such-zone", "no zone of the settings is meant", "'edgecertctl list' shows what there is")
        }
        if purpose == .person { try refuseSuspended(scope) }
        var reply = CommandReply()
        var troubles: [Explanation] = []
        for zone in touched {
            let result = await personsPass(over: zone, purpose)
            let name = zones[zone]?.name ?? zone.text
            reply.lines += result.lines
            if let trouble = result.trouble {
                // One zone's trouble does not keep the others from being looked at.
                troubles.append(trouble)
                reply.lines.append("\(name): \(trouble.summary)")
            }
            for entry in result.entries {
                if case .subject(let one) = scope, one != entry.subject { continue }
                reply.planned.append(.init(subject: entry.subject, zoneName: name, decision: entry.decision))
            }
        }
        tellStatus()
        if troubles.contains(Self.stoppingTrouble) { throw .trouble(Self.stoppingTrouble) }
        if let trouble = troubles.first, troubles.count == touched.count || isStopping { throw .trouble(trouble) }
        return reply
    }

    /// To reconcile what is suspended would do nothing, silently: it is refused instead.
    private func refuseSuspended(_ scope: Suspension.Scope) throws(CommandTrouble) {
        let now = ports.clock.now()
        let all = try reading { () throws(StoreTrouble) in try ports.ledger.suspensions() }
        guard let one = all.first(where: { $0.until > now && $0.scope.includes(scope) }) else { return }
        throw Self.unfit(
            "suspended", "it is suspended until \(one.until.shown) by \(one.by): \(one.reason)",
            "'edgecertctl resume' ends that")
    }

    // MARK: Ownership

    private func adopt(
        _ object: ObjectID, as subject: Subject, mayReplace: Bool
    ) async throws(CommandTrouble) -> CommandReply {
        try await changing(subject) { duty, state, now throws(CommandTrouble) in
            guard var record = state.objects.first(where: { $0.id == object }) else {
                throw Self.unfit(
                    "no-such-object", "nothing with the id \(object) was seen in \(duty.name)",
                    "'edgecertctl list --all' shows what was")
            }
            if record.sighting.kind != subject.kind {
                throw Self.unfit(
                    "wrong-kind",
                    "\(object) is a \(record.sighting.kind.rawValue), \(subject.path(zoneName: duty.name)) is not",
                    "'edgecertctl list --all' shows what each thing is")
            }
            if record.sighting.stage.isOver {
                throw Self.unfit(
                    "over", "\(object) is \(record.sighting.stage.code): there is nothing left to keep",
                    "'edgecertctl list' shows what is there")
            }
            if record.isOurs {
                throw Self.unfit("already-ours", "\(object) is ours already, as \(record.subject.name)", nil)
            }
            guard let wish = duty.wish?.wishes.first(where: { $0.kind == subject.kind && $0.name == subject.name })
            else {
                throw Self.unfit(
                    "no-such-wish", "the settings name no \(subject.path(zoneName: duty.name))",
                    "add it to the settings first")
            }
            var later: ObjectRecord?
            switch record.sighting.traits {
            case .pack(let pack):
                if !pack.isAdvanced {
                    throw Self.unsafe(
                        "not-advanced", "\(object) is a pack of the type \(pack.type); only advanced packs can be kept",
                        nil)
                }
            case .clientCertificate(let traits):
                guard let pem = traits.certificatePEM, let generation = try await generation(of: pem, subject, duty)
                else {
                    throw Self.unsafe(
                        "no-key", "no key here answers to the certificate \(object)",
                        "put its key into the keys folder, or let a new one be made")
                }
                record.generation = generation
                later = Self.later(than: record, of: subject, wish, state, duty)
                if !mayReplace, let later {
                    throw Self.unsafe(
                        "outranked",
                        "\(later.id) serves with a later key: once adopted, \(object) would be revoked in its favour",
                        "'edgecertctl revoke' \(later.id) first, or give --replace if that is meant")
                }
            }
            let isMet = wish.isMet(by: record, zoneName: duty.name)
            if !isMet, !mayReplace {
                throw Self.unsafe(
                    "not-as-wished",
                    "\(object) is not what the settings want of \(subject.path(zoneName: duty.name)): once adopted it "
                        + "would be removed as soon as what they want serves",
                    "bring the settings in line with it first, or give --replace if that is meant")
            }
            record.subject = subject
            let adopted = state.replacing(record)
            let operation = Operation(
                id: OperationID(at: now, chance: ports.chance.next()), subject: subject,
                action: subject.kind == .certificatePack ? .pack(.adopt(object)) : .clientCertificate(.adopt(object)),
                reason: .personAsked, committedAt: now)
            let settled = planner.settle(operation, .accepted(object, nil), in: adopted, zoneName: duty.name, now: now)
            let fate = isMet && later == nil ? "" : "; it is removed once what the settings want serves"
            return (
                settled.changes, settled.news, ["\(object) is now kept as \(subject.path(zoneName: duty.name))\(fate)"]
            )
        }
    }

    /// The certificate of a subject that serves, is what is wished, and was made after another one.
    static func later(
        than record: ObjectRecord, of subject: Subject, _ wish: Wish, _ state: ZoneState, _ duty: ZoneDuty
    ) -> ObjectRecord? {
        state.objects.first { one in
            one.subject == subject && one.isOurs && one.id != record.id && one.sighting.stage == .serving
                && one.removedFor == nil && one.generation ?? 0 > record.generation ?? 0
                && wish.isMet(by: one, zoneName: duty.name)
        }
    }

    private func generation(of pem: String, _ subject: Subject, _ duty: ZoneDuty) async throws(CommandTrouble) -> Int? {
        do throws(KeyTrouble) {
            return try await ports.keys.generation(of: pem, for: subject, zoneName: duty.name)
        } catch {
            throw .trouble(error.explanation)
        }
    }

    private func release(_ subject: Subject) async throws(CommandTrouble) -> CommandReply {
        try await changing(subject) { duty, state, now throws(CommandTrouble) in
            let ours = state.objects.filter { $0.subject == subject && $0.isOurs }
            guard !ours.isEmpty, var record = state.subjects.first(where: { $0.subject == subject }) else {
                throw Self.unfit("not-ours", "nothing of \(subject.path(zoneName: duty.name)) is ours", nil)
            }
            if state.openOperations.contains(where: { $0.subject == subject }) {
                throw Self.unfit(
                    "operation-open", "a change to it is still open",
                    "wait until 'edgecertctl orders' shows it resolved")
            }
            record.isReleased = true
            let changes = ours.flatMap { object -> [Change] in
                var foreign = object
                foreign.ownership = .foreign
                foreign.subject = Subject(zone: subject.zone, kind: subject.kind, name: object.id.text)
                return [
                    .object(foreign),
                    .transition(
                        Transition(
                            subject: subject, object: object.id, at: now, event: .released,
                            from: .init(object.sighting), to: .init(object.sighting), reason: .personAsked)),
                ]
            }
            return (
                changes + [.subject(record)], [],
                ["\(subject.path(zoneName: duty.name)) is watched from now on, and not changed"]
            )
        }
    }

    // MARK: Holds

    private func approve(_ subject: Subject, _ person: String) async throws(CommandTrouble) -> CommandReply {
        try await changing(subject) { duty, state, now throws(CommandTrouble) in
            let path = subject.path(zoneName: duty.name)
            guard let decision = state.subjects.first(where: { $0.subject == subject })?.decision, decision.isHeld
            else {
                throw Self.unfit("not-held", "\(path) is not held", "'edgecertctl why \(path)' tells how it stands")
            }
            guard decision.reason.lift == .approve else {
                let hint =
                    decision.reason.lift == .unhold
                    ? "'edgecertctl unhold \(path)' decides anew" : "mend the cause: \(decision.detail)"
                throw Self.unfit(
                    "not-approvable", "\(path) is held because of \(decision.reason.rawValue), which no approval lifts",
                    hint)
            }
            let approval = Approval(subject: subject, reason: decision.reason, at: now, by: person)
            return (
                [.approval(approval)], [],
                [
                    "approved, once, until \(approval.until.shown): \(path) (\(decision.reason.rawValue)); "
                        + "it is looked at now"
                ]
            )
        }
    }

    private func approveState() throws(CommandTrouble) -> CommandReply {
        guard stateTrouble != nil else { throw Self.unfit("state-trusted", "the state is trusted already", nil) }
        try writing { () throws(StoreTrouble) in try commit([.note(.untrusted, nil)]) }
        stateTrouble = nil
        resolve(.stateUntrusted)
        hasten(.all)
        return CommandReply(lines: [
            "the state is trusted from now on; the mode \(settings.daemon.mode.rawValue) is in force again"
        ])
    }

    private func unhold(_ subject: Subject) async throws(CommandTrouble) -> CommandReply {
        try await changing(subject) { duty, state, now throws(CommandTrouble) in
            let path = subject.path(zoneName: duty.name)
            guard var record = state.subjects.first(where: { $0.subject == subject }) else {
                throw Self.unfit("no-such-subject", "nothing is known of \(path)", nil)
            }
            guard let decision = record.decision, decision.isHeld else {
                throw Self.unfit("not-held", "\(path) is not held", "'edgecertctl why \(path)' tells how it stands")
            }
            if decision.reason.lift == .approve {
                throw Self.unsafe(
                    "needs-approval", "\(path) is held because of \(decision.reason.rawValue)",
                    "'edgecertctl approve \(path)' lets it be done, once")
            }
            (record.undoneAt, record.refusal, record.tries) = ([], nil, nil)
            record.decision?.until = nil  // a zone that was full is asked about again
            return ([.subject(record)], [], ["\(path) is decided anew"])
        }
    }

    // MARK: Suspending

    private func suspend(
        _ scope: Suspension.Scope, _ reason: String, _ until: Timestamp, _ person: String
    ) async throws(CommandTrouble) -> CommandReply {
        let now = ports.clock.now()
        if until <= now {
            throw Self.unfit("end-in-the-past", "\(until.shown) is over already", "give an end in the future")
        }
        if reason.isEmpty {
            throw Self.unfit("no-reason", "a suspension needs a reason", "it is shown to whoever wonders later")
        }
        let one = Suspension(scope: scope, reason: String(reason.prefix(500)), until: until, by: person, at: now)
        try writing { () throws(StoreTrouble) in try commit([.suspension(one)]) }
        hasten(scope)
        return CommandReply(lines: ["suspended until \(until.shown); looks go on, nothing is changed"])
    }

    private func resume(_ scope: Suspension.Scope) async throws(CommandTrouble) -> CommandReply {
        let all = try reading { () throws(StoreTrouble) in try ports.ledger.suspensions() }
        guard all.contains(where: { $0.scope == scope }) else {
            throw Self.unfit(
                "not-suspended", "exactly that is not suspended", "'edgecertctl status' lists the suspensions")
        }
        try writing { () throws(StoreTrouble) in try commit([.resumption(scope)]) }
        hasten(scope)
        return CommandReply(lines: ["resumed"])
    }

    // MARK: Settings

    /// Takes up the settings on disk, or keeps those in force and says what is wrong with the others.
    func reload() async throws(CommandTrouble) -> CommandReply {
        if isStopping { throw Self.unfit("stopping", "edgecertd is stopping", nil) }
        ports.supervisor.tell(.reloading)
        defer { ports.supervisor.tell(.ready) }
        do throws(SettingsRefusal) {
            let fresh = try await ports.settings.load()
            settingsTrouble = nil
            resolve(.settingsRefused)
            let remark = remark(onZonesLeft: takeUp(fresh))
            settingsWereReplaced()
            if isStarted { careDue[.token] = ports.clock.uptime() + .seconds(5) }  // it may be another one
            await ports.budget.setShare(fresh.cloudflare.requestShare)
            tellSettings(remark)
            wake()
            tellStatus()
            let warning = remark.map { ["warning: \($0)"] } ?? []
            return CommandReply(lines: ["settings loaded: \(counted(fresh.zones.count, "zone"))"] + warning)
        } catch {
            settingsTrouble = error.errors.first ?? "refused"
            ports.news.tell(
                News(.settingsRefused, .error, error.errors.prefix(20).map { .init(.errorMessage, $0) }))
            raise(.settingsRefused, error.errors.first ?? "")
            tellStatus()
            throw .trouble(error.explanation)
        }
    }

    /// - Parameter remark: What makes it a warning.
    func tellSettings(_ remark: String?) {
        let detail = remark.map { [News.Field(.detail, $0)] } ?? []
        ports.news.tell(
            News(
                .settingsLoaded, remark == nil ? .notice : .warning,
                [.init(.mode, settings.daemon.mode.rawValue)] + detail))
    }

    /// The same, asked for by a signal: whoever sent it reads the journal.
    public func reloadBySignal() async {
        do throws(CommandTrouble) {
            _ = try await perform(.reload, by: "signal SIGHUP")
        } catch {
            // Told as news, as an episode and in the status line by `reload`.
        }
    }

    /// Keeps a block of the token, so that a restart does not run into it again; nil when it is over.
    public func rememberBlock(_ until: Timestamp?) {
        do throws(StoreTrouble) { try commit([.note(.blockedUntil, until?.rfc3339)]) } catch { note(error) }
    }

    /// The deadlines in force, for reports.
    public func deadlines() -> DeadlineSettings { settings.deadlines }

    // MARK: Frame

    typealias Written = (changes: [Change], news: [News], lines: [String])

    /// Takes the zone's turn, hands its state over, writes what comes back, and has the zone looked at.
    private func changing(
        _ subject: Subject,
        _ change: (ZoneDuty, ZoneState, Timestamp) async throws(CommandTrouble) -> Written
    ) async throws(CommandTrouble) -> CommandReply {
        await takeTurn(subject.zone)
        let written: Written
        do {
            defer { giveTurn(subject.zone) }
            guard let duty = zones[subject.zone] else { throw Self.noZone(subject) }
            let now = ports.clock.now()
            let state = try reading { () throws(StoreTrouble) in try ports.ledger.state(of: subject.zone, now: now) }
            written = try await change(duty, state, now)
            try writing { () throws(StoreTrouble) in try commit(written.changes) }
        }
        tell(written.news)
        hasten(.subject(subject))
        return CommandReply(lines: written.lines)
    }

    func reading<Value>(_ read: () throws(StoreTrouble) -> Value) throws(CommandTrouble) -> Value {
        do throws(StoreTrouble) {
            return try read()
        } catch {
            note(error)
            throw .trouble(error.explanation)
        }
    }

    func writing(_ write: () throws(StoreTrouble) -> Void) throws(CommandTrouble) { try reading(write) }

    static func noZone(_ subject: Subject) -> CommandTrouble {
        unfit("no-such-zone", "the zone \(subject.zone) is not kept", "'edgecertctl list' shows what is")
    }

    static func unfit(_ code: String, _ summary: String, _ hint: String?) -> CommandTrouble {
        .unfit(code: code, summary: summary, hint: hint)
    }

    static func unsafe(_ code: String, _ summary: String, _ hint: String?) -> CommandTrouble {
        .unsafe(code: code, summary: summary, hint: hint)
    }

    // MARK: Audit

    private func record(
        _ command: PersonCommand, _ person: String, _ result: Result<CommandReply, CommandTrouble>
    ) {
        let outcome: String
        switch result {
        case .success: outcome = "done"
        case .failure(let trouble): outcome = "refused: \(trouble.explanation.code)"
        }
        if case .plan = command { return }  // reading
        let target = describe(command)
        ports.news.tell(
            News(
                .personActed, .notice,
                [.init(.person, person), .init(.action, command.verb), .init(.detail, target), .init(.event, outcome)]))
        do throws(StoreTrouble) {
            try commit([
                .audit(
                    AuditEntry(
                        at: ports.clock.now(), person: person, verb: command.verb, target: target,
                        detail: command.detail, outcome: outcome))
            ])
        } catch {
            note(error)
        }
    }

    private func describe(_ command: PersonCommand) -> String {
        switch command {
        case .reconcile(let scope), .plan(let scope), .suspend(let scope, _, _), .resume(let scope): describe(scope)
        case .adopt(_, let subject, _), .release(let subject), .approve(let subject), .unhold(let subject),
            .revoke(let subject, _, _), .reactivate(let subject, _):
            describe(.subject(subject))
        case .approveState: "state"
        case .reload: "settings"
        }
    }

    private func describe(_ scope: Suspension.Scope) -> String {
        switch scope {
        case .all: "all"
        case .zone(let zone): zones[zone]?.name ?? zone.text
        case .subject(let subject): subject.path(zoneName: zones[subject.zone]?.name ?? subject.zone.text)
        }
    }
}

extension PersonCommand {
    /// What the audit keeps besides verb and target.
    var detail: String {
        switch self {
        case .adopt(let object, _, let mayReplace): mayReplace ? "\(object), to be replaced" : object.text
        case .suspend(_, let reason, let until): "until \(until.shown): \(reason)"
        case .revoke(_, let object, let reason): [object?.text, reason].compactMap { $0 }.joined(separator: " ")
        case .reactivate(_, let object): object?.text ?? ""
        default: ""
        }
    }
}

extension Suspension.Scope {
    /// True when everything in `other` is in this scope too.
    func includes(_ other: Suspension.Scope) -> Bool {
        switch (self, other) {
        case (.all, _): true
        case (.zone(let zone), .zone(let one)): zone == one
        case (_, .subject(let subject)): contains(subject)
        case (_, .all), (.subject, .zone): false
        }
    }
}

extension ZoneState {
    func replacing(_ record: ObjectRecord) -> ZoneState {
        var state = self
        state.objects = objects.map { $0.id == record.id ? record : $0 }
        return state
    }
}
