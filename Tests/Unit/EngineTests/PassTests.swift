import CloudflareAPI
import CloudflareModel
import Domain
import TestKit
import Testing

@testable import Engine

@Suite("One pass after another") struct PassTests {
    let wish = PackWish(
        name: "main", hosts: ["example.com", "*.example.com"], authority: .google, method: .txt, validityDays: 90)
    let meter = ClientCertificateWish(
        name: "meter", commonName: "meter.example.com", validityDays: 10, renewBefore: .days(3))

    @Test("a new database only plans at first, then the pack is ordered once, and comes to serve")
    func ordersOnce() async throws {
        let bench = try await EngineBench([.pack(wish)])
        _ = await bench.engine.pass(over: EngineBench.zone, .scheduled)
        #expect(bench.cloudflare.ledger.acceptedOrders().isEmpty)
        #expect(try bench.decision()?.reason == .planningOnly)
        await bench.run(for: .hours(1))
        #expect(bench.cloudflare.ledger.acceptedOrders().count == 1)
        #expect(try bench.decision()?.reason == .asWanted)
        #expect(try bench.objects().map(\.sighting.stage) == [.serving])
        #expect(try bench.objects().map(\.ownership) == [.ordered])
    }

    @Test("a settled zone costs one request a kind and look, and adds no row and no news")
    func quiet() async throws {
        let bench = try await EngineBench([.pack(wish), .clientCertificate(meter)])
        await bench.run(for: .hours(3))
        let (requests, rows) = (bench.cloudflare.ledger.total, try bench.ledger.history(HistoryFilter()).count)
        bench.heard.forget()
        await bench.run(for: .hours(10))
        let more = bench.cloudflare.ledger.total - requests
        #expect(more >= 76 && more <= 82, "two kinds, every 15 minutes")
        #expect(try bench.ledger.history(HistoryFilter()).count == rows)
        #expect(bench.heard.news == [])
    }

    @Test("a lost reply to an order, and a restart on top of it, make one order (S3)")
    func lostReply() async throws {
        let bench = try await EngineBench([.pack(wish)])
        _ = await bench.engine.pass(over: EngineBench.zone, .scheduled)
        bench.cloudflare.change { _ = $0.add(FaultRule(.resetAfter, method: "POST", count: 1)) }
        bench.clock.advance(by: .seconds(61))
        _ = await bench.engine.pass(over: EngineBench.zone, .scheduled)
        #expect(bench.cloudflare.ledger.acceptedOrders().count == 1)
        let second = await bench.restarted()
        await bench.run(for: .hours(2), second)
        #expect(bench.cloudflare.ledger.acceptedOrders().count == 1)
        #expect(try bench.objects().map(\.ownership) == [.ordered])
        #expect(try bench.ledger.operations(HistoryFilter(), openOnly: true).isEmpty)
    }

    @Test("while the making of a certificate is open, revoked ones are looked at too: it may be among them by now (S8)")
    func wholeListWhileMaking() async throws {
        let bench = try await EngineBench([
            .clientCertificate(ClientCertificateWish(name: "meter", commonName: "meter.example.com"))
        ])
        func lastFullLook() throws -> Timestamp? {
            try bench.ledger.state(of: EngineBench.zone, now: bench.clock.now()).zone?.lastFullLook
        }
        _ = await bench.engine.pass(over: EngineBench.zone, .scheduled)
        let first = try #require(try lastFullLook())
        bench.cloudflare.change { _ = $0.add(FaultRule(.resetBefore, method: "POST", count: 1)) }
        bench.clock.advance(by: .seconds(61))
        _ = await bench.engine.pass(over: EngineBench.zone, .scheduled)
        #expect(try lastFullLook() == first)
        bench.clock.advance(by: .seconds(15))
        _ = await bench.engine.pass(over: EngineBench.zone, .scheduled)
        #expect(try lastFullLook() == bench.clock.now())
    }

