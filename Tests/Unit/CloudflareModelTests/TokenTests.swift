import CloudflareModel
import Domain
import TestKit
import Testing

@Suite("Tokens and what they may do") struct TokenTests {
    private func world(_ token: TokenSeed) throws -> World {
        try World(World.scenario { $0.tokens = [token] })
    }

    @Test("verification tells status and end, not the rights")
    func verify() throws {
        var world = try world(TokenSeed(label: "t", expiresOn: World.begin + .days(10)))
        let result = try world.get("/user/tokens/verify")["result"]
        #expect(result?["status"]?.text == "active")
        #expect(result?["expires_on"]?.text.flatMap { Timestamp(cloudflare: $0) } == World.begin + .days(10))
        world.pass(.days(10))
        #expect(try world.get("/user/tokens/verify")["result"]?["status"]?.text == "expired")
        #expect(world.send("GET", "/zones").status == 401)
    }

    @Test("a user's token and an account's are verified at different addresses, and good for the same calls")
    func owners() throws {
        for owner in TokenSeed.Owner.allCases {
            var world = try world(TokenSeed(label: "t", owner: owner))
            let account = world.model.account.id
            let answers = ["/user/tokens/verify", "/accounts/\(account)/tokens/verify", "/accounts/f00/tokens/verify"]
                .map { world.send("GET", $0).status }
            #expect(answers == (owner == .user ? [200, 401, 401] : [401, 200, 401]))
            #expect(world.send("GET", "/zones").status == 200)
        }
    }

    @Test(
        "no token, a malformed one and a wrong one are told apart",
        arguments: [
            (nil, 400, 9106), ("Basic abc", 400, 6003), ("Bearer ", 400, 6003), ("Bearer wrong", 401, 10_000),
        ] as [(String?, Int, Int)])
    func wrong(header: String?, status: Int, code: Int) throws {
        var world = try World()
        world.authorization = header
        let reply = world.send("GET", "/zones")
        #expect((reply.status, reply.code) == (status, code))
    }

    @Test("verification of a wrong token is 401 with code 1000")
    func invalid() throws {
        var world = try World()
        world.authorization = "Bearer wrong"
        let reply = world.send("GET", "/user/tokens/verify")
        #expect((reply.status, reply.code) == (401, 1000))
    }

    @Test(
        "a token that may only read is refused with 403 and 10000 at the first change",
        arguments: [
            ("POST", "/zones/\(World.zone)/ssl/certificate_packs/order"),
            ("DELETE", "/zones/\(World.zone)/ssl/certificate_packs/x"),
            ("PATCH", "/zones/\(World.zone)/ssl/verification/x"),
            ("POST", "/zones/\(World.zone)/client_certificates"),
        ])
    func readOnly(method: String, path: String) throws {
        var world = try world(TokenSeed(label: "reader", permissions: [.sslRead]))
        let reply = world.send(method, path, body: "{}")
        #expect((reply.status, reply.code) == (403, 10_000))
        #expect(world.send("GET", "/zones/\(World.zone)/ssl/certificate_packs").status == 200)
        #expect(world.send("GET", "/zones").status == 403)
    }

    @Test("a token of one zone sees that zone alone")
    func zones() throws {
        var world = try world(TokenSeed(label: "one", zones: ["example.net"]))
        let zones = try world.get("/zones")["result"]?.elements?.compactMap { $0["name"]?.text }
        #expect(zones == ["example.net"])
        #expect(world.send("GET", "/zones/\(World.zone)").code == 10_000)
        #expect(world.send("GET", "/zones/\(World.zone)/ssl/certificate_packs").status == 403)
    }

    @Test("a new token is not known everywhere at once, a disabled one nowhere")
    func young() throws {
        var world = try world(TokenSeed(label: "young", notBefore: World.begin + .seconds(8)))
        #expect(world.send("GET", "/zones").code == 10_000)
        world.pass(.seconds(8))
        #expect(world.send("GET", "/zones").status == 200)
        try world.model.changeToken("young", status: .disabled)
        #expect(world.send("GET", "/zones").status == 401)
        #expect(try world.get("/user/tokens/verify")["result"]?["status"]?.text == "disabled")
    }

    @Test("neither ledger nor state holds a token")
    func secrecy() throws {
        var world = try World()
        _ = world.send("GET", "/zones")
        var writer = JSONWriter()
        try world.model.writeState(to: &writer, at: world.now)
        for entry in world.model.ledger.entries { entry.write(to: &writer) }
        let text = String(decoding: writer.bytes, as: UTF8.self)
        for entry in world.model.secrets { #expect(entry.secret.reveal { !text.contains($0) }) }
        #expect(text.contains("operator"))
    }
}
