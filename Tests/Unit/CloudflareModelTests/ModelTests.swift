import CloudflareModel
import Domain
import TestKit
import Testing

@Suite("The model as a whole") struct ModelTests {
    /// A mixed run: every reply that was given.
    private func run(seed: UInt64) throws -> [ModelReply] {
        var world = try World(.standard, seed: seed)
        world.model.add(FaultRule([.truncated(at: 50), .serverErrorAfter(status: 500)], probability: 0.2))
        var replies: [ModelReply] = []
        for round in 0..<40 {
            replies.append(world.order(["example.com", "h\(round % 7).example.com"]))
            replies.append(world.send("GET", "/zones/\(World.zone)/ssl/certificate_packs?status=all"))
            replies.append(
                world.send("POST", "/zones/\(World.zone)/client_certificates", body: ClientCertificateTests.body()))
            replies.append(world.send("GET", "/zones/\(World.zone)/client_certificates?status=all"))
            world.pass(.seconds(37))
        }
        return replies
    }

    @Test("the same seed, requests and times give the same bytes; another seed does not")
    func determinism() throws {
        let first = try run(seed: 42)
        #expect(try run(seed: 42) == first)
        #expect(try run(seed: 43) != first)
    }

    @Test("every answer carries a ray and the model's date, changes an audit id")
    func headers() throws {
        var world = try World()
        world.now = Timestamp(unixSeconds: 1_795_231_718)
        let read = world.send("GET", "/zones")
        #expect(read.header("Date") == "Sat, 21 Nov 2026 03:28:38 GMT")
        #expect(read.header("CF-Ray")?.count == 20)
        #expect(read.header("Cf-Auditlog-Id") == nil)
        #expect(world.order().header("Cf-Auditlog-Id") != nil)
        world.model.settings.dateSkew = .seconds(-120)
        #expect(world.send("GET", "/zones").header("Date") == "Sat, 21 Nov 2026 03:26:38 GMT")
    }

    @Test("the ledger knows what was asked, by endpoint, and what came of it")
    func ledger() throws {
        var world = try World()
        let id = try world.orderedPack()
        _ = world.order()
        _ = try world.packs()
        _ = world.send("DELETE", "/zones/\(World.zone)/ssl/certificate_packs/\(id)")
        let ledger = world.model.ledger
        #expect(ledger.total == 4)
        #expect(ledger.entries.map(\.number) == [1, 2, 3, 4])
        #expect(ledger.count(of: "POST /zones/{zone}/ssl/certificate_packs/order") == 2)
        #expect(ledger.acceptedOrders(hosts: ["*.example.com", "example.com"], zone: ZoneID(World.zone)).count == 1)
        #expect(ledger.acceptedOrders(hosts: ["example.com"]).isEmpty)
        #expect(ledger.acceptedRemovals(of: ObjectID(id)).count == 1)
        #expect(ledger.requests(method: "POST", path: "/zones/*/order").map(\.status) == [200, 400])
        #expect(ledger.requests(method: "POST", path: "/zones/*/order").map(\.code) == [nil, 1416])
    }

    @Test("the ledger keeps so many reads, every change, and counts all")
    func ledgerRing() throws {
        var world = try World(World.scenario { $0.settings.ledgerReads = 10 })
        _ = try world.orderedPack()
        for _ in 0..<100 { _ = world.send("GET", "/zones") }
        #expect(world.model.ledger.reads.count <= 20)
        #expect(world.model.ledger.effects.count == 1)
        #expect(world.model.ledger.total == 101)
    }

    @Test("deleted behind the back: gone at the next look, and nothing in the ledger")
    func behindTheBack() throws {
        var world = try World()
        let id = try world.orderedPack()
        world.pass(.seconds(10))
        try world.model.removePack(ObjectID(id), at: world.now)
        #expect(world.send("GET", "/zones/\(World.zone)/ssl/certificate_packs/\(id)").code == 1408)
        #expect(try world.packs()["result"] == .array([]))
        #expect(world.model.ledger.acceptedRemovals().isEmpty)
        #expect(throws: ScenarioTrouble.self) { try world.model.removePack(ObjectID(id), at: world.now) }
    }

    @Test(
        "a status that is forced lives on from there",
        arguments: [
            ("validation_timed_out", "validation_timed_out"), ("pending_deployment", "active"),
            ("pending_validation", "active"), ("expired", "expired"), ("polishing", "polishing"),
            ("inactive", "inactive"),
        ])
    func forced(status: String, later: String) throws {
        var world = try World()
        let id = try world.orderedPack()
        world.pass(.seconds(10))
        try world.model.forcePack(ObjectID(id), status: status, at: world.now)
        #expect(try world.status(id) == status)
        world.pass(.seconds(30))
        #expect(try world.status(id) == later)
    }

