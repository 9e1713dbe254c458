import CloudflareModel
import Domain
import TestKit
import Testing

@Suite("A pack's life at Cloudflare") struct LifecycleTests {
    @Test("an ordered pack passes through every step, a second each when hurried")
    func everyStep() throws {
        var world = try World()
        let id = try world.orderedPack()
        #expect(try world.timeline(id, every: .seconds(1), times: 6) == "i v s d a a")
    }

    @Test("an order for new names serves after 148 to 233 s, one for known names after 26 to 28 s", arguments: 1...5)
    func measuredTimes(seed: UInt64) throws {
        var world = try World(.standard, seed: seed)
        let first = try world.orderedPack(["example.com"])
        world.pass(.seconds(3))
        #expect(try world.status(first) == "initializing")
        world.pass(.seconds(14))
        #expect(try world.status(first) == "pending_validation")
        world.pass(.seconds(130))
        #expect(try world.status(first) != "active")
        world.pass(.seconds(87))
        #expect(try world.status(first) == "active")
        #expect(world.send("DELETE", "/zones/\(World.zone)/ssl/certificate_packs/\(first)").status == 200)
        let second = try world.orderedPack(["example.com"])
        world.pass(.seconds(25))
        #expect(try world.status(second) != "active")
        world.pass(.seconds(4))
        #expect(try world.status(second) == "active")
    }

    @Test("looking often or seldom makes no difference to what happens, and when")
    func laziness() throws {
        var (often, seldom) = (try World(.standard), try World(.standard))
        let (first, second) = (try often.orderedPack(), try seldom.orderedPack())
        #expect(first == second)
        for _ in 0..<300 {
            often.pass(.seconds(1))
            _ = try often.status(first)
        }
        seldom.pass(.seconds(300))
        #expect(try often.pack(first) == seldom.pack(second))
    }

    @Test("before issuance there is no certificate, and the primary one is \"0\"")
    func beforeIssuance() throws {
        var world = try World(.standard)
        let id = try world.orderedPack()
        world.pass(.seconds(30))
        let pack = try world.pack(id)
        #expect(pack["primary_certificate"] == .string("0"))
        #expect(pack["certificates"] == .array([]))
        world.pass(.minutes(5))
        let served = try world.pack(id)
        #expect(served["primary_certificate"] == served["certificates"]?[0]?["id"])
        let end = try #require(served["certificates"]?[0]?["expires_on"]?.text.flatMap { Timestamp(cloudflare: $0) })
        #expect(end - world.now > .days(89) && end - world.now <= .days(90))
    }

