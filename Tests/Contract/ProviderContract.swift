import CloudflareModel
import Domain
import Engine
import TestKit
import Testing

/// What the sentences of the ports ``Looking``, ``Creating``, ``Changing`` and ``Removing`` mean.
@Suite("provider") struct ProviderContract {
    typealias Kind = ProviderUnderTest.Kind

    // MARK: Packs

    @Test("an ordered pack is there at once, shows its steps, and serves in the end", arguments: Kind.allCases)
    func order(_ kind: Kind) async throws {
        try await ProviderUnderTest.run(kind) { (provider) async throws in
            #expect(try await provider.packs().isEmpty)
            let receipt = try await provider.order()
            let id = try #require(receipt.object)
            #expect(receipt.sighting?.stage == .underway(.start) && receipt.ray?.isEmpty == false)
            #expect(try await provider.packs().map(\.id) == [id])
            provider.advance(.seconds(60))
            #expect(try await provider.pack(id).stage == .underway(.validation))
            provider.advance(.minutes(30))
            let pack = try await provider.pack(id)
            #expect(pack.stage == .serving && pack.status == "active" && pack.traits.notAfter != nil)
            guard case .pack(let traits) = pack.traits else { return }
            #expect(traits.isAdvanced && traits.hosts == ProviderUnderTest.packWish.hosts)
            #expect(traits.authority == "google" && traits.method == "txt" && traits.validityDays == 90)
            #expect(try await provider.packs() == [pack])
        }
    }

    @Test("a second pack with the very hosts of a live one is told apart from other refusals", arguments: Kind.allCases)
    func duplicate(_ kind: Kind) async throws {
        try await ProviderUnderTest.run(kind) { (provider) async throws in
            _ = try await provider.order()
            let again = await trouble { () async throws(ProviderTrouble) in try await provider.order() }
            #expect(again?.name == "duplicateHosts" && again?.mayHaveTakenEffect == false)
            #expect(try await provider.packs().count == 1)
        }
    }

    @Test(
        "no place, no Advanced Certificate Manager: each is its own trouble, and nothing is made",
        arguments: Kind.allCases)
    func noPlace(_ kind: Kind) async throws {
        try await ProviderUnderTest.run(
            kind,
            in: .forContract {
                $0.zones[0].conduct.packQuota = 0
            }
        ) { (provider) async throws in
            let full = await trouble { () async throws(ProviderTrouble) in try await provider.order() }
            #expect(full?.name == "quotaExhausted")
            #expect(try await provider.client.packQuota(in: ProviderUnderTest.zone) == PackQuota(allocated: 0, used: 0))
        }
        try await ProviderUnderTest.run(
            kind,
            in: .forContract {
                $0.zones[0].conduct.hasAdvancedCertificateManager = false
            }
        ) { (provider) async throws in
            let poor = await trouble { () async throws(ProviderTrouble) in try await provider.order() }
            #expect(poor?.name == "refused" && poor?.answer.code == 1450 && poor?.answer.httpStatus == 400)
            #expect(try await provider.packs().isEmpty)
        }
    }

    @Test(
        "what timed out can be asked again, by a restart or by a re-check; what serves cannot", arguments: Kind.allCases
    )
    func restart(_ kind: Kind) async throws {
        try await ProviderUnderTest.run(kind) { (provider) async throws in
            let id = try provider.add(PackSeed(hosts: ["example.com"], status: "validation_timed_out"))
            #expect(try await provider.pack(id).stage == .stalled(.validation))
            let restarted = try await provider.change(.pack(.restart(id)))
            #expect(restarted.object == id)
            #expect(try await provider.pack(id).stage == .underway(.start))
            provider.advance(.seconds(60))
            #expect(try await provider.change(.pack(.recheck(id, .http))).object == id)
            guard case .pack(let traits) = try await provider.pack(id).traits else { return }
            #expect(traits.method == "http")
            let serving = try provider.add(PackSeed(hosts: ["example.com", "a.example.com"]))
            let refused = await trouble { () async throws(ProviderTrouble) in
                try await provider.change(.pack(.restart(serving)))
            }
            #expect(refused?.name == "refused")
        }
    }

