import Domain
import Planning
import TestKit
import Testing

let clientWish = ClientCertificateWish(name: "gateway", commonName: "gateway.example.com")

/// A run in which everything wished serves and nothing is left to do.
func settledRun(_ wishes: [Wish] = [.pack(mainWish)]) -> ZoneRun {
    var run = ZoneRun(wishes)
    run.pass()
    for id in run.objects.keys where run.objects[id]?.kind == .certificatePack { run.show(id, "active") }
    for _ in 0..<4 { run.pass(after: .minutes(16)) }
    run.forget()
    return run
}

@Suite("S1: what was not seen is never taken for absent") struct AbsenceTests {
    @Test("a look that failed changes no record, and orders nothing")
    func unseen() {
        var run = settledRun()
        run.objects = [:]
        run.unseen = [.certificatePack]
        #expect(run.pass(after: .minutes(16)) == ".")
        #expect(run.verdict("main") == "wait not-seen")
        #expect(run.changes.isEmpty)
        #expect(run.state.subjects.first?.decision?.reason == .asWanted)
    }

    @Test("a wish whose zone was never seen has a record that waits")
    func neverSeen() {
        var run = ZoneRun([.pack(mainWish)])
        run.unseen = [.certificatePack, .clientCertificate]
        run.pass()
        #expect(run.state.subjects.map(\.decision?.reason) == [.notSeen])
    }

    @Test("one complete listing proves no absence, nor do two that are too close")
    func twoLooks() {
        var run = settledRun()
        run.objects = [:]
        #expect(run.pass(after: .minutes(16)) == ".")
        #expect(run.verdict("main") == "wait absence-unproven")
        #expect(run.pass(after: .minutes(5)) == ".")
        #expect(run.record("p1")?.sighting.stage == .serving)
        #expect(run.pass(after: .minutes(10)) == "order")
        #expect(run.record("p1")?.sighting.stage == .gone)
    }

    @Test("two looks that were seconds apart proved a loss when the clock was set forward by hours between them")
    func clockSetBetweenLooks() {
        var run = settledRun()
        run.objects = [:]
        run.setClock(aheadBy: .hours(-3))
        #expect(run.pass(after: .minutes(20)) == ".")
        run.setClockRight()
        #expect(run.pass(after: .seconds(20)) == ".")
        #expect(run.record("p1")?.sighting.stage == .serving)
        #expect(run.pass(after: .minutes(15)) == "order")
    }

    @Test("a pack that a listing lacks is not asked for by its id: a second look is waited for")
    func noGETForPacks() {
        var run = settledRun()
        run.objects = [:]
        run.asksWhenInDoubt = true
        #expect(run.pass(after: .minutes(16)) == ".")
        #expect(run.pass(after: .minutes(16)) == "order")
    }

    @Test("a GET that finds a thing is taken for seen")
    func answers() {
        var run = settledRun()
        run.objects = [:]
        run.now = run.now + .minutes(16)
        var input = run.input
        #expect(Planner().plan(input).state.objects.first?.missingSince != nil)
        input.answers.updateValue(.pack("p1", "pending_deployment", mainWish), forKey: ObjectID("p1"))
        let plan = Planner().plan(input)
        #expect(plan.doubtful.isEmpty)
        #expect(plan.state.objects.first?.sighting.stage == .underway(.deployment))
        #expect(plan.state.objects.first?.missingSince == nil)
    }

    @Test("one listing that lacked a pack was told as nothing serving for its hosts")
    func uncoveredIsProven() {
        var run = settledRun()
        run.objects = [:]
        run.respond = { _ in .unanswered(code: "cloudflare-unanswered", message: "no answer") }
        run.pass(after: .minutes(16))
        #expect(run.conditions("main") == [])
        run.pass(after: .minutes(16))
        #expect(run.conditions("main") == [.uncovered])
    }

