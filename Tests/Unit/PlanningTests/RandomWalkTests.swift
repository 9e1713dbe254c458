import Domain
import Planning
import TestKit
import Testing

/// The same numbers from the same seed, on every machine.
private struct SplitMix {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }
    mutating func pick<Item>(_ items: [Item]) -> Item { items[below(items.count)] }
}

/// Cloudflare, other people, the network and the clock do anything at all; the rules hold all the same.
@Suite("A random walk") struct RandomWalkTests {
    private static let statuses = PackStatus.allCases.map(\.rawValue) + ["polishing", "", "active", "active", "active"]
    private static let hosts: [HostSet] = [["a.example.com"], ["*.example.com"], ["a.example.com", "b.example.com"]]

    private func wishes(_ chance: inout SplitMix) -> [Wish] {
        var wishes: [Wish] = []
        for name in ["one", "two"] where !chance.oneIn(6) {
            wishes.append(
                .pack(
                    packWish(
                        name, chance.pick(Self.hosts), authority: chance.pick([.google, .letsEncrypt]),
                        method: chance.pick([.txt, .http, .txt]))))
        }
        for name in ["c1", "c2"] where !chance.oneIn(4) {
            wishes.append(
                .clientCertificate(
                    ClientCertificateWish(
                        name: name, commonName: "\(chance.pick(["c1", "c2"])).example.com",
                        key: .made(chance.pick([.ecP256, .rsa2048])), validityDays: chance.pick([90, 365]),
                        command: chance.pick([[], ["/bin/true"]]))))
        }
        return wishes
    }

    /// - Returns: Whether what is sent now may have an effect.
    private func disturb(_ run: inout ZoneRun, _ chance: inout SplitMix) -> Bool {
        let ids = run.objects.keys.sorted()
        if let id = ids.isEmpty ? nil : Optional(chance.pick(ids)) {
            switch chance.below(8) {
            case 0: run.objects[id] = nil
            case 1: run.change(id) { $0.method = "http" }
            case 2: run.change(id) { $0.certificates = [] }
            case 3: run.show(id, "active", until: run.now + .days(chance.below(100) - 5))
            default:
                let isPack = run.objects[id]?.kind == .certificatePack
                run.show(
                    id,
                    isPack ? chance.pick(Self.statuses) : chance.pick(["active", "revoked", "pending_revocation", "?"]))
            }
        }
        if chance.oneIn(12) {
            run.want(wishes(&chance), mode: chance.pick([.enforce, .enforce, .upsert, .create, .observe]))
        }
        if chance.oneIn(15) {
            let id = "f\(chance.below(1000))"
            run.objects[ObjectID(id)] = .pack(
                id, "active", packWish(id, chance.pick(Self.hosts)), until: run.now + .days(40))
        }
        run.unseen = chance.oneIn(6) ? [chance.pick(SubjectKind.allCases)] : []
        run.clientScope = chance.oneIn(2) ? .all : .changeable
        run.asksWhenInDoubt = chance.oneIn(2)
        run.obstacles.clockSkew = chance.oneIn(10) ? .days(3) : nil
        if chance.oneIn(40) { run.now = run.now + (chance.oneIn(2) ? .days(400) : .zero - .days(400)) }
        let fate = chance.below(12)
        run.respond = { operation in
            switch fate {
            case 0: .unanswered(code: "x", message: "lost")
            case 1: .refused(.retryLater, lasting: false, code: "x", message: "later")
            case 2: .refused(.sameHostSetRefused, lasting: true, code: "x", message: "duplicate")
            case 3: .accepted(operation.action.object, nil)
            default: nil
            }
        }
        return fate != 1 && fate != 2
    }

    @Test("no rule is broken, whatever happens", arguments: 0..<16)
    func walk(seed: Int) {
        var chance = SplitMix(state: UInt64(seed))
        var run = ZoneRun(wishes(&chance))
        var lastChange: [Subject: Timestamp] = [:]
        for step in 0..<100 {
            let hasEffect = disturb(&run, &chance)
            let before = run.state
            run.forget()
            run.pass(after: .seconds(Int64(chance.pick([20, 70, 700, 4000]))))
            let context = Comment(rawValue: "seed \(seed), step \(step)")
            for operation in run.sent where operation.action.effect != .local {
                if let id = operation.action.object {
                    let record = run.state.objects.first { $0.id == id }
                    #expect(record?.isOurs == true, context)  // S2
                }
                #expect(run.unseen.contains(operation.subject.kind) == false, context)  // S1
                #expect(run.obstacles.clockSkew == nil, context)  // S11
                #expect(run.wish?.mode.permits(operation.action.effect) == true, context)
                #expect(
                    !before.openOperations.contains { open in
                        open.subject == operation.subject && run.state.openOperations.contains { $0.id == open.id }
                    }, context)  // S3
                if let last = lastChange[operation.subject] {
                    #expect((run.now - last).magnitude >= .seconds(60), context)  // S10
                }
                if hasEffect { lastChange[operation.subject] = operation.committedAt }
                if case .clientCertificate(.reactivate) = operation.action { Issue.record("S8: \(context)") }
            }
            guard let plan = run.lastPlan else { return }
            #expect(plan.nextLook > run.now && plan.nextLook <= run.now + run.lookEvery, context)  // S12
            #expect(Set(plan.entries.map(\.subject)).count == plan.entries.count, context)
            #expect(plan.entries.map(\.subject) == plan.entries.map(\.subject).sorted(), context)
        }
        settle(&run, seed)
    }

    /// After the disturbances stop, the zone comes to rest and stays quiet.
    private func settle(_ run: inout ZoneRun, _ seed: Int) {
        run.respond = { _ in nil }
        (run.unseen, run.obstacles, run.clientScope, run.asksWhenInDoubt) = ([], Obstacles(), .all, true)
        for _ in 0..<60 {
            for id in run.objects.keys {
                switch run.objects[id]?.stage {
                case .underway, .leaving:
                    let isGoing = run.objects[id]?.stage == .leaving
                    if isGoing, run.objects[id]?.kind == .certificatePack { run.objects[id] = nil }
                    if isGoing { run.show(id, "revoked") } else { run.show(id, "active") }
                default: break
                }
            }
            run.pass(after: .minutes(171))
        }
        run.forget()
        for _ in 0..<10 { run.pass(after: .minutes(17)) }
        let codes = run.sent.map(\.action.code)
        #expect(codes == [], "seed \(seed)")
        let unsettled = (run.lastPlan?.entries ?? []).filter { entry in
            switch entry.decision.verdict {
            case .rest, .hold: false
            case .act: true
            case .wait: ![.modeForbids, .renewalByCloudflare, .operationOpen].contains(entry.decision.reason)
            }
        }
        let waits = unsettled.map { "\($0.subject.name) \($0.decision.word) \($0.decision.reason.rawValue)" }
        #expect(waits == [], "seed \(seed)")
    }
}

extension Duration {
    fileprivate var magnitude: Duration { self < .zero ? .zero - self : self }
}