    @Test("records are absent right after the order; apex and wildcard share a name with two values")
    func records() throws {
        var world = try World(.standard)
        let id = try world.orderedPack()
        world.pass(.seconds(18))
        #expect(try world.status(id) == "pending_validation")
        world.pass(.seconds(7))
        let records = try #require(try world.pack(id)["validation_records"]?.elements)
        #expect(
            records.compactMap { $0["txt_name"]?.text } == [
                "_acme-challenge.example.com", "_acme-challenge.example.com",
            ])
        #expect(Set(records.compactMap { $0["txt_value"]?.text }).count == 2)
        world.pass(.minutes(5))
        #expect(try world.pack(id)["validation_records"] == nil)
    }

    @Test("SSL.com wants two tokens for every name, and issues two certificates")
    func sslCom() throws {
        var world = try World(World.scenario { $0.zones[0].conduct.validation = .manual })
        let reply = world.order(["example.com"], authority: "ssl_com")
        let id = try #require(try JSONValue(reading: reply.body)["result"]?["id"]?.text)
        world.pass(.seconds(5))
        #expect(try world.pack(id)["validation_records"]?.elements?.count == 2)
        try world.model.publishWanted(at: world.now)
        world.pass(.minutes(2))
        #expect(try world.pack(id)["certificates"]?.elements?.count == 2)
    }

    @Test(
        "a step that sticks times out in its own word, and a restart leads on when the cause is gone",
        arguments: [
            (ZoneConduct.Step.initializing, "initializing_timed_out", Duration.hours(1), 200),
            (.issuance, "issuance_timed_out", .hours(4), 400), (.deployment, "deployment_timed_out", .hours(1), 200),
        ])
    func stuck(step: ZoneConduct.Step, word: String, limit: Duration, restart: Int) throws {
        var world = try World(World.scenario { $0.zones[0].conduct.stuck = [step] })
        let id = try world.orderedPack()
        world.pass(limit - .seconds(1))
        #expect(try world.status(id) != word)
        world.pass(.seconds(10))
        #expect(try world.status(id) == word)
        try world.model.changeZone("example.com", at: world.now) { $0.stuck = [] }
        let reply = world.send("PATCH", "/zones/\(World.zone)/ssl/certificate_packs/\(id)", body: "{}")
        #expect(reply.status == restart)
        guard restart == 200 else { return }
        world.pass(.seconds(10))
        #expect(try world.status(id) == "active")
    }

    @Test(
        "a validation that never succeeds times out with the life of the tokens",
        arguments: [("lets_encrypt", 7), ("google", 14)])
    func validationTimeout(authority: String, days: Int) throws {
        var world = try World(World.scenario { $0.zones[0].conduct.validation = .never })
        let id = try #require(
            try JSONValue(reading: world.order(authority: authority).body)["result"]?["id"]?.text)
        world.pass(.days(days))
        #expect(try world.status(id) == "pending_validation")
        #expect(try world.pack(id)["validation_errors"]?[0]?["message"]?.text?.contains("CAA") == true)
        world.pass(.seconds(2))
        #expect(try world.status(id) == "validation_timed_out")
    }

    @Test("the first validation times out, the restarted one succeeds, when the zone says so")
    func timeoutsFirst() throws {
        var world = try World(
            World.scenario {
                $0.zones[0].conduct.timeoutsFirst = 1
                $0.settings.timeouts.validation = .minutes(10)
            })
        let id = try world.orderedPack()
        #expect(try world.timeline(id, every: .minutes(4), times: 4) == "i v v V")
        let reply = world.send("PATCH", "/zones/\(World.zone)/ssl/certificate_packs/\(id)", body: "{}")
        #expect(try JSONValue(reading: reply.body)["result"]?["status"]?.text == "initializing")
        #expect(try world.timeline(id, every: .seconds(1), times: 5) == "i v s d a")
    }

    @Test("a restart is refused where there is nothing to restart, and from other time-outs when the model is strict")
    func restartRefused() throws {
        var world = try World(
            World.scenario {
                $0.settings.restartsStrictly = true
                $0.zones[0].conduct.stuck = [.deployment]
            })
        let id = try world.orderedPack()
        world.pass(.hours(2))
        #expect(try world.status(id) == "deployment_timed_out")
        #expect(world.send("PATCH", "/zones/\(World.zone)/ssl/certificate_packs/\(id)", body: "{}").code == 1417)
        try world.model.forcePack(ObjectID(id), status: "validation_timed_out", at: world.now)
        #expect(world.send("PATCH", "/zones/\(World.zone)/ssl/certificate_packs/\(id)").status == 200)
        #expect(world.send("PATCH", "/zones/\(World.zone)/ssl/certificate_packs/\(id)", body: "{}").code == 1417)
    }

    @Test("in a zone that is not active a pack is held, and deployed when the zone comes to life")
    func holding() throws {
        var world = try World(World.scenario { $0.zones[0].conduct.status = "pending" })
        let id = try world.orderedPack()
        world.pass(.days(1))
        #expect(try world.status(id) == "holding_deployment")
        try world.model.changeZone("example.com", at: world.now) { $0.status = "active" }
        world.pass(.seconds(5))
        #expect(try world.status(id) == "active")
    }

    @Test("deletion takes more than 400 s; a second one meanwhile is 1406, later it is 1408")
    func deletion() throws {
        var world = try World(.standard)
        let id = try world.orderedPack()
        world.pass(.minutes(5))
        let path = "/zones/\(World.zone)/ssl/certificate_packs/\(id)"
        #expect(
            try JSONValue(reading: world.send("DELETE", path).body)["result"]
                == .object([.init(key: "id", value: .string(id))]))
        world.pass(.seconds(400))
        #expect(try world.status(id) == "pending_deletion")
        let second = world.send("DELETE", path)
        #expect((second.status, second.code) == (400, 1406))
        world.pass(.seconds(201))
        let late = world.send("DELETE", path)
        #expect((late.status, late.code) == (404, 1408))
        #expect(world.send("GET", path).code == 1408)
        #expect(try world.packs()["result"] == .array([]))
    }

    @Test("a deletion that times out can be repeated")
    func deletionTimeout() throws {
        var world = try World(World.scenario { $0.zones[0].conduct.stuck = [.deletion] })
        let id = try world.orderedPack()
        world.pass(.seconds(10))
        let path = "/zones/\(World.zone)/ssl/certificate_packs/\(id)"
        #expect(world.send("DELETE", path).status == 200)
        world.pass(.hours(1))
        #expect(try world.status(id) == "deletion_timed_out")
        try world.model.changeZone("example.com", at: world.now) { $0.stuck = [] }
        #expect(world.send("DELETE", path).status == 200)
        world.pass(.seconds(2))
        #expect(world.send("GET", path).status == 404)
    }
}
