import CloudflareModel
import Domain
import TestKit
import Testing

@Suite("Renewal by Cloudflare") struct RenewalTests {
    @Test(
        "begins 30, 7 or 3 days before the end, keeps the pack and swaps the certificate",
        arguments: [(90, 60), (30, 23), (14, 11)])
    func automatic(validity: Int, quietDays: Int) throws {
        var world = try World()
        let reply = world.order(days: validity)
        let id = try #require(try JSONValue(reading: reply.body)["result"]?["id"]?.text)
        world.pass(.seconds(10))
        let first = try world.pack(id)["primary_certificate"]
        world.pass(.days(quietDays) - .minutes(1))
        #expect(try world.pack(id)["primary_certificate"] == first)
        world.pass(.minutes(2))
        let renewed = try world.pack(id)
        #expect(renewed["primary_certificate"] != first)
        #expect(renewed["status"]?.text == "active")
    }

    @Test("goes on for years, also when nobody looks for years")
    func years() throws {
        var world = try World()
        let id = try world.orderedPack()
        world.pass(.days(3650))
        let pack = try world.pack(id)
        #expect(pack["status"]?.text == "active")
        let end = try #require(pack["certificates"]?[0]?["expires_on"]?.text.flatMap { Timestamp(cloudflare: $0) })
        #expect(end > world.now)
    }

    @Test("wants records of an active pack where DNS is elsewhere, and ends in expiry when nobody publishes them")
    func manual() throws {
        var world = try World(World.scenario { $0.zones[0].conduct.validation = .manual })
        let id = try world.orderedPack()
        world.pass(.seconds(3))
        try world.model.publishWanted(at: world.now)
        world.pass(.minutes(3))
        #expect(try world.status(id) == "active")
        world.pass(.days(62))
        let renewing = try world.pack(id)
        #expect(renewing["status"]?.text == "active")
        #expect(renewing["validation_records"]?.elements?.count == 2)
        world.pass(.days(27))
        #expect(try world.pack(id)["validation_records"] == nil)
        #expect(try world.status(id) == "active")
        world.pass(.days(1))
        #expect(try world.status(id) == "expired")
    }

    @Test("ends well when the records are published in time")
    func manualPublished() throws {
        var world = try World(World.scenario { $0.zones[0].conduct.validation = .manual })
        let id = try world.orderedPack()
        world.pass(.seconds(3))
        try world.model.publishWanted(at: world.now)
        world.pass(.days(75))
        let before = try world.pack(id)["primary_certificate"]
        try world.model.publishWanted(at: world.now)
        world.pass(.hours(5))
        let after = try world.pack(id)
        #expect(after["primary_certificate"] != before)
        #expect(after["validation_records"] == nil)
    }
}
