import CloudflareAPI
import CloudflareModel
import Domain
import TestKit
import Testing

@testable import Engine

@Suite("What people ask for") struct PersonTests {
    let pack = PackWish(
        name: "main", hosts: ["example.com", "*.example.com"], authority: .google, method: .txt, validityDays: 90)
    let meter = ClientCertificateWish(name: "meter", commonName: "meter.example.com", validityDays: 365)
    let zone = EngineBench.zone

    private func bench(_ wishes: [Wish]? = nil, mode: Mode = .enforce) async throws -> EngineBench {
        let bench = try await EngineBench(wishes ?? [.pack(pack), .clientCertificate(meter)], mode: mode)
        await bench.run(for: .hours(1))
        return bench
    }

    private func code(_ bench: EngineBench, _ command: PersonCommand) async -> String? {
        do throws(CommandTrouble) {
            _ = try await bench.engine.perform(command, by: "uid 1000 (alice)")
            return nil
        } catch {
            return error.explanation.code
        }
    }

    private func meterSubject(_ bench: EngineBench) -> Subject { bench.subject("meter", .clientCertificate) }

    private func certificate(_ bench: EngineBench) throws -> ObjectRecord {
        try #require(bench.objects().first { $0.sighting.kind == .clientCertificate })
    }

    @Test("every command is in the audit, with the person and what came of it, also a refused one")
    func audit() async throws {
        let bench = try await bench()
        #expect(await code(bench, .unhold(bench.subject())) == "not-held")
        #expect(await code(bench, .reconcile(.all)) == nil)
        #expect(await code(bench, .plan(.all)) == nil)
        let audit = try bench.ledger.audit(since: nil, limit: 10)
        #expect(audit.map(\.verb) == ["unhold", "reconcile"])
        #expect(audit.map(\.outcome) == ["refused: not-held", "done"])
        #expect(audit.allSatisfy { $0.person == "uid 1000 (alice)" })
    }

    @Test("plan writes nothing, sends nothing but looks, and says what would be done")
    func plan() async throws {
        let bench = try await EngineBench([.pack(pack)])
        _ = await bench.engine.pass(over: zone, .scheduled)
        let commits = bench.ledger.commits.count
        let reply = try await bench.engine.perform(.plan(.all), by: "alice")
        #expect(reply.planned.map(\.decision.action?.code) == ["order"])
        #expect(bench.ledger.commits.count == commits)
        #expect(bench.cloudflare.ledger.effects.isEmpty)
    }

    @Test("a person who asks about a zone that was never seen is told of a block, and not kept waiting for its end")
    func blockedAtFirst() async throws {
        let bench = try await EngineBench([.pack(pack)])
        bench.cloudflare.change { _ = $0.add(FaultRule(.limited(retryAfter: 300), count: 1)) }
        #expect(await code(bench, .plan(.all)) == "cloudflare-limited")
        #expect(await code(bench, .plan(.all)) == "cloudflare-limited")
    }

    @Test("commands that come while a pass is under way take their turns after it, and leave no turn behind")
    func turns() async throws {
        let bench = try await bench()
        await bench.engine.takeTurn(zone)
        let commands: [PersonCommand] = [
            .reconcile(.all), .plan(.all), .unhold(bench.subject()), .revoke(meterSubject(bench), nil, reason: "lost"),
            .approve(bench.subject("nothing")), .reconcile(.zone(zone)),
        ]
        let tasks = commands.map { command in Task { await code(bench, command) } }
        while await (bench.engine.queues[zone]?.count ?? 0) < commands.count { await Task.yield() }
        await bench.engine.giveTurn(zone)
        var codes: Set<String?> = []
        for task in tasks { codes.insert(await task.value) }
        #expect(codes == [nil, "not-held"])
        #expect(await bench.engine.passes.isEmpty)
        #expect(await bench.engine.queues.isEmpty)
        #expect(bench.cloudflare.ledger.acceptedRemovals().count == 1)
    }

