import CloudflareAPI
import CloudflareModel
import Domain
import TestKit
import Testing

@testable import Engine

@Suite("What happens while a pass is under way") struct MeantimeTests {
    let wish = PackWish(
        name: "main", hosts: ["example.com", "*.example.com"], authority: .google, method: .txt, validityDays: 90)
    let meter = ClientCertificateWish(name: "meter", commonName: "meter.example.com", validityDays: 365)
    let zone = EngineBench.zone

    /// A bench whose first pass is over, so that the next one orders.
    private func bench(_ wishes: [Wish]? = nil) async throws -> EngineBench {
        let bench = try await EngineBench(wishes ?? [.pack(wish)])
        _ = await bench.engine.pass(over: zone, .scheduled)
        bench.clock.advance(by: .seconds(61))
        return bench
    }

    /// Stops the next request that fits on its way.
    private func hold(_ bench: EngineBench, where fits: @escaping @Sendable (HTTPRequest) -> Bool) -> Barrier {
        let barrier = Barrier()
        bench.wire.before { request in if fits(request) { await barrier.stop() } }
        return barrier
    }

    @Test("a wish that a reload took back while the zone was looked at is not ordered any more (S17)")
    func reloadTakesTheWishBack() async throws {
        let bench = try await bench()
        let barrier = hold(bench) { $0.method == .get }
        let pass = Task { await bench.engine.pass(over: zone, .scheduled) }
        await barrier.reached()
        bench.source.put(EngineBench.settings([]))
        _ = try await bench.engine.perform(.reload, by: "test")
        barrier.open()
        _ = await pass.value
        await bench.run(for: .hours(1))
        #expect(bench.cloudflare.ledger.effects.isEmpty)
    }

    @Test("a mode that a reload made stricter holds for the pass under way")
    func reloadMakesTheModeStricter() async throws {
        let bench = try await bench()
        let barrier = hold(bench) { $0.method == .get }
        let pass = Task { await bench.engine.pass(over: zone, .scheduled) }
        await barrier.reached()
        bench.source.put(EngineBench.settings([.pack(wish)], .observe))
        _ = try await bench.engine.perform(.reload, by: "test")
        barrier.open()
        _ = await pass.value
        await bench.run(for: .hours(1))
        #expect(bench.cloudflare.ledger.effects.isEmpty)
        #expect(try bench.decision()?.reason == .modeForbids)
    }

    @Test("a zone that a reload took out while it was looked at for the first time is not written down as kept")
    func reloadTakesTheZoneOut() async throws {
        let bench = try await EngineBench([.pack(wish)])
        let barrier = hold(bench) { $0.method == .get }
        let pass = Task { await bench.engine.pass(over: zone, .scheduled) }
        await barrier.reached()
        bench.source.put(Settings())
        _ = try await bench.engine.perform(.reload, by: "test")
        barrier.open()
        _ = await pass.value
        #expect(try bench.ledger.zones().filter(\.isManaged).isEmpty)
        #expect(await bench.engine.passes.isEmpty)
    }

    @Test("new settings that come while a pass is under way are looked at right after it, not an interval later")
    func reloadIsTakenUpAtOnce() async throws {
        let bench = try await bench([])
        await bench.run(for: .hours(1))
        bench.source.put(EngineBench.settings([.pack(wish)]))
        _ = try await bench.engine.perform(.reload, by: "test")
        await bench.run(for: .hours(1))
        var wider = wish
        wider.hosts = wish.hosts.adding(["api.v1.example.com"])
        let barrier = hold(bench) { $0.method == .get }
        let pass = Task { await bench.engine.pass(over: zone, .scheduled) }
        await barrier.reached()
        bench.source.put(EngineBench.settings([.pack(wider)]))
        _ = try await bench.engine.perform(.reload, by: "test")
        barrier.open()
        _ = await pass.value
        bench.wire.before(nil)
        await bench.run(for: .seconds(5))
        #expect(bench.cloudflare.ledger.acceptedOrders().count == 2)
    }

    @Test("what a person suspends while the zone is looked at is not changed by the pass under way")
    func suspendedMeanwhile() async throws {
        let bench = try await bench()
        let barrier = hold(bench) { $0.method == .get }
        let pass = Task { await bench.engine.pass(over: zone, .scheduled) }
        await barrier.reached()
        _ = try await bench.engine.perform(
            .suspend(.zone(zone), reason: "migration", until: bench.clock.now() + .hours(5)), by: "alice")
        barrier.open()
        _ = await pass.value
        await bench.run(for: .hours(2))
        #expect(bench.cloudflare.ledger.effects.isEmpty)
        #expect(try bench.decision()?.reason == .suspended)
    }

