import Domain
import Planning

/// Why a zone is passed over.
enum PassPurpose {
    case scheduled
    /// A person asked for it, and waits.
    case person
    /// A person asked what would be done: nothing is written and nothing is sent.
    case planning
}

/// What came of a pass, for the person who asked for it.
struct PassResult {
    var entries: [Plan.Entry] = []
    var lines: [String] = []
    var trouble: Explanation?
}

/// When the looks of a pass were begun, by both clocks.
private struct LookBegin {
    var wall: Timestamp
    var up: Duration

    /// The moment by the wall clock as it goes now. Of the two that the clocks tell, the earlier: the one was set
    /// meanwhile, or the other stood still while the machine was paused. A look that is taken for older than it is proves
    /// less.
    func moment(at now: Timestamp, _ uptime: Duration) -> Timestamp { min(wall, now - max(.zero, uptime - up)) }
}

extension Engine {
    /// Plans are made again, with what was just done in view, at most this often in one pass.
    static let rounds = 4
    /// A listing proves for so long that a removal is harmless, and longer only where the budget is short (S4).
    static let proofLife: Duration = .minutes(2)
    /// Things left in doubt by a listing that are asked for one by one, at most, in one pass.
    static let doubtsInOnePass = 5
    /// Listings with every status are made this often, to see what has been revoked.
    static let fullLookEvery: Duration = .hours(24)

    /// One pass over a zone. Killed anywhere and run again, it converges to the same end.
    ///
    /// - Parameter waiter: Who of ``awaited`` waits for it; nil for nobody.
    func pass(over zone: ZoneID, _ purpose: PassPurpose, for waiter: Int? = nil) async -> PassResult {
        if purpose != .scheduled { await takeTurn(zone) }
        defer { giveTurn(zone) }
        if let waiter { passes[zone]?.task = awaited[waiter]?.task }
        if purpose != .planning { zones[zone]?.isHastened = false }
        do throws(StoreTrouble) {
            // Made anew for as long as the settings change under it.
            while let duty = zones[zone], !isStopping {
                guard let result = try await reconcile(zone, duty, purpose) else { continue }
                passEndedUnwritten(zone)
                await judgeConnection()
                return result
            }
            return PassResult(trouble: isStopping ? Self.stoppingTrouble : nil)
        } catch {
            note(error)
            putOff(zone)
            return PassResult(trouble: error.explanation)
        }
    }

    /// The code of the trouble that whoever asks a daemon that is stopping is told.
    public static let stoppingCode = "stopping"
    static let stoppingTrouble = Explanation(
        code: stoppingCode, summary: "edgecertd is stopping",
        hint: "ask again when it runs; what it had sent already is found out by its next start")

    /// True while the settings want of the zone what they wanted when its pass began.
    func isCurrent(_ duty: ZoneDuty, _ zone: ZoneID) -> Bool {
        guard let present = zones[zone] else { return false }
        return present.name == duty.name && present.wish == duty.wish
    }

