import Domain
import Planning
import TestKit
import Testing

func packWish(
    _ name: String, _ hosts: HostSet, authority: CertificateAuthority = .letsEncrypt, days: Int = 90,
    method: ValidationMethod = .txt
) -> PackWish {
    PackWish(
        name: name, hosts: hosts.adding(["example.com"]), authority: authority, method: method, validityDays: days)
}

@Suite("S2: only what is ours is changed or removed") struct OwnershipTests {
    @Test("a foreign pack that no wish names is listed and left alone, whatever becomes of it")
    func foreign() {
        var run = settledRun()
        run.objects[ObjectID("f")] = .pack("f", "validation_timed_out", packWish("x", ["shop.example.com"]))
        #expect(run.pass(after: .minutes(16)) == ".")
        #expect(run.lastPlan?.entries.map(\.decision.reason) == [.discovered, .asWanted])
    }

    @Test("a deletion is not sent once the pack is not ours any more")
    func releasedMeanwhile() {
        var run = settledRun()
        let operation = Operation(
            id: OperationID("1"), subject: run.subject("main"), action: .pack(.delete(ObjectID("p1"))),
            reason: .personAsked, committedAt: run.now)
        #expect(Planner().objection(to: operation, in: run.input) == nil)
        run.state.objects[0].ownership = .foreign
        #expect(Planner().objection(to: operation, in: run.input) != nil)
    }

    @Test("nor a revocation that the daemon decided itself")
    func foreignMeanwhile() {
        var run = settledRun([.clientCertificate(clientWish)])
        run.want([])
        let operation = Operation(
            id: OperationID("1"), subject: run.subject("gateway", .clientCertificate),
            action: .clientCertificate(.revoke(ObjectID("c1"))), reason: .noLongerWanted, committedAt: run.now)
        #expect(Planner().objection(to: operation, in: run.input) == nil)
        run.state.objects[0].ownership = .foreign
        #expect(Planner().objection(to: operation, in: run.input) != nil)
    }

    @Test("a pack of another type is never adopted nor deleted")
    func universal() {
        var run = ZoneRun([.pack(mainWish)])
        run.objects[ObjectID("u")] = .pack("u", "active", mainWish, until: run.now + .days(60))
        run.change(ObjectID("u")) { $0.type = "universal" }
        #expect(run.pass() == "order")
    }

    @Test("what a person released stays released, and is not adopted again")
    func released() {
        var run = settledRun()
        run.state.objects[0].ownership = .foreign
        run.state.subjects[0].isReleased = true
        #expect(run.pass(after: .minutes(16)) == ".")
        #expect(run.verdict("main") == "rest released")
    }

    @Test("a zone that left the settings is watched, never emptied")
    func unmanaged() {
        var run = settledRun()
        run.wish = nil
        #expect(run.pass(after: .minutes(16)) == ".")
        #expect(run.verdict("main") == "rest not-managed")
    }
}

@Suite("S4: no removal takes a host's last cover") struct CoverTests {
    private let wide = packWish("main", ["*.example.com", "a.example.com"])
    private let narrow = packWish("main", ["*.example.com"])

    /// A replacement that has proven itself.
    private func replaced(by next: PackWish, _ wishes: [PackWish] = []) -> ZoneRun {
        var run = settledRun([.pack(wide)])
        run.want([.pack(next)] + wishes.map(Wish.pack))
        run.pass(after: .minutes(16))
        run.show(ObjectID("p2"), "active")
        run.pass(after: .minutes(1))
        return run
    }

    @Test("a host that another name of the replacement covers is no loss")
    func wildcardCovers() {
        var run = replaced(by: narrow)
        #expect(run.pass(after: .minutes(11)) == "delete")
    }

    @Test("a host that was dropped on purpose is held until a person approves, once")
    func dropped() {
        var run = replaced(by: packWish("main", ["b.example.com"]))
        #expect(run.pass(after: .minutes(11)) == ".")
        #expect(run.verdict("main") == "hold would-uncover")
        #expect(run.decision("main")?.detail.contains("edgecertctl approve example.com/certificate_pack/main") == true)
        #expect(run.conditions("main") == [.held])
        run.approve("main", .wouldUncover)
        #expect(run.pass(after: .minutes(1)) == "delete")
        #expect(run.state.approvals.isEmpty)
        #expect(run.changes.contains(.approvalUsed(run.subject("main"), .wouldUncover)))
    }

