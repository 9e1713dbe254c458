import CloudflareAPI
import CloudflareModel
import Domain
import Synchronization
import TestKit
import Testing

@testable import Engine

@Suite("A crash at each step") struct CrashTests {
    let pack = PackWish(
        name: "main", hosts: ["example.com", "*.example.com"], authority: .google, method: .txt, validityDays: 90)
    let meter = ClientCertificateWish(
        name: "meter", commonName: "meter.example.com", validityDays: 365, command: ["/usr/bin/true"])

    /// Where the process ends: with its k-th request (before it is sent, or with its reply lost) or its k-th commit.
    enum Place: Hashable, Sendable, CustomTestStringConvertible {
        case request(Int)
        case reply(Int)
        case commit(Int)

        static let all = (0..<14).flatMap { [request($0), reply($0), commit($0)] }
        var testDescription: String {
            switch self {
            case .request(let count): "before request \(count)"
            case .reply(let count): "before the reply to request \(count)"
            case .commit(let count): "before commit \(count)"
            }
        }
    }

    /// From `place` on nothing that the process does has any effect.
    private func doom(_ bench: EngineBench, at place: Place) {
        let passed = Atomic<Int>(0)
        let ledger = bench.ledger
        @Sendable func isOver(_ limit: Int) -> Bool { passed.wrappingAdd(1, ordering: .relaxed).oldValue >= limit }
        switch place {
        case .request(let limit):
            bench.wire.before { _ throws(TransportTrouble) in
                guard isOver(limit) else { return }
                ledger.commitsLeft = 0
                throw .neverSent(.closed, "the process is gone")
            }
        case .reply(let limit):
            bench.wire.before { _ throws(TransportTrouble) in
                guard ledger.commitsLeft == 0 else { return }
                throw .neverSent(.closed, "the process is gone")
            }
            bench.wire.after { _ throws(TransportTrouble) in
                guard isOver(limit) else { return }
                ledger.commitsLeft = 0
                throw .maybeSent(.closed, "the process is gone")
            }
        case .commit(let limit):
            ledger.commitsLeft = limit
            bench.wire.before { _ throws(TransportTrouble) in
                if ledger.commitsLeft == 0 { throw .neverSent(.closed, "the process is gone") }
            }
        }
    }

    private func revive(_ bench: EngineBench) {
        bench.wire.before(nil)
        bench.wire.after(nil)
        bench.ledger.commitsLeft = nil
    }

    @Test("orders each thing once, and ends where it would have ended without (S3)", arguments: Place.all)
    func ordersOnce(place: Place) async throws {
        let bench = try await EngineBench([.pack(pack), .clientCertificate(meter)])
        doom(bench, at: place)
        await bench.run(for: .minutes(5))
        revive(bench)
        let second = await bench.restarted()
        await bench.run(for: .hours(2), second)
        #expect(bench.cloudflare.ledger.acceptedOrders().count == 1)
        #expect(bench.cloudflare.ledger.acceptedCreations().count == 1)
        #expect(bench.cloudflare.ledger.acceptedRemovals().isEmpty)
        #expect(try bench.ledger.operations(HistoryFilter(), openOnly: true).isEmpty)
        #expect(try bench.objects().map(\.sighting.stage) == [.serving, .serving])
        #expect(try bench.objects().allSatisfy { $0.ownership == .ordered })
        // A key whose process ended before that was written down is not used any more.
        #expect((1...2).contains(try #require(bench.keys.current(for: bench.subject("meter", .clientCertificate)))))
        #expect(try bench.decision()?.reason == .asWanted)
        #expect(try bench.decision("meter", .clientCertificate)?.reason == .asWanted)
        #expect(try bench.ledger.openEpisodes().isEmpty)
    }