    /// - Returns: nil when the settings have changed before anything was written.
    private func reconcile(
        _ zone: ZoneID, _ duty: ZoneDuty, _ purpose: PassPurpose
    ) async throws(StoreTrouble) -> PassResult? {
        var state = try ports.ledger.state(of: zone, now: ports.clock.now())
        readState()
        let proof = await proof(of: zone, duty, state, purpose)
        if case .wrong(let trouble) = proof { return PassResult(trouble: trouble) }
        if case .missing(let trouble) = proof, purpose != .scheduled { return PassResult(trouble: trouble) }
        let kinds = Self.kinds(of: duty, state)
        guard !kinds.isEmpty else {
            return purpose == .planning ? PassResult() : try rest(zone, duty, state)
        }
        mark(zone, .asking)
        let lookBegin = LookBegin(wall: ports.clock.now(), up: ports.clock.uptime())
        var looks: [SubjectKind: Look] = [:]
        var proofs: [SubjectKind: Proof] = [:]
        if case .missing(let trouble) = proof {
            for kind in kinds { looks[kind] = .unseen(code: trouble.code, summary: trouble.summary) }
        } else {
            forgetRefusals(zone, besides: kinds)
            (looks, proofs) = await look(at: zone, kinds, scope: scope(for: state, kinds), purpose)
        }
        mark(zone, .working)
        if isStopping { return PassResult(trouble: Self.stoppingTrouble) }
        guard isCurrent(duty, zone) else { return nil }
        var record = self.record(of: zone, duty, state, after: looks)
        if case .missing = proof, let known = state.zone { record.name = known.name }
        let planned = state.zone?.plannedUnder
        let newKinds = Set(kinds.filter { !(planned?.covers($0, under: era) ?? false) })
        state.zone = record
        noteSight(of: zone, looks, purpose)
        var result = PassResult()
        var quota = QuotaInPass()
        for round in 0..<Self.rounds {
            var (input, keyTroubles) = try await input(zone, duty, looks, state, planOnly: newKinds)
            (input.lookedAt, input.packQuota) = (lookBegin.moment(at: input.now, ports.clock.uptime()), quota.known)
            var plan = try self.plan(&input)
            if round == 0, !plan.doubtful.isEmpty {
                input.answers = await answers(about: plan.doubtful, in: zone, state, purpose)
                plan = try self.plan(&input)
            }
            if await askForQuota(&quota, before: plan, in: zone) {
                input.packQuota = quota.known
                plan = try self.plan(&input)
            }
            if isStopping { return PassResult(trouble: Self.stoppingTrouble) }
            let outdated = purpose == .planning ? [] : await outdatedKinds(of: plan, proofs)
            if !outdated.isEmpty {
                let fresh = await look(at: zone, outdated, scope: scope(for: state, kinds), purpose)
                for kind in outdated { (looks[kind], proofs[kind]) = (fresh.looks[kind], fresh.proofs[kind]) }
                noteSight(of: zone, looks, purpose)
                renew(&input, looks, lookBegin)
                plan = try self.plan(&input)
            }
            // Each is asked about once in a round, and not too many: the others wait for another pass.
            var asked: Set<ObjectID> = []
            while case let ids = plan.removedOnTheirWay.filter({ !asked.contains($0) }), !ids.isEmpty {
                asked.formUnion(ids)
                let answers = await answers(about: ids, in: zone, state, purpose)
                input.unconfirmed.formUnion(ids.filter { !answers.keys.contains($0) })
                for sighting in answers.values.compactMap(\.self) { looks[sighting.kind]?.add(sighting) }
                renew(&input, looks, lookBegin)
                plan = try self.plan(&input)
            }
            // Of the last plan: what it makes, an earlier one may not have made.
            let left = await keysLeft(for: plan, state, duty)
            keyTroubles.merge(left.troubles) { first, _ in first }
            if !left.generations.isEmpty || !keyTroubles.isEmpty {
                (input.keysLeft, input.keysUncounted) = (left.generations, Set(keyTroubles.keys))
                plan = try self.plan(&input)
            }
            if isStopping { return PassResult(trouble: Self.stoppingTrouble) }
            if round == 0 { result.entries = plan.entries }
            if purpose == .planning { return result }
            let (operations, unsent) = try await operations(for: plan, in: zone, duty, keyTroubles)
            // Keys take their time: settings that have changed meanwhile want another plan.
            guard isCurrent(duty, zone) else {
                if round == 0 { return nil }
                setDue(zone, in: .zero)
                break
            }
            // While this pass waited, others may have used up what the brakes leave (S6, S7). Nothing is waited for from
            // here on until it is committed.
            if let again = try planCountedAnew(plan, &input) {
                guard again.hasSameActions(as: plan) else {
                    if round == 0 { return nil }
                    setDue(zone, in: .zero)
                    break
                }
                plan = again
            }
            let seen = Set(looks.filter(\.value.isComplete).keys)
            record.nextLook = nextLook(after: plan, planOnly: !newKinds.isDisjoint(with: seen))
            if !seen.isEmpty {
                record.plannedUnder = .adding(seen, of: Set(kinds), under: era, to: planned)
            }
            // What is done on this machine is no operation: it leaves its trace when it is done.
            let opened = operations.filter { $0.action.effect != .local }.map(Change.operation)
            try commit(plan.changes + opened + [.zone(record)])
            for operation in operations { freshKeys[operation.subject] = nil }
            tell(plan.news)
            zones[zone]?.summary = Self.summary(of: plan)
            setDue(zone, at: record.nextLook ?? ports.clock.now())
            let settled = try settle(unsent, in: plan.state, duty)
            let done = try await carryOut(operations, settled, input, duty, proofs)
            result.lines += done.lines
            quota.take(operations)
            if done.isOvertaken {
                // What comes too late time and again has to wait for the schedule like anything else.
                if zones[zone]?.wasOvertaken == false { setDue(zone, in: .zero) }
                zones[zone]?.wasOvertaken = true
                break
            }
            zones[zone]?.wasOvertaken = false
            // What came of it may be followed at once by the next step, by a hold, or by the time of another try.
            guard !operations.isEmpty, !isStopping else { break }
            for sighting in done.sightings { looks[sighting.kind]?.add(sighting) }
            state = try ports.ledger.state(of: zone, now: ports.clock.now())
        }
        return result
    }