    @Test(
        "a change that the last look objects to is not sent, and the gate is told once that its turn is over",
        arguments: Kind.allCases)
    func withheld(_ kind: Kind) async throws {
        try await ProviderUnderTest.run(kind) { (provider) async throws in
            let objection = Objection(.suspended, code: "suspended", message: "alice holds it")
            let order = ProviderUnderTest.operation(.pack(.order(ProviderUnderTest.packWish)))
            let held = await trouble { () async throws(ProviderTrouble) in
                try await provider.client.create(order) { objection }
            }
            #expect(held == .withheld(objection))
            #expect(provider.gate.entries.count == 1 && provider.gate.signals == [ReplySignal()])
            #expect(try await provider.packs().isEmpty)
        }
    }

    @Test("branding is set by itself", arguments: Kind.allCases)
    func branding(_ kind: Kind) async throws {
        try await ProviderUnderTest.run(kind) { (provider) async throws in
            let id = try provider.add(PackSeed(hosts: ["example.com"]))
            _ = try await provider.change(.pack(.setBranding(id, true)))
            guard case .pack(let traits) = try await provider.pack(id).traits else { return }
            #expect(traits.branding == true && traits.hosts.withoutBranding == ["example.com"])
        }
    }

    @Test("a deleted pack is busy leaving, then not found, by whatever it is asked for", arguments: Kind.allCases)
    func delete(_ kind: Kind) async throws {
        try await ProviderUnderTest.run(kind) { (provider) async throws in
            let id = try provider.add(PackSeed(hosts: ["example.com"]))
            #expect(try await provider.remove(.pack(.delete(id))).object == id)
            #expect(try await provider.pack(id).stage == .leaving)
            let again = await trouble { () async throws(ProviderTrouble) in
                try await provider.remove(.pack(.delete(id)))
            }
            #expect(again?.name == "busy" && again?.answer.code == 1406)
            provider.advance(.minutes(15))
            #expect(try await provider.packs().isEmpty)
            let gone = await trouble { () async throws(ProviderTrouble) in try await provider.pack(id) }
            #expect(gone?.name == "notFound")
            let late = await trouble { () async throws(ProviderTrouble) in try await provider.remove(.pack(.delete(id)))
            }
            #expect(late?.name == "notFound")
        }
    }

    @Test("every page is read, with one request for each", arguments: Kind.allCases)
    func pages(_ kind: Kind) async throws {
        try await ProviderUnderTest.run(
            kind,
            in: .forContract { scenario in
                scenario.zones[0].packs = (0..<120).map { PackSeed(hosts: ["h\($0).example.com"]) }
            }
        ) { (provider) async throws in
            let packs = try await provider.packs()
            #expect(packs.count == 120 && Set(packs.map(\.id)).count == 120)
            #expect(provider.gate.entries.count == 3 && provider.gate.signals.count == 3)
            #expect(try provider.count { $0.ledger.total } == 3)
        }
    }

    @Test("packs of other types and of every age's form are seen as they are", arguments: Kind.allCases)
    func forms(_ kind: Kind) async throws {
        try await ProviderUnderTest.run(
            kind,
            in: .forContract { scenario in
                scenario.zones[0].packs = PackSeed.Form.allCases.enumerated().map { number, form in
                    var seed = PackSeed(hosts: ["h\(number).example.com"], type: "universal")
                    seed.form = form
                    return seed
                }
            }
        ) { (provider) async throws in
            let packs = try await provider.packs()
            #expect(packs.count == PackSeed.Form.allCases.count)
            for pack in packs {
                guard case .pack(let traits) = pack.traits else { continue }
                #expect(!traits.isAdvanced && !traits.hosts.isEmpty && pack.traits.notAfter != nil)
            }
        }
    }

    // MARK: Client certificates

