import Domain
import Planning
import TestKit
import Testing

@Suite("What is written and told") struct TellingTests {
    @Test("a quiet pass writes nothing and tells nothing")
    func quiet() {
        var run = settledRun([.pack(mainWish), .clientCertificate(clientWish)])
        run.pass(after: .minutes(16))
        run.forget()
        for _ in 0..<100 { run.pass(after: .minutes(16)) }
        #expect(run.changes.isEmpty)
        #expect(run.news.isEmpty)
    }

    @Test("planning twice from the same is the same, and a plan leaves nothing for the next one to write")
    func idempotent() {
        var run = settledRun()
        run.show(ObjectID("p1"), "polishing")
        run.objects[ObjectID("f")] = .pack("f", "expired", packWish("x", ["x.example.com"]))
        let plan = run.plan()
        #expect(run.plan() == plan)
        #expect(!plan.changes.isEmpty)
        run.state = plan.state
        #expect(run.plan().changes.isEmpty)
        #expect(run.plan().news.isEmpty)
    }

    @Test("S14: another word of Cloudflare's is a line of the history, also where it is the same stage to us")
    func wordWithinStage() {
        var run = settledRun()
        run.show(ObjectID("p1"), "pending_deletion")
        run.pass(after: .minutes(16))
        run.forget()
        run.show(ObjectID("p1"), "deactivating")
        run.pass(after: .minutes(1))
        let moves = run.changes.compactMap { change -> String? in
            guard case .transition(let line) = change, line.event == .moved else { return nil }
            return "\(line.from.status) \(line.to.status)"
        }
        #expect(moves == ["pending_deletion deactivating"])
        #expect(run.record("p1")?.since == run.now)
        run.forget()
        run.pass(after: .minutes(1))
        #expect(run.changes.isEmpty)
    }

    @Test("a trouble whose text changes is the same trouble: raised once, resolved once, shown as it is now")
    func changingText() {
        var run = settledRun()
        for number in 0..<6 {
            run.show(ObjectID("p1"), "polishing-\(number)")
            run.pass(after: .hours(1))
        }
        func told() -> [News.Kind] {
            run.news.filter { $0.fields.contains(.init(.condition, Episode.Condition.statusUnread.rawValue)) }
                .map(\.kind)
        }
        let episodes = run.state.episodes.filter { $0.condition == .statusUnread }
        #expect(told() == [.episodeRaised])
        #expect(episodes.map(\.raisedAt) == [run.now - .hours(5)])
        #expect(episodes.first?.detail.contains("polishing-5") == true)
        run.show(ObjectID("p1"), "active")
        run.pass(after: .hours(1))
        #expect(told() == [.episodeRaised, .episodeResolved])
    }

    @Test("the detail of a decision without particulars ended in a blank")
    func decisionWithoutDetail() {
        var run = settledRun()
        run.state.objects[0].ownership = .foreign
        run.state.subjects[0].isReleased = true
        run.forget()
        run.pass(after: .minutes(16))
        let details = run.news.filter { $0.kind == .decision }.flatMap(\.fields).filter { $0.name == .detail }
        #expect(details.map(\.value) == ["rest"])
    }

    @Test("what a decision waits for read as if it were a sentence: 'wait p1 is missing'")
    func decisionWithDetail() {
        var run = settledRun()
        run.forget()
        run.objects = [:]
        run.pass(after: .minutes(16))
        let details = run.news.filter { $0.kind == .decision }.flatMap(\.fields).filter { $0.name == .detail }
        #expect(details.map { $0.value.prefix(9) } == ["wait: p1 "])
    }

    @Test("what stays wrong is told once, reminded of once a day, and resolved once")
    func episode() {
        var run = settledRun()
        run.show(ObjectID("p1"), "polishing")
        for _ in 0..<(24 * 3) { run.pass(after: .hours(1)) }
        let told = run.news.filter { news in
            news.fields.contains(.init(.condition, Episode.Condition.statusUnread.rawValue))
        }
        #expect(told.map(\.kind) == [.episodeRaised, .episodeReminder, .episodeReminder])
        run.forget()
        run.show(ObjectID("p1"), "active")
        for _ in 0..<5 { run.pass(after: .hours(1)) }
        #expect(run.news.count { $0.kind == .episodeResolved } == 2)  // the status, and nothing serving for a while
        #expect(run.state.episodes.isEmpty)
    }

