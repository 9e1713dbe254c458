import CloudflareAPI
import CloudflareModel
import Domain
import TestKit
import Testing

@testable import Engine

@Suite("The zone's room for packs") struct QuotaTests {
    let wishes: [Wish] = ["a", "b"].map { name in
        .pack(
            PackWish(
                name: name, hosts: ["example.com", "\(name).example.com"], authority: .google, method: .txt,
                validityDays: 90))
    }

    private func requests(_ bench: EngineBench) -> Int {
        bench.cloudflare.ledger.counts["GET /zones/{zone}/ssl/certificate_packs/quota"] ?? 0
    }

    private func widen(_ bench: EngineBench) throws {
        let now = bench.clock.now()
        try bench.cloudflare.change { model in
            try model.changeZone("example.com", at: now) { conduct throws(ScenarioTrouble) in conduct.packQuota = 2 }
        }
    }

    private func packs(_ bench: EngineBench) throws -> [String] {
        try bench.objects().filter { $0.isOurs && !$0.sighting.stage.isOver }.map(\.subject.name).sorted()
    }

    @Test("an order without room was sent, refused, and tried again every six hours")
    func full() async throws {
        var conduct = ZoneConduct()
        conduct.packQuota = 1
        let bench = try await EngineBench(wishes, conduct: conduct)
        await bench.run(for: .minutes(30))
        #expect(try packs(bench) == ["a"])
        #expect(try bench.decision("b")?.reason == .quotaExhausted)
        #expect(bench.heard.count(.operationRefused) == 0)
        #expect(
            requests(bench) == 1, "two orders of one pass ask once, and a full zone is not asked about in each pass")
        try widen(bench)
        await bench.run(for: .minutes(45))
        #expect(try packs(bench) == ["a", "b"])
        #expect(requests(bench) == 2)
        await bench.run(for: .days(2))
        #expect(requests(bench) == 2, "nothing is ordered, nothing is asked")
    }

    @Test("'unhold' asks about a full zone at once")
    func unhold() async throws {
        var conduct = ZoneConduct()
        conduct.packQuota = 1
        let bench = try await EngineBench(wishes, conduct: conduct)
        await bench.run(for: .minutes(20))
        try widen(bench)
        _ = try await bench.engine.perform(.unhold(bench.subject("b")), by: "uid 0")
        await bench.run(for: .minutes(2))
        #expect(try packs(bench) == ["a", "b"])
    }

    @Test("a quota that cannot be asked for stops no order", arguments: [true, false])
    func unreadable(isSent: Bool) async throws {
        let bench = try await EngineBench(wishes)
        let tap: TappedTransport.Tap = { request throws(TransportTrouble) in
            guard request.target.hasSuffix("/quota") else { return }
            throw isSent ? .maybeSent(.connection, "cut") : .neverSent(.connection, "no way out")
        }
        if isSent { bench.wire.after(tap) } else { bench.wire.before(tap) }
        await bench.run(for: .minutes(10))
        #expect(try packs(bench) == ["a", "b"])
    }

    @Test("a zone that may have no pack at all hears from Cloudflare what it lacks")
    func none() async throws {
        var conduct = ZoneConduct()
        conduct.hasAdvancedCertificateManager = false
        let bench = try await EngineBench(wishes, conduct: conduct)
        await bench.run(for: .minutes(10))
        #expect(try bench.decision("a")?.reason == .refused)
        #expect(try bench.decision("a")?.detail.contains("Advanced Certificate Manager") == true)
    }
}