    @Test(
        "what does not count as cover",
        arguments: ["backup_issued", "staging_active", "pending_cleanup", "pending_deletion", "pending_validation"])
    func noCover(status: String) {
        var run = replaced(by: packWish("main", ["b.example.com"]))
        run.objects[ObjectID("f")] = .pack("f", status, narrow, until: run.now + .days(60))
        run.pass(after: .minutes(11))
        #expect(run.verdict("main") == "hold would-uncover")
    }

    @Test("a foreign pack counts as cover, with more than seven days left", arguments: [(8, "delete"), (7, ".")])
    func foreignCover(days: Int, word: String) {
        var run = replaced(by: packWish("main", ["b.example.com"]))
        run.objects[ObjectID("f")] = .pack("f", "active", narrow, until: run.now + .days(days))
        run.pass(after: .minutes(1))
        #expect(run.pass(after: .minutes(11)) == word)
    }

    enum Doubt: CaseIterable { case missing, askedToGo, beingRemoved }

    @Test(
        "a cover that a listing lacks, or that was asked to go, counts for nothing, although it looks alive",
        arguments: Doubt.allCases)
    func doubtfulCover(doubt: Doubt) throws {
        let id = ObjectID("f")
        var run = replaced(by: packWish("main", ["b.example.com"]))
        run.objects[id] = .pack(id.text, "active", narrow, until: run.now + .days(60))
        run.pass(after: .minutes(1))
        var sure = run
        #expect(sure.pass(after: .minutes(11)) == "delete")
        switch doubt {
        case .missing: run.objects[id] = nil
        case .askedToGo:
            let place = try #require(run.state.objects.firstIndex { $0.id == id })
            run.state.objects[place].removedFor = .personAsked
        case .beingRemoved:
            run.state.openOperations = [
                Operation(
                    id: OperationID("1"), subject: run.subject(id.text), action: .pack(.delete(id)),
                    reason: .personAsked, committedAt: run.now, askedBy: "uid 0 (root)")
            ]
        }
        #expect(run.pass(after: .minutes(11)) == ".")
        #expect(run.verdict("main") == "hold would-uncover")
    }

    @Test("a removal was asked for again because the listing from before it was still the newest after a long wait")
    func listingFromBeforeTheRemoval() {
        var run = settledRun()
        run.objects[ObjectID("old")] = .pack("old", "active", mainWish, until: run.now + .days(60))
        let shown = run.objects
        run.want([])
        #expect(run.pass(after: .minutes(16)) == "delete")
        let asked = run.now
        run.objects = shown
        var input = run.input
        (input.now, input.lookedAt) = (asked + .minutes(15), asked - .seconds(5))
        #expect(Planner().plan(input).entries.allSatisfy { $0.decision.action == nil })
        input.lookedAt = input.now
        #expect(Planner().plan(input).entries.compactMap(\.decision.action?.code) == ["delete"])
    }

    @Test("two removals of one plan do not count on each other")
    func cumulative() {
        let hosts: HostSet = ["a.example.com", "example.com"]
        var run = settledRun([
            .pack(packWish("one", hosts)), .pack(packWish("two", hosts, authority: .google)),
            .pack(packWish("apex", ["c.example.com"])),
        ])
        run.want([.pack(packWish("apex", ["c.example.com"]))])
        run.limits.removalsPerZoneShare = 1
        run.now = run.now + .minutes(16)
        #expect(run.plan().entries.count { $0.decision.action?.effect == .remove } == 1)
        run.pass()
        #expect(run.sent.count { $0.action.effect == .remove } == 1)
        run.pass(after: .minutes(16))
        #expect(run.sent.count { $0.action.effect == .remove } == 1)
        #expect(run.lastPlan?.entries.count { $0.decision.reason == .wouldUncover } == 1)
    }