    @Test("a certificate is made from a request, revoked, and called back", arguments: Kind.allCases)
    func certificate(_ kind: Kind) async throws {
        try await ProviderUnderTest.run(kind) { (provider) async throws in
            let receipt = try await provider.create()
            let id = try #require(receipt.object)
            #expect(receipt.sighting?.stage == .serving)
            let certificate = try await provider.certificate(id)
            guard case .clientCertificate(let traits) = certificate.traits else { return }
            #expect(traits.commonName == "gate.example.com" && traits.validityDays == 365)
            #expect(traits.requestDER == ProviderUnderTest.request?.der && traits.certificatePEM?.isEmpty == false)
            #expect(try await provider.certificates(.changeable) == [certificate])

            #expect(try await provider.remove(.clientCertificate(.revoke(id))).sighting?.stage == .leaving)
            let again = await trouble { () async throws(ProviderTrouble) in
                try await provider.remove(.clientCertificate(.revoke(id)))
            }
            #expect(again?.name == "alreadySo")
            provider.advance(.minutes(1))
            #expect(try await provider.certificates().map(\.stage) == [.revoked])

            _ = try await provider.change(.clientCertificate(.reactivate(id)))
            #expect(try await provider.certificate(id).stage == .underway(.reactivation))
            provider.advance(.minutes(1))
            #expect(try await provider.certificate(id).stage == .serving)
        }
    }

    @Test(
        "the same request can be signed again: nothing is idempotent, and only the list can tell",
        arguments: Kind.allCases)
    func twice(_ kind: Kind) async throws {
        try await ProviderUnderTest.run(kind) { (provider) async throws in
            _ = try await provider.create()
            _ = try await provider.create()
            #expect(try await provider.certificates().count == 2)
        }
    }

    @Test("no place for one more", arguments: Kind.allCases)
    func certificateQuota(_ kind: Kind) async throws {
        try await ProviderUnderTest.run(
            kind,
            in: .forContract {
                $0.zones[0].conduct.clientCertificateQuota = 0
            }
        ) { (provider) async throws in
            let full = await trouble { () async throws(ProviderTrouble) in try await provider.create() }
            #expect(full?.name == "quotaExhausted")
        }
    }