    @Test("a pack first seen by a clock that was hours ahead was not missed before the clock came there again")
    func firstSeenInTheFuture() {
        var run = settledRun()
        run.objects = [:]
        run.now = run.now - .hours(5)
        var input = run.input
        input.lookedAt = run.now
        #expect(Planner().plan(input).state.objects.first?.missingSince == run.now)
        input = run.input
        input.lookedAt = run.now - .seconds(1)
        input.state.objects[0].firstSeen = run.now
        #expect(Planner().plan(input).state.objects.first?.missingSince == nil)
    }

    @Test("a pass that had to wait for a request took one listing for two: the pack was gone, and ordered again")
    func oneListingPlannedTwice() {
        var run = settledRun()
        run.objects = [:]
        run.now = run.now + .minutes(16)
        var input = run.input
        input.lookedAt = run.now
        input.state = Planner().plan(input).state
        #expect(input.state.objects.map(\.missingSince) == [run.now])
        for _ in 0..<4 {
            input.now = input.now + .minutes(20)
            let plan = Planner().plan(input)
            #expect(plan.state.objects.map(\.sighting.stage) == [.serving])
            #expect(plan.entries.map(\.decision.reason) == [.absenceUnproven])
            input.state = plan.state
        }
        input.lookedAt = input.now
        #expect(Planner().plan(input).state.objects.map(\.sighting.stage) == [.gone])
    }

    @Test("a listing that may be too old to show an order was a proof once its pass had waited for long enough")
    func listingFromBeforeTheOrder() {
        var run = ZoneRun([.pack(mainWish)])
        #expect(run.pass() == "order")
        let ordered = run.now
        run.objects = [:]
        var input = run.input
        for second in [20, 90] as [Int64] {
            (input.now, input.lookedAt) = (ordered + .seconds(second), ordered + .seconds(second))
            input.state = Planner().plan(input).state
        }
        input.now = ordered + .minutes(15)
        #expect(Planner().plan(input).state.objects.map(\.sighting.stage) == [.underway(.start)])
        input.lookedAt = input.now
        #expect(Planner().plan(input).state.objects.map(\.sighting.stage) == [.gone])
    }

    @Test("a listing that comes back after one gap leaves nothing behind")
    func flaps() {
        var run = settledRun()
        let objects = run.objects
        for _ in 0..<6 {
            run.objects = [:]
            #expect(run.pass(after: .minutes(10)) == ".")
            run.objects = objects
            #expect(run.pass(after: .minutes(10)) == ".")
        }
        #expect(run.record("p1")?.missingSince == nil)
        #expect(run.verdict("main") == "rest as-wanted")
    }

    @Test("a listing that lost most of a zone at once is not settled by GETs, only by a second listing")
    func shrunk() {
        let wishes = (1...4).map { number in
            PackWish(
                name: "w\(number)", hosts: ["example.com", "h\(number).example.com"], authority: .google, method: .txt,
                validityDays: 90)
        }
        var run = settledRun(wishes.map(Wish.pack))
        run.objects = [:]
        run.asksWhenInDoubt = true
        #expect(run.pass(after: .minutes(16)) == ".")
        #expect(run.lastPlan?.doubtful.isEmpty == true)
    }

