import Domain
import Planning
import TestKit
import Testing

@Suite("The brakes") struct BrakeTests {
    @Test(
        "S6: orders of one host set are counted by its hosts, not by its name",
        arguments: [(2, 2, "order"), (3, 3, "."), (0, 5, "."), (0, 4, "order")])
    func nameLimit(day: Int, week: Int, word: String) {
        var run = ZoneRun([.pack(mainWish)])
        run.counts.issuances["*.example.com,example.com"] = .init(inADay: day, inAWeek: week)
        #expect(run.pass() == word)
        if word == "." {
            #expect(run.verdict("main") == "hold name-limit")
            run.approve("main", .nameLimit)
            #expect(run.pass(after: .minutes(2)) == "order")
            #expect(run.state.approvals.isEmpty)
        }
    }

    @Test("S6: two wishes with one host set share its limit within one plan")
    func nameLimitInPlan() {
        var twin = mainWish
        twin.name = "twin"
        var run = ZoneRun([.pack(mainWish), .pack(twin)])
        run.counts.issuances["*.example.com,example.com"] = .init(inADay: 2, inAWeek: 2)
        run.pass()
        #expect(run.sent.count == 1)
        #expect(run.verdict("twin") == "hold name-limit")
    }

    @Test("S6: a restart counts, and is held too")
    func restarts() {
        var run = ZoneRun([.pack(mainWish)])
        run.pass()
        run.show(ObjectID("p1"), "validation_timed_out")
        run.counts.issuances["*.example.com,example.com"] = .init(inADay: 3, inAWeek: 3)
        #expect(run.pass(after: .minutes(5)) == ".")
        #expect(run.verdict("main") == "hold name-limit")
    }

    @Test("S6: the whole daemon orders at most so many a day, those of this very plan among them")
    func daemonLimit() {
        let wishes = (1...5).map { Wish.pack(packWish("w\($0)", ["h\($0).example.com"])) }
        var run = ZoneRun(wishes)
        run.counts.ordersInADay = 47
        run.pass()
        #expect(run.sent.count == 3)
        #expect(run.lastPlan?.entries.count { $0.decision.reason == .daemonLimit } == 2)
    }

    @Test(
        "S7: what is wished no more goes in small numbers",
        arguments: [(1, 0, 0, 1), (2, 0, 0, 0), (1, 3, 0, 0), (1, 0, 1, 0), (1, 2, 0, 1)])
    func removalLimit(dropped: Int, elsewhere: Int, inADay: Int, removed: Int) {
        let certificates = (1...9).map { number in
            Wish.clientCertificate(ClientCertificateWish(name: "c\(number)", commonName: "c\(number).example.com"))
        }
        var run = settledRun(certificates)
        run.forget()
        run.want(Array(certificates.dropFirst(dropped)))
        run.unwantedElsewhere = elsewhere
        run.counts.removalsInADay[ZoneRun.zone] = inADay
        run.pass(after: .minutes(16))
        #expect(run.sent.count == removed)
        if removed == 0 {
            #expect(run.verdict("c1", .clientCertificate) == "hold removal-limit")
            run.approve("c1", .removalLimit, .clientCertificate)
            run.pass(after: .minutes(2))
            #expect(run.sent.map(\.subject.name) == ["c1"])
        }
    }

    @Test("S7: nothing goes while the other zones are not counted, and the plan says that this is why")
    func uncounted() {
        let certificates = (1...9).map { number in
            Wish.clientCertificate(ClientCertificateWish(name: "c\(number)", commonName: "c\(number).example.com"))
        }
        var run = settledRun(certificates)
        run.unwantedElsewhere = nil
        run.pass(after: .minutes(16))
        #expect(run.lastPlan?.lacksUnwantedElsewhere == false)
        run.want(Array(certificates.dropFirst()))
        run.pass(after: .minutes(16))
        #expect(run.verdict("c1", .clientCertificate) == "hold removal-limit")
        #expect(run.lastPlan?.lacksUnwantedElsewhere == true)
        #expect(run.sent.isEmpty)
        run.unwantedElsewhere = 2
        run.pass(after: .minutes(16))
        #expect(run.sent.map(\.subject.name) == ["c1"])
        #expect(run.lastPlan?.lacksUnwantedElsewhere == false)
    }

