import Domain
import Planning
import TestKit
import Testing

@Suite("Certificates with a short life") struct ShortLifeTests {
    private let kind = SubjectKind.clientCertificate

    private func run(days: Int, renewBefore: Duration) -> ZoneRun {
        ZoneRun([
            .clientCertificate(
                ClientCertificateWish(
                    name: "gateway", commonName: "gateway.example.com", validityDays: days, renewBefore: renewBefore,
                    overlap: .hours(1)))
        ])
    }

    private func alarms(_ run: ZoneRun) -> [String] {
        run.news.flatMap { news in
            news.fields.compactMap { field in
                switch (news.kind, field.name) {
                case (.expiryRung, .rung): "rung \(field.value)"
                case (.episodeRaised, .condition): "episode \(field.value)"
                default: nil
                }
            }
        }
    }

    @Test(
        "a renewal in its planned time is no alarm, however short the life and whenever the looks fall",
        arguments: [(1, 12), (1, 1), (2, 30), (7, 100), (30, 24 * 28), (30, 72)], [7, 15, 16])
    func planned(life: (days: Int, leadHours: Int), minutes: Int) {
        var run = run(days: life.days, renewBefore: .hours(life.leadHours))
        for _ in 0..<(life.days * 24 * 60 * 2 / minutes) {
            run.pass(after: .minutes(minutes))
            for (id, sighting) in run.objects where sighting.stage == .leaving { run.show(id, "revoked") }
        }
        #expect(run.sent.count { $0.action.effect == .create } >= 2)
        #expect(alarms(run) == [])
    }

    @Test("a renewal is looked for when it is due, also where settled zones are looked at once a day")
    func lookedForWhenDue() throws {
        var run = run(days: 1, renewBefore: .hours(12))
        run.lookEvery = .days(1)
        run.pass()
        run.pass(after: .minutes(1))
        let end = try #require(run.record("c1")?.sighting.traits.notAfter)
        #expect(try #require(run.lastPlan).nextLook <= end - .hours(12))
        run.now = end - .hours(12) - .minutes(1)
        run.pass()
        #expect(run.lastPlan?.nextLook == end - .hours(12))
    }

    @Test("a renewal that is due and not made is an alarm, within an hour and a look")
    func late() {
        var run = run(days: 1, renewBefore: .hours(12))
        run.pass()
        run.pass(after: .minutes(1))
        run.want(run.wish?.wishes ?? [], mode: .observe)
        run.forget()
        for _ in 0..<48 { run.pass(after: .minutes(15)) }
        #expect(alarms(run) == [])
        for _ in 0..<6 { run.pass(after: .minutes(15)) }
        #expect(Set(alarms(run)) == ["rung 1d", "episode expiring"])
        for _ in 0..<48 { run.pass(after: .minutes(15)) }
        #expect(alarms(run).filter { $0.hasPrefix("rung") } == ["rung 1d", "rung 6h", "rung 1h", "rung expired"])
    }
}
