import Domain
import TestKit
import Testing

@testable import Planning

@Suite("When to look again (S12)") struct ScheduleTests {
    @Test("the checks of a validation are Cloudflare's published ones")
    func validationChecks() {
        var moments: [Int64] = []
        var age: Duration = .zero
        for _ in 0..<42 {
            let next = ValidationChecks.next(after: age)
            moments.append((next - age).wholeSeconds)
            age = next
        }
        #expect(moments.prefix(13) == [63, 63, 66, 69, 72, 76, 80, 84, 88, 93, 242, 279, 321])
        #expect(moments[39] == 13_975)
        #expect(moments.suffix(2) == [14_400, 14_400])
    }

    @Test(
        "never in the past, and at the latest when a settled zone is",
        arguments: [
            "active", "initializing", "pending_validation", "pending_deployment", "pending_deletion", "polishing",
            "holding_deployment", "validation_timed_out",
        ])
    func bounds(status: String) {
        var run = settledRun()
        run.show(ObjectID("p1"), status)
        for delay in [
            Duration.seconds(1), .seconds(59), .minutes(7), .hours(3), .days(40), .zero - .days(400), .days(800),
        ] {
            run.pass(after: delay)
            guard let next = run.lastPlan?.nextLook else { return }
            #expect(next > run.now)
            #expect(next <= run.now + run.lookEvery)
        }
    }

    @Test("a settled zone has its place in the interval, by its identifier")
    func phase() {
        var run = settledRun()
        let first = run.plan().nextLook
        run.now = first
        let second = run.plan().nextLook
        #expect(second == first + run.lookEvery)
        #expect(Schedule.hash("") == 0xcbf2_9ce4_8422_2325)
        #expect(Schedule.hash("a") == 0xaf63_dc4c_8601_ec8c)
    }

    @Test("a zone was looked at twice when the clock was a little behind its place in the interval")
    func placeMissed() {
        var run = settledRun()
        let place = run.plan().nextLook
        for early in [Duration.milliseconds(1), .milliseconds(900), .seconds(4)] {
            run.now = place - early
            #expect(run.plan().nextLook == run.now + run.lookEvery)
        }
        run.now = place - .minutes(2)
        #expect(run.plan().nextLook == place)
    }

    @Test("with a long interval a certificate had expired for days when that was told")
    func expiry() {
        var run = settledRun()
        run.lookEvery = .days(7)
        let end = run.now + .days(40)
        run.show(ObjectID("p1"), "active", until: end)
        run.pass()
        var rungs: [String] = []
        for _ in 0..<30 {
            guard let next = run.lastPlan?.nextLook, next <= end + .hours(1) else { break }
            run.now = next
            run.forget()
            run.pass()
            let told = run.news.first { $0.kind == .expiryRung }?.fields.first { $0.name == .rung }?.value
            if let told { rungs.append("\(told) \((end - run.now).wholeSeconds / 60)") }
        }
        // Its renewal is late 27 days before its end, a day after Cloudflare begins with it.
        #expect(rungs == ["28d 38880", "7d 10080", "3d 4320", "1d 1440", "6h 360", "1h 60", "expired 0"])
    }

    @Test("a removal that was accepted and is never shown was looked for every minute")
    func removalNotShown() {
        var run = settledRun()
        run.lookEvery = .hours(24)
        run.want([])
        run.approve("main", .wouldUncover)
        run.respond = { _ in .accepted(ObjectID("p1"), nil) }
        #expect(run.pass(after: .minutes(16)) == "delete")
        run.pass(after: .minutes(2))
        #expect(run.lastPlan?.nextLook == run.now + .seconds(60))
        run.pass(after: .hours(10))
        #expect((run.lastPlan?.nextLook).map { $0 >= run.now + .minutes(59) } == true)
    }

    @Test("what moves is looked at soon, and ever less often")
    func moving() {
        var run = settledRun()
        run.show(ObjectID("p1"), "pending_deployment")
        run.pass()
        #expect(run.lastPlan?.nextLook == run.now + .seconds(15))
        run.pass(after: .minutes(4))
        #expect(run.lastPlan?.nextLook == run.now + .seconds(30))
        run.pass(after: .minutes(20))
        #expect(run.lastPlan?.nextLook == run.now + .seconds(60))
    }

    @Test("the end of a wait is a time to look")
    func until() {
        var run = settledRun()
        run.want([.pack(packWish("main", ["*.example.com", "b.example.com"]))])
        run.pass()
        run.show(ObjectID("p2"), "active")
        run.pass(after: .minutes(1))
        run.pass(after: .minutes(9))
        #expect(run.lastPlan?.nextLook == run.now + .minutes(1))
    }

    @Test("a look that fails is made again ever more slowly, also at what moves")
    func failing() {
        var run = settledRun()
        run.show(ObjectID("p1"), "pending_deployment")
        run.pass()
        run.unseen = [.certificatePack]
        var waits: [Int64] = []
        for _ in 0..<14 {
            run.pass()
            guard let next = run.lastPlan?.nextLook else { return }
            waits.append((next - run.now).wholeSeconds)
            run.now = next
        }
        #expect(waits[..<6] == [15, 22, 33, 50, 75, 113])
        #expect(waits.allSatisfy { $0 <= run.lookEvery.wholeSeconds })
        #expect(waits.max() ?? 0 > 400)
    }

    @Test("an order without an answer is looked for through a long trouble, however seldom the settled are looked at")
    func openOrderUnseen() {
        var run = ZoneRun([.pack(mainWish)])
        run.lookEvery = .hours(24)
        run.respond = { _ in .unanswered(code: "no-answer", message: "lost") }
        run.pass()
        run.unseen = [.certificatePack]
        for _ in 0..<30 { run.pass(after: .minutes(15)) }
        #expect(run.lastPlan?.nextLook == run.now + .minutes(15))
    }

    @Test("what moves in a kind that is seen is looked at as ever while another kind is not")
    func otherKindFailing() {
        var run = settledRun()
        run.unseen = [.clientCertificate]
        run.pass()
        run.pass(after: .hours(3))
        run.show(ObjectID("p1"), "pending_deployment")
        run.pass()
        #expect(run.lastPlan?.nextLook == run.now + .seconds(15))
    }

    @Test("the first look after a day without any failed, and the next was made an interval later")
    func failingAfterSleep() {
        var run = settledRun()
        run.lookEvery = .hours(6)
        run.unseen = [.certificatePack]
        run.pass()
        run.pass(after: .days(1))
        #expect((run.lastPlan?.nextLook).map { $0 <= run.now + .seconds(90) } == true)
    }

    @Test("one failed look at a kind was taken for the last of many when another kind had failed for long")
    func otherKindFailingForLong() {
        var run = settledRun()
        run.show(ObjectID("p1"), "pending_deployment")
        run.unseen = [.clientCertificate]
        for _ in 0..<30 { run.pass(after: .minutes(10)) }
        run.show(ObjectID("p1"), "active")
        run.pass()
        run.show(ObjectID("p1"), "pending_deployment")
        run.pass()
        run.unseen = [.clientCertificate, .certificatePack]
        run.pass()
        #expect(run.lastPlan?.nextLook == run.now + .seconds(15))
    }

    @Test("what is looked for in vain is looked for ever less often")
    func inVain() {
        var run = ZoneRun([.pack(mainWish)])
        run.lookEvery = .hours(24)
        run.respond = { _ in .unanswered(code: "no-answer", message: "lost") }
        run.pass()
        run.obstacles.clockSkew = .minutes(5)
        run.pass(after: .seconds(15))
        run.pass(after: .hours(2))
        #expect((run.lastPlan?.nextLook).map { $0 >= run.now + .minutes(10) } == true)
    }
}