    @Test(
        "an approval that was given and not used was good for ever",
        arguments: [(Duration.days(7) - .seconds(1), "order"), (.days(7), "."), (.days(40), ".")])
    func lapse(age: Duration, word: String) {
        var run = ZoneRun([.pack(mainWish)])
        run.counts.issuances["*.example.com,example.com"] = .init(inADay: 3, inAWeek: 5)
        run.pass()
        run.approve("main", .nameLimit)
        run.forget()
        #expect(run.pass(after: age) == word)
        #expect(run.state.approvals.isEmpty)
        guard word == "." else { return }
        #expect(run.verdict("main") == "hold name-limit")
        #expect(run.changes.contains(.approvalUsed(run.subject("main"), .nameLimit)))
        let told = run.news.first { $0.fields.contains(.init(.event, "approval-lapsed")) }
        #expect(told?.subject == run.subject("main"))
        run.forget()
        #expect(run.pass(after: .minutes(15)) == ".")
        #expect(!run.news.contains { $0.fields.contains(.init(.event, "approval-lapsed")) })
    }

    @Test("a clock that was ahead when an approval was given does not make it last longer")
    func lapseBackwards() {
        var run = ZoneRun([.pack(mainWish)])
        run.counts.issuances["*.example.com,example.com"] = .init(inADay: 3, inAWeek: 5)
        run.now = run.now + .days(400)
        run.pass()
        run.approve("main", .nameLimit)
        run.obstacles.clockSkew = .days(-400)
        run.now = run.now - .days(400)
        #expect(run.pass() == ".")
        #expect(run.state.approvals.count == 1, "a wrong clock gives up nothing for good")
        run.obstacles.clockSkew = nil
        #expect(run.pass(after: .minutes(15)) == ".")
        #expect(run.verdict("main") == "hold name-limit")
        #expect(run.state.approvals.isEmpty)
        #expect(run.pass(after: .days(401)) == ".")
    }

