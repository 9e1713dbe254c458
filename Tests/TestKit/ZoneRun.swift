import Domain
import Planning

/// One zone, planned for again and again against a Cloudflare that does what it is told to: the engine's part in a few
/// lines, for tests of what the planner decides.
public struct ZoneRun {
    public static let zone = ZoneID("023e105f4ecef8ad9ca31a8372d0c353")
    public static let name = "example.com"
    public static let start = Timestamp(unixSeconds: 1_790_000_000)

    public var now = ZoneRun.start
    public var wish: ZoneWish?
    public var state = ZoneState()
    /// What is at Cloudflare.
    public var objects: [ObjectID: Sighting] = [:]
    public var limits = LimitSettings()
    public var lookEvery: Duration = .minutes(15)
    public var obstacles = Obstacles()
    public var counts = BrakeCounts()
    public var unwantedElsewhere: Int? = 0
    public var packQuota: PackQuota?
    public var keysInHand: [Subject: [ObjectID: Int]] = [:]
    public var keysLeft: [Subject: Int] = [:]
    public var keysUncounted: Set<Subject> = []
    /// The kinds whose look fails.
    public var unseen: Set<SubjectKind> = []
    public var clientScope = ListScope.all
    /// Whether GETs settle what a listing left in doubt.
    public var asksWhenInDoubt = false
    /// What comes of an operation; nil lets Cloudflare do it.
    public var respond: (Operation) -> SendOutcome? = { _ in nil }
    /// Operations that were sent, in order.
    public private(set) var sent: [Operation] = []
    public private(set) var news: [News] = []
    public private(set) var changes: [Change] = []
    public private(set) var lastPlan: Plan?
    private var failures: [SubjectKind: Int] = [:]
    private var made = 0
    private var serial = 0

    public init(_ wishes: [Wish], mode: Mode = .enforce) {
        wish = ZoneWish(name: Self.name, id: Self.zone, mode: mode, wishes: wishes)
    }

    public mutating func want(_ wishes: [Wish], mode: Mode = .enforce) {
        wish = ZoneWish(name: Self.name, id: Self.zone, mode: mode, wishes: wishes)
    }

    public func subject(_ name: String, _ kind: SubjectKind = .certificatePack) -> Subject {
        Subject(zone: Self.zone, kind: kind, name: name)
    }

    // MARK: Passing

    public var input: PlanInput {
        var input = PlanInput(
            zone: Self.zone, zoneName: Self.name, wish: wish, state: state, counts: counts,
            unwantedElsewhere: unwantedElsewhere, now: now, limits: limits, lookEvery: lookEvery, obstacles: obstacles)
        for kind in SubjectKind.allCases {
            let seen = objects.values.filter {
                $0.kind == kind && !(clientScope == .changeable && $0.stage == .revoked)
            }
            .sorted { $0.id < $1.id }
            input.looks[kind] =
                unseen.contains(kind)
                ? .unseen(code: "down", summary: "Cloudflare is down")
                : .complete(seen, kind == .clientCertificate ? clientScope : .all)
        }
        (input.keysInHand, input.keysLeft, input.packQuota) = (keysInHand, keysLeft, packQuota)
        input.keysUncounted = keysUncounted
        input.failures = failures
        return input
    }

    /// Looks and plans, and does nothing.
    public func plan() -> Plan { Planner().plan(input) }

    /// One pass. Local steps are followed at once by another plan, as the engine does it.
    /// - Returns: The codes of what was done, joined by `+`; `.` for nothing.
    @discardableResult
    public mutating func pass(after delay: Duration = .zero) -> String {
        now = now + delay
        var done: [String] = []
        for _ in 0..<4 {
            let codes = passOnce()
            done += codes
            if !codes.contains(where: { ["adopt", "deliver", "run-command"].contains($0) }) { break }
        }
        return done.isEmpty ? "." : done.joined(separator: "+")
    }

    private mutating func passOnce() -> [String] {
        failures = failures.filter { unseen.contains($0.key) }
        for kind in unseen { failures[kind, default: 0] += 1 }
        var input = self.input
        if unseen.isEmpty {
            var zone = state.zone ?? ZoneRecord(id: Self.zone, name: Self.name)
            zone.lastCompleteLook = now
            state.zone = zone
            input.state = state
        }
        var plan = Planner().plan(input)
        if asksWhenInDoubt, !plan.doubtful.isEmpty {
            for id in plan.doubtful { input.answers.updateValue(objects[id], forKey: id) }
            plan = Planner().plan(input)
        }
        take(plan.changes, plan.news, plan.state)
        lastPlan = plan
        var codes: [String] = []
        for entry in plan.entries {
            guard let action = entry.decision.action else { continue }
            made += 1
            var operation = Operation(
                id: OperationID(at: now, chance: UInt64(made)), subject: entry.subject, action: action,
                reason: entry.decision.reason, committedAt: now)
            operation.baseline = Set(state.objects.map(\.id)).union(objects.keys)
            if case .clientCertificate(.create(_, let generation)) = action {
                let der = "\(entry.subject.name)-\(generation)"
                operation.request = SigningRequest(pem: der, der: der)
            }
            codes.append(action.code)
            carryOut(operation, input)
        }
        return codes
    }

    private mutating func carryOut(_ operation: Operation, _ input: PlanInput) {
        var current = input
        (current.state, current.now) = (state, now)
        let outcome: SendOutcome
        if let objection = Planner().objection(to: operation, in: current) {
            outcome = .refused(objection.reason, lasting: false, code: "objection", message: objection.detail)
        } else {
            sent.append(operation)
            outcome = respond(operation) ?? obey(operation)
        }
        settle(operation, outcome)
    }