    @Test("replaces a pack once, and removes only the old one (S5)", arguments: Place.all)
    func replacesOnce(place: Place) async throws {
        let bench = try await EngineBench([.pack(pack)])
        await bench.run(for: .hours(1))
        var wider = pack
        wider.hosts = pack.hosts.adding(["api.v1.example.com"])
        bench.source.put(EngineBench.settings([.pack(wider)]))
        let old = try #require(bench.objects().first?.id)
        let second = await bench.restarted()
        doom(bench, at: place)
        await bench.run(for: .minutes(40), second)
        revive(bench)
        let third = await bench.restarted()
        await bench.run(for: .hours(3), third)
        #expect(bench.cloudflare.ledger.acceptedOrders().count == 2)
        #expect(bench.cloudflare.ledger.acceptedRemovals().count >= 1)
        #expect(
            bench.cloudflare.ledger.acceptedRemovals(of: old).count == bench.cloudflare.ledger.acceptedRemovals().count)
        #expect(try bench.objects().filter { $0.sighting.stage == .serving }.count == 1)
        #expect(try bench.decision()?.reason == .asWanted)
    }

    /// A pass looks, makes a key, and ends before it commits.
    private func makeKeyAndCrash(_ bench: EngineBench) async throws {
        _ = await bench.engine.pass(over: EngineBench.zone, .scheduled)
        bench.ledger.commitsLeft = 0
        await bench.run(for: .minutes(2))
        #expect(try await lastGeneration(bench) == 1)
        revive(bench)
    }

    /// Another common name under the same name, for the next process.
    private func wantGauge(_ bench: EngineBench) {
        var other = meter
        other.commonName = "gauge.example.com"
        bench.source.put(EngineBench.settings([.clientCertificate(other)]))
    }

    /// The common names that certificates were made for, in order.
    private func createdNames(_ bench: EngineBench) -> [String] {
        bench.cloudflare.ledger.effects.compactMap { entry in
            guard case .clientCertificateCreated(_, _, let name, _, _) = entry.effect else { return nil }
            return name
        }
    }

    private func lastGeneration(_ bench: EngineBench) async throws -> Int {
        try await bench.keys.lastGeneration(
            for: bench.subject("meter", .clientCertificate), zoneName: "example.com")
    }

    @Test("a key made before a crash was sent for what the settings wished after it (S17)")
    func keyOfAnotherWish() async throws {
        let bench = try await EngineBench([.clientCertificate(meter)])
        try await makeKeyAndCrash(bench)
        wantGauge(bench)
        let second = await bench.restarted()
        await bench.run(for: .hours(1), second)
        #expect(createdNames(bench) == ["gauge.example.com"])
    }

    @Test("S17: a key made before a crash was sent for other wishes, once the key room could not say that it was there")
    func uncountedKeyOfAnotherWish() async throws {
        let bench = try await EngineBench([.clientCertificate(meter)])
        try await makeKeyAndCrash(bench)
        wantGauge(bench)
        bench.keys.fail(with: .file(path: "/keys", detail: "Input/output error"))
        let second = await bench.restarted()
        await bench.run(for: .hours(1), second)
        #expect(bench.heard.raised(.keyTrouble) == 1)
        #expect(createdNames(bench) == ["gauge.example.com"])
        #expect(bench.keys.current(for: bench.subject("meter", .clientCertificate)) == 2)
    }

    @Test("a key room that could not say whose a certificate is had another one made in its place (S3)")
    func uncountedKeyOfACertificate() async throws {
        let bench = try await EngineBench([.clientCertificate(meter)])
        await bench.run(for: .minutes(10))
        let empty = MemoryLedger()
        let later = await bench.restarted(over: empty)
        _ = await later.pass(over: EngineBench.zone, .scheduled)  // only plans
        bench.keys.fail(with: .file(path: "/keys", detail: "Input/output error"))
        _ = await later.pass(over: EngineBench.zone, .scheduled)
        #expect(bench.heard.raised(.keyTrouble) >= 1)
        await bench.run(for: .hours(1), later)
        #expect(createdNames(bench) == ["meter.example.com"])
        let state = try empty.state(of: EngineBench.zone, now: bench.clock.now())
        #expect(state.objects.map(\.ownership) == [.adopted])
    }

    @Test("a certificate of an earlier request of the operator's was taken, in place of one of the present request")
    func renewedRequest() async throws {
        var theirs = meter
        theirs.key = .request(file: "/csr/meter")
        let bench = try await EngineBench([.clientCertificate(theirs)])
        await bench.run(for: .minutes(10))
        bench.keys.renew(file: "/csr/meter")
        let later = await bench.restarted(over: MemoryLedger())
        await bench.run(for: .hours(1), later)
        #expect(createdNames(bench) == ["meter.example.com", "meter.example.com"])
        #expect(bench.keys.current(for: bench.subject("meter", .clientCertificate)) == 2)
    }

    @Test("keys piled up while the database could not be written: the one that was made serves the next try")
    func keysDoNotPileUp() async throws {
        let bench = try await EngineBench([.clientCertificate(meter)])
        _ = await bench.engine.pass(over: EngineBench.zone, .scheduled)
        bench.ledger.commitsLeft = 0
        await bench.run(for: .hours(2))
        #expect(try await lastGeneration(bench) == 1)
        revive(bench)
        await bench.run(for: .hours(1))
        #expect(bench.keys.current(for: bench.subject("meter", .clientCertificate)) == 1)
    }

    @Test("a block of the token outlives a restart (S9)")
    func blockOverARestart() async throws {
        let bench = try await EngineBench([.pack(pack)])
        _ = await bench.engine.pass(over: EngineBench.zone, .scheduled)
        bench.cloudflare.change { _ = $0.add(FaultRule(.limited(retryAfter: 300), count: 1)) }
        _ = await bench.engine.pass(over: EngineBench.zone, .planning)
        while try bench.ledger.note(.blockedUntil) == nil { await Task.yield() }
        let (second, before) = (await bench.restarted(), bench.cloudflare.ledger.total)
        _ = await second.pass(over: EngineBench.zone, .planning)
        #expect(bench.cloudflare.ledger.total == before)
        bench.clock.advance(by: .seconds(301))
        _ = await second.pass(over: EngineBench.zone, .planning)
        #expect(bench.cloudflare.ledger.total > before)
    }

    @Test("no secret is in the news, the database, an error or a command (S15)")
    func noSecret() async throws {
        let bench = try await EngineBench([.pack(pack), .clientCertificate(meter)])
        await bench.run(for: .hours(1))
        try bench.cloudflare.change { try $0.changeToken("bench", status: .disabled) }
        await bench.run(for: .hours(1))
        bench.wire.before { _ throws(TransportTrouble) in
            throw .maybeSent(.reset, "Authorization: Bearer \(EngineBench.secret) was not taken")
        }
        await bench.run(for: .hours(1))
        let result = await bench.engine.pass(over: EngineBench.zone, .person)
        let said = [
            "\(bench.heard.news)", "\(bench.heard.notices)", "\(bench.ledger.commits)", "\(result)",
            "\(bench.commands.calls)", "\(await bench.engine.status())",
        ]
        for text in said { #expect(!text.contains(EngineBench.secret) && !text.contains("PRIVATE KEY")) }
    }
}