    // MARK: Looking

    /// The kinds that are wished, and those of which something of ours is still there.
    private static func kinds(of duty: ZoneDuty, _ state: ZoneState) -> [SubjectKind] {
        let ours = Set(state.objects.filter { $0.isOurs && !$0.sighting.stage.isOver }.map(\.sighting.kind))
        let open = Set(state.openOperations.map(\.subject.kind))
        return Set(duty.wish?.kinds ?? []).union(ours).union(open).sorted()
    }

    private func scope(for state: ZoneState, _ kinds: [SubjectKind]) -> ListScope {
        guard kinds.contains(.clientCertificate) else { return .all }
        // What was made and revoked before anybody looked is in a whole listing alone: else it would be taken for lost.
        let isMaking = state.openOperations.contains {
            $0.subject.kind == .clientCertificate && $0.action.effect == .create
        }
        if isMaking { return .all }
        guard let last = state.zone?.lastFullLook else { return .all }
        return ports.clock.now() - last >= Self.fullLookEvery ? .all : .changeable
    }

    private func look(
        at zone: ZoneID, _ kinds: [SubjectKind], scope: ListScope, _ purpose: PassPurpose
    ) async -> (looks: [SubjectKind: Look], proofs: [SubjectKind: Proof]) {
        let looking = ports.provider(.observe).looking
        var looks: [SubjectKind: Look] = [:]
        var proofs: [SubjectKind: Proof] = [:]
        for kind in kinds {
            let scope = kind == .certificatePack ? .all : scope
            let begun = ports.clock.uptime()
            do throws(ProviderTrouble) {
                let seen = try await looking.list(kind, in: zone, scope: scope, priority: priority(of: zone, purpose))
                looks[kind] = .complete(seen, scope)
                proofs[kind] = await proof(begun: begun)
                resolve(.tokenRefused, of: "\(zone) \(kind.rawValue)")
            } catch {
                if case .tokenRefused(let answer) = error {
                    raise(.tokenRefused, of: "\(zone) \(kind.rawValue)", "\(answer.endpoint): \(answer.text)")
                }
                looks[kind] = .unseen(code: error.explanation.code, summary: error.explanation.summary)
            }
            mark(zone, .asking)
        }
        return (looks, proofs)
    }

    /// What a listing that has just come proves: for two minutes, and for as long as some requests of every pass under way
    /// take when the budget is short, at most an hour more.
    private func proof(begun: Duration) async -> Proof {
        let requests = Double(4 * max(1, passes.count))
        // Settled zones leave a quarter of the budget to others.
        let seconds = requests / max(await ports.budget.snapshot().rate * 0.75, 0.0001)
        let wait = Duration.seconds(min(seconds, Double(RequestBudget.longestBlock.wholeSeconds)))
        return Proof(begun: begun, ends: ports.clock.uptime() + max(Self.proofLife, skewTolerance * 2) + wait)
    }

