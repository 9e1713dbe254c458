import CloudflareAPI
import CloudflareModel
import Domain
import Planning
import Synchronization
import TestKit
import Testing

@testable import Engine

@Suite("What has waited for its turn is looked at once more") struct LastLookTests {
    let zone = EngineBench.zone
    let wish = PackWish(
        name: "main", hosts: ["example.com", "*.example.com"], authority: .google, method: .txt, validityDays: 90)
    let meter = ClientCertificateWish(name: "meter", commonName: "meter.example.com", validityDays: 365)

    /// What may happen to an order while it waits.
    enum Meanwhile: String, CaseIterable { case nothing, wishTakenBack, stricterMode, suspended, clockStepped }

    @Test(
        "an order that waited for its turn in the request budget is sent only if it is still to be (S9, S11, S17)",
        .timeLimit(.minutes(1)), arguments: Meanwhile.allCases)
    func order(_ meanwhile: Meanwhile) async throws {
        let bench = try await EngineBench([.pack(wish)])
        _ = await bench.engine.pass(over: zone, .scheduled)
        bench.clock.advance(by: .seconds(61))
        let budget = await bench.engine.ports.budget
        // The last look before an order: from there on the token is blocked.
        block(bench, budget, for: .minutes(3)) { $0.target.hasSuffix("/quota") }
        let pass = Task { await bench.engine.pass(over: zone, .scheduled) }
        while try bench.ledger.operations(HistoryFilter(), openOnly: true).isEmpty { await Task.yield() }
        while await budget.snapshot().waiting == 0 { await Task.yield() }
        switch meanwhile {
        case .nothing: break
        case .wishTakenBack: try await reload(bench, [])
        case .stricterMode: try await reload(bench, [.pack(wish)], .observe)
        case .suspended:
            let command = PersonCommand.suspend(.zone(zone), reason: "migration", until: bench.clock.now() + .hours(5))
            _ = try await bench.engine.perform(command, by: "alice")
        case .clockStepped: bench.clock.stepWall(by: .hours(2))
        }
        bench.clock.advance(by: .minutes(3))
        _ = await pass.value
        #expect(bench.cloudflare.ledger.acceptedOrders().count == (meanwhile == .nothing ? 1 : 0))
        #expect(bench.heard.count(.operationSent) == (meanwhile == .nothing ? 1 : 0))
        #expect(try bench.ledger.operations(HistoryFilter(), openOnly: true).isEmpty)
    }

    @Test("a change whose turn came just before a block is not sent into it, nor told as sent (S9)")
    func blockAtTheTurn() async throws {
        let bench = try await EngineBench([.pack(wish)])
        let duty = try #require(await bench.engine.zones[zone])
        let operation = Operation(
            id: OperationID("1"), subject: bench.subject(), action: .pack(.order(wish)), reason: .missing,
            committedAt: bench.clock.now())
        let input = PlanInput(zone: zone, zoneName: "example.com", wish: duty.wish, now: bench.clock.now())
        let errand = Errand(operation: operation, input: input, duty: duty)
        await bench.engine.ports.budget.note(ReplySignal(httpStatus: 429))
        #expect(await bench.engine.lastLook(at: errand)?.code == "blocked")
        #expect(bench.heard.count(.operationSent) == 0)
        bench.clock.advance(by: .minutes(5))
        #expect(await bench.engine.lastLook(at: errand) == nil)
        #expect(bench.heard.count(.operationSent) == 1)
    }

    // MARK: What a person asks for

    enum ByPerson: String, CaseIterable { case stricterMode, clockStepped, anotherWish }

    @Test(
        "a person's command that waited heeds the mode and the clock, and not what else the settings wish by now",
        .timeLimit(.minutes(1)), arguments: ByPerson.allCases)
    func person(_ meanwhile: ByPerson) async throws {
        let bench = try await EngineBench([.clientCertificate(meter)])
        await bench.run(for: .hours(2))
        let id = try #require(try bench.objects().first?.id)
        let subject = bench.subject("meter", .clientCertificate)
        var command = PersonCommand.revoke(subject, id, reason: "lost")
        switch meanwhile {
        case .stricterMode: try await reload(bench, nil, .enforce)  // a zone of ours that the settings do not name
        case .clockStepped:
            _ = try await bench.engine.perform(command, by: "alice")
            command = .reactivate(subject, id)
        case .anotherWish: break
        }
        await bench.run(for: .minutes(5))
        let budget = await bench.engine.ports.budget
        await budget.note(ReplySignal(httpStatus: 429, retryAfter: .seconds(5)))
        let count = bench.wire.count
        let answer = Task { await code(of: command, bench) }
        while await budget.snapshot().waiting == 0 { await Task.yield() }
        switch meanwhile {
        case .stricterMode: try await reload(bench, nil, .observe)
        case .clockStepped: bench.clock.stepWall(by: .hours(2))
        case .anotherWish: try await reload(bench, [.clientCertificate(meter), .pack(wish)])
        }
        bench.clock.advance(by: .seconds(5))
        let codes: [ByPerson: String?] = [
            .stricterMode: "mode-forbids", .clockStepped: "clock-skewed", .anotherWish: nil,
        ]
        #expect(await answer.value == codes[meanwhile])
        #expect(bench.wire.count == count + (meanwhile == .anotherWish ? 1 : 0))
    }