    @Test("an alarm that rings while a person's command has the zone's turn leaves the zone a next look (S12)")
    func alarmDuringACommand() async throws {
        let bench = try await EngineBench([.clientCertificate(meter)])
        await bench.run(for: .hours(1))
        await bench.engine.start()
        await bench.engine.settled()
        let barrier = hold(bench) { $0.method == .delete }
        let subject = bench.subject("meter", .clientCertificate)
        let command = Task { try await bench.engine.perform(.revoke(subject, nil, reason: "lost"), by: "alice") }
        await barrier.reached()
        bench.clock.advance(by: .minutes(20))
        for _ in 0..<50 { await Task.yield() }
        barrier.open()
        _ = try await command.value
        await bench.engine.settled()
        #expect(bench.clock.untilNextTimer != nil)
        await bench.engine.stop()
    }

    @Test("a command that is refused while an alarm rings leaves the zone a next look (S12)")
    func alarmDuringARefusedCommand() async throws {
        let bench = try await EngineBench([.pack(wish)])
        await bench.run(for: .hours(1))
        await bench.engine.start()
        await bench.engine.settled()
        await bench.engine.takeTurn(zone)
        bench.clock.advance(by: .minutes(20))
        for _ in 0..<50 { await Task.yield() }
        await bench.engine.giveTurn(zone)
        await bench.engine.settled()
        #expect(bench.clock.untilNextTimer != nil)
        await bench.engine.stop()
    }

    @Test("a clock that is stepped after the last answer stops changes at once (S11)")
    func clockSteppedMeanwhile() async throws {
        let bench = try await bench()
        _ = try await bench.engine.ports.provider(.observe).looking.zone(zone)
        #expect(await bench.engine.skew() == nil)
        bench.clock.stepWall(by: .hours(2))
        #expect(await bench.engine.skew() != nil)
    }

    @Test("a stop while a change is on its way waits for its answer, and writes it down")
    func stopDuringAChange() async throws {
        let bench = try await bench()
        let barrier = hold(bench) { $0.method == .post }
        await bench.engine.start()
        await barrier.reached()
        let stop = Task { await bench.engine.stop() }
        while !(await bench.engine.isStopping) { await Task.yield() }
        for _ in 0..<20 { await Task.yield() }
        barrier.open()
        await stop.value
        #expect(bench.cloudflare.ledger.acceptedOrders().count == 1)
        #expect(try bench.ledger.operations(HistoryFilter(), openOnly: true).isEmpty)
        #expect(try bench.objects().map(\.ownership) == [.ordered])
    }

    @Test(
        "whoever waited for a pass when the daemon stopped was answered by a broken connection", .timeLimit(.minutes(1))
    )
    func stopWhileAPersonWaits() async throws {
        let bench = try await bench()
        let barrier = hold(bench) { $0.method == .get }
        let asked = [PersonCommand.reconcile(.all), .plan(.all)].map { command in
            Task { await code(of: command, bench) }
        }
        await barrier.reached()
        let stop = Task { await bench.engine.stop() }
        // Before Cloudflare has answered, and before the stop is over.
        for one in asked { #expect(await one.value == "stopping") }
        #expect(await code(of: .reconcile(.all), bench) == "stopping")
        #expect(try bench.ledger.audit(since: nil, limit: 9).map(\.outcome).contains("refused: stopping"))
        barrier.open()
        await stop.value
        #expect(bench.cloudflare.ledger.effects.isEmpty)
    }

    private func code(of command: PersonCommand, _ bench: EngineBench) async -> String? {
        do throws(CommandTrouble) {
            _ = try await bench.engine.perform(command, by: "uid 0")
            return nil
        } catch {
            return error.explanation.code
        }
    }

    @Test("a stop does not wait for ever for an answer that does not come: the operation stays open (S3)")
    func stopWithoutAnAnswer() async throws {
        let bench = try await bench()
        let barrier = hold(bench) { $0.method == .post }
        await bench.engine.start()
        await barrier.reached()
        let stop = Task { await bench.engine.stop() }
        while !(await bench.engine.isStopping) { await Task.yield() }
        while bench.clock.timersSet < 2 { await Task.yield() }
        bench.clock.advance(by: .seconds(29))
        await stop.value
        #expect(try bench.ledger.operations(HistoryFilter(), openOnly: true).count == 1)
        barrier.open()
    }
}
