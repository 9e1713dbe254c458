import CloudflareAPI
import CloudflareModel
import Domain
import TestKit
import Testing

@testable import Engine

@Suite("Troubles of the daemon itself") struct DaemonTroubleTests {
    let wish = PackWish(
        name: "main", hosts: ["example.com", "*.example.com"], authority: .google, method: .txt, validityDays: 90)
    let meter = ClientCertificateWish(name: "meter", commonName: "meter.example.com", validityDays: 365)
    let zone = EngineBench.zone
    let other = ZoneID("11111111111111111111111111111111")

    private func raised(_ bench: EngineBench, _ condition: Episode.Condition) -> Int {
        bench.heard.raised(condition)
    }

    private func open(_ bench: EngineBench) throws -> [Episode.Condition] {
        try bench.ledger.openEpisodes().map(\.condition)
    }

    private func benchOfTwoZones(_ conduct: ZoneConduct = ZoneConduct()) async throws -> EngineBench {
        let bench = try await EngineBench(
            [.pack(wish)], conduct: conduct, more: [ZoneSeed(name: "example.org", id: other, conduct: conduct)])
        bench.source.put(twoZones())
        _ = try await bench.engine.perform(.reload, by: "test")
        return bench
    }

    private func twoZones() -> Settings {
        var settings = EngineBench.settings([.pack(wish)])
        let pack = PackWish(
            name: "main", hosts: ["example.org"], authority: .google, method: .txt, validityDays: 90)
        settings.zones.append(ZoneWish(name: "example.org", id: other, mode: .enforce, wishes: [.pack(pack)]))
        return settings
    }

    @Test("a trouble that began or ended while the disk was full is so in the database, too, once it can be written")
    func unwrittenEpisodes() async throws {
        let bench = try await EngineBench([.pack(wish)])
        await bench.run(for: .hours(1))
        let full = StoreTrouble.unwritable(path: "test", detail: "full")
        bench.ledger.writeTrouble = full
        await bench.engine.raise(.tokenExpiring, "soon")
        bench.ledger.writeTrouble = nil
        await bench.run(for: .hours(1))
        #expect(try open(bench) == [.tokenExpiring])
        bench.ledger.writeTrouble = full
        await bench.engine.resolve(.tokenExpiring)
        bench.ledger.writeTrouble = nil
        await bench.run(for: .hours(1))
        #expect(try open(bench).isEmpty)
    }

    @Test("while the disk was full every zone was looked at once a minute, for nothing")
    func fullDiskLooks() async throws {
        var conduct = ZoneConduct()
        conduct.validation = .manual
        let bench = try await benchOfTwoZones(conduct)
        await bench.run(for: .hours(6))
        func looks() -> [Int] {
            [zone, other].map {
                bench.cloudflare.ledger.requests(method: "GET", path: "*/zones/\($0.text)/ssl/certificate_packs").count
            }
        }
        let before = looks()
        bench.ledger.writeTrouble = .unwritable(path: "test", detail: "full")
        await bench.run(for: .hours(2))
        let during = zip(looks(), before).map { $0 - $1 }.sorted()
        #expect((7...10).contains(during[0]), "of the zone that waits")
        #expect((90...122).contains(during[1]), "of the zone that finds out")
        // What is in motion does not wait for its turn among the settled once it is over.
        let full = looks()
        bench.ledger.writeTrouble = nil
        await bench.run(for: .minutes(2))
        #expect(zip(looks(), full).allSatisfy { $0 > $1 })
        #expect(try open(bench).isEmpty)
    }