    @Test("an approval that lapses between the plan and the sending lets nothing pass")
    func lapseAtSending() throws {
        var run = settledRun()
        run.want([])
        run.pass(after: .minutes(16))
        #expect(run.verdict("main") == "hold would-uncover")
        run.approve("main", .wouldUncover)
        run.now = run.now + .days(7) - .seconds(1)
        let plan = run.plan()
        let entry = try #require(plan.entries.first { $0.decision.action != nil })
        var input = run.input
        input.state = plan.state
        let operation = Operation(
            id: OperationID(at: input.now, chance: 1), subject: entry.subject,
            action: try #require(entry.decision.action), reason: entry.decision.reason, committedAt: input.now)
        #expect(Planner().objection(to: operation, in: input) == nil)
        input.now = input.now + .seconds(1)
        #expect(Planner().objection(to: operation, in: input)?.reason == .wouldUncover)
    }

    @Test("an order that the zone has no room for is held, those that still fit are not")
    func lackOfRoom() {
        let wishes = (1...4).map { Wish.pack(packWish("w\($0)", ["example.com", "h\($0).example.com"])) }
        var run = ZoneRun(wishes)
        run.packQuota = PackQuota(allocated: 10, used: 8)
        run.pass()
        #expect(run.sent.map(\.subject.name) == ["w1", "w2"])
        #expect(run.verdict("w3") == "hold quota-exhausted")
        #expect(run.decision("w3")?.detail.hasPrefix("10 of 10 advanced packs in the zone; ") == true)
        #expect(run.conditions("w3").contains(.held))
        // What the answer said holds for an hour without another; then an unknown quota holds nothing.
        run.packQuota = nil
        run.pass(after: .minutes(59))
        #expect(run.verdict("w3") == "hold quota-exhausted")
        run.pass(after: .minutes(1))
        #expect(run.sent.map(\.subject.name) == ["w1", "w2", "w3", "w4"])
    }

    @Test("a figure out of an answer that is as large as can be stops orders and nothing else")
    func absurdQuota() {
        var run = ZoneRun([
            .pack(packWish("a", ["example.com"])), .pack(packWish("b", ["b.example.com", "example.com"])),
        ])
        run.packQuota = PackQuota(allocated: 1, used: .max)
        #expect(run.pass() == ".")
        run.packQuota = PackQuota(allocated: .max, used: .max - 1)
        #expect(run.pass(after: .hours(1)) == "order")
    }

    @Test("a clock that was set back makes no hold for a full zone last longer")
    func quotaBackwards() {
        var run = ZoneRun([.pack(mainWish)])
        run.packQuota = PackQuota(allocated: 1, used: 1)
        run.pass()
        run.packQuota = nil
        run.now = run.now - .days(30)
        #expect(run.pass() == "order")
    }

    @Test("S10: two changes to one subject are at least a minute apart")
    func pace() {
        var run = ZoneRun([.pack(mainWish)])
        run.pass()
        run.show(ObjectID("p1"), "validation_timed_out")
        #expect(run.pass(after: .seconds(59)) == ".")
        #expect(run.verdict("main") == "wait changed-recently")
        #expect(run.pass(after: .seconds(1)) == "restart")
    }

    @Test("S11: a wrong clock blocks changes, not looks; nor does it tell of ends that are not near")
    func clock() {
        var run = settledRun()
        run.now = run.now + .days(400)
        run.obstacles.clockSkew = .days(400)
        run.objects[ObjectID("f")] = .pack("f", "active", mainWish, until: run.now + .days(50))
        #expect(run.pass() == ".")
        #expect(run.verdict("main") == "wait clock-skewed")
        #expect(run.conditions("main") == [])
        #expect(!run.news.contains { $0.kind == .expiryRung })
        #expect(run.record("f") != nil)
    }

    @Test("S17: an untrusted state holds every change, and a first pass only plans")
    func untrusted() {
        var run = ZoneRun([.pack(mainWish)])
        run.obstacles.stateUntrusted = "the database was set aside"
        #expect(run.pass() == ".")
        #expect(run.verdict("main") == "hold state-untrusted")
        run.obstacles = Obstacles()
        run.obstacles.planOnly = [.certificatePack]
        #expect(run.pass(after: .minutes(1)) == ".")
        #expect(run.verdict("main") == "wait planning-only")
        #expect(run.decision("main")?.detail.hasPrefix("would order") == true)
    }

    @Test("S18: what was undone from outside twice is held until a person looks")
    func undone() {
        var run = settledRun()
        run.objects = [:]
        run.pass(after: .minutes(16))
        #expect(run.pass(after: .minutes(16)) == "order")
        run.show(ObjectID("p2"), "active")
        run.pass(after: .minutes(16))
        run.show(ObjectID("p2"), "pending_deletion")
        #expect(run.pass(after: .minutes(16)) == ".")
        run.objects = [:]
        run.pass(after: .minutes(16))
        #expect(run.pass(after: .minutes(16)) == ".")
        #expect(run.verdict("main") == "hold undone-outside")
        #expect(run.conditions("main").contains(.held))
        #expect(run.conditions("main").contains(.uncovered))
        run.state.subjects[0].undoneAt = []
        #expect(run.pass(after: .minutes(16)) == "order")
    }

    @Test("S18: what is undone from outside every two months is held the second time as well")
    func undoneSeldom() {
        var run = settledRun()
        for (pack, verdict) in [("p2", "act missing"), ("p3", "hold undone-outside")] {
            run.objects = [:]
            run.pass(after: .days(60))
            run.pass(after: .minutes(16))
            #expect(run.verdict("main") == verdict)
            run.show(ObjectID(pack), "active")
            run.pass(after: .minutes(16))
        }
    }

    @Test("S18: a method that somebody keeps changing back is not fought over for ever")
    func tugOfWar() {
        var run = settledRun()
        var words: [String] = []
        for _ in 0..<12 {
            run.change(ObjectID("p1")) { $0.method = "http" }
            words.append(run.pass(after: .hours(2)))
        }
        #expect(words.count { $0 == "recheck" } == 3)
        #expect(run.verdict("main") == "hold undone-outside")
    }

    @Test("S18: a re-check that a late listing did not show yet was made again, and counted as undone from outside")
    func lateRecheck() {
        var run = settledRun()
        run.change(ObjectID("p1")) { $0.method = "http" }
        #expect(run.pass(after: .hours(2)) == "recheck")
        for _ in 0..<4 {
            run.change(ObjectID("p1")) { $0.method = "http" }
            #expect(run.pass(after: .minutes(2)) == ".")
        }
        #expect(run.state.subjects.first?.undoneAt == [])
        #expect(run.pass(after: .minutes(3)) == "recheck")
        #expect(run.state.subjects.first?.undoneAt.count == 1)
    }

    @Test(
        "each mode goes as far as it may",
        arguments: [
            (Mode.observe, ".", "."), (.create, "order", "."), (.upsert, "order", "restart"),
            (.enforce, "order", "restart"),
        ])
    func modes(mode: Mode, first: String, second: String) {
        var run = ZoneRun([.pack(mainWish)], mode: mode)
        #expect(run.pass() == first)
        guard mode != .observe else {
            #expect(run.verdict("main") == "wait mode-forbids")
            return
        }
        run.show(ObjectID("p1"), "validation_timed_out")
        #expect(run.pass(after: .minutes(5)) == second)
    }

    @Test("a suspension stops changes until it ends, and is told when it lasts")
    func suspended() {
        var run = ZoneRun([.pack(mainWish)])
        run.state.suspensions = [
            Suspension(
                scope: .zone(ZoneRun.zone), reason: "migration", until: run.now + .days(3), by: "uid 0 (root)",
                at: run.now)
        ]
        #expect(run.pass() == ".")
        #expect(run.verdict("main") == "wait suspended")
        run.pass(after: .hours(25))
        #expect(run.state.episodes.map(\.condition) == [.suspended])
        #expect(run.pass(after: .days(2)) == "order")
        #expect(run.state.episodes.isEmpty)
    }

    @Test("a failure that may pass is tried again ever more slowly")
    func retries() {
        var run = ZoneRun([.pack(mainWish)])
        run.respond = { _ in .refused(.retryLater, lasting: false, code: "cloudflare-token", message: "403") }
        for _ in 0..<(24 * 60) { run.pass(after: .minutes(1)) }
        #expect(run.sent.count == 29)
        #expect(run.verdict("main") == "wait retry-later")
        run.respond = { _ in nil }
        #expect(run.pass(after: .hours(1)) == "order")
        #expect(run.state.subjects.first?.tries == nil)
    }

    @Test("a full quota is tried again every six hours, and told once")
    func quota() {
        var run = ZoneRun([.pack(mainWish)])
        run.respond = { _ in .refused(.quotaExhausted, lasting: true, code: "cloudflare-quota", message: "1445") }
        for _ in 0..<48 { run.pass(after: .minutes(30)) }
        #expect(run.sent.count == 4)
        #expect(run.verdict("main") == "hold quota-exhausted")
        #expect(run.news.count { $0.kind == .decision } == 1)
        #expect(run.news.count { $0.kind == .episodeRaised && $0.fields.contains(.init(.condition, "held")) } == 1)
        #expect(run.news.count { $0.kind == .operationRefused } == 1)
        run.respond = { _ in nil }
        run.pass(after: .hours(7))
        #expect(run.state.subjects.first?.refusal == nil)
    }

    @Test("S13: a pack that ended by the clock is ordered again, although Cloudflare still calls it active")
    func ended() {
        var run = settledRun()
        run.show(ObjectID("p1"), "active", until: run.now + .days(1))
        #expect(run.pass(after: .hours(23)) == ".")
        #expect(run.pass(after: .hours(1)) == "order")
        #expect(run.sent.last?.reason == .expired)
    }

    @Test("restarts of a pack with the apex counted for nothing where its wish leaves that out (S6)")
    func namesToCount() {
        let bare = PackWish(
            name: "main", hosts: ["www.example.com"], authority: .letsEncrypt, method: .txt, validityDays: 90)
        var run = ZoneRun([.pack(bare)])
        var whole = bare
        whole.hosts = bare.hosts.adding(["example.com"])
        run.objects[ObjectID("p")] = .pack("p", "active", whole, until: run.now + .days(80))
        #expect(run.pass() == "adopt")
        let names = Planner.namesToCount(run.wish, run.state)
        run.show(ObjectID("p"), "validation_timed_out")
        run.counts.issuances = ["example.com,www.example.com": .init(inADay: 3, inAWeek: 3)]
            .filter { names.contains($0.key) }
        #expect(run.pass(after: .minutes(16)) == ".")
        #expect(run.verdict("main") == "hold name-limit")
    }

    @Test("a status that this version does not know leaves that pack alone, and says so")
    func unread() {
        var run = settledRun()
        run.show(ObjectID("p1"), "polishing")
        #expect(run.pass(after: .minutes(16)) == ".")
        #expect(run.verdict("main") == "hold status-unread")
        #expect(run.conditions("main").contains(.statusUnread))
    }

    @Test("what preflight finds is held before it is sent")
    func preflight() {
        var run = ZoneRun([
            .pack(
                PackWish(
                    name: "main", hosts: ["a.example.com"], authority: .letsEncrypt, method: .txt, validityDays: 90))
        ])
        #expect(run.pass() == ".")
        #expect(run.verdict("main") == "hold preflight-failed")
    }
}
