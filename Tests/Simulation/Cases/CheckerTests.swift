import Domain
import Testing

@testable import CloudflareModel
@testable import Simulation

@Suite("Each checker can fail") struct CheckerTests {
    let zone = ZoneID("10a1")
    let now = Setting.start + .days(40)
    let subject = "10a1/certificate_pack/main"

    private var memory: Memory {
        var settings = Settings()
        let wish = PackWish(name: "main", hosts: ["zone1.example"], authority: .google, method: .txt, validityDays: 90)
        settings.zones = [ZoneWish(name: "zone1.example", id: zone, mode: .enforce, wishes: [.pack(wish)])]
        var memory = Memory(inForce: settings, settingsChangedAt: Setting.start)
        (memory.upSince, memory.made) = (.zero, [ObjectID("p1"): subject, ObjectID("p2"): subject])
        return memory
    }

    private func pack(_ id: String, _ status: String = "active", since: Duration = .days(1)) -> PackFacts {
        PackFacts(
            id: ObjectID(id), type: "advanced", hosts: ["zone1.example"], authority: "google", method: "txt",
            validityDays: 90, status: status, since: now - since, expiresAt: now + .days(60), isValidating: false)
    }

    private func deed(
        _ effect: LedgerEntry.Effect, _ object: String, _ action: String, reason: String = "missing", id: String = "o1",
        packs: [PackFacts] = [], wall: Duration = .zero, up: Duration = .hours(1), kind: String = "certificate_pack"
    ) -> Deed {
        let row = OperationRow([
            id, zone.text, kind, "main", action, object, "zone1.example", reason, "0", "open", nil, nil, "{}",
        ])
        return Deed(
            effect: effect, at: now, up: up, wall: now + wall, zone: zone, packs: packs, certificates: [],
            operation: row, object: ObjectID(object))
    }

    private func order(_ object: String = "p3", id: String = "o1", packs: [PackFacts] = []) -> Deed {
        deed(
            .orderAccepted(pack: ObjectID(object), zone: zone, hosts: ["zone1.example"]), object, "create", id: id,
            packs: packs)
    }

    private func deletion(_ object: String, reason: String = "superseded", packs: [PackFacts]) -> Deed {
        deed(.packDeletionBegun(pack: ObjectID(object), zone: zone), object, "remove", reason: reason, packs: packs)
    }

    private func witness(_ change: (inout Witness) -> Void) -> Witness {
        var witness = Witness(
            memory: memory, rows: nil, isWritten: true, newTransitions: [], now: now, up: .days(40), wall: now,
            isUp: true, isMakingProgress: true, timers: 1)
        change(&witness)
        return witness
    }

    private func line(_ seq: Int, _ event: String, _ from: String, _ to: String) -> TransitionRow? {
        TransitionRow(["\(seq)", zone.text, "certificate_pack", "main", "p1", "0", event, from, to])
    }

    @Test("S1: a thing that is there and was taken for gone")
    func unseen() {
        var checker = S01Unseen { _ in ["p1"] }
        let gone = witness { $0.newTransitions = [line(1, "vanished", "serving active", "gone ")].compactMap(\.self) }
        #expect(checker.check(gone).count == 1)
    }

    @Test("S2: a removal of what is not ours")
    func ours() {
        var checker = S02Ours()
        #expect(checker.judge(deletion("p9", packs: []), memory, nil).count == 1)
        #expect(checker.judge(deletion("p1", packs: []), memory, nil).isEmpty)
    }

    @Test("S3: two orders of one operation, an order without one, and an order beside a live twin")
    func once() {
        var checker = S03Once()
        #expect(checker.judge(order(), memory, nil).isEmpty)
        #expect(checker.judge(order("p4"), memory, nil).count == 1)
        #expect(checker.judge(order(id: "o2", packs: [pack("p1")]), memory, nil).count == 1)
        var bare = order(id: "o3")
        bare.operation = nil
        #expect(checker.judge(bare, memory, nil).count == 1)
    }

    @Test("S4: the last cover of a wished host")
    func cover() {
        var checker = S04Cover()
        #expect(checker.judge(deletion("p1", packs: [pack("p1")]), memory, nil).count == 1)
        #expect(checker.judge(deletion("p1", packs: [pack("p1"), pack("p2")]), memory, nil).isEmpty)
    }