    @Test("zones that were put off waited for an alarm of long ago when no pass had found the disk writable again")
    func calledBackByCommand() async throws {
        let bench = try await benchOfTwoZones()
        await bench.run(for: .hours(6))
        await bench.engine.note(.unwritable(path: "test", detail: "full"))
        for id in [zone, other] { await bench.engine.putOff(id) }
        #expect(bench.clock.untilNextTimer.map { $0 > .minutes(2) } ?? true)
        let nobody = Subject(zone: zone, kind: .clientCertificate, name: "nobody")
        await #expect(throws: CommandTrouble.self) {
            try await bench.engine.perform(.reactivate(nobody, nil), by: "test")
        }
        #expect(try #require(bench.clock.untilNextTimer) <= .minutes(1))
    }

    @Test("where one zone's commits failed and others' did not, all were looked at in a circle")
    func nearlyFullDisk() async throws {
        var conduct = ZoneConduct()
        conduct.validation = .manual
        let third = ZoneID("22222222222222222222222222222222")
        let bench = try await EngineBench(
            [.pack(wish)], conduct: conduct,
            more: [
                ZoneSeed(name: "example.org", id: other, conduct: conduct),
                ZoneSeed(name: "example.net", id: third, conduct: conduct),
            ])
        var settings = twoZones()
        let pack = PackWish(name: "main", hosts: ["example.net"], authority: .google, method: .txt, validityDays: 90)
        settings.zones.append(ZoneWish(name: "example.net", id: third, mode: .enforce, wishes: [.pack(pack)]))
        bench.source.put(settings)
        _ = try await bench.engine.perform(.reload, by: "test")
        await bench.run(for: .minutes(30))
        func looks(_ zone: ZoneID) -> Int {
            bench.cloudflare.ledger.requests(method: "GET", path: "*/zones/\(zone.text)/ssl/certificate_packs").count
        }
        let zones = [zone, other, third]
        let before = zones.map(looks)
        bench.ledger.zoneWithoutRoom = zone
        await bench.run(for: .hours(1))
        let during = zip(zones.map(looks), before).map { $0 - $1 }
        #expect((20...130).contains(during[0]), "of the zone that has no room: \(during)")
        #expect(during[1...].allSatisfy { (4...70).contains($0) }, "of the others: \(during)")
    }

    @Test("a database that was put back was called removed until something was written to it")
    func putBack() async throws {
        let bench = try await EngineBench([.pack(wish)])
        bench.ledger.writeTrouble = .displaced(path: "/s/db", file: "/s/db-wal")
        let status = await bench.engine.status()
        #expect(status.storeHint?.hasPrefix("'systemctl restart edgecertd'") == true)
        bench.ledger.writeTrouble = nil
        #expect(await bench.engine.status().storeTrouble == nil)
        #expect(try open(bench).isEmpty)
    }

    @Test("two zones that passed at a time each used up what the daemon's limit left (S6)")
    func limitOfTwo() async throws {
        let bench = try await EngineBench([.pack(wish)], more: [ZoneSeed(name: "example.org", id: other)])
        var settings = twoZones()
        settings.limits.ordersADay = 1
        bench.source.put(settings)
        _ = try await bench.engine.perform(.reload, by: "test")
        await bench.run(for: .seconds(30))  // only plans
        #expect(bench.cloudflare.ledger.acceptedOrders().isEmpty)
        let barrier = Barrier()
        bench.wire.after { request throws(TransportTrouble) in
            if request.target.hasSuffix("/quota") { await barrier.stop() }
        }
        async let first = bench.engine.pass(over: EngineBench.zone, .scheduled)
        async let second = bench.engine.pass(over: other, .scheduled)
        await barrier.reached()
        for _ in 0..<100 { await Task.yield() }
        barrier.open()
        _ = await (first, second)
        bench.wire.after(nil)
        await bench.run(for: .hours(2))
        #expect(bench.cloudflare.ledger.acceptedOrders().count == 1)
        #expect(try open(bench).contains(.held))
    }

    @Test("of two troubles the second was named nowhere, and the first one still when it was over")
    func secondTrouble() async throws {
        let bench = try await benchOfTwoZones()
        await bench.run(for: .minutes(1))
        await bench.engine.raise(.zoneUnknown, of: "one", "one is unknown")
        await bench.engine.raise(.zoneUnknown, of: "two", "two is unknown")
        func detail() throws -> String? {
            try bench.ledger.openEpisodes().first { $0.condition == .zoneUnknown }?.detail
        }
        #expect(try detail() == "one is unknown; two is unknown")
        await bench.engine.resolve(.zoneUnknown, of: "one")
        #expect(try detail() == "two is unknown")
        #expect(raised(bench, .zoneUnknown) == 1)
    }

    @Test("a token that may see one zone of two is one episode, not one a look")
    func oneZoneRefused() async throws {
        let bench = try await benchOfTwoZones()
        await bench.run(for: .hours(1))
        bench.cloudflare.change {
            _ = $0.add(FaultRule(.serverErrorBefore(status: 403), path: "/zones/11111111111111111111111111111111/*"))
        }
        await bench.run(for: .hours(1))
        #expect(raised(bench, .tokenRefused) == 1)
        #expect(try open(bench).contains(.tokenRefused))
        // Its heading says already that the token is not accepted.
        let episode = try #require(try bench.ledger.openEpisodes().first { $0.condition == .tokenRefused })
        #expect(episode.detail.hasPrefix("GET /zones/") && !episode.detail.contains("token"))
        bench.cloudflare.change { $0.removeFaults() }
        await bench.run(for: .hours(1))
        #expect(raised(bench, .tokenRefused) == 1)
        #expect(try open(bench).isEmpty)
    }

    @Test("a kind that the token was never allowed had its zone asked for once a minute, for ever")
    func neverAllowed() async throws {
        let bench = try await EngineBench([.pack(wish), .clientCertificate(meter)])
        bench.cloudflare.change {
            _ = $0.add(FaultRule(.serverErrorBefore(status: 403), path: "*/client_certificates"))
        }
        await bench.run(for: .hours(12))
        let asked = bench.cloudflare.ledger.requests(method: "GET", path: "*/client_certificates").count
        #expect((40...75).contains(asked), "\(asked)")
    }

    @Test("a kind that was never seen kept the other kinds of its zone from being more than planned for, for ever")
    func neverMoreThanPlanned() async throws {
        let bench = try await EngineBench([.pack(wish), .clientCertificate(meter)])
        bench.cloudflare.change {
            _ = $0.add(FaultRule(.serverErrorBefore(status: 403), path: "*/client_certificates"))
        }
        await bench.run(for: .hours(2))
        #expect(try bench.decision()?.reason == .asWanted)
        let zone = try #require(try bench.ledger.zones().first)
        #expect(zone.plannedUnder?.covers(.certificatePack, under: zone.plannedUnder?.era ?? "") == true)
        #expect(zone.plannedUnder?.kinds == [.certificatePack])
        // The other kind has its first pass when it is seen.
        bench.cloudflare.change { $0.removeFaults() }
        bench.clock.advance(by: .minutes(15))
        await bench.run(for: .seconds(1))
        #expect(bench.cloudflare.ledger.requests(method: "POST", path: "*/client_certificates").isEmpty)
        await bench.run(for: .hours(1))
        #expect(bench.cloudflare.ledger.requests(method: "POST", path: "*/client_certificates").count == 1)
        #expect(try bench.ledger.zones().first?.plannedUnder?.kinds == nil)
    }

    @Test("a token that was mended and reloaded soon after the first start waited for its next try")
    func mendedSoonAfterStart() async throws {
        let bench = try await EngineBench([.pack(wish)])
        bench.cloudflare.change { _ = $0.add(FaultRule(.serverErrorBefore(status: 403), path: "/zones/*")) }
        await bench.run(for: .minutes(7))
        #expect(try open(bench).contains(.tokenRefused))
        bench.cloudflare.change { $0.removeFaults() }
        _ = try await bench.engine.perform(.reload, by: "test")
        await bench.run(for: .seconds(3))
        #expect(try !open(bench).contains(.tokenRefused))
    }

    @Test("a reload every minute made a zone that cannot be seen be asked for every minute")
    func reloadEveryMinute() async throws {
        let bench = try await EngineBench([.pack(wish)])
        await bench.run(for: .hours(1))
        bench.cloudflare.change { _ = $0.add(FaultRule(.serverErrorBefore(status: 403), path: "/zones/*")) }
        let before = bench.cloudflare.ledger.requests(method: "GET", path: "*/ssl/certificate_packs").count
        for _ in 0..<120 {
            await bench.run(for: .minutes(1))
            _ = try await bench.engine.perform(.reload, by: "test")
        }
        let asked = bench.cloudflare.ledger.requests(method: "GET", path: "*/ssl/certificate_packs").count - before
        #expect((8...30).contains(asked), "\(asked)")
    }

    @Test("a person who asked again and again for a zone that cannot be seen put its next look off")
    func personAsksAgain() async throws {
        var settings = EngineBench.settings([.pack(wish)])
        settings.daemon.lookEvery = .hours(24)
        let bench = try await EngineBench([.pack(wish)])
        bench.source.put(settings)
        _ = try await bench.engine.perform(.reload, by: "test")
        await bench.run(for: .hours(1))
        bench.cloudflare.change { _ = $0.add(FaultRule(.serverErrorBefore(status: 403), path: "/zones/*")) }
        for _ in 0..<12 { _ = await bench.engine.pass(over: zone, .person) }
        let next = try #require(try bench.ledger.zones().first?.nextLook)
        #expect(next <= bench.clock.now() + .seconds(90))
    }

    @Test("after a new token and a reload, zones that it was refused for went on waiting for their next try")
    func newToken() async throws {
        var settings = EngineBench.settings([.pack(wish)])
        settings.daemon.lookEvery = .hours(6)
        let bench = try await EngineBench([.pack(wish)])
        bench.source.put(settings)
        _ = try await bench.engine.perform(.reload, by: "test")
        await bench.run(for: .hours(7))
        bench.cloudflare.change { _ = $0.add(FaultRule(.serverErrorBefore(status: 403), path: "/zones/*")) }
        await bench.run(for: .days(2))
        bench.cloudflare.change { $0.removeFaults() }
        #expect(try open(bench).contains(.tokenRefused))
        _ = try await bench.engine.perform(.reload, by: "test")
        await bench.run(for: .minutes(1))
        #expect(try !open(bench).contains(.tokenRefused))
    }

    @Test("what moved in a zone that could not be seen was asked for as often as one that could")
    func movingUnseen() async throws {
        var conduct = ZoneConduct()
        conduct.validation = .manual
        let bench = try await EngineBench([.pack(wish)], conduct: conduct)
        await bench.run(for: .minutes(3))
        bench.cloudflare.change { _ = $0.add(FaultRule(.serverErrorBefore(status: 403), path: "/zones/*")) }
        let before = bench.cloudflare.ledger.requests(method: "GET", path: "*/ssl/certificate_packs").count
        await bench.run(for: .hours(12))
        let asked = bench.cloudflare.ledger.requests(method: "GET", path: "*/ssl/certificate_packs").count - before
        #expect((40...75).contains(asked), "\(asked)")
    }

    @Test("a kind that was refused and is wished no more stayed refused for ever")
    func refusedKindDropped() async throws {
        let bench = try await EngineBench([.pack(wish), .clientCertificate(meter)])
        bench.cloudflare.change {
            _ = $0.add(FaultRule(.serverErrorBefore(status: 403), path: "*/client_certificates*"))
        }
        await bench.run(for: .hours(1))
        #expect(try open(bench).contains(.tokenRefused))
        bench.source.put(EngineBench.settings([.pack(wish)]))
        _ = try await bench.engine.perform(.reload, by: "test")
        await bench.run(for: .hours(1))
        #expect(try !open(bench).contains(.tokenRefused))
    }

    @Test("a zone's identifier that was corrected ends the episode")
    func zoneUnknownEnds() async throws {
        let bench = try await EngineBench([.pack(wish)])
        var settings = EngineBench.settings([.pack(wish)])
        settings.zones[0].name = "example.org"
        bench.source.put(settings)
        _ = try await bench.engine.perform(.reload, by: "test")
        await bench.run(for: .hours(1))
        #expect(try open(bench) == [.zoneUnknown])
        bench.source.put(EngineBench.settings([.pack(wish)]))
        _ = try await bench.engine.perform(.reload, by: "test")
        await bench.run(for: .hours(1))
        #expect(try open(bench).isEmpty)
    }

    @Test("an internal error was taken for the absence of a zone, which then waited for an interval")
    func zoneAnswersWithError() async throws {
        let bench = try await EngineBench([.pack(wish)])
        bench.cloudflare.change { _ = $0.add(FaultRule(.unsuccessful, path: "/zones/*", count: 1)) }
        await bench.run(for: .minutes(3))
        #expect(try open(bench).isEmpty)
        #expect(bench.cloudflare.ledger.acceptedOrders().count == 1)
    }

    @Test("identifiers that were swapped in the settings are noticed although both zones are known (S17)")
    func swappedIdentifiers() async throws {
        let bench = try await benchOfTwoZones()
        await bench.run(for: .hours(1))
        let effects = bench.cloudflare.ledger.effects.count
        var swapped = twoZones()
        (swapped.zones[0].id, swapped.zones[1].id) = (swapped.zones[1].id, swapped.zones[0].id)
        bench.source.put(swapped)
        _ = try await bench.engine.perform(.reload, by: "test")
        await bench.run(for: .hours(2))
        #expect(bench.cloudflare.ledger.effects.count == effects)
        #expect(try open(bench) == [.zoneUnknown])
    }

    @Test(
        "another name with a zone's identifier took the zone's place in silence",
        arguments: ["shop.example.com", "a.example"])
    func twoNames(name: String) async throws {
        let bench = try await EngineBench([.pack(wish)])
        var settings = EngineBench.settings([.pack(wish)])
        await bench.run(for: .hours(1))
        let pack = PackWish(name: "main", hosts: [name], authority: .google, method: .txt, validityDays: 90)
        settings.zones.append(ZoneWish(name: name, id: EngineBench.zone, mode: .enforce, wishes: [.pack(pack)]))
        settings.zones.sort { $0.name < $1.name }
        bench.source.put(settings)
        _ = try await bench.engine.perform(.reload, by: "test")
        let looks = bench.cloudflare.ledger.requests(method: "GET", path: "*/ssl/certificate_packs").count
        await bench.run(for: .hours(2))
        #expect(bench.cloudflare.ledger.requests(method: "GET", path: "*/ssl/certificate_packs").count > looks)
        #expect(try bench.decision()?.reason == .asWanted)
        #expect(try open(bench) == [.zoneUnknown])
        let episode = try #require(try bench.ledger.openEpisodes().first)
        #expect(
            episode.detail.contains(
                "\(name) has the id \(EngineBench.zone) in the settings, which is that of example.com"))
        settings.zones.removeAll { $0.name == name }
        bench.source.put(settings)
        _ = try await bench.engine.perform(.reload, by: "test")
        await bench.run(for: .hours(1))
        #expect(try open(bench).isEmpty)
    }

    @Test("a zone that was never reached is an episode after three intervals, not silence (S16)")
    func neverReached() async throws {
        let bench = try await EngineBench([.pack(wish)])
        bench.wire.before { _ throws(TransportTrouble) in throw .neverSent(.connection, "no way out") }
        await bench.run(for: .hours(2))
        #expect(try open(bench).contains(.zoneUnseen))
        bench.wire.before(nil)
        await bench.run(for: .hours(2))
        #expect(try open(bench).isEmpty)
        #expect(bench.cloudflare.ledger.acceptedOrders().count == 1)
    }

    @Test("a zone of the settings that the database knows as left is kept again when it is found by name")
    func foundByNameAgain() async throws {
        let bench = try await EngineBench([.pack(wish)])
        await bench.run(for: .hours(1))
        bench.source.put(Settings())
        _ = try await bench.engine.perform(.reload, by: "test")
        await bench.run(for: .hours(1))
        var settings = EngineBench.settings([.pack(wish), .clientCertificate(meter)])
        settings.zones[0].id = nil
        bench.source.put(settings)
        _ = try await bench.engine.perform(.reload, by: "test")
        await bench.engine.startNaming("example.com")
        while await !bench.engine.naming.isEmpty { await Task.yield() }
        await bench.run(for: .hours(1))
        #expect(bench.cloudflare.ledger.acceptedCreations().count == 1)
        #expect(try bench.decision("meter", .clientCertificate)?.reason == .asWanted)
    }

    @Test("a database that cannot be read while settings are reloaded does not make a zone unattended")
    func unreadableDuringReload() async throws {
        let bench = try await EngineBench([.pack(wish)])
        var settings = EngineBench.settings([.pack(wish)])
        settings.zones[0].id = nil
        bench.source.put(settings)
        _ = try await bench.engine.perform(.reload, by: "test")
        await bench.engine.startNaming("example.com")
        while await !bench.engine.naming.isEmpty { await Task.yield() }
        await bench.run(for: .hours(1))
        bench.ledger.readTrouble = .busy(path: "edgecert.db")
        _ = try await bench.engine.perform(.reload, by: "test")
        bench.ledger.readTrouble = nil
        #expect(await bench.engine.zones[zone]?.wish != nil)
        #expect(await bench.engine.unnamed.isEmpty)
    }

    @Test("an episode of settings that were refused ends with a start that they allow")
    func settingsEpisodeEndsWithAStart() async throws {
        let bench = try await EngineBench([.pack(wish)])
        bench.source.spoil("edgecertd.toml:1:1: error: no")
        await #expect(throws: CommandTrouble.self) { try await bench.engine.perform(.reload, by: "test") }
        #expect(try open(bench) == [.settingsRefused])
        bench.source.put(EngineBench.settings([.pack(wish)]))
        let second = await bench.restarted()
        await second.start()
        await second.settled()
        #expect(try open(bench).isEmpty)
        await second.stop()
    }

    @Test(
        "where the note that the state is not trusted could not be read it was taken for trusted, and orders were sent (S17)",
        arguments: [nil, "begun anew"])
    func unreadableNote(_ note: String?) async throws {
        let bench = try await EngineBench([.pack(wish)])
        if let note { try bench.ledger.commit([.note(.untrusted, note)]) }
        let trouble = StoreTrouble.busy(path: "/s/db")
        let second = await bench.restarted()
        bench.ledger.readTrouble = trouble
        await second.start()
        #expect(await second.status().stateTrouble == trouble.explanation.summary)
        bench.ledger.readTrouble = nil
        for _ in 0..<20 {
            bench.clock.advance(by: .minutes(5))
            await second.settled()
        }
        // Read as soon as that was possible, it is heeded, or known not to be there.
        #expect(bench.cloudflare.ledger.acceptedOrders().count == (note == nil ? 1 : 0))
        #expect(try open(bench) == (note == nil ? [] : [.stateUntrusted]))
        #expect(await second.status().stateTrouble == note)
        await second.stop()
    }

    @Test("a key that cannot be made is tried again ever more slowly, and is one episode")
    func keyTrouble() async throws {
        let bench = try await EngineBench([.clientCertificate(meter)])
        _ = await bench.engine.pass(over: zone, .scheduled)
        for _ in 0..<4 { bench.keys.fail(with: .file(path: "/keys", detail: "no space")) }
        bench.clock.advance(by: .seconds(61))
        _ = await bench.engine.pass(over: zone, .scheduled)
        let record = try #require(bench.ledger.state(of: zone, now: bench.clock.now()).subjects.first)
        #expect(record.tries?.count == 1)
        await bench.run(for: .hours(1))
        #expect(raised(bench, .keyTrouble) == 1)
        #expect(bench.cloudflare.ledger.acceptedCreations().count == 1)
        #expect(try open(bench).isEmpty)
    }

    @Test("the token's end is told two weeks before, and resolved by another token")
    func tokenEnds() async throws {
        let bench = try await EngineBench([.pack(wish)])
        try bench.cloudflare.change { try $0.changeToken("bench", expiresOn: bench.clock.now() + .days(30)) }
        await bench.engine.checkToken()
        #expect(try open(bench).isEmpty)
        bench.clock.advance(by: .days(17))
        await bench.engine.checkToken()
        await bench.engine.checkToken()
        #expect(try open(bench) == [.tokenExpiring])
        #expect(raised(bench, .tokenExpiring) == 1)
        try bench.cloudflare.change { try $0.changeToken("bench", expiresOn: bench.clock.now() + .days(90)) }
        await bench.engine.checkToken()
        #expect(try open(bench).isEmpty)
        try bench.cloudflare.change { try $0.changeToken("bench", status: .disabled) }
        await bench.engine.checkToken()
        #expect(try open(bench) == [.tokenRefused])
    }

    @Test("a token that only an account knows is not taken for a refused one", arguments: [401, 403, 404, 500])
    func tokenOfAnAccount(status: Int) async throws {
        let bench = try await EngineBench([.pack(wish)])
        bench.cloudflare.change {
            _ = $0.add(FaultRule(.serverErrorBefore(status: status), path: "/user/tokens/verify"))
        }
        await bench.engine.checkToken()
        #expect(try open(bench).isEmpty)
    }

    @Test("the end of an account's token was never told")
    func accountTokenEnds() async throws {
        let bench = try await EngineBench([.pack(wish)], tokenOf: .account)
        try bench.cloudflare.change { try $0.changeToken("bench", expiresOn: bench.clock.now() + .days(10)) }
        await bench.engine.checkToken()
        #expect(try open(bench) == [.tokenExpiring])
        try bench.cloudflare.change { try $0.changeToken("bench", status: .disabled) }
        await bench.engine.checkToken()
        #expect(bench.cloudflare.ledger.count(of: "GET /accounts/{account}/tokens/verify") == 1)
        #expect(bench.cloudflare.ledger.total == 5, "a disabled one may read no zone: the account is not known then")
    }

    @Test("a started daemon asks about its token, and again after a day")
    func tokenIsAskedDaily() async throws {
        let bench = try await EngineBench([])
        await bench.engine.start()
        await bench.engine.settled()
        func asked() -> Int { bench.cloudflare.ledger.count(of: "GET /user/tokens/verify") }
        for _ in 0..<2000 where asked() < 1 {
            bench.clock.advance(by: .seconds(1))
            await bench.engine.settled()
        }
        #expect(asked() == 1)
        let first = bench.clock.uptime()
        for _ in 0..<2000 where asked() < 2 {
            bench.clock.advance(by: .minutes(5))
            await bench.engine.settled()
        }
        #expect(asked() == 2)
        #expect(bench.clock.uptime() - first >= .hours(23))
        await bench.engine.stop()
    }

    @Test("history is pruned only where that is set, in pieces, and by a clock that Cloudflare has confirmed (S14)")
    func pruning() async throws {
        let bench = try await EngineBench([.pack(wish)])
        await bench.run(for: .hours(1))
        let lines = try bench.ledger.history(HistoryFilter()).count
        #expect(lines > 3)
        bench.clock.advance(by: .days(20))
        await bench.engine.prune()
        #expect(try bench.ledger.history(HistoryFilter()).count == lines)
        var settings = EngineBench.settings([.pack(wish)])
        settings.daemon.keepHistory = .days(10)
        bench.source.put(settings)
        _ = try await bench.engine.perform(.reload, by: "test")
        let second = await bench.restarted()
        await second.prune()
        #expect(try bench.ledger.history(HistoryFilter()).count == lines, "no answer has confirmed the clock yet")
        _ = await second.pass(over: zone, .scheduled)
        bench.clock.stepWall(by: .days(365))
        await second.prune()
        #expect(try bench.ledger.history(HistoryFilter()).count >= lines, "the clock is off")
        bench.clock.stepWall(by: .zero - .days(365))
        let decision = try bench.decision()
        await second.prune()
        #expect(try bench.ledger.history(HistoryFilter()).count < lines)
        #expect(try bench.ledger.checkpoint(of: bench.subject()) != nil)
        #expect(try bench.decision() == decision)
        let order = try #require(try bench.ledger.operations(HistoryFilter(), openOnly: false).first)
        bench.clock.advance(by: .days(17))
        _ = await second.pass(over: zone, .scheduled)
        await second.prune()
        #expect(try !bench.ledger.operations(HistoryFilter(), openOnly: false).contains { $0.id == order.id })
    }

    @Test("an operator's command that takes its time is no stuck loop, a pass that sits is (S12)")
    func progress() async throws {
        let bench = try await EngineBench([.pack(wish)])
        let engine = bench.engine
        await engine.takeTurn(zone)
        await engine.mark(zone, .working, allowance: .hours(1))
        bench.clock.advance(by: .minutes(50))
        #expect(await engine.isMakingProgress())
        bench.clock.advance(by: .minutes(40))
        #expect(!(await engine.isMakingProgress()))
        _ = try await engine.ports.provider(.observe).looking.zone(zone)
        #expect(await engine.isMakingProgress(), "a page was let in just now")
        await engine.giveTurn(zone)
    }
}
