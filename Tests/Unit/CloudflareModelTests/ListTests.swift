import CloudflareModel
import Domain
import TestKit
import Testing

@Suite("Lists") struct ListTests {
    private static func zone(packs: Int) throws -> World {
        try World(
            World.scenario { scenario in
                scenario.zones[0].packs = (0..<packs).map { PackSeed(hosts: ["example.com", "p\($0).example.com"]) }
            })
    }

    @Test("every pack is on one page, whatever the size", arguments: [5, 20, 50])
    func pages(size: Int) throws {
        var world = try Self.zone(packs: 53)
        var ids: [String] = []
        for page in 1...((53 + size - 1) / size) {
            let list = try world.packs("?status=all&per_page=\(size)&page=\(page)")
            let shown = list["result"]?.elements?.compactMap { $0["id"]?.text } ?? []
            ids += shown
            #expect(list["result_info"]?["count"]?.integer == shown.count)
            #expect(list["result_info"]?["total_count"]?.integer == 53)
            #expect(list["result_info"]?["total_pages"]?.integer == (53 + size - 1) / size)
        }
        #expect(ids.count == 53 && Set(ids).count == 53)
        #expect(try world.packs("?status=all&page=99")["result"] == .array([]))
    }

    @Test(
        "sizes and pages out of their range are refused",
        arguments: [
            "per_page=4", "per_page=51", "per_page=x", "page=0", "page=-1", "page=99999999999999999999",
        ])
    func outOfRange(query: String) throws {
        var world = try World()
        for path in [
            "/zones", "/zones/\(World.zone)/ssl/certificate_packs", "/zones/\(World.zone)/client_certificates",
        ] {
            #expect(world.send("GET", "\(path)?\(query)").status == 400)
        }
    }

    @Test("without status=all only active packs are listed")
    func activeOnly() throws {
        var world = try World(
            World.scenario {
                $0.zones[0].packs = ["active", "validation_timed_out", "polishing"].map {
                    PackSeed(hosts: ["example.com", "\($0.prefix(3)).example.com"], status: $0)
                }
            })
        #expect(try world.packs("")["result"]?.elements?.count == 1)
        #expect(try world.packs("?status=all")["result"]?.elements?.count == 3)
        #expect(try world.packs("?ssl_status=all")["result"]?.elements?.count == 3)
        #expect(try world.packs("?status=polishing")["result"]?[0]?["status"]?.text == "polishing")
        world.pass(.days(100))
        #expect(try world.packs("?status=polishing")["result"]?.elements?.count == 1)
    }

    @Test("a listing that lags lacks what is new, shows what is gone and the old word; a GET knows better")
    func lag() throws {
        var world = try World(World.scenario { $0.settings.listLag = .seconds(30) })
        let id = try world.orderedPack()
        #expect(try world.packs()["result"] == .array([]))
        #expect(try world.status(id) == "initializing")
        world.pass(.seconds(31))
        #expect(try world.packs()["result"]?[0]?["status"]?.text == "pending_validation")
        #expect(try world.status(id) == "active")
        world.pass(.seconds(31))
        #expect(world.send("DELETE", "/zones/\(World.zone)/ssl/certificate_packs/\(id)").status == 200)
        world.pass(.seconds(10))
        #expect(world.send("GET", "/zones/\(World.zone)/ssl/certificate_packs/\(id)").status == 404)
        #expect(try world.packs()["result"]?[0]?["status"]?.text == "active")
        world.pass(.seconds(31))
        #expect(try world.packs()["result"] == .array([]))
    }

    @Test("zones are found by name, also when two have it")
    func zoneNames() throws {
        var world = try World(
            World.scenario {
                $0.zones.append(ZoneSeed(name: "example.com", id: ZoneID("0123456789abcdef0123456789abcdef")))
            })
        #expect(try world.get("/zones?name=example.com")["result"]?.elements?.count == 2)
        #expect(try world.get("/zones?name=EXAMPLE.net")["result"]?.elements?.count == 1)
        #expect(try world.get("/zones?name=example.org")["result"] == .array([]))
        #expect(try world.get("/zones/\(World.zone)")["result"]?["name"]?.text == "example.com")
    }

    @Test("old shapes of packs are written as clients have met them")
    func forms() throws {
        var world = try World(
            World.scenario { scenario in
                scenario.zones[0].packs = PackSeed.Form.allCases.map { form in
                    var seed = PackSeed(hosts: ["example.com", "\(form.rawValue).example.com"])
                    seed.form = form
                    return seed
                }
            })
        let packs = try #require(try world.packs()["result"]?.elements)
        #expect(packs[1]["primary_certificate"]?.integer != nil)
        #expect(packs[2]["status"] == nil && packs[2]["primary_certificate"] == nil)
        #expect(packs[3]["primary_certificate"] == .null)
    }

    @Test("the dates have 0, 3, 5, 6 or 9 digits, and every one can be read")
    func dates() throws {
        var world = try Self.zone(packs: 50)
        let packs = try world.packs("?status=all&per_page=50")["result"]?.elements ?? []
        let texts = packs.compactMap { $0["created_on"]?.text }
        #expect(texts.count == 50)
        #expect(texts.allSatisfy { Timestamp(cloudflare: $0) != nil })
        #expect(
            Set(texts.map { $0.split(separator: ".").count < 2 ? 0 : $0.split(separator: ".")[1].count - 1 })
                .isSubset(of: [0, 3, 5, 6, 9]))
        #expect(Set(texts.map(\.count)).count > 2)
    }
}