    @Test("it is asked again at the moment of sending")
    func atSending() {
        var run = replaced(by: narrow)
        run.now = run.now + .minutes(11)
        let operation = Operation(
            id: OperationID("1"), subject: run.subject("main"), action: .pack(.delete(ObjectID("p1"))),
            reason: .superseded, committedAt: run.now)
        #expect(Planner().objection(to: operation, in: run.input) == nil)
        let index = run.state.objects.firstIndex { $0.id == ObjectID("p2") }
        if let index { run.state.objects[index].sighting.stage = .leaving }
        #expect(Planner().objection(to: operation, in: run.input) != nil)
    }
}

@Suite("S5: a replacement serves before its predecessor goes") struct ReplacementTests {
    private let a = packWish("main", ["a.example.com"])
    private let b = packWish("main", ["a.example.com", "b.example.com"])
    private let c = packWish("main", ["a.example.com", "b.example.com", "c.example.com"])

    @Test("order, wait until it is active, prove it for ten minutes, then delete the old one")
    func makeBeforeBreak() {
        var run = settledRun([.pack(a)])
        run.want([.pack(b)])
        #expect(run.pass(after: .minutes(16)) == "order")
        for _ in 0..<3 { #expect(run.pass(after: .minutes(5)) == ".") }
        run.show(ObjectID("p2"), "active")
        #expect(run.pass(after: .minutes(1)) == ".")
        #expect(run.verdict("main") == "wait proving")
        #expect(run.decision("main")?.until == run.now + .minutes(10))
        #expect(run.pass(after: .seconds(599)) == ".")
        #expect(run.pass(after: .seconds(1)) == "delete")
        #expect(run.sent.last?.action == .pack(.delete(ObjectID("p1"))))
        run.objects[ObjectID("p1")] = nil
        run.pass(after: .minutes(16))
        run.pass(after: .minutes(16))
        #expect(run.verdict("main") == "rest as-wanted")
        #expect(run.state.subjects.first?.undoneAt == [])
    }

    /// A run whose pack `p1` serves, and whose replacement `p2` served before it was issued anew with branding.
    private func rebranded() -> ZoneRun {
        var run = settledRun([.pack(a)])
        run.want([.pack(b)])
        #expect(run.pass(after: .minutes(16)) == "order")
        run.show(ObjectID("p2"), "active")
        #expect(run.pass(after: .minutes(2)) == ".")
        var branded = b
        branded.branding = true
        run.want([.pack(branded)])
        var answer = run.objects[ObjectID("p2")]
        answer?.status = "initializing"
        answer?.stage = .underway(.start)
        if case .pack(var pack)? = answer?.traits {
            pack.certificates = []  // a receipt shows none
            answer?.traits = .pack(pack)
        }
        run.respond = { [answer] in
            if case .pack(.setBranding) = $0.action { .accepted(ObjectID("p2"), answer) } else { nil }
        }
        #expect(run.pass(after: .minutes(2)) == "set-branding")
        run.respond = { _ in nil }
        run.change(ObjectID("p2")) { $0.branding = true }
        #expect(run.record("p2")?.sighting.stage == .underway(.start))
        return run
    }

    @Test("a listing from before a replacement was issued anew was taken for the proof that it served all the while")
    func staleListing() {
        var run = rebranded()
        run.show(ObjectID("p2"), "active")
        #expect(run.pass(after: .seconds(15)) == ".")
        #expect(run.record("p2")?.sighting.stage == .underway(.start))
        #expect(run.pass(after: .seconds(570)) == ".")
        // Shown on and on, it is no old listing.
        #expect(run.pass(after: .seconds(15)) == ".")
        #expect(run.record("p2")?.sighting.stage == .serving)
        #expect(run.pass(after: .seconds(599)) == ".")
        #expect(run.pass(after: .seconds(1)) == "delete")
        #expect(run.sent.last?.action == .pack(.delete(ObjectID("p1"))))
    }

    @Test("a replacement whose certificate was replaced between two looks has proven nothing yet")
    func replacedMeanwhile() {
        var run = settledRun([.pack(a)])
        run.want([.pack(b)])
        #expect(run.pass(after: .minutes(16)) == "order")
        run.show(ObjectID("p2"), "active")
        #expect(run.pass(after: .minutes(1)) == ".")
        run.show(ObjectID("p2"), "active", until: run.now + .days(91))
        #expect(run.pass(after: .minutes(10)) == ".")
        #expect(run.verdict("main") == "wait proving")
        #expect(run.decision("main")?.until == run.now + .minutes(10))
        #expect(run.pass(after: .minutes(10)) == "delete")
    }

    @Test("S1: a pack that was listed in between was given up for two listings without it, after it was issued anew")
    func seenBetweenLacks() {
        var run = rebranded()
        run.show(ObjectID("p2"), "active")
        let there = run.objects[ObjectID("p2")]
        for _ in 0..<3 {
            run.objects[ObjectID("p2")] = nil
            #expect(run.pass(after: .seconds(50)) == ".")
            run.objects[ObjectID("p2")] = there
            #expect(run.pass(after: .seconds(50)) == ".")
        }
        #expect(run.record("p2")?.sighting.stage == .underway(.start))
        #expect(run.record("p2")?.missingSince == nil)
    }

    @Test("S4: when a certificate was replaced under a wrong clock, it was forgotten that its pack had served")
    func servedUnderWrongClock() {
        for days in [-400, 400] {
            var run = settledRun([.pack(a)])
            run.pass(after: .days(60))
            run.setClock(aheadBy: .days(days))
            run.show(ObjectID("p1"), "active", until: run.now - .days(days) + .days(90))
            run.pass(after: .minutes(16))
            run.pass(after: .minutes(16))
            run.show(ObjectID("p1"), "pending_validation")
            run.pass(after: .minutes(16))
            #expect(run.record("p1")?.servingSince == nil)
            run.setClockRight()
            #expect(run.record("p1")?.lastServedAt == run.now)
            run.pass(after: .minutes(1))
            #expect(run.record("p1")?.lastServedAt == run.now - .minutes(1))
        }
    }

    @Test("a chain of changes: what never served goes early, what serves goes last")
    func chain() {
        var run = settledRun([.pack(a)])
        run.want([.pack(b)])
        #expect(run.pass(after: .minutes(16)) == "order")
        run.want([.pack(c)])
        #expect(run.pass(after: .minutes(2)) == "order")
        #expect(run.pass(after: .minutes(2)) == "delete")
        #expect(run.sent.last?.action == .pack(.delete(ObjectID("p2"))))
        run.objects[ObjectID("p2")] = nil
        for _ in 0..<4 { #expect(run.pass(after: .minutes(16)) == ".") }
        #expect(run.record("p1")?.sighting.stage == .serving)
        run.show(ObjectID("p3"), "active")
        run.pass(after: .minutes(1))
        #expect(run.pass(after: .minutes(11)) == "delete")
        #expect(run.sent.last?.action == .pack(.delete(ObjectID("p1"))))
    }

    @Test("one look proved a replacement by itself where its pass had to wait for ten minutes")
    func oneLookProvesNothing() {
        var run = settledRun([.pack(a)])
        run.want([.pack(b)])
        run.pass(after: .minutes(16))
        run.show(ObjectID("p2"), "active")
        var input = run.input
        input.lookedAt = input.now
        input.state = Planner().plan(input).state
        input.now = input.now + .minutes(12)
        let plan = Planner().plan(input)
        #expect(plan.entries.compactMap(\.decision.action).isEmpty)
        #expect(plan.nextLook == input.now + .seconds(15))
        input.lookedAt = input.now
        #expect(Planner().plan(input).entries.compactMap(\.decision.action?.code) == ["delete"])
    }

    @Test("a wish that is changed back is met by the old pack again, and the new one goes")
    func changedBack() {
        var run = settledRun([.pack(a)])
        run.want([.pack(b)])
        run.pass(after: .minutes(16))
        run.want([.pack(a)])
        #expect(run.pass(after: .minutes(2)) == "delete")
        #expect(run.sent.last?.action == .pack(.delete(ObjectID("p2"))))
        #expect(run.record("p1")?.sighting.stage == .serving)
    }

    @Test("a replacement that is not ordered goes no further: the old pack is kept")
    func refused() {
        var run = settledRun([.pack(a)])
        run.want([.pack(b)])
        run.respond = { _ in .refused(.refused, lasting: true, code: "cloudflare-refused", message: "no") }
        #expect(run.pass(after: .minutes(16)) == "order")
        for _ in 0..<5 { #expect(run.pass(after: .hours(2)) == ".") }
        #expect(run.verdict("main") == "hold refused")
        run.want([.pack(c)])
        #expect(run.pass(after: .minutes(16)) == "order")
    }

    @Test("the same hosts from another authority: tried once, held, and delete-first only with approval and cover")
    func sameHosts() {
        let google = packWish("main", ["a.example.com"], authority: .google)
        var run = settledRun([.pack(a)])
        run.want([.pack(google)])
        run.respond = { operation in
            guard case .pack(.order) = operation.action else { return nil }
            return .refused(
                .sameHostSetRefused, lasting: true, code: "cloudflare-duplicate-hosts", message: "duplicate")
        }
        #expect(run.pass(after: .minutes(16)) == "order")
        #expect(run.pass(after: .minutes(2)) == ".")
        #expect(run.verdict("main") == "hold same-host-set-refused")
        run.approve("main", .sameHostSetRefused)
        #expect(run.pass(after: .minutes(2)) == ".")
        #expect(run.verdict("main") == "hold would-uncover")
        run.objects[ObjectID("u")] = .pack("u", "active", packWish("", ["*.example.com"]), until: run.now + .days(60))
        run.pass(after: .minutes(2))
        #expect(run.sent.last?.action == .pack(.delete(ObjectID("p1"))))
        run.respond = { _ in nil }
        run.pass(after: .minutes(2))
        #expect(run.verdict("main") == "wait provider-removing")
        run.objects[ObjectID("p1")] = nil
        run.pass(after: .minutes(16))
        #expect(run.pass(after: .minutes(16)) == "order")
        #expect(run.state.subjects.first { $0.subject.name == "main" }?.undoneAt == [])
    }

    /// A pack equal to the wish that was never seen at work: it is issued anew, and serves what it had.
    private func reissuedBeforeSeen() -> ZoneRun {
        var run = ZoneRun([.pack(a)])
        run.objects[ObjectID("p")] = .pack("p", "pending_validation", a, until: run.now + .days(60))
        #expect(run.pass() == "adopt")
        return run
    }

    @Test("a pack that served, and was issued anew before anybody looked, was deleted when that failed (S4)")
    func reissueFails() {
        var run = reissuedBeforeSeen()
        run.show(ObjectID("p"), "issuance_timed_out")
        run.pass(after: .minutes(16))
        for _ in 0..<4 { run.pass(after: .hours(6)) }
        #expect(run.sent.allSatisfy { $0.action.effect != .remove })
    }

    @Test("so it was while it was issued, when its wish changed or went (S4, S5)", arguments: [true, false])
    func reissuedAndReplaced(isWished: Bool) {
        var run = reissuedBeforeSeen()
        run.want(isWished ? [.pack(packWish("main", ["a.example.com"], authority: .google))] : [])
        for _ in 0..<8 { run.pass(after: .minutes(16)) }
        #expect(run.sent.allSatisfy { $0.action.effect != .remove })
        #expect(run.verdict("main") == (isWished ? "wait provider-working" : "hold would-uncover"))
        guard isWished else { return }
        for id in run.objects.keys where id.text != "p" { run.show(id, "active") }
        for _ in 0..<3 { run.pass(after: .minutes(16)) }
        #expect(run.sent.last?.action == .pack(.delete(ObjectID("p"))))
    }

    @Test("an order of ours of which one certificate of two is there has never served, and goes when it fails")
    func halfIssued() {
        var run = ZoneRun([.pack(a)])
        run.pass()
        run.issue(ObjectID("p1"), "rsa")
        run.show(ObjectID("p1"), "pending_issuance")
        run.pass(after: .minutes(2))
        run.show(ObjectID("p1"), "issuance_timed_out")
        #expect(run.pass(after: .minutes(16)) == "delete")
    }

    @Test(
        "a pack that served, and was issued anew while nobody could look, went at once for the one ordered in its place (S4, S5)",
        arguments: ["pending_validation", "pending_issuance", "pending_deployment"])
    func reissuedUnseen(status: String) {
        var run = ZoneRun([.pack(a)])
        run.pass()
        run.show(ObjectID("p1"), "pending_validation")
        run.pass(after: .minutes(2))
        run.issue(ObjectID("p1"), "rsa")
        run.show(ObjectID("p1"), status)
        run.want([.pack(packWish("main", ["a.example.com"], authority: .google))])
        #expect(run.pass(after: .hours(6)) == "order")
        for _ in 0..<4 { #expect(run.pass(after: .minutes(16)) == ".") }
        run.show(ObjectID("p2"), "active")
        for _ in 0..<3 { run.pass(after: .minutes(16)) }
        #expect(run.sent.last?.action == .pack(.delete(ObjectID("p1"))))
    }

    /// An order of ours that has its first certificate since now, and was last seen without.
    private func justIssued(_ status: String) -> ZoneRun {
        var run = ZoneRun([.pack(a)])
        run.pass()
        run.issue(ObjectID("p1"), "first")
        run.show(ObjectID("p1"), status)
        return run
    }

    @Test("so it did where it had served for minutes only")
    func reissuedSoon() {
        var run = justIssued("pending_validation")
        run.pass(after: .minutes(2))
        run.want([.pack(packWish("main", ["a.example.com"], authority: .google))])
        for _ in 0..<8 { run.pass(after: .minutes(16)) }
        #expect(run.sent.allSatisfy { $0.action.effect != .remove })
    }

    @Test(
        "so it did where it had last been seen on its way to the edge, and went back or has another certificate",
        arguments: [("pending_validation", "first"), ("pending_deployment", "second")])
    func reissuedFromTheEdge(status: String, certificate: String) {
        var run = justIssued("pending_deployment")
        run.pass(after: .minutes(2))
        #expect(run.record("p1")?.lastServedAt == nil)
        run.pass(after: .hours(1))
        run.show(ObjectID("p1"), status)
        run.issue(ObjectID("p1"), certificate)
        run.pass(after: .minutes(2))
        run.want([.pack(packWish("main", ["a.example.com"], authority: .google))])
        for _ in 0..<8 { run.pass(after: .minutes(16)) }
        #expect(run.sent.allSatisfy { $0.action.effect != .remove })
    }

    @Test("what we begin anew because it was not deployed has not served by that, and goes when it fails")
    func begunAnew() {
        var run = justIssued("pending_deployment")
        run.pass(after: .minutes(2))
        run.show(ObjectID("p1"), "deployment_timed_out")
        // The answer to the change tells of no certificate.
        run.respond = { [a] in .accepted($0.action.object, .pack("p1", "initializing", a)) }
        #expect(run.pass(after: .hours(1)) == "restart")
        run.respond = { _ in nil }
        run.show(ObjectID("p1"), "pending_validation")
        run.pass(after: .minutes(2))
        #expect(run.record("p1")?.lastServedAt == nil)
        run.show(ObjectID("p1"), "issuance_timed_out")
        #expect(run.pass(after: .hours(7)) == "delete")
    }

    @Test("what waits for its zone to become active has never served, however late it is seen")
    func heldBack() {
        var run = justIssued("holding_deployment")
        run.pass(after: .hours(6))
        #expect(run.record("p1")?.lastServedAt == nil)
        #expect(!run.conditions("main").contains(.uncovered))
    }

    @Test("what a person approved was done to another change, once the first one was taken back")
    func approvalOfAnother() {
        var run = settledRun([.pack(a)])
        run.want([])
        #expect(run.pass(after: .minutes(16)) == ".")
        run.approve("main", .wouldUncover)
        run.want([.pack(a)])
        #expect(run.pass(after: .minutes(16)) == ".")
        #expect(run.state.approvals.isEmpty)
        run.want([])
        #expect(run.pass(after: .minutes(16)) == ".")
        #expect(run.verdict("main") == "hold would-uncover")
    }

    @Test("a pack that is renewed for longer than a month, and has not ended, went as if it had never served (S4)")
    func longReissue() {
        var run = settledRun([.pack(a)])
        run.show(ObjectID("p1"), "validation_timed_out")
        run.respond = { _ in .refused(.retryLater, lasting: false, code: "x", message: "not now") }
        for _ in 0..<40 { run.pass(after: .days(1)) }
        run.respond = { _ in nil }
        run.want([])
        #expect(run.pass(after: .hours(2)) == ".")
        #expect(run.verdict("main") == "hold would-uncover")
    }

    @Test("an order that Cloudflare refused for a pack that is in no listing was sent four times a pass, for ever")
    func unseenTwin() {
        var run = ZoneRun([.pack(a)])
        run.respond = { _ in
            .refused(.sameHostSetRefused, lasting: true, code: "cloudflare-duplicate-hosts", message: "duplicate")
        }
        #expect(run.pass() == "order")
        #expect(run.pass() == ".")
        #expect(run.verdict("main") == "wait retry-later")
        for _ in 0..<(6 * 60) { run.pass(after: .minutes(1)) }
        #expect((5...14).contains(run.sent.count), "\(run.sent.count)")
        #expect(run.conditions("main").contains(.failing))
        run.respond = { _ in nil }
        #expect(run.pass(after: .hours(1)) == "order")
    }

    @Test("a pack whose removal was accepted and never made, and which is wished again, told no end any more")
    func keptAgain() {
        var run = settledRun([.pack(a)])
        run.approve("main", .wouldUncover)
        run.want([])
        run.respond = { operation in .accepted(operation.action.object, nil) }
        #expect(run.pass(after: .minutes(16)) == "delete")
        run.want([.pack(a)])
        #expect(run.pass(after: .minutes(2)) == ".")
        #expect(run.verdict("main") == "wait provider-removing")
        #expect(run.record("p1")?.removedFor == .noLongerWanted)
        for _ in 0..<23 { #expect(run.pass(after: .hours(1)) == ".") }
        #expect(run.record("p1")?.removedFor == .noLongerWanted)
        #expect(run.pass(after: .hours(1)) == ".")
        #expect(run.verdict("main") == "rest as-wanted")
        #expect(run.record("p1")?.removedFor == nil)
    }

    @Test("where it had been replaced meanwhile, its successor stayed for ever, for want of a proof")
    func keptAgainInPlaceOfAnother() {
        let google = packWish("main", ["a.example.com"], authority: .google)
        var run = settledRun([.pack(a)])
        run.want([.pack(google)])
        #expect(run.pass(after: .minutes(16)) == "order")
        run.show(ObjectID("p2"), "active")
        run.pass(after: .minutes(2))
        run.respond = { operation in .accepted(operation.action.object, nil) }
        #expect(run.pass(after: .minutes(11)) == "delete")
        #expect(run.sent.last?.action.object == ObjectID("p1"))
        run.respond = { _ in nil }
        run.want([.pack(a)])
        for _ in 0..<24 { #expect(run.pass(after: .hours(1)) == ".") }
        #expect(run.verdict("main") == "wait proving")
        #expect(run.pass(after: .minutes(11)) == "delete")
        #expect(run.sent.last?.action.object == ObjectID("p2"))
    }

    @Test("what a hold says stayed what it was at first, and a person approved more than was shown (S4)")
    func holdSaysWhatIsNow() {
        let wish = packWish("main", ["a.example.com"])
        var run = settledRun([.pack(wish)])
        run.objects[ObjectID("u")] = .pack("u", "active", packWish("", []), until: run.now + .days(60))
        run.want([])
        run.pass(after: .minutes(16))
        #expect(run.verdict("main") == "hold would-uncover")
        let before = run.state.subjects.first { $0.subject.name == "main" }?.decision?.detail
        #expect(before?.contains("a.example.com would") == true)
        run.objects[ObjectID("u")] = nil
        for _ in 0..<3 { #expect(run.pass(after: .hours(1)) == ".") }
        let after = run.state.subjects.first { $0.subject.name == "main" }?.decision?.detail
        #expect(after?.contains("a.example.com, example.com would") == true, "\(after ?? "")")
        #expect(
            run.state.episodes.contains { $0.condition == .held && $0.detail.contains("a.example.com, example.com") })
    }

    @Test(
        "a deletion that nobody ever answers was sent every ten minutes for ever, told each time and never as failing")
    func lostAgainAndAgain() {
        var run = settledRun([.pack(a)])
        run.approve("main", .wouldUncover)
        run.want([])
        run.respond = { _ in .unanswered(code: "cloudflare-unanswered", message: "HTTP 500") }
        for _ in 0..<(24 * 12) { run.pass(after: .minutes(5)) }
        #expect((8...40).contains(run.sent.count), "\(run.sent.count)")
        #expect(run.conditions("main").contains(.failing))
        #expect(run.news.count { $0.priority == .warning } < 12)
    }

    @Test("the end of a predecessor that is slow to go was a critical alarm whenever its successor was renewed")
    func slowPredecessor() {
        var run = settledRun([.pack(a)])
        let google = packWish("main", ["a.example.com"], authority: .google)
        run.want([.pack(google)], mode: .upsert)
        run.pass(after: .minutes(16))
        run.show(ObjectID("p2"), "active", until: run.now + .days(89))
        run.show(ObjectID("p1"), "expired")
        for _ in 0..<2 { run.pass(after: .hours(1)) }
        #expect(!run.conditions("main").contains(.expired))
        run.show(ObjectID("p2"), "pending_validation")
        run.pass(after: .hours(1))
        #expect(!run.conditions("main").contains(.expired))
    }

    @Test("a pack that is not ours stands in the way: what is named then does something")
    func foreignTwin() {
        var run = ZoneRun([.pack(a)])
        run.objects[ObjectID("f")] = .pack(
            "f", "active", packWish("", ["a.example.com"], authority: .google), until: run.now + .days(60))
        run.respond = { _ in
            .refused(.sameHostSetRefused, lasting: true, code: "cloudflare-duplicate-hosts", message: "duplicate")
        }
        #expect(run.pass() == "order")
        #expect(run.pass(after: .minutes(2)) == ".")
        #expect(run.verdict("main") == "hold refused")
        #expect(run.decision("main")?.detail.contains("edgecertctl adopt --replace f example.com/") == true)
    }

    @Test("a wish that was renamed keeps its pack and its counters")
    func renamed() {
        var run = settledRun([.pack(a)])
        run.state.subjects[0].undoneAt = [run.now]
        var renamed = a
        renamed.name = "web"
        run.want([.pack(renamed)])
        #expect(run.pass(after: .minutes(16)) == ".")
        #expect(run.verdict("web") == "rest as-wanted")
        #expect(run.record("p1")?.subject == run.subject("web"))
        #expect(run.state.subjects.first { $0.subject.name == "web" }?.undoneAt.count == 1)
    }

    @Test("two wishes that swapped their names keep their packs")
    func swapped() {
        var (one, two) = (packWish("one", ["1.example.com"]), packWish("two", ["2.example.com"]))
        var run = settledRun([.pack(one), .pack(two)])
        swap(&one.name, &two.name)
        run.want([.pack(one), .pack(two)])
        #expect(run.pass(after: .minutes(16)) == ".")
        #expect(run.lastPlan?.entries.map(\.decision.reason) == [.asWanted, .asWanted])
    }

    @Test("an equal pack is adopted and not ordered again; two equal wishes get it once")
    func adopted() {
        var run = ZoneRun([.pack(a)])
        run.objects[ObjectID("f")] = .pack("f", "active", a, until: run.now + .days(60))
        run.change(ObjectID("f")) { $0.hosts = $0.hosts.adding(["sni.cloudflaressl.com"]) }
        #expect(run.pass() == "adopt")
        #expect(run.verdict("main") == "rest as-wanted")

        var twin = a
        twin.name = "twin"
        var both = ZoneRun([.pack(a), .pack(twin)])
        both.objects[ObjectID("f")] = .pack("f", "active", a, until: both.now + .days(60))
        #expect(both.pass() == "adopt+order")
    }
}