    @Test("two reloads at once end with the settings that are on disk, and every RELOADING is followed by a READY")
    func twoReloads() async throws {
        let bench = try await bench([.pack(pack)])
        bench.source.put(EngineBench.settings([.pack(pack)], .observe))
        async let first = code(bench, .reload)
        async let second = code(bench, .reload)
        let codes = await [first, second]
        #expect(codes == [nil, nil])
        #expect(await bench.engine.settings.daemon.mode == .observe)
        #expect(
            bench.heard.notices.filter { $0 == .reloading }.count == bench.heard.notices.filter { $0 == .ready }.count)
        #expect(bench.heard.notices.last { $0 == .reloading || $0 == .ready } == .ready)
    }

    @Test("plan writes nothing about a zone in which nothing is wished, either")
    func planOfAnEmptyZone() async throws {
        let bench = try await EngineBench([])
        _ = try await bench.engine.perform(.plan(.all), by: "alice")
        #expect(bench.ledger.commits.isEmpty)
    }

    @Test("a suspension of everything is told at once and once a day, until it is over")
    func nag() async throws {
        let bench = try await bench()
        bench.heard.forget()
        let until = bench.clock.now() + .days(3)
        #expect(await code(bench, .suspend(.all, reason: "migration", until: until)) == nil)
        await bench.run(for: .hours(60))
        let told = bench.heard.news.filter { news in
            news.subject == nil && news.fields.contains { $0.name == .condition && $0.value == "suspended" }
        }
        #expect(told.map(\.kind) == [.episodeRaised, .episodeReminder, .episodeReminder])
        await bench.run(for: .hours(20))
        #expect(try bench.ledger.openEpisodes().isEmpty)
    }

    @Test("reconcile of what is suspended is refused, and resume lets it go on")
    func suspension() async throws {
        let bench = try await EngineBench([.pack(pack)])
        _ = await bench.engine.pass(over: zone, .scheduled)
        let until = bench.clock.now() + .hours(3)
        #expect(await code(bench, .suspend(.zone(zone), reason: "", until: until)) == "no-reason")
        #expect(await code(bench, .suspend(.zone(zone), reason: "x", until: bench.clock.now())) == "end-in-the-past")
        #expect(await code(bench, .suspend(.zone(zone), reason: "migration", until: until)) == nil)
        #expect(await code(bench, .reconcile(.subject(bench.subject()))) == "suspended")
        await bench.run(for: .hours(2))
        #expect(bench.cloudflare.ledger.effects.isEmpty)
        #expect(await code(bench, .resume(.all)) == "not-suspended")
        #expect(await code(bench, .resume(.zone(zone))) == nil)
        await bench.run(for: .minutes(1))
        #expect(bench.cloudflare.ledger.acceptedOrders().count == 1)
    }

    @Test("a suspension ends by itself")
    func suspensionEnds() async throws {
        let bench = try await EngineBench([.pack(pack)])
        _ = await bench.engine.pass(over: zone, .scheduled)
        let until = bench.clock.now() + .hours(3)
        #expect(await code(bench, .suspend(.all, reason: "migration", until: until)) == nil)
        await bench.run(for: .hours(4))
        #expect(try #require(bench.cloudflare.ledger.acceptedOrders().first).at >= until)
    }

    @Test("what is released is watched, not changed and not ordered again; adopt takes it back")
    func releaseAndAdopt() async throws {
        let bench = try await bench([.pack(pack)])
        let id = try #require(bench.objects().first?.id)
        #expect(await code(bench, .release(bench.subject())) == nil)
        bench.source.put(EngineBench.settings([]))
        _ = try await bench.engine.perform(.reload, by: "alice")
        await bench.run(for: .hours(2))
        #expect(bench.cloudflare.ledger.acceptedRemovals().isEmpty)
        bench.source.put(EngineBench.settings([.pack(pack)]))
        _ = try await bench.engine.perform(.reload, by: "alice")
        await bench.run(for: .hours(2))
        #expect(try bench.objects().map(\.ownership) == [.foreign])
        #expect(bench.cloudflare.ledger.acceptedOrders().count == 1)
        #expect(await code(bench, .adopt(id, as: bench.subject("other"))) == "no-such-wish")
        #expect(await code(bench, .adopt(id, as: bench.subject())) == nil)
        #expect(await code(bench, .adopt(id, as: bench.subject())) == "already-ours")
        await bench.run(for: .hours(1))
        #expect(try bench.objects().map(\.ownership) == [.adopted])
        #expect(try bench.decision()?.reason == .asWanted)
        #expect(bench.cloudflare.ledger.acceptedOrders().count == 1)
    }

    @Test("settings that were cut off took the zones away without a word, and changed nothing")
    func emptySettings() async throws {
        let bench = try await bench([.pack(pack)])
        let requests = {
            bench.cloudflare.ledger.acceptedOrders().count + bench.cloudflare.ledger.acceptedRemovals().count
        }
        let before = requests()
        bench.heard.forget()
        bench.source.put(Settings())
        let reply = try await bench.engine.perform(.reload, by: "alice")
        let remark = "the settings name no zone; watched, and left alone from now on: example.com"
        #expect(reply.lines == ["settings loaded: 0 zones", "warning: \(remark)"])
        let told = try #require(bench.heard.news.first { $0.kind == .settingsLoaded })
        #expect(told.priority == .warning && told.fields.contains(.init(.detail, remark)))
        await bench.run(for: .days(3))
        #expect(requests() == before)
        bench.heard.forget()
        _ = try await bench.engine.perform(.reload, by: "alice")
        #expect(
            bench.heard.news.first { $0.kind == .settingsLoaded }?.fields.last
                == .init(.detail, "the settings name no zone"))
        bench.source.put(EngineBench.settings([.pack(pack)]))
        #expect(try await bench.engine.perform(.reload, by: "alice").lines == ["settings loaded: 1 zone"])
        await bench.run(for: .days(1))
        #expect(requests() == before)
        #expect(try bench.decision()?.reason == .asWanted)
    }

    @Test("a pack is not adopted as a client certificate: it would be missed in their list for ever")
    func adoptAsAnotherKind() async throws {
        let bench = try await bench()
        #expect(await code(bench, .release(bench.subject())) == nil)
        let id = try #require(bench.objects().first { $0.sighting.kind == .certificatePack }?.id)
        #expect(await code(bench, .adopt(id, as: meterSubject(bench))) == "wrong-kind")
        #expect(try bench.objects().first { $0.id == id }?.ownership == .foreign)
    }

    @Test("what is over cannot be adopted")
    func adoptWhatIsOver() async throws {
        let bench = try await bench([.pack(pack)])
        let id = try #require(bench.objects().first?.id)
        try bench.cloudflare.change { try $0.removePack(id, at: bench.clock.now()) }
        bench.source.put(EngineBench.settings([.pack(pack)], .observe))
        _ = try await bench.engine.perform(.reload, by: "alice")
        await bench.run(for: .hours(2))
        #expect(await code(bench, .adopt(id, as: bench.subject())) == "over")
    }

    @Test("an approval lets one held removal pass, and the next is held again (S7)")
    func approvedOnce() async throws {
        let packs = ["a", "b", "c", "d", "e"].map { name in
            PackWish(
                name: name, hosts: ["example.com", "\(name).example.com"], authority: .google, method: .txt,
                validityDays: 90)
        }
        let bench = try await bench(packs.map { .pack($0) })
        #expect(bench.cloudflare.ledger.acceptedOrders().count == 5)
        bench.source.put(EngineBench.settings([.pack(packs[0])]))
        _ = try await bench.engine.perform(.reload, by: "alice")
        await bench.run(for: .hours(1))
        #expect(bench.cloudflare.ledger.acceptedRemovals().isEmpty)
        #expect(try bench.decision("c")?.isHeld == true)
        let reason = try #require(bench.decision("c")?.reason)
        #expect(await code(bench, .approve(bench.subject("c"))) == nil)
        await bench.run(for: .hours(1))
        if reason == .removalLimit, try bench.decision("c")?.reason == .wouldUncover {
            #expect(await code(bench, .approve(bench.subject("c"))) == nil)
            await bench.run(for: .hours(1))
        }
        #expect(bench.cloudflare.ledger.acceptedRemovals().count == 1)
        #expect(try bench.ledger.state(of: zone, now: bench.clock.now()).approvals.isEmpty)
        #expect(await code(bench, .approve(bench.subject("a"))) == "not-held")
    }

    @Test("a person's revoke is made at once, also seconds after a change, and nothing new is made before a word (S8)")
    func revoke() async throws {
        let bench = try await bench([.clientCertificate(meter)])
        #expect(await code(bench, .revoke(meterSubject(bench), nil, reason: "lost")) == nil)
        await bench.run(for: .hours(5))
        #expect(try bench.decision("meter", .clientCertificate)?.reason == .revokedOutside)
        #expect(bench.cloudflare.ledger.acceptedCreations().count == 1)
        #expect(await code(bench, .reactivate(meterSubject(bench), nil)) == nil)
        await bench.run(for: .hours(1))
        #expect(try certificate(bench).sighting.stage == .serving)
        #expect(try bench.decision("meter", .clientCertificate)?.reason == .asWanted)
    }

    @Test("an older one that a person brought back was revoked again within a minute, in favour of the later one")
    func outranked() async throws {
        let bench = try await bench([.clientCertificate(meter)])
        let first = try certificate(bench).id
        await bench.run(for: .days(340))
        #expect(bench.cloudflare.ledger.acceptedCreations().count == 2)
        #expect(bench.cloudflare.ledger.acceptedRemovals().count == 1)
        #expect(await code(bench, .reactivate(meterSubject(bench), first)) == "outranked")
        let second = try #require(bench.keys.current(for: meterSubject(bench)))
        #expect(await code(bench, .revoke(meterSubject(bench), nil, reason: "it breaks clients")) == nil)
        await bench.run(for: .minutes(20))
        #expect(try bench.decision("meter", .clientCertificate)?.reason == .revokedOutside)
        #expect(await code(bench, .reactivate(meterSubject(bench), first)) == nil)
        await bench.run(for: .minutes(20))
        #expect(try bench.decision("meter", .clientCertificate)?.reason != .revokedOutside)
        // It was put in place again, and renewed at once, for it is due.
        #expect(bench.heard.news.contains { $0.kind == .transition && $0.fields.contains(.init(.object, first.text)) })
        #expect(bench.keys.current(for: meterSubject(bench)) == second + 1)
    }

    @Test("an older one that a person adopts would be revoked in favour of the later one, and is not taken")
    func adoptedOutranked() async throws {
        let bench = try await bench([.clientCertificate(meter)])
        let first = try certificate(bench).id
        await bench.run(for: .days(340))
        #expect(await code(bench, .release(meterSubject(bench))) == nil)
        try bench.cloudflare.change { try $0.forceClientCertificate(first, status: .active, at: bench.clock.now()) }
        await bench.run(for: .minutes(20))
        let later = try #require(try bench.objects().first { $0.sighting.stage == .serving && $0.id != first }?.id)
        #expect(await code(bench, .adopt(later, as: meterSubject(bench))) == nil)
        #expect(await code(bench, .adopt(first, as: meterSubject(bench))) == "outranked")
    }

    @Test("a reactivation waits for a minute after the last change, a revocation does not (S10)")
    func reactivateSoon() async throws {
        let bench = try await bench([.clientCertificate(meter)])
        #expect(await code(bench, .revoke(meterSubject(bench), nil, reason: "lost")) == nil)
        bench.clock.advance(by: .seconds(20))
        #expect(await code(bench, .reactivate(meterSubject(bench), nil)) == "changed-recently")
        #expect(await code(bench, .revoke(meterSubject(bench), nil, reason: "again")) == nil)
    }

    @Test("a clock that is off holds a reactivation, not a revocation (S11)")
    func skewed() async throws {
        let bench = try await bench([.clientCertificate(meter)])
        bench.cloudflare.change { $0.settings.dateSkew = .seconds(300) }
        await bench.run(for: .minutes(20))
        #expect(await code(bench, .revoke(meterSubject(bench), nil, reason: "lost")) == nil)
        await bench.run(for: .minutes(20))
        #expect(await code(bench, .reactivate(meterSubject(bench), nil)) == "clock-skewed")
    }

    @Test("what is not ours is not revoked, whoever asks (S2)")
    func revokeAForeignOne() async throws {
        let bench = try await bench([.clientCertificate(meter)])
        let id = try certificate(bench).id
        #expect(await code(bench, .release(meterSubject(bench))) == nil)
        #expect(await code(bench, .revoke(bench.subject(id.text, .clientCertificate), nil, reason: "x")) == "not-ours")
        #expect(bench.cloudflare.ledger.acceptedRemovals().isEmpty)
    }

    @Test("a mode that may not remove holds a person's revocation as well, and leaves nothing open")
    func revokeInCreate() async throws {
        let bench = try await bench([.clientCertificate(meter)], mode: .create)
        #expect(await code(bench, .revoke(meterSubject(bench), nil, reason: "lost")) == "mode-forbids")
        #expect(bench.cloudflare.ledger.acceptedRemovals().isEmpty)
        #expect(try bench.ledger.operations(HistoryFilter(), openOnly: true).isEmpty)
    }

    @Test("a revocation whose reply is lost is found out by the looks, and made once")
    func revokeWithoutReply() async throws {
        let bench = try await bench([.clientCertificate(meter)])
        bench.cloudflare.change { _ = $0.add(FaultRule(.resetAfter, method: "DELETE", count: 1)) }
        #expect(await code(bench, .revoke(meterSubject(bench), nil, reason: "lost")) == "cloudflare-unanswered")
        await bench.run(for: .hours(1))
        #expect(bench.cloudflare.ledger.acceptedRemovals().count == 1)
        #expect(try bench.ledger.operations(HistoryFilter(), openOnly: true).isEmpty)
        #expect(try bench.decision("meter", .clientCertificate)?.reason == .revokedOutside)
    }
}
