import CloudflareModel
import Domain
import TestKit
import Testing

@Suite("Validation that somebody has to help") struct ValidationTests {
    private func manual() throws -> (World, String) {
        var world = try World(World.scenario { $0.zones[0].conduct.validation = .manual })
        let id = try world.orderedPack()
        world.pass(.seconds(4))
        return (world, id)
    }

    @Test("nothing published: it waits, with the same tokens, until these lapse")
    func waits() throws {
        var (world, id) = try manual()
        let records = try world.pack(id)["validation_records"]
        world.pass(.days(13))
        #expect(try world.status(id) == "pending_validation")
        #expect(try world.pack(id)["validation_records"] == records)
    }

    @Test("published: the next check finds it, a minute after the validation began")
    func found() throws {
        var (world, id) = try manual()
        try world.model.publishWanted(at: world.now)
        world.pass(.seconds(50))
        #expect(try world.status(id) == "pending_validation")
        world.pass(.seconds(11))
        #expect(try world.status(id) == "active")
    }

    @Test("published late: the check may be hours away, and one that is asked for comes at once")
    func recheck() throws {
        var (world, id) = try manual()
        world.pass(.days(3))
        _ = try world.status(id)
        try world.model.publishWanted(at: world.now)
        let path = "/zones/\(World.zone)/ssl/verification/\(id)"
        let reply = world.send("PATCH", path, body: #"{"validation_method":"txt"}"#)
        #expect(try JSONValue(reading: reply.body)["result"]?["status"]?.text == "pending_validation")
        world.pass(.seconds(4))
        #expect(try world.status(id) == "active")
        #expect(world.model.ledger.effects.last?.effect == .rechecked(pack: ObjectID(id), method: "txt"))
    }

    @Test("the wrong thing published: an error, and other tokens")
    func wrong() throws {
        var (world, id) = try manual()
        let records = try world.pack(id)["validation_records"]
        world.model.publish(["nonsense"], under: "_acme-challenge.example.com")
        world.pass(.seconds(70))
        let pack = try world.pack(id)
        #expect(pack["validation_errors"]?.elements?.count == 1)
        #expect(pack["validation_records"] != records)
        world.pass(.seconds(10))
        try world.model.publishWanted(at: world.now)
        world.pass(.minutes(2))
        #expect(try world.status(id) == "active")
    }

    @Test("one of two values at a shared name is not enough")
    func half() throws {
        var (world, id) = try manual()
        let value = try #require(try world.pack(id)["validation_records"]?[0]?["txt_value"]?.text)
        world.model.publish([value], under: "_acme-challenge.example.com")
        world.pass(.minutes(5))
        #expect(try world.status(id) == "pending_validation")
    }

    @Test("another method makes other records; one that cannot work is refused")
    func method() throws {
        var world = try World(World.scenario { $0.zones[0].conduct.validation = .manual })
        let id = try world.orderedPack(["example.com", "www.example.com"])
        world.pass(.seconds(4))
        let path = "/zones/\(World.zone)/ssl/verification/\(id)"
        #expect(world.send("PATCH", path, body: #"{"validation_method":"email"}"#).status == 400)
        #expect(world.send("PATCH", path, body: "{}").status == 400)
        #expect(world.send("PATCH", path).status == 400)
        #expect(world.send("PATCH", path, body: #"{"validation_method":"http"}"#).status == 200)
        world.pass(.seconds(6))
        #expect(try world.pack(id)["validation_records"]?[0]?["http_url"]?.text?.hasPrefix("http://") == true)
        #expect(try world.pack(id)["validation_method"]?.text == "http")
    }

    @Test("a pack whose validation timed out begins again with a re-check, too")
    func afterTimeout() throws {
        var (world, id) = try manual()
        world.pass(.days(15))
        #expect(try world.status(id) == "validation_timed_out")
        let path = "/zones/\(World.zone)/ssl/verification/\(id)"
        #expect(world.send("PATCH", path, body: #"{"validation_method":"txt"}"#).status == 200)
        #expect(try world.status(id) == "pending_validation")
    }

    @Test(
        "the waits between checks are those of Cloudflare's table",
        arguments: [
            (0, 60), (1, 63), (9, 93), (10, 242), (11, 279), (12, 321), (39, 13_975), (40, 14_400), (500, 14_400),
        ])
    func backoff(checks: Int, seconds: Int) {
        #expect(CloudflareModel.validationWait(afterChecks: checks) == .seconds(seconds))
    }

    @Test("verification speaks its own words and names the pack")
    func verificationList() throws {
        var (world, id) = try manual()
        let list = try world.get("/zones/\(World.zone)/ssl/verification")
        #expect(list["result"]?[0]?["cert_pack_uuid"]?.text == id)
        #expect(list["result"]?[0]?["certificate_status"]?.text == "pending_validation")
        #expect(list["result"]?[0]?["verification_info"]?.elements?.count == 2)
        world.pass(.days(15))
        let late = try world.get("/zones/\(World.zone)/ssl/verification/\(id)")
        #expect(late["result"]?["certificate_status"]?.text == "timing_out")
    }
}
