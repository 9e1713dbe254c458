import CloudflareModel
import Domain
import TestKit
import Testing

@Suite("Faults") struct FaultTests {
    private let orderPath = "/zones/*/ssl/certificate_packs/order"

    @Test(
        "a fault before the effect leaves no order, one after it does",
        arguments: [
            (Fault.resetBefore, 0), (.resetAfter, 1), (.serverErrorBefore(status: 502), 0),
            (.serverErrorAfter(status: 504), 1), (.limited(retryAfter: nil), 0), (.html(status: 503), 0),
            (.unsuccessful, 0),
            (.truncated(at: 10), 1), (.emptyBody, 1), (.delay(.seconds(3)), 1), (.dateSkew(seconds: -7200), 1),
            (.unknownStatus("polishing"), 1),
        ])
    func effects(fault: Fault, orders: Int) throws {
        var world = try World()
        world.model.add(FaultRule(fault, path: orderPath, count: 1))
        _ = world.order()
        #expect(world.model.ledger.acceptedOrders(hosts: ["example.com", "*.example.com"]).count == orders)
        #expect(world.model.ledger.entries.last?.fault == fault.code)
        #expect(Fault.codes.contains(fault.code))
        let second = world.order()
        #expect(second.status == (orders == 0 ? 200 : 400))
    }

    @Test("what the client gets of each")
    func replies() throws {
        var world = try World()
        let get: (Fault, inout World) -> ModelReply = { fault, world in
            world.model.removeFaults()
            world.model.add(FaultRule(fault))
            return world.send("GET", "/zones")
        }
        #expect(get(.resetBefore, &world).fate == .resetBefore)
        #expect(get(.resetAfter, &world).fate == .resetAfter)
        #expect(get(.delay(.seconds(3)), &world).fate == .delay(.seconds(3)))
        #expect(get(.truncated(at: 7), &world).fate == .truncate(at: 7))
        #expect(get(.serverErrorBefore(status: 502), &world).status == 502)
        #expect(get(.limited(retryAfter: 7), &world).header("Retry-After") == "7")
        #expect(get(.emptyBody, &world).body.isEmpty)
        let html = get(.html(status: 503), &world)
        #expect(html.header("Content-Type") == "text/html" && html.text.hasPrefix("<!DOCTYPE"))
        #expect(html.header("CF-Ray") == nil && html.header("Ratelimit") == nil)
        let odd = get(.unsuccessful, &world)
        #expect(odd.status == 200 && odd.text.contains(#""success":false"#))
        let skewed = get(.dateSkew(seconds: 3600), &world).header("Date")
        world.model.removeFaults()
        world.pass(.hours(1))
        #expect(skewed == world.send("GET", "/zones").header("Date"))
    }

    @Test("rules choose by method, path, token, order of arrival and number")
    func rules() throws {
        var world = try World()
        world.model.add(FaultRule(.emptyBody, method: "GET", path: "/zones", token: "operator", skip: 1, count: 2))
        let sizes = (0..<5).map { _ in world.send("GET", "/zones").body.isEmpty }
        #expect(sizes == [false, true, true, false, false])
        #expect(world.model.faults[0].struck == 2)
        world.model.removeFaults()
        world.model.add(FaultRule(.emptyBody, method: "POST"))
        world.model.add(FaultRule(.emptyBody, path: "/zones/*/x"))
        world.model.add(FaultRule(.emptyBody, token: "somebody"))
        #expect(!world.send("GET", "/zones").body.isEmpty)
    }

    @Test("a share of the requests is struck, the same ones with the same seed")
    func probability() throws {
        let run: (UInt64) throws -> [String?] = { seed in
            var world = try World(seed: seed)
            world.model.add(FaultRule([.emptyBody, .resetAfter], probability: 0.3))
            for _ in 0..<200 { _ = world.send("GET", "/zones") }
            return world.model.ledger.entries.map(\.fault)
        }
        let (first, second, other) = (try run(7), try run(7), try run(8))
        #expect(first == second)
        #expect(first != other)
        #expect((30...90).contains(first.count { $0 != nil }))
        #expect(Set(first.compactMap(\.self)) == ["empty_body", "reset_after"])
    }

    @Test("a page has an entry too many, or one too few and says nothing of it")
    func entries() throws {
        var world = try World()
        world.model.add(FaultRule(.duplicateEntry, count: 1))
        let twice = try world.get("/zones")["result"]?.elements?.compactMap { $0["id"]?.text } ?? []
        #expect(twice.count == 3 && Set(twice).count == 2)
        world.model.add(FaultRule(.missingEntry, count: 1))
        let short = try world.get("/zones")
        #expect(short["result"]?.elements?.count == 1)
        #expect(short["result_info"]?["total_count"]?.integer == 2)
    }

    @Test("a stale list, and a word that nobody knows")
    func staleAndUnknown() throws {
        var world = try World()
        let id = try world.orderedPack()
        world.pass(.seconds(30))
        world.model.add(FaultRule(.staleList(.seconds(60)), count: 1))
        #expect(try world.packs()["result"] == .array([]))
        #expect(try world.packs()["result"]?.elements?.count == 1)
        world.model.add(FaultRule(.unknownStatus("polishing"), count: 1))
        #expect(try world.status(id) == "polishing")
        #expect(try world.status(id) == "active")
    }
}
