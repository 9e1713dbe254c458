import CloudflareModel
import Domain
import TestKit
import Testing

@Suite("What Cloudflare refuses") struct RefusalTests {
    static let z = World.zone

    @Test(
        "an order is refused for what is wrong with it",
        arguments: [
            (["example.com"], "digicert", "txt", 90), (["example.com"], "google", "dns", 90),
            (["example.com"], "google", "txt", 60), (["example.com"], "lets_encrypt", "txt", 30),
            (["example.com"], "google", "txt", 365), (["example.org"], "google", "txt", 90),
            (["notexample.com"], "google", "txt", 90), ([], "google", "txt", 90),
            (["*.example.com"], "google", "http", 90), (["example.com"], "google", "email", 90),
            (["a.*.example.com"], "google", "txt", 90), (["-a.example.com"], "google", "txt", 90),
            (["xn--bcher-kva.example.com"], "google", "txt", 90),
            (["a.b.c.d.e.f.g.h.i.example.com"], "lets_encrypt", "txt", 90),
            ((1...50).map { "h\($0).example.com" }, "google", "txt", 90),
        ])
    func order(hosts: [String], authority: String, method: String, days: Int) throws {
        var world = try World()
        let reply = world.order(hosts, authority: authority, method: method, days: days)
        #expect((reply.status, reply.code) == (400, 1401), "\(reply.text)")
        #expect(world.model.ledger.acceptedOrders().isEmpty)
    }

    @Test(
        "what an authority allows is accepted",
        arguments: [
            (["example.com"], "lets_encrypt", "txt", 90), (["example.com"], "google", "txt", 14),
            (["example.com"], "google", "http", 30), (["example.com"], "ssl_com", "email", 365),
            (["*.a.b.example.com"], "lets_encrypt", "txt", 90),
            ((1...49).map { "h\($0).example.com" }, "google", "txt", 90),
        ])
    func accepted(hosts: [String], authority: String, method: String, days: Int) throws {
        var world = try World()
        #expect(world.order(hosts, authority: authority, method: method, days: days).status == 200)
    }

    @Test(
        "an order without one of its members, or that is no object, is refused",
        arguments: [
            #"{"hosts":["example.com"],"certificate_authority":"google","validation_method":"txt","validity_days":90}"#,
            #"{"type":"advanced","certificate_authority":"google","validation_method":"txt","validity_days":90}"#,
            #"{"type":"advanced","hosts":["example.com"],"validation_method":"txt","validity_days":90}"#,
            #"{"type":"advanced","hosts":["example.com"],"certificate_authority":"google","validity_days":90}"#,
            #"{"type":"advanced","hosts":["example.com"],"certificate_authority":"google","validation_method":"txt"}"#,
            #"{"type":"advanced","hosts":"example.com","certificate_authority":"google","validation_method":"txt","validity_days":90}"#,
            #"{"type":"advanced","hosts":[1],"certificate_authority":"google","validation_method":"txt","validity_days":90}"#,
            "[]", "{", "", String(repeating: "[", count: 100_000),
        ])
    func incomplete(body: String) throws {
        var world = try World()
        let reply = world.send("POST", "/zones/\(Self.z)/ssl/certificate_packs/order", body: body)
        #expect(reply.status == 400)
        #expect(world.model.ledger.total == 1)
    }

    @Test("the apex is added, hosts come back sorted, branding adds its host and LE has none")
    func additions() throws {
        var world = try World()
        let reply = world.order(["www.example.com", "*.EXAMPLE.com"], branding: true)
        let hosts = try JSONValue(reading: reply.body)["result"]?["hosts"]?.elements?.compactMap(\.text)
        #expect(hosts == ["*.example.com", "example.com", "sni.cloudflaressl.com", "www.example.com"])
        #expect(world.order(["b.example.com"], authority: "lets_encrypt", branding: true).status == 400)
    }

    @Test("a live pack with the same hosts stands in the way, one that timed out or goes does not")
    func duplicates() throws {
        var world = try World()
        let id = try world.orderedPack(["example.com", "www.example.com"])
        #expect(world.order(["www.example.com"]).code == 1416)
        world.pass(.seconds(10))
        #expect(world.order(["www.example.com", "example.com"], branding: true).code == 1416)
        #expect(world.order(["example.com"]).status == 200)
        try world.model.forcePack(ObjectID(id), status: "validation_timed_out", at: world.now)
        #expect(world.order(["www.example.com"]).status == 200)
        #expect(world.order(["b.example.com"], branding: true).status == 200)
        #expect(world.order(["b.example.com"]).code == 1416)
        #expect(world.model.ledger.acceptedOrders(hosts: ["example.com", "b.example.com"]).count == 1)
        var lenient = try World(World.scenario { $0.settings.refusesDuplicates = false })
        #expect(lenient.order().status == 200)
        #expect(lenient.order().status == 200)
        #expect(lenient.model.ledger.acceptedOrders(hosts: ["example.com", "*.example.com"]).count == 2)
    }