    @Test(
        "what can still change is found among heaps of the revoked, and costs no more than asking by status",
        arguments: Kind.allCases)
    func piledUp(_ kind: Kind) async throws {
        try await ProviderUnderTest.run(
            kind,
            in: .forContract { scenario in
                scenario.settings.limiter.isOn = false
                scenario.zones[0].conduct.clientCertificateQuota = 1000
            }
        ) { (provider) async throws in
            var made: [ObjectID] = []
            for _ in 0..<230 { made.append(try #require(try await provider.create().object)) }
            try provider.world { model, now in
                for id in made.dropLast(2) { try model.forceClientCertificate(id, status: .revoked, at: now) }
            }
            _ = try await provider.remove(.clientCertificate(.revoke(made[229])))
            let asked = provider.gate.entries.count
            #expect(Set(try await provider.certificates(.changeable).map(\.id)) == [made[228], made[229]])
            #expect(provider.gate.entries.count - asked == 5)
            #expect(try await provider.certificates(.all).count == 230)
        }
    }

    // MARK: Zones and the token

    @Test("a zone by its name and by its identifier; none; several", arguments: Kind.allCases)
    func zones(_ kind: Kind) async throws {
        try await ProviderUnderTest.run(
            kind,
            in: .forContract { scenario in
                scenario.zones += [
                    ZoneSeed(name: "twice.example", id: ZoneID("a1")),
                    ZoneSeed(name: "twice.example", id: ZoneID("a2")),
                ]
            }
        ) { (provider) async throws in
            let facts = ZoneFacts(
                id: ProviderUnderTest.zone, name: "example.com", status: "active",
                account: "01a7362d577a6c3019a474fd6f485823")
            #expect(try await provider.client.zone(named: "example.com") == facts)
            #expect(try await provider.client.zone(ProviderUnderTest.zone) == facts)
            let none = await trouble { () async throws(ProviderTrouble) in
                try await provider.client.zone(named: "no.example")
            }
            let several = await trouble { () async throws(ProviderTrouble) in
                try await provider.client.zone(named: "twice.example")
            }
            #expect(none?.name == "notFound" && several?.name == "ambiguous")
            let unknown = await trouble { () async throws(ProviderTrouble) in
                try await provider.client.zone(ZoneID("f00"))
            }
            #expect(unknown?.name == "refused")
        }
    }

    @Test(
        "what is not there is not found; what is in no zone of ours is not taken for absent", arguments: Kind.allCases)
    func notFound(_ kind: Kind) async throws {
        try await ProviderUnderTest.run(kind) { (provider) async throws in
            let pack = await trouble { () async throws(ProviderTrouble) in try await provider.pack(ObjectID("p0")) }
            let certificate = await trouble { () async throws(ProviderTrouble) in
                try await provider.certificate(ObjectID("c0"))
            }
            #expect(pack?.name == "notFound" && certificate?.name == "notFound")
            let elsewhere = await trouble { () async throws(ProviderTrouble) in
                try await provider.client.get(ObjectID("p0"), .certificatePack, in: ZoneID("f00"), priority: .moving)
            }
            #expect(elsewhere?.name == "refused")
        }
    }

    @Test("the token tells its status and its end", arguments: Kind.allCases)
    func token(_ kind: Kind) async throws {
        try await ProviderUnderTest.run(kind) { (provider) async throws in
            #expect(
                try await provider.client.token(ofAccount: nil)
                    == TokenFacts(status: "active", expiresOn: ManualClock.start + .days(30)))
        }
    }

    @Test("a token of an account is known at its account's address, which a zone of it tells", arguments: Kind.allCases)
    func accountToken(_ kind: Kind) async throws {
        try await ProviderUnderTest.run(kind, token: "account") { (provider) async throws in
            let user = await trouble { () async throws(ProviderTrouble) in
                try await provider.client.token(ofAccount: nil)
            }
            #expect(user?.name == "tokenRefused")
            let facts = TokenFacts(status: "active", expiresOn: ManualClock.start + .days(20))
            let account = try await provider.client.zone(ProviderUnderTest.zone).account
            #expect(try await provider.client.token(ofAccount: account) == facts)
            let zones = [
                ZoneWish(name: "nowhere.example", id: ZoneID("f00"), mode: .observe, wishes: []),
                ZoneWish(name: ProviderUnderTest.zoneName, id: nil, mode: .observe, wishes: []),
            ]
            #expect(try await provider.client.token(seeing: zones) == facts)
            let alone = await trouble { () async throws(ProviderTrouble) in
                try await provider.client.token(seeing: [])
            }
            #expect(alone?.name == "tokenRefused" && alone?.answer.endpoint == "GET /user/tokens/verify")
        }
    }

    @Test("a token that is not known, or may only read, is refused without effect", arguments: Kind.allCases)
    func refusedToken(_ kind: Kind) async throws {
        try await ProviderUnderTest.run(kind, token: "unknown") { (provider) async throws in
            let list = await trouble { () async throws(ProviderTrouble) in try await provider.packs() }
            let token = await trouble { () async throws(ProviderTrouble) in
                try await provider.client.token(ofAccount: nil)
            }
            #expect(list?.name == "tokenRefused" && token?.name == "tokenRefused")
        }
        try await ProviderUnderTest.run(kind, token: "reading") { (provider) async throws in
            #expect(try await provider.packs().isEmpty)
            let order = await trouble { () async throws(ProviderTrouble) in try await provider.order() }
            #expect(order?.name == "tokenRefused" && order?.answer.code == 10_000)
            #expect(try provider.count { $0.ledger.acceptedOrders().count } == 0)
        }
    }

    @Test("over the limit: how long to wait is said, and the gate learns of it", arguments: Kind.allCases)
    func limit(_ kind: Kind) async throws {
        try await ProviderUnderTest.run(
            kind,
            in: .forContract {
                $0.settings.limiter.quota = 2
            }
        ) { (provider) async throws in
            _ = try await provider.packs()
            _ = try await provider.packs()
            guard
                case .limited(let delay, let answer) = await trouble({ () async throws(ProviderTrouble) in
                    try await provider.order()
                })
            else {
                Issue.record("not limited")
                return
            }
            #expect(delay > .seconds(200) && delay <= .seconds(300) && answer.httpStatus == 429 && answer.code == 971)
            #expect(provider.gate.signals.map(\.httpStatus) == [200, 200, 429])
            #expect(provider.gate.signals.last?.retryAfter == delay)
            #expect(provider.gate.signals.first?.windows.map(\.quota) == [2])
            #expect(provider.gate.signals.first?.windows.first?.remaining == 1)
            #expect(provider.gate.signals.allSatisfy { $0.date != nil })
        }
    }
}