    public mutating func settle(_ operation: Operation, _ outcome: SendOutcome) {
        let settled = Planner().settle(operation, outcome, in: state, zoneName: Self.name, now: now)
        take(settled.changes, settled.news, settled.state)
    }

    private mutating func take(_ more: [Change], _ told: [News], _ next: ZoneState) {
        changes += more
        news += told
        state = next
    }

    /// Sets our clock wrong, and lets that be known; Cloudflare's goes on.
    public mutating func setClock(aheadBy span: Duration) {
        (now, obstacles.clockSkew) = (now + span, .zero - span)
    }

    public mutating func setClockRight() {
        (now, obstacles.clockSkew) = (now + (obstacles.clockSkew ?? .zero), nil)
    }

    public mutating func forget() { (changes, news, sent) = ([], [], []) }

    // MARK: Cloudflare

    /// Does what an operation asks, and answers as Cloudflare would.
    public mutating func obey(_ operation: Operation) -> SendOutcome {
        switch operation.action {
        case .pack(.order(let wish)):
            serial += 1
            let id = ObjectID("p\(serial)")
            objects[id] = .pack(id.text, "initializing", wish)
            return .accepted(id, objects[id])
        case .clientCertificate(.create(let wish, _)):
            serial += 1
            let id = ObjectID("c\(serial)")
            objects[id] = .certificate(id.text, "active", wish, der: operation.request?.der, from: now)
            return .accepted(id, objects[id])
        case .pack(.restart(let id)): show(id, "initializing")
        case .pack(.delete(let id)): show(id, "pending_deletion")
        case .clientCertificate(.revoke(let id)): show(id, "pending_revocation")
        case .clientCertificate(.reactivate(let id)): show(id, "pending_reactivation")
        case .pack(.recheck(let id, let method)): change(id) { $0.method = method.rawValue }
        case .pack(.setBranding(let id, let branding)): change(id) { $0.branding = branding }
        case .pack(.adopt), .clientCertificate: break
        }
        return .accepted(operation.action.object, operation.action.object.flatMap { objects[$0] })
    }

    /// Gives a thing another status; an active pack gets its certificate.
    public mutating func show(_ id: ObjectID, _ status: String, until: Timestamp? = nil) {
        guard var sighting = objects[id] else { return }
        sighting.status = status
        switch sighting.traits {
        case .pack(var pack):
            sighting.stage = PackStatus(rawValue: status)?.stage ?? .unread
            if sighting.stage == .serving, pack.certificates.isEmpty || until != nil {
                let end = until ?? now + .days(pack.validityDays ?? 90)
                pack.certificates = [IssuedCertificate(id: "\(id)-\(end.unixSeconds)", notAfter: end)]
            }
            sighting.traits = .pack(pack)
        case .clientCertificate: sighting.stage = ClientCertificateStatus(rawValue: status)?.stage ?? .unread
        }
        objects[id] = sighting
    }

    /// Gives a pack a certificate that was uploaded just now, in place of those that it has.
    public mutating func issue(_ id: ObjectID, _ certificate: String) {
        change(id) { [now] in
            $0.certificates = [IssuedCertificate(id: certificate, uploadedOn: now, notAfter: now + .days(90))]
        }
    }

    public mutating func change(_ id: ObjectID, _ body: (inout PackTraits) -> Void) {
        guard var sighting = objects[id], case .pack(var pack) = sighting.traits else { return }
        body(&pack)
        sighting.traits = .pack(pack)
        objects[id] = sighting
    }

    // MARK: Reading

    public func decision(_ name: String, _ kind: SubjectKind = .certificatePack) -> Decision? {
        lastPlan?.entries.first { $0.subject == subject(name, kind) }?.decision
    }

    /// `hold would-uncover`.
    public func verdict(_ name: String, _ kind: SubjectKind = .certificatePack) -> String {
        decision(name, kind).map { "\($0.word) \($0.reason.rawValue)" } ?? "nothing"
    }

    public func record(_ id: String) -> ObjectRecord? { state.objects.first { $0.id.text == id } }

    public func conditions(_ name: String, _ kind: SubjectKind = .certificatePack) -> [Episode.Condition] {
        state.episodes.filter { $0.scope == .subject(subject(name, kind)) && $0.resolvedAt == nil }.map(\.condition)
            .sorted { $0.rawValue < $1.rawValue }
    }

    public mutating func approve(_ name: String, _ reason: Reason, _ kind: SubjectKind = .certificatePack) {
        state.approvals.append(Approval(subject: subject(name, kind), reason: reason, at: now, by: "uid 0 (root)"))
    }
}

extension Sighting {
    public static func pack(_ id: String, _ status: String, _ wish: PackWish, until: Timestamp? = nil) -> Sighting {
        Sighting(
            id: ObjectID(id), status: status, stage: PackStatus(rawValue: status)?.stage ?? .unread,
            traits: .pack(
                PackTraits(
                    type: "advanced", hosts: wish.hosts, authority: wish.authority.rawValue,
                    method: wish.method.rawValue,
                    validityDays: wish.validityDays, branding: wish.branding,
                    certificates: until.map { [IssuedCertificate(id: "\(id)-1", notAfter: $0)] } ?? [])))
    }

    public static func certificate(
        _ id: String, _ status: String, _ wish: ClientCertificateWish, der: String?, from: Timestamp
    ) -> Sighting {
        Sighting(
            id: ObjectID(id), status: status, stage: ClientCertificateStatus(rawValue: status)?.stage ?? .unread,
            traits: .clientCertificate(
                ClientCertificateTraits(
                    commonName: wish.commonName, requestDER: der, certificatePEM: "PEM",
                    validityDays: wish.validityDays,
                    issuedOn: from, notAfter: from + .days(wish.validityDays))))
    }
}