    @Test("without Advanced Certificate Manager it is 1450, without a place 2005")
    func quota() throws {
        var world = try World(World.scenario { $0.zones[0].conduct.hasAdvancedCertificateManager = false })
        #expect(world.order().code == 1450)
        var full = try World(World.scenario { $0.zones[0].conduct.packQuota = 1 })
        _ = try full.orderedPack()
        #expect(full.order(["a.example.com"]).code == 2005)
        let quota = try full.get("/zones/\(Self.z)/ssl/certificate_packs/quota")
        #expect(quota["result"]?["advanced"]?["allocated"]?.integer == 1)
        #expect(quota["result"]?["advanced"]?["used"]?.integer == 1)
    }

    @Test(
        "unknown paths, zones, packs and methods have their own answers",
        arguments: [
            ("GET", "/zones//ssl/certificate_packs", 404, 7003),
            ("GET", "/zones/ffffffffffffffffffffffffffffffff/ssl/certificate_packs", 404, 7003),
            ("GET", "/zones/\(z)/ssl/nothing", 404, 7003), ("GET", "/nothing", 404, 7003), ("GET", "/", 404, 7003),
            ("GET", "/zones/\(z)/ssl/certificate_packs/none", 404, 1408),
            ("PATCH", "/zones/\(z)/ssl/certificate_packs/none", 404, 1408),
            ("DELETE", "/zones/\(z)/ssl/certificate_packs/none", 404, 1408),
            ("PATCH", "/zones/\(z)/ssl/verification/none", 404, 1408),
            ("GET", "/zones/\(z)/client_certificates/none", 404, 1415),
            ("PATCH", "/zones/\(z)/client_certificates/none", 404, 1415),
            ("DELETE", "/zones/\(z)/client_certificates/none", 404, 1415),
            ("PUT", "/zones/\(z)/ssl/certificate_packs", 405, 10_405), ("POST", "/zones", 405, 10_405),
        ])
    func routes(method: String, path: String, status: Int, code: Int) throws {
        var world = try World()
        let reply = world.send(method, path)
        #expect((reply.status, reply.code) == (status, code), "\(reply.text)")
        #expect(world.model.ledger.entries.last?.code == code)
    }

    @Test("a Universal pack is not deleted over this endpoint")
    func universal() throws {
        var world = try World(
            World.scenario { $0.zones[0].packs = [PackSeed(hosts: ["example.com"], type: "universal")] })
        let id = try #require(try world.packs()["result"]?[0]?["id"]?.text)
        #expect(world.send("DELETE", "/zones/\(Self.z)/ssl/certificate_packs/\(id)").status == 400)
        #expect(try world.status(id) == "active")
    }

    @Test("a DELETE with a content type and no body is 6003")
    func contentType() throws {
        var world = try World()
        let id = try world.orderedPack()
        let request = ModelRequest(
            method: "DELETE", target: "/client/v4/zones/\(Self.z)/ssl/certificate_packs/\(id)",
            authorization: world.authorization, contentType: "application/json")
        #expect(world.model.reply(to: request, at: world.now).code == 6003)
        #expect(try world.status(id) == "initializing")
    }

    @Test("branding begins the pack anew, keeping it in service is not its business; nonsense is refused")
    func branding() throws {
        var world = try World()
        let id = try world.orderedPack()
        world.pass(.seconds(10))
        let path = "/zones/\(Self.z)/ssl/certificate_packs/\(id)"
        #expect(world.send("PATCH", path, body: #"{"cloudflare_branding":true}"#).status == 200)
        #expect(try world.pack(id)["hosts"]?.elements?.contains(.string("sni.cloudflaressl.com")) == true)
        #expect(world.model.ledger.effects.last?.effect == .rebranded(pack: ObjectID(id), branding: true))
        world.pass(.seconds(10))
        #expect(world.send("PATCH", path, body: #"{"cloudflare_branding":true}"#).status == 400)
        #expect(try world.status(id) == "active")
    }
}