    @Test("an end that is forced brings expiry: in the last day nobody renews any more")
    func forcedEnd() throws {
        var world = try World()
        let id = try world.model.add(PackSeed(hosts: ["example.com"]), to: "example.com", at: world.now).text
        try world.model.forcePack(ObjectID(id), expiresOn: world.now + .hours(1), at: world.now)
        #expect(try world.status(id) == "active")
        world.pass(.hours(1))
        #expect(try world.status(id) == "expired")
    }

    @Test("a listing that is old still shows what went behind the back")
    func departed() throws {
        var world = try World()
        let id = try world.orderedPack()
        world.pass(.minutes(10))
        try world.model.removePack(ObjectID(id), at: world.now)
        world.pass(.seconds(5))
        world.model.add(FaultRule(.staleList(.seconds(60)), count: 1))
        #expect(try world.packs()["result"]?[0]?["status"]?.text == "active")
        #expect(try world.packs()["result"] == .array([]))
    }

    @Test("whatever is asked, whenever, and whatever is forced: there is an answer", arguments: 1...4)
    func nonsense(seed: UInt64) throws {
        var chance = SplitMix64(seed: seed)
        var world = try World(.standard, seed: seed)
        let id = try world.orderedPack()
        let z = World.zone
        let methods = ["GET", "POST", "PATCH", "DELETE", "PUT", ""]
        let paths = [
            "/zones", "/zones/\(z)", "/zones/\(z)/ssl/certificate_packs", "/zones/\(z)/ssl/certificate_packs/order",
            "/zones/\(z)/ssl/certificate_packs/\(id)", "/zones/\(z)/ssl/verification/\(id)",
            "/zones/\(z)/ssl/verification?retry=true", "/zones/\(z)/client_certificates", "/user/tokens/verify", "",
            "//", "/zones/%ff/%00", "/zones?page=9223372036854775807&per_page=50", "/zones?limit=1&offset=-1",
        ]
        let bodies = [
            "", "{}", "null", "[[[[", #"{"validation_method":"txt"}"#, #"{"cloudflare_branding":true}"#,
            #"{"hosts":["\u0000"],"type":"advanced","validity_days":9e999}"#, ClientCertificateTests.body(),
        ]
        let statuses = PackStatus.allCases.map(\.rawValue) + ["", "polishing"]
        let moments: [Timestamp] = [.distantPast, .distantFuture, World.begin, World.begin + .days(4000)]
        for _ in 0..<500 {
            if chance.next() % 20 == 0 { world.now = moments.randomElement(using: &chance) ?? world.now }
            world.pass(.milliseconds(Int64(chance.next() % 100_000_000)))
            if chance.next() % 5 == 0 {
                let status = statuses.randomElement(using: &chance)
                let end = chance.next() % 3 == 0 ? moments.randomElement(using: &chance) : nil
                do throws(ScenarioTrouble) {
                    try world.model.forcePack(ObjectID(id), status: status, expiresOn: end, at: world.now)
                } catch {
                    world = try World(.standard, seed: seed)  // it was deleted in the meantime
                }
            }
            let reply = world.send(
                methods.randomElement(using: &chance) ?? "", paths.randomElement(using: &chance) ?? "",
                body: bodies.randomElement(using: &chance) ?? "")
            #expect((200..<600).contains(reply.status))
            _ = try JSONValue(reading: reply.body)
        }
    }

    @Test("a thousand zones with ten packs each are looked at with one request a zone")
    func manyZones() throws {
        let json = #"{"bulk": {"zones": 1000, "packs": 10}, "settings": {"limiter": {"on": false}}}"#
        var world = try World(try Scenario(json: Array(json.utf8)))
        var seen = 0
        for page in 1...20 {
            let zones = try world.get("/zones?per_page=50&page=\(page)")["result"]?.elements ?? []
            for zone in zones where zone["name"]?.text?.hasPrefix("bench") == true {
                let id = try #require(zone["id"]?.text)
                let reply = world.send("GET", "/zones/\(id)/ssl/certificate_packs?status=all&per_page=50")
                #expect(reply.body.count > 5000)
                seen += 1
            }
        }
        #expect(seen == 998)  // the last two of the 1,002 zones are on a page of their own
    }
}