    @Test("a validation that waits for a person said nothing of what to publish")
    func publication() {
        var run = ZoneRun([.pack(mainWish)])
        run.pass()
        run.show(ObjectID("p1"), "pending_validation")
        run.change(ObjectID("p1")) {
            $0.validationRecords = [.init(form: .txt(name: "_acme-challenge.example.com", value: "v"))]
        }
        let pointer =
            "; 'edgecertctl records example.com/certificate_pack/main' lists what has to be published (1 record)"
        func details(_ condition: Episode.Condition) -> [String] {
            run.news.filter { $0.kind == .episodeRaised && $0.fields.contains(.init(.condition, condition.rawValue)) }
                .compactMap { news in news.fields.first { $0.name == .detail }?.value }
        }
        run.pass(after: .hours(1))
        #expect(run.state.episodes.isEmpty)
        run.pass(after: .hours(25))
        #expect(details(.overdue).count == 1 && details(.overdue)[0].hasSuffix(pointer))
        run.show(ObjectID("p1"), "validation_timed_out")
        run.pass(after: .hours(1))
        #expect(details(.stalled).count == 1 && details(.stalled)[0].hasSuffix(pointer))
        run.forget()
        run.change(ObjectID("p1")) { $0.validationRecords = [] }
        run.show(ObjectID("p1"), "deployment_timed_out")
        run.pass(after: .hours(1))
        #expect(!run.state.episodes.contains { $0.detail.contains("edgecertctl records") })
    }

    @Test("a hold was told twice, as a decision and as an episode; whatever the reason, it is told once")
    func holdToldOnce() {
        var unread = settledRun()
        unread.forget()
        unread.show(ObjectID("p1"), "polishing")
        unread.pass(after: .minutes(16))
        #expect(unread.verdict("main") == "hold status-unread")
        #expect(raised(.statusUnread, unread) == 1)

        var keyless = ZoneRun([.clientCertificate(clientWish)])
        keyless.respond = { _ in .refused(.keyTrouble, lasting: false, code: "key-trouble", message: "no key") }
        keyless.pass()
        keyless.pass(after: .seconds(1))
        #expect(keyless.decision("gateway", .clientCertificate)?.isHeld == true)
        #expect(raised(.keyTrouble, keyless) == 1)

        var refused = ZoneRun([.pack(mainWish)])
        refused.respond = { _ in .refused(.refused, lasting: true, code: "cloudflare-refused", message: "1400") }
        refused.pass()
        refused.pass(after: .minutes(5))
        #expect(refused.verdict("main") == "hold refused")
        #expect(raised(.held, refused) == 1)

        for run in [unread, keyless, refused] {
            #expect(!run.news.contains { $0.kind == .decision && $0.priority == .warning })
        }
    }

    private func raised(_ condition: Episode.Condition, _ run: ZoneRun) -> Int {
        run.news.count { $0.kind == .episodeRaised && $0.fields.contains(.init(.condition, condition.rawValue)) }
    }