    /// The kinds that a plan removes something of and that were seen too long ago to prove that harmless: the looks at the
    /// others took long, or waited for the end of a block. They are looked at once more.
    private func outdatedKinds(of plan: Plan, _ proofs: [SubjectKind: Proof]) async -> [SubjectKind] {
        let removed = plan.entries.filter { $0.decision.action?.effect == .remove }.map(\.subject.kind)
        guard !removed.isEmpty else { return [] }
        let (now, lastBlockAt) = (ports.clock.uptime(), await ports.budget.snapshot().lastBlockAt)
        return Set(removed).filter { !(proofs[$0]?.holds(at: now, lastBlockAt: lastBlockAt) ?? true) }.sorted()
    }

    private func priority(of zone: ZoneID, _ purpose: PassPurpose) -> RequestPriority {
        if purpose != .scheduled { return .person }
        return (zones[zone]?.summary?.moving ?? 1) > 0 ? .moving : .settled
    }

    /// What GETs by identifier say of things that a listing lacked. A GET that fails leaves the thing in doubt.
    private func answers(
        about ids: [ObjectID], in zone: ZoneID, _ state: ZoneState, _ purpose: PassPurpose
    ) async -> [ObjectID: Sighting?] {
        let looking = ports.provider(.observe).looking
        var answers: [ObjectID: Sighting?] = [:]
        for id in ids.prefix(Self.doubtsInOnePass) {
            guard let kind = state.objects.first(where: { $0.id == id })?.sighting.kind else { continue }
            mark(zone, .asking)
            do throws(ProviderTrouble) {
                let sighting = try await looking.get(id, kind, in: zone, priority: priority(of: zone, purpose))
                answers.updateValue(sighting, forKey: id)
            } catch {
                if case .notFound = error { answers.updateValue(nil, forKey: id) }
            }
        }
        mark(zone, .working)
        return answers
    }

    // MARK: Planning

    /// - Returns: Also the subjects of which the key room could not say for what it has a key.
    private func input(
        _ zone: ZoneID, _ duty: ZoneDuty, _ looks: [SubjectKind: Look], _ state: ZoneState,
        planOnly: Set<SubjectKind>
    ) async throws(StoreTrouble) -> (PlanInput, [Subject: KeyTrouble]) {
        let now = ports.clock.now()
        var input = PlanInput(
            zone: zone, zoneName: duty.name, wish: duty.wish, looks: looks, state: state,
            counts: try ports.ledger.counts(names: Planner.namesToCount(duty.wish, state), now: now),
            now: now, limits: settings.limits, deadlines: settings.deadlines, lookEvery: await lookEvery())
        input.failures = zones[zone]?.failures ?? [:]
        input.obstacles.planOnly = planOnly
        input.obstacles.stateUntrusted = stateTrouble
        input.obstacles.clockSkew = await skew()
        let keys = await keysInHand(zone, looks, state, duty)
        input.keysInHand = keys.generations
        return (input, keys.troubles)
    }

    /// For another plan with what was seen meanwhile.
    private func renew(_ input: inout PlanInput, _ looks: [SubjectKind: Look], _ begin: LookBegin) {
        (input.looks, input.now) = (looks, ports.clock.now())
        input.lookedAt = begin.moment(at: input.now, ports.clock.uptime())
    }

    /// A plan. What is unwanted in the other zones is counted only for one that it matters to, which few are: the count
    /// looks at whatever is known and not wished, and takes longer than all else of a pass in which nothing is done.
    private func plan(_ input: inout PlanInput) throws(StoreTrouble) -> Plan {
        let plan = planner.plan(input)
        guard plan.lacksUnwantedElsewhere else { return plan }
        input.unwantedElsewhere = try ports.ledger.unwantedOurs(outside: input.zone)
        return planner.plan(input)
    }