    @Test("what Cloudflare accepted minutes ago may be missing from a listing and from a GET")
    func lag() {
        var run = ZoneRun([.pack(mainWish)])
        run.pass()
        let objects = run.objects
        run.objects = [:]
        run.asksWhenInDoubt = true
        for _ in 0..<4 { #expect(run.pass(after: .seconds(120)) == ".") }
        run.objects = objects
        #expect(run.pass(after: .seconds(60)) == ".")
        #expect(run.verdict("main") == "wait provider-working")
    }

    @Test("a revoked certificate is missing by rights from the list of what can still change")
    func changeable() {
        var run = settledRun([.clientCertificate(clientWish)])
        run.clientScope = .changeable
        run.objects = [:]
        for _ in 0..<5 { #expect(run.pass(after: .minutes(20)) == ".") }
        #expect(run.verdict("gateway", .clientCertificate) == "wait absence-unproven")
        #expect(run.lastPlan?.doubtful == [ObjectID("c1")])
    }

    @Test("a thing that comes back after it was gone is a surprise that is written down")
    func comesBack() {
        var run = settledRun()
        let objects = run.objects
        run.objects = [:]
        run.pass(after: .minutes(16))
        run.respond = { _ in .refused(.retryLater, lasting: false, code: "x", message: "x") }
        run.pass(after: .minutes(16))
        run.objects = objects
        run.forget()
        run.pass(after: .minutes(16))
        let moves = run.changes.compactMap { change -> Transition? in
            guard case .transition(let line) = change, line.event == .moved else { return nil }
            return line
        }
        #expect(moves.map(\.move) == [.surprising])
        #expect(run.verdict("main") == "rest as-wanted")
    }

    @Test("a listing in which the hosts of a pack could not be read had it ordered once more (S1)")
    func unreadableHosts() {
        var run = settledRun()
        let readable = run.objects[ObjectID("p1")]
        run.objects[ObjectID("p1")] = Sighting(
            id: ObjectID("p1"), status: "active", stage: .unread,
            traits: .pack(PackTraits(type: "", hosts: HostSet([]))))
        for _ in 0..<3 { #expect(run.pass(after: .minutes(16)) == ".") }
        #expect(run.verdict("main") == "hold status-unread")
        #expect(run.decision("main")?.detail == "p1 is listed without hosts that can be read")
        #expect(run.conditions("main").contains(.statusUnread))
        run.objects[ObjectID("p1")] = readable
        #expect(run.pass(after: .minutes(16)) == ".")
        #expect(run.verdict("main") == "rest as-wanted")
    }

    @Test("what was ordered and has been listed without hosts from the first is held, and not ordered again (S3)")
    func neverReadHosts() {
        var run = ZoneRun([.pack(mainWish)])
        run.respond = { _ in
            .accepted(
                ObjectID("p"),
                Sighting(
                    id: ObjectID("p"), status: "initializing", stage: .unread,
                    traits: .pack(PackTraits(type: "advanced", hosts: HostSet([])))))
        }
        #expect(run.pass() == "order")
        run.objects[ObjectID("p")] = run.state.objects.first?.sighting
        for _ in 0..<3 { #expect(run.pass(after: .minutes(16)) == ".") }
        #expect(run.verdict("main") == "hold status-unread")
    }

    @Test("a replacement that could not be read for once was ordered again beside a pack that had failed (S3)")
    func unreadReplacement() {
        var run = settledRun()
        run.show(ObjectID("p1"), "issuance_timed_out")
        #expect(run.pass(after: .minutes(16)) == "order")
        run.pass(after: .minutes(2))
        run.show(ObjectID("p2"), "quantum_pending")
        #expect(run.pass(after: .minutes(16)) == ".")
        #expect(run.verdict("main") == "hold status-unread")
        #expect(run.sent.count == 1)
    }

    @Test("another word for the authority had every pack ordered anew")
    func otherWordForTheAuthority() {
        var run = settledRun()
        run.change(ObjectID("p1")) { $0.authority = "lets_encrypt_r5" }
        #expect(run.pass(after: .minutes(16)) == ".")
        #expect(run.verdict("main") == "rest as-wanted")
        var google = mainWish
        google.authority = .google
        run.want([.pack(google)])
        #expect(run.pass(after: .minutes(16)) == "order")
    }

    @Test("the order of a listing changes nothing")
    func order() {
        let wishes = (1...5).map { number in
            Wish.pack(
                PackWish(
                    name: "w\(number)", hosts: ["example.com", "h\(number).example.com"], authority: .google,
                    method: .txt, validityDays: 90))
        }
        let run = settledRun(wishes)
        var input = run.input
        let plan = Planner().plan(input)
        guard case .complete(let seen, let scope)? = input.looks[.certificatePack] else { return }
        input.looks[.certificatePack] = .complete(seen.reversed() + seen, scope)
        #expect(Planner().plan(input) == plan)
        #expect(plan.changes.isEmpty)
        #expect(plan.news.isEmpty)
    }
}