    @Test("S5: a successor that has been active for nine minutes")
    func successor() {
        var checker = S05Successor()
        let young = [pack("p1"), pack("p2", since: .minutes(9))]
        #expect(checker.judge(deletion("p1", packs: young), memory, nil).count == 1)
        let old = [pack("p1"), pack("p2", since: .minutes(11))]
        #expect(checker.judge(deletion("p1", packs: old), memory, nil).isEmpty)
    }

    @Test("S6: a fourth order of one host set within a day")
    func issuance() {
        var checker = S06Issuance()
        for number in 1...3 { #expect(checker.judge(order(id: "o\(number)"), memory, nil).isEmpty) }
        #expect(checker.judge(order(id: "o4"), memory, nil).count == 1)
    }

    @Test("S7: a second removal in a small zone within a day")
    func removals() {
        var checker = S07Removals()
        #expect(checker.judge(deletion("p1", reason: "no-longer-wanted", packs: []), memory, nil).isEmpty)
        #expect(checker.judge(deletion("p2", reason: "no-longer-wanted", packs: []), memory, nil).count == 1)
    }

    @Test("S8: a reactivation that nobody asked for")
    func revoked() {
        var checker = S08Revoked()
        let deed = deed(.reactivationBegun(certificate: ObjectID("c1")), "c1", "change", kind: "client_certificate")
        #expect(checker.judge(deed, memory, nil).count == 1)
    }

    @Test("S9: a request within a block, and more requests than our share")
    func budget() {
        var checker = S09Budget()
        var exchange = Exchange(
            life: 1, up: .seconds(1), isAnswer: true, status: 429, retryAfter: 60, quota: 4, window: .minutes(5),
            share: 0.5)
        #expect(checker.judge(exchange, memory).isEmpty)
        (exchange.isAnswer, exchange.up) = (false, .seconds(60))
        #expect(checker.judge(exchange, memory).count == 1)
        exchange.up = .seconds(62)
        for _ in 0..<2 { #expect(checker.judge(exchange, memory).isEmpty) }
        #expect(checker.judge(exchange, memory).count == 1)
    }

    @Test("S10: two changes within a minute")
    func apart() {
        var checker = S10Apart()
        #expect(checker.judge(order(), memory, nil).isEmpty)
        #expect(checker.judge(order(id: "o2"), memory, nil).count == 1)
    }

    @Test("S11: a change with a clock that is an hour off")
    func skew() {
        var checker = S11Skew()
        let deed = deed(
            .orderAccepted(pack: ObjectID("p3"), zone: zone, hosts: ["zone1.example"]), "p3", "create", wall: .hours(1))
        #expect(checker.judge(deed, memory, nil).count == 1)
    }

    @Test("S12: no timer, no progress, a zone that is never asked for")
    func nextLook() {
        var checker = S12NextLook()
        #expect(checker.check(witness { $0.timers = 0 }).count == 1)
        #expect(checker.check(witness { $0.isMakingProgress = false }).count == 1)
        #expect(checker.check(witness { _ in }).count == 1)
        #expect(checker.check(witness { $0.memory.lastListing[zone] = now }).isEmpty)
    }

    @Test("S13: something shown valid after its end")
    func valid() {
        let end = now - .seconds(1)
        var checker = S13Valid { _ in [("p1", end)] }
        #expect(checker.check(witness { _ in }).count == 1)
    }

    @Test("S14: a line that does not start where the last one ended")
    func history() {
        var checker = S14History()
        let lines = [
            line(1, "appeared", " ", "start initializing"),
            line(2, "moved", "validation pending_validation", "serving active"),
        ]
        #expect(checker.check(witness { $0.newTransitions = lines.compactMap(\.self) }).count == 1)
    }

    @Test("S15: the token in a piece of news")
    func secrets() {
        var checker = S15Secrets()
        #expect(checker.hear { "sent \(Setting.secret)" }.count == 1)
    }

    @Test("S17: a change without a database")
    func badState() {
        var checker = S17BadState()
        #expect(checker.judge(order(), memory, nil).count == 1)
    }

    @Test("S18: an order after two undoings")
    func undone() {
        var checker = S18Undone()
        var memory = memory
        memory.undone[subject] = [now - .days(2), now - .days(1)]
        memory.honestLook["\(zone)/certificate_pack"] = now
        #expect(checker.judge(order(), memory, nil).count == 1)
    }
}