    /// The same plan by what is counted now; nil where nothing that counts is planned, or the counts are what they were.
    private func planCountedAnew(_ plan: Plan, _ input: inout PlanInput) throws(StoreTrouble) -> Plan? {
        let isCounted = plan.entries.contains { entry in
            entry.decision.action.map { $0.countsAsIssuance || $0.effect == .remove } ?? false
        }
        guard isCounted else { return nil }
        let counts = try ports.ledger.counts(
            names: Planner.namesToCount(input.wish, input.state), now: input.now)
        let elsewhere = try input.unwantedElsewhere.map { _ throws(StoreTrouble) in
            try ports.ledger.unwantedOurs(outside: input.zone)
        }
        guard counts != input.counts || elsewhere != input.unwantedElsewhere else { return nil }
        (input.counts, input.unwantedElsewhere) = (counts, elsewhere)
        return try self.plan(&input)
    }

    /// How far the answers' dates are from our clock, when that is too far (S11).
    func skew() async -> Duration? {
        await ports.budget.snapshot().skew.flatMap(tooMuch)
    }

    func tooMuch(_ skew: Duration) -> Duration? {
        skew > skewTolerance || skew < .zero - skewTolerance ? skew : nil
    }

    private func nextLook(after plan: Plan, planOnly: Bool) -> Timestamp {
        guard planOnly else { return plan.nextLook }
        return min(plan.nextLook, ports.clock.now() + Self.afterPlanningOnly)
    }

    private static func summary(of plan: Plan) -> ZoneDuty.Summary {
        var summary = ZoneDuty.Summary()
        summary.subjects = plan.entries.count
        summary.moving = plan.state.objects.count { $0.isOurs && $0.sighting.stage.isMoving }
        summary.wrong = plan.state.episodes.count { $0.resolvedAt == nil }
        return summary
    }

    // MARK: Writing down

    /// An operation that came to nothing before it was committed.
    private typealias Unsent = (operation: Operation, trouble: KeyTrouble)

    /// The operations of a plan, each with what was known when it was made; and those for which no request could be made.
    private func operations(
        for plan: Plan, in zone: ZoneID, _ duty: ZoneDuty, _ troubles: [Subject: KeyTrouble]
    ) async throws(StoreTrouble) -> (ready: [Operation], unsent: [Unsent]) {
        var operations: [Operation] = []
        var unsent: [Unsent] = []
        for entry in plan.entries {
            guard let action = entry.decision.action else { continue }
            let now = ports.clock.now()
            var operation = Operation(
                id: OperationID(at: now, chance: ports.chance.next()), subject: entry.subject, action: action,
                reason: entry.decision.reason, committedAt: now)
            if action.effect != .local {
                operation.baseline = try ports.ledger.knownIDs(entry.subject.kind, in: zone)
                    .union(plan.state.objects.map(\.id))
            }
            if case .clientCertificate(.create(let wish, let generation)) = action {
                mark(zone, .working)
                do throws(KeyTrouble) {
                    if let trouble = troubles[entry.subject] { throw trouble }
                    operation.request = try await request(for: entry.subject, duty, wish, generation)
                } catch {
                    unsent.append((operation, error))
                    continue
                }
            }
            operations.append(operation)
        }
        return (operations, unsent)
    }

    /// Writes down what came to nothing, after the plan that it was part of.
    private func settle(
        _ unsent: [Unsent], in state: ZoneState, _ duty: ZoneDuty
    ) throws(StoreTrouble) -> ZoneState {
        var state = state
        for (operation, trouble) in unsent {
            let explanation = trouble.explanation
            let outcome = SendOutcome.refused(
                .keyTrouble, lasting: false, code: explanation.code, message: explanation.summary)
            let settled = planner.settle(operation, outcome, in: state, zoneName: duty.name, now: ports.clock.now())
            try commit(
                settled.changes.filter {
                    if case .operation = $0 { false } else { true }
                })
            tell(settled.news)
            state = settled.state
        }
        return state
    }