    @Test("the ladder is climbed once, rung by rung, and begins anew with a new certificate")
    func ladder() {
        var run = settledRun()
        var rungs: [String] = []
        run.pass(after: .days(59))
        for _ in 0..<(24 * 31) {
            run.forget()
            run.pass(after: .hours(1))
            rungs += run.rungs
        }
        #expect(rungs == ["28d", "7d", "3d", "1d", "6h", "1h", "expired"])
        #expect(run.conditions("main").contains(.expired))
        run.show(ObjectID("p1"), "active", until: run.now + .days(90))
        run.forget()
        run.pass(after: .hours(1))
        #expect(!run.conditions("main").contains(.expired))
        #expect(
            run.changes.contains {
                if case .transition(let line) = $0 { line.event == .certificateReplaced } else { false }
            })
        for _ in 0..<64 { run.pass(after: .days(1)) }
        #expect(run.rungs == ["28d"])
    }

    @Test("the end of what was first seen by a clock that was ahead was never told")
    func seenByClockAhead() {
        var run = ZoneRun([])
        run.objects[ObjectID("p1")] = .pack("p1", "active", mainWish)
        run.show(ObjectID("p1"), "active", until: run.now + .days(20))
        run.setClock(aheadBy: .days(400))
        run.pass()
        #expect(run.rungs.isEmpty)
        run.setClockRight()
        run.pass(after: .minutes(1))
        #expect(run.rungs == ["28d"])
    }

    @Test("a clock that jumps tells of the rung it lands on; one that is set back, of each when it comes again")
    func ladderJumps() {
        var run = settledRun()
        run.forget()
        run.pass(after: .days(88))
        #expect(run.rungs == ["3d"])
        // A little at the rung itself is no reason to tell it twice.
        run.pass(after: .zero - .minutes(30))
        run.pass(after: .minutes(30))
        #expect(run.rungs == ["3d"])
        // By then the rungs before it are as much to come as they ever were.
        run.pass(after: .zero - .days(60))
        #expect(run.rungs == ["3d"])
        run.pass(after: .days(53))
        run.pass(after: .days(7))
        #expect(run.rungs == ["3d", "28d", "3d"])
    }

    @Test("moments of a clock that was ahead are taken for now, also of what looks as it did")
    func momentsOfTheFuture() {
        var run = settledRun()
        run.pass(after: .zero - .days(60))
        let now = run.now
        #expect(!run.state.objects.isEmpty)
        #expect(run.state.objects.allSatisfy { $0.since <= now && $0.servingSince ?? now <= now })
        #expect(run.state.objects.allSatisfy { $0.lastServedAt ?? now <= now })
    }

    @Test("the ladder is climbed for what was only discovered too, not for backups, nor for what ended long ago")
    func discoveredLadder() {
        var run = ZoneRun([])
        let wish = packWish("x", ["x.example.com"])
        run.objects[ObjectID("a")] = .pack("a", "active", wish, until: run.now + .days(6))
        run.objects[ObjectID("b")] = .pack("b", "backup_issued", wish, until: run.now + .days(6))
        run.objects[ObjectID("c")] = .pack("c", "active", wish, until: run.now - .days(6))
        run.pass()
        #expect(run.news.filter { $0.kind == .expiryRung }.map { $0.subject?.name } == ["a"])
        #expect(run.state.episodes.isEmpty)
    }

    @Test("a fortnight's certificate is not told of every fortnight")
    func shortLived() {
        var run = settledRun([.pack(packWish("main", ["a.example.com"], authority: .google, days: 14))])
        for _ in 0..<10 {
            for _ in 0..<11 { run.pass(after: .days(1)) }
            run.show(ObjectID("p1"), "active", until: run.now + .days(14))
        }
        #expect(run.rungs == [])
    }

    @Test(
        "a renewal by Cloudflare that does not come is told after its grace",
        arguments: [(90, 62, false), (90, 64, true), (30, 23, false), (30, 25, true), (14, 11, false), (14, 12, true)])
    func renewalOverdue(days: Int, age: Int, isTold: Bool) {
        var run = settledRun([.pack(packWish("main", ["a.example.com"], authority: .google, days: days))])
        run.show(ObjectID("p1"), "active", until: run.now + .days(days))
        run.pass(after: .days(age))
        #expect(run.conditions("main").contains(.renewalOverdue) == isTold)
    }

    @Test(
        "a stage that outlasts its deadline is an episode; one that waits for its zone is none",
        arguments: [
            ("initializing", 14, 16), ("pending_validation", 1439, 1441), ("pending_issuance", 239, 241),
            ("pending_deployment", 29, 31),
        ])
    func overdue(status: String, before: Int, after: Int) {
        var run = ZoneRun([.pack(mainWish)])
        run.pass()
        run.show(ObjectID("p1"), status)
        run.pass()
        run.pass(after: .minutes(before))
        #expect(run.conditions("main") == [])
        run.pass(after: .minutes(after - before))
        #expect(run.conditions("main") == [.overdue])
        run.show(ObjectID("p1"), "holding_deployment")
        run.pass(after: .days(30))
        #expect(run.conditions("main") == [])
    }

    @Test("S16: a zone that is not seen for three of its intervals is an episode, also one that never was")
    func zoneUnseen() {
        var run = settledRun()
        run.unseen = [.certificatePack]
        run.pass(after: .minutes(45))
        #expect(run.state.episodes.isEmpty)
        run.pass(after: .minutes(1))
        #expect(run.state.episodes.map(\.condition) == [.zoneUnseen])
        run.unseen = []
        run.pass(after: .minutes(1))
        #expect(run.state.episodes.isEmpty)

        var fresh = ZoneRun([.pack(mainWish)])
        fresh.unseen = [.certificatePack]
        fresh.pass()
        fresh.pass(after: .minutes(46))
        #expect(fresh.state.episodes.map(\.condition) == [.zoneUnseen])
    }

    @Test("a decision that acts or holds is told with its reason; resting is not")
    func decisions() {
        var run = ZoneRun([.pack(mainWish)])
        run.pass()
        let told = run.news.filter { $0.kind == .decision }
        #expect(told.map(\.priority) == [.info])
        #expect(told.first?.fields.contains(.init(.reason, "missing")) == true)
        run.forget()
        run.show(ObjectID("p1"), "active")
        run.pass(after: .minutes(5))
        #expect(run.news.filter { $0.kind == .decision }.isEmpty)
    }

    @Test("a refusal is written with Cloudflare's own words")
    func verbatim() {
        var run = ZoneRun([.pack(mainWish)])
        run.respond = { _ in
            .refused(.refused, lasting: true, code: "cloudflare-refused", message: "1450: ACM is needed")
        }
        run.pass()
        let details = run.changes.compactMap { change -> String? in
            guard case .transition(let line) = change, line.event == .operationFailed else { return nil }
            return line.detail
        }
        #expect(details == ["order: 1450: ACM is needed (cloudflare-refused)"])
    }
}

extension ZoneRun {
    var rungs: [String] {
        news.filter { $0.kind == .expiryRung }.flatMap(\.fields).filter { $0.name == .rung }.map(\.value)
    }
}