    @Test("an order that never arrived is sent again only after two looks ten minutes apart (S3)")
    func neverArrived() async throws {
        let bench = try await EngineBench([.pack(wish)])
        _ = await bench.engine.pass(over: EngineBench.zone, .scheduled)
        bench.cloudflare.change { _ = $0.add(FaultRule(.resetBefore, method: "POST", count: 1)) }
        bench.clock.advance(by: .seconds(61))
        _ = await bench.engine.pass(over: EngineBench.zone, .scheduled)
        let sent = bench.clock.now()
        #expect(bench.cloudflare.ledger.acceptedOrders().isEmpty)
        await bench.run(for: .hours(2))
        let orders = bench.cloudflare.ledger.acceptedOrders()
        #expect(orders.count == 1)
        #expect(try #require(orders.first).at - sent >= .minutes(10))
    }

    @Test("a host that is added is carried out make-before-break (S5)")
    func replacement() async throws {
        let bench = try await EngineBench([.pack(wish)])
        await bench.run(for: .hours(1))
        var wider = wish
        wider.hosts = wish.hosts.adding(["api.v1.example.com"])
        bench.source.put(EngineBench.settings([.pack(wider)]))
        _ = try await bench.engine.perform(.reload, by: "test")
        await bench.run(for: .hours(3))
        #expect(bench.cloudflare.ledger.acceptedOrders().count == 2)
        let effects = bench.cloudflare.ledger.effects.compactMap(\.effect)
        guard case .packDeletionBegun(let old, _) = try #require(effects.last) else {
            Issue.record("the old pack was not removed: \(effects)")
            return
        }
        let objects = try bench.objects()
        #expect(objects.first { $0.id == old }?.sighting.stage == .gone)
        #expect(objects.filter { $0.sighting.stage == .serving }.map { $0.isOurs } == [true])
        #expect(try bench.decision()?.reason == .asWanted)
    }

    @Test(
        "a client certificate is made, delivered, its command run, renewed, and the old one revoked after the overlap")
    func clientCertificate() async throws {
        var wish = meter
        wish.command = ["/usr/bin/true"]
        let bench = try await EngineBench([.clientCertificate(wish)])
        await bench.run(for: .hours(1))
        #expect(bench.keys.current(for: bench.subject("meter", .clientCertificate)) == 1)
        #expect(bench.commands.calls.count == 1)
        await bench.run(for: .days(9))
        #expect(bench.keys.current(for: bench.subject("meter", .clientCertificate)) == 2)
        #expect(bench.commands.calls.count == 2)
        #expect(bench.cloudflare.ledger.acceptedCreations().count == 2)
        let revocations = bench.cloudflare.ledger.effects.filter {
            if case .revocationBegun = $0.effect { true } else { false }
        }
        #expect(revocations.count == 1)
        #expect(try bench.decision("meter", .clientCertificate)?.reason == .asWanted)
    }

    @Test("a command that fails is an episode, is tried again, and holds the old certificate's revocation (S5)")
    func commandFails() async throws {
        var wish = meter
        wish.command = ["/bin/reload"]
        let bench = try await EngineBench([.clientCertificate(wish)])
        bench.commands.then(.failed(exitStatus: 3, output: "no"), .failed(exitStatus: 3, output: "no"))
        await bench.run(for: .minutes(3))
        #expect(try bench.ledger.openEpisodes().map(\.condition).contains(.commandFailed))
        await bench.run(for: .hours(2))
        #expect(bench.commands.calls.count == 3)
        #expect(try bench.ledger.openEpisodes().isEmpty)
    }

    @Test("a pack deleted behind our back is ordered again after a second look, and held the second time (S18)")
    func deletedOutside() async throws {
        let bench = try await EngineBench([.pack(wish)])
        await bench.run(for: .hours(1))
        for expected in [2, 2] {
            let id = try #require(bench.objects().first { $0.sighting.stage == .serving }?.id)
            try bench.cloudflare.change { try $0.removePack(id, at: bench.clock.now()) }
            await bench.run(for: .hours(3))
            #expect(bench.cloudflare.ledger.acceptedOrders().count == expected)
        }
        #expect(try bench.decision()?.reason == .undoneOutside)
    }

    @Test("what the other zones want no more was counted in every pass, also where nothing was to go (S7)")
    func unwantedElsewhere() async throws {
        let bench = try await EngineBench([.pack(wish), .clientCertificate(meter)])
        await bench.run(for: .hours(3))
        #expect(bench.ledger.countsOfUnwanted == 0)
        let left = (1...3).map { Sample.pack("left\($0)", name: "left\($0)", zone: Sample.otherZone) }
        try bench.ledger.commit(
            [.zone(ZoneRecord(id: Sample.otherZone, name: "other.example"))]
                + left.map { .subject(SubjectRecord(subject: $0.subject, isWished: false)) } + left.map(Change.object))
        bench.source.put(EngineBench.settings([.pack(wish)]))
        _ = try await bench.engine.perform(.reload, by: "test")
        func pass() async {
            bench.clock.advance(by: .minutes(16))
            _ = await bench.engine.pass(over: EngineBench.zone, .scheduled)
        }
        await pass()
        #expect(try bench.decision("meter", .clientCertificate)?.reason == .removalLimit)
        #expect(bench.ledger.countsOfUnwanted > 0)
        #expect(bench.cloudflare.ledger.acceptedRemovals().isEmpty)
        try bench.ledger.commit([.subject(SubjectRecord(subject: left[0].subject, isWished: true))])
        await pass()
        #expect(bench.cloudflare.ledger.acceptedRemovals().count == 1)
    }

    @Test("observe asks for nothing, create for no removal")
    func modes() async throws {
        let observing = try await EngineBench([.pack(wish)], mode: .observe)
        await observing.run(for: .hours(5))
        #expect(observing.cloudflare.ledger.effects.isEmpty)
        #expect(try observing.decision()?.reason == .modeForbids)
        let creating = try await EngineBench([.pack(wish)], mode: .create)
        await creating.run(for: .hours(1))
        creating.source.put(EngineBench.settings([], .create))
        _ = try await creating.engine.perform(.reload, by: "test")
        await creating.run(for: .hours(5))
        #expect(creating.cloudflare.ledger.effects.count == 1)
    }

    @Test(
        "what a mode does not allow the engine has no method for, whatever was decided",
        arguments: [
            (Mode.observe, [false, false, false]), (.create, [true, false, false]), (.upsert, [true, true, false]),
            (.enforce, [true, true, true]),
        ])
    func methods(mode: Mode, expected: [Bool]) {
        let client = CloudflareClient(
            options: .init(CloudflareSettings(), version: "test"), token: { Secret("none") },
            transport: ScriptedTransport([]), gate: CountingGate())
        let provider = Provider(mode: mode, looking: client, creating: client, changing: client, removing: client)
        #expect([provider.creating != nil, provider.changing != nil, provider.removing != nil] == expected)
    }

    @Test("a database that cannot be written stops changes and not looks, with one episode")
    func fullDisk() async throws {
        let bench = try await EngineBench([.pack(wish)])
        _ = await bench.engine.pass(over: EngineBench.zone, .scheduled)
        bench.ledger.writeTrouble = .unwritable(path: "edgecert.db", detail: "disk full")
        let before = bench.cloudflare.ledger.total
        await bench.run(for: .hours(1))
        #expect(bench.cloudflare.ledger.total > before + 10)
        #expect(bench.cloudflare.ledger.effects.isEmpty)
        #expect(bench.heard.count(.episodeRaised) == 1)
        bench.ledger.writeTrouble = nil
        await bench.run(for: .hours(1))
        #expect(bench.cloudflare.ledger.acceptedOrders().count == 1)
    }

    @Test("a zone taken out of the settings was shown as wished until its next look was due")
    func zoneLeaves() async throws {
        let bench = try await EngineBench([.pack(wish)])
        await bench.run(for: .hours(1))
        await bench.engine.takeUp(Settings())
        let due = try #require(await bench.engine.zones[EngineBench.zone]?.due)
        #expect(due <= bench.clock.uptime())
        _ = await bench.engine.pass(over: EngineBench.zone, .scheduled)
        #expect(try bench.decision()?.reason == .notManaged)
    }

    @Test("a pack with other hosts than the wish's was deleted twenty seconds after a person had adopted it")
    func adoptsWhatFits() async throws {
        let bench = try await EngineBench(
            [.pack(wish)], packs: [PackSeed(hosts: ["example.com", "legacy.example.com"])])
        await bench.run(for: .hours(1))
        let foreign = try #require(try bench.objects().first { !$0.isOurs }?.id)
        do {
            _ = try await bench.engine.perform(
                .adopt(foreign, as: bench.subject(), replacing: false), by: "uid 0 (root)")
            Issue.record("it was adopted")
        } catch {
            guard case .unsafe("not-as-wished", _, _) = error else { throw error }
        }
        await bench.run(for: .hours(1))
        #expect(try bench.objects().first { $0.id == foreign }?.isOurs == false)
        let reply = try await bench.engine.perform(
            .adopt(foreign, as: bench.subject(), replacing: true), by: "uid 0 (root)")
        #expect(reply.lines.first?.contains("removed once") == true)
        await bench.run(for: .hours(1))
        #expect(try bench.objects().first { $0.id == foreign }?.sighting.stage == .gone)
    }

    @Test("a released certificate that was made for another wish was adopted without a word, to be replaced")
    func adoptingReleased() async throws {
        var meter = ClientCertificateWish(name: "meter", commonName: "meter.example.com", validityDays: 365)
        let bench = try await EngineBench([.clientCertificate(meter)])
        await bench.run(for: .hours(1))
        let subject = bench.subject("meter", .clientCertificate)
        let id = try #require(bench.objects().first?.id)
        _ = try await bench.engine.perform(.release(subject), by: "uid 0 (root)")
        meter.alternativeNames = ["meter.example.com", "other.example.com"]
        bench.source.put(EngineBench.settings([.clientCertificate(meter)]))
        _ = try await bench.engine.perform(.reload, by: "uid 0 (root)")
        do {
            _ = try await bench.engine.perform(.adopt(id, as: subject), by: "uid 0 (root)")
            Issue.record("it was adopted")
        } catch {
            guard case .unsafe("not-as-wished", _, _) = error else { throw error }
        }
    }

    @Test("a database that could not be written was nowhere to be seen in the status")
    func storeTroubleIsStatus() async throws {
        let bench = try await EngineBench([.pack(wish)])
        #expect(await bench.engine.status().storeTrouble == nil)
        await bench.engine.note(.unwritable(path: "/db", detail: "the disk is full"))
        #expect(await bench.engine.status().storeTrouble?.contains("the disk is full") == true)
    }

    @Test("a database that was removed between two looks was called good until the next one")
    func removedBetweenLooks() async throws {
        let bench = try await EngineBench([.pack(wish)])
        bench.ledger.writeTrouble = .displaced(path: "/s/db", file: "/s/db")
        let status = await bench.engine.status()
        #expect(status.storeTrouble?.contains("was removed or replaced") == true)
        #expect(status.storeHint?.hasPrefix("stop edgecertd, put the file or a backup in its place") == true)
    }

    @Test("settings that are refused leave the last good ones in force, and say so")
    func badReload() async throws {
        let bench = try await EngineBench([.pack(wish)])
        bench.source.spoil("edgecertd.toml:3:1: error: zone[1].nmae: found an unknown key")
        await #expect(throws: CommandTrouble.self) { try await bench.engine.perform(.reload, by: "test") }
        #expect(await bench.engine.statusLine().contains("SETTINGS REFUSED"))
        #expect(bench.heard.notices.filter { $0 == .reloading || $0 == .ready } == [.reloading, .ready])
        await bench.run(for: .hours(1))
        #expect(bench.cloudflare.ledger.acceptedOrders().count == 1)
    }

    @Test("a clock that is off stops changes and not looks (S11)")
    func skewedClock() async throws {
        let bench = try await EngineBench([.pack(wish)])
        bench.cloudflare.change { $0.settings.dateSkew = .seconds(300) }
        await bench.run(for: .hours(2))
        #expect(bench.cloudflare.ledger.effects.isEmpty)
        #expect(try bench.ledger.openEpisodes().map(\.condition) == [.clockSkewed])
        bench.cloudflare.change { $0.settings.dateSkew = .zero }
        await bench.run(for: .hours(2))
        #expect(bench.cloudflare.ledger.acceptedOrders().count == 1)
        #expect(try bench.ledger.openEpisodes().isEmpty)
    }

    @Test("a zone whose id is another zone's is told of, and nothing is asked of it")
    func misnamedZone() async throws {
        let bench = try await EngineBench([.pack(wish)])
        var settings = EngineBench.settings([.pack(wish)])
        settings.zones[0].name = "example.org"
        bench.source.put(settings)
        _ = try await bench.engine.perform(.reload, by: "test")
        await bench.run(for: .hours(2))
        #expect(bench.cloudflare.ledger.effects.isEmpty)
        #expect(bench.heard.news.contains { $0.kind == .episodeRaised })
    }
}