    /// Counts the looks that failed. Those that a person asks for are made as often as the person likes, and count once.
    private func noteSight(of zone: ZoneID, _ looks: [SubjectKind: Look], _ purpose: PassPurpose) {
        guard purpose != .planning else { return }
        let before = zones[zone]?.failures ?? [:]
        var failures: [SubjectKind: Int] = [:]
        for (kind, look) in looks where !look.isComplete {
            let known = before[kind] ?? 0
            failures[kind] = purpose == .scheduled ? min(known, 1000) + 1 : max(known, 1)
        }
        zones[zone]?.failures = failures
    }

    private func record(
        of zone: ZoneID, _ duty: ZoneDuty, _ state: ZoneState, after looks: [SubjectKind: Look]
    ) -> ZoneRecord {
        var record = state.zone ?? ZoneRecord(id: zone, name: duty.name)
        (record.name, record.isManaged) = (duty.name, duty.wish != nil)
        if case .complete(_, .all)? = looks[.clientCertificate] { record.lastFullLook = ports.clock.now() }
        if looks.values.allSatisfy(\.isComplete) { record.lastCompleteLook = ports.clock.now() }
        return record
    }

    /// A kind that is not asked for any more is refused no more.
    private func forgetRefusals(_ zone: ZoneID, besides kinds: [SubjectKind] = []) {
        if !kinds.contains(.clientCertificate) { resolve(.keyTrouble, of: zone.text) }
        for kind in SubjectKind.allCases where !kinds.contains(kind) {
            resolve(.tokenRefused, of: "\(zone) \(kind.rawValue)")
        }
    }

    /// A zone in which nothing is wished and nothing is ours costs no request.
    private func rest(_ zone: ZoneID, _ duty: ZoneDuty, _ state: ZoneState) throws(StoreTrouble) -> PassResult {
        forgetRefusals(zone)
        var record = self.record(of: zone, duty, state, after: [:])
        record.lastCompleteLook = state.zone?.lastCompleteLook
        record.nextLook = ports.clock.now() + settings.daemon.lookEvery
        if record.isManaged != state.zone?.isManaged || state.zone == nil { try commit([.zone(record)]) }
        zones[zone]?.summary = ZoneDuty.Summary()
        if !state.subjects.isEmpty || !state.episodes.isEmpty {
            let plan = planner.plan(
                PlanInput(
                    zone: zone, zoneName: duty.name, wish: duty.wish, state: state, now: ports.clock.now(),
                    limits: settings.limits, deadlines: settings.deadlines))
            try commit(plan.changes)
            tell(plan.news)
            zones[zone]?.summary = Self.summary(of: plan)
        }
        setDue(zone, at: ports.clock.now() + settings.daemon.lookEvery)
        return PassResult()
    }

    /// Writes durably, or throws and leaves everything as it was: an action that leaves no trace must not happen.
    func commit(_ changes: [Change]) throws(StoreTrouble) {
        guard !changes.isEmpty else { return }
        try ports.ledger.commit(changes)
        storeIsWell()
        writeUnwritten()
    }

    /// Something was written, or could have been.
    func storeIsWell() {
        guard storeTrouble != nil || daemonEpisodes[.storeUnwritable] != nil else { return }
        storeTrouble = nil
        resolve(.storeUnwritable)
        callBackPutOff()
    }

    func tell(_ news: [News]) {
        for item in news { ports.news.tell(item) }
    }
}

extension Plan {
    fileprivate func hasSameActions(as other: Plan) -> Bool {
        func actions(_ plan: Plan) -> [Entry] {
            plan.entries.compactMap { entry in
                entry.decision.action.map {
                    Entry(subject: entry.subject, decision: .act($0, because: entry.decision.reason))
                }
            }
        }
        return actions(self) == actions(other)
    }
}

extension Look {
    var isComplete: Bool {
        guard case .complete = self else { return false }
        return true
    }

    /// A thing that Cloudflare just answered with is seen, although the listing is older than it.
    mutating func add(_ sighting: Sighting) {
        guard case .complete(let seen, let scope) = self else { return }
        self = .complete(seen.filter { $0.id != sighting.id } + [sighting], scope)
    }
}