    // MARK: Removals (S4)

    /// What was seen when the block begins.
    enum Seen: String, CaseIterable { case packs, everything }

    @Test(
        "a removal that waited while others deleted what serves in its stead is not sent (S4)",
        .timeLimit(.minutes(1)), arguments: Seen.allCases)
    func replacementDeletedMeanwhile(_ seen: Seen) async throws {
        let bench = try await EngineBench([.pack(wish), .clientCertificate(meter)])
        await bench.run(for: .hours(1))
        var wider = wish
        wider.hosts = wish.hosts.adding(["api.v1.example.com"])
        try await reload(bench, [.pack(wider), .clientCertificate(meter)])
        await bench.run(for: .minutes(2))
        let packs = try bench.objects().filter { $0.sighting.kind == .certificatePack }.map(\.id)
        let (predecessor, successor) = (try #require(packs.first), try #require(packs.last))
        #expect(packs.count == 2)
        // Everything is ready for the removal when it is lifted.
        _ = try await bench.engine.perform(
            .suspend(.zone(zone), reason: "calm", until: bench.clock.now() + .hours(9)), by: "alice")
        await bench.run(for: .hours(2))
        _ = try await bench.engine.perform(.resume(.zone(zone)), by: "alice")
        let budget = await bench.engine.ports.budget
        block(bench, budget, for: .minutes(10)) { request in
            request.method == .get
                && request.target.contains(seen == .packs ? "/certificate_packs" : "/client_certificates")
        }
        let pass = Task { await bench.engine.pass(over: zone, .scheduled) }
        while await budget.snapshot().waiting == 0 { await Task.yield() }
        bench.wire.after(nil)
        try bench.cloudflare.change { try $0.removePack(successor, at: bench.clock.now()) }
        bench.clock.advance(by: .minutes(10))
        _ = await pass.value
        #expect(bench.cloudflare.ledger.acceptedRemovals(of: predecessor).isEmpty)
        await bench.run(for: .minutes(5))
        #expect(bench.cloudflare.ledger.acceptedRemovals(of: predecessor).isEmpty)
    }

    @Test("what was seen before a block, or more than two minutes ago, lets the daemon's own removals go no more (S4)")
    func outdatedAtTheTurn() async throws {
        let bench = try await EngineBench([.pack(wish)])
        await bench.run(for: .hours(1))
        try await reload(bench, [])
        let duty = try #require(await bench.engine.zones[zone])
        let pack = try #require(try bench.objects().first?.id)
        let state = try bench.ledger.state(of: zone, now: bench.clock.now())
        var operation = Operation(
            id: OperationID("1"), subject: bench.subject(), action: .pack(.delete(pack)), reason: .superseded,
            committedAt: bench.clock.now())
        func code(_ proof: Proof) async -> String? {
            let input = PlanInput(
                zone: zone, zoneName: "example.com", wish: duty.wish, state: state, now: bench.clock.now())
            let errand = Errand(
                operation: operation, input: input, duty: duty, proofs: [.certificatePack: proof])
            return await bench.engine.lastLook(at: errand)?.code
        }
        let now = bench.clock.uptime()
        let proof = Proof(begun: now, ends: now + .minutes(2))
        #expect(await code(proof) != "look-outdated")
        bench.clock.advance(by: .minutes(2) + .milliseconds(1))
        #expect(await code(proof) == "look-outdated")
        let later = Proof(begun: now, ends: now + .hours(1))
        #expect(await code(later) != "look-outdated")
        await bench.engine.ports.budget.note(ReplySignal(httpStatus: 429, retryAfter: .seconds(1)))
        bench.clock.advance(by: .seconds(2))
        #expect(await code(later) == "look-outdated")
        operation.askedBy = "uid 0 (root)"
        #expect(await code(later) == nil)
    }

    @Test(
        "a pack on its way was removed for a later one, and had come to serve since the listing (S4, S5)",
        .timeLimit(.minutes(1)), arguments: [true, false])
    func onItsWay(isAnswered: Bool) async throws {
        var model = ModelSettings()
        model.listLag = .minutes(5)
        var conduct = ZoneConduct()
        (conduct.validation, conduct.validationDelay) = (.delayed, .minutes(8))
        let bench = try await EngineBench([.pack(wish)], conduct: conduct, model: model)
        await bench.run(for: .minutes(6))
        let predecessor = try #require(try bench.objects().first?.id)
        var wider = wish
        wider.hosts = wish.hosts.adding(["api.v1.example.com"])
        let asked = Tally()
        bench.wire.before { (request) throws(TransportTrouble) in
            guard request.method == .get, request.target.hasSuffix("/\(predecessor)") else { return }
            asked.count.withLock { $0 += 1 }
            if !isAnswered { throw .neverSent(.connection, "no way there") }
        }
        try await reload(bench, [.pack(wider)])
        await bench.run(for: .minutes(12))
        #expect(bench.cloudflare.ledger.acceptedRemovals(of: predecessor).isEmpty)
        #expect((isAnswered ? 1...2 : 2...12).contains(asked.count.withLock { $0 }))
        // All else goes on, whatever becomes of that question.
        #expect(try bench.objects().first { $0.id != predecessor }?.sighting.status == "pending_validation")
        await bench.run(for: .hours(2))
        #expect(bench.cloudflare.ledger.acceptedRemovals(of: predecessor).count == 1)
    }

    @Test(
        "a removal was put off for ever where the other kind's listing takes longer than what was seen of its own proves",
        .timeLimit(.minutes(1)))
    func longListing() async throws {
        let bench = try await EngineBench([.pack(wish), .clientCertificate(meter)])
        await bench.run(for: .hours(1))
        bench.wire.before { request in
            guard request.method == .get, request.target.contains("/client_certificates") else { return }
            bench.clock.advance(by: .seconds(140))
        }
        let predecessor = try #require(try bench.objects().first { $0.sighting.kind == .certificatePack }?.id)
        var wider = wish
        wider.hosts = wish.hosts.adding(["api.v1.example.com"])
        try await reload(bench, [.pack(wider), .clientCertificate(meter)])
        await bench.run(for: .hours(2))
        #expect(bench.cloudflare.ledger.acceptedRemovals(of: predecessor).count == 1)
        let withheld = try bench.ledger.history(HistoryFilter()).filter { $0.detail.contains("look-outdated") }
        #expect(withheld.isEmpty)
    }

    @Test("a second look at one kind took back that the token is refused for the other", .timeLimit(.minutes(1)))
    func secondLookBesideARefusal() async throws {
        let bench = try await EngineBench([.pack(wish), .clientCertificate(meter)])
        await bench.run(for: .hours(1))
        bench.cloudflare.change {
            _ = $0.add(FaultRule(.serverErrorBefore(status: 403), path: "*/client_certificates*"))
        }
        bench.wire.before { request in
            guard request.method == .get, request.target.contains("/client_certificates") else { return }
            bench.clock.advance(by: .seconds(140))
        }
        var wider = wish
        wider.hosts = wish.hosts.adding(["api.v1.example.com"])
        try await reload(bench, [.pack(wider), .clientCertificate(meter)])
        await bench.run(for: .hours(2))
        #expect(
            bench.cloudflare.ledger.effects.contains { if case .packDeletionBegun? = $0.effect { true } else { false } }
        )
        #expect(bench.heard.raised(.tokenRefused) == 1)
    }

    @Test(
        "a removal behind the commands of others that hang was put off for ever, for its looks were too old each time",
        .timeLimit(.minutes(1)), arguments: [1, 3, 22])
    func behindHangingCommands(_ hanging: Int) async throws {
        func wish(_ name: String, days: Int) -> Wish {
            var wish = ClientCertificateWish(name: name, commonName: "\(name).example.com", validityDays: days)
            (wish.command, wish.commandTimeout, wish.overlap) = (["/usr/bin/deploy", name], .minutes(3), .zero)
            return .clientCertificate(wish)
        }
        let names = (1...hanging).map { "alpha\($0)" } + ["beta"]
        let bench = try await EngineBench(names.map { wish($0, days: 365) })
        await bench.run(for: .hours(2))
        let beta = bench.subject("beta", .clientCertificate)
        let old = try #require(try bench.objects().first { $0.subject == beta }?.id)
        bench.commands.during { call in
            guard call.environment["EDGECERT_NAME"] != "beta" else { return nil }
            bench.clock.advance(by: call.timeout)
            return .timedOut(after: call.timeout, output: "")
        }
        try await reload(bench, names.map { wish($0, days: 730) })
        await bench.run(for: .hours(2))
        #expect(bench.cloudflare.ledger.acceptedRemovals(of: old).count == 1)
        #expect(try !bench.ledger.openEpisodes().contains { $0.scope == .subject(beta) })
    }

    // MARK: Parts

    private func block(
        _ bench: EngineBench, _ budget: RequestBudget, for span: Duration,
        after fits: @escaping @Sendable (HTTPRequest) -> Bool
    ) {
        bench.wire.after { request in
            if fits(request) { await budget.note(ReplySignal(httpStatus: 429, retryAfter: span)) }
        }
    }

    /// - Parameter wishes: nil for settings without the zone.
    private func reload(_ bench: EngineBench, _ wishes: [Wish]?, _ mode: Mode = .enforce) async throws {
        var settings = Settings()
        settings.daemon.mode = mode
        bench.source.put(wishes.map { EngineBench.settings($0, mode) } ?? settings)
        _ = try await bench.engine.perform(.reload, by: "test")
    }

    /// nil when it was carried out.
    private func code(of command: PersonCommand, _ bench: EngineBench) async -> String? {
        do throws(CommandTrouble) {
            _ = try await bench.engine.perform(command, by: "alice")
            return nil
        } catch {
            return error.explanation.code
        }
    }
}

private final class Tally: Sendable {
    let count = Mutex(0)
}
