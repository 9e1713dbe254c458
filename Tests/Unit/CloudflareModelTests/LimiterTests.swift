import CloudflareModel
import Domain
import TestKit
import Testing

@Suite("The request limit") struct LimiterTests {
    private func world(_ change: (inout ModelSettings.Limiter) -> Void) throws -> World {
        try World(
            World.scenario {
                $0.settings.limiter.quota = 10
                change(&$0.settings.limiter)
                $0.tokens = [TokenSeed(label: "a"), TokenSeed(label: "b")]
            })
    }

    @Test("every answer says what is left, and until when")
    func headers() throws {
        var world = try World()
        let first = world.send("GET", "/zones")
        #expect(first.header("Ratelimit") == #""default";r=1199;t=300"#)
        #expect(first.header("ratelimit-policy") == #""default";q=1200;w=300"#)
        world.pass(.seconds(100))
        #expect(world.send("GET", "/nothing").header("Ratelimit") == #""default";r=1198;t=200"#)
        world.pass(.seconds(200))
        #expect(world.send("GET", "/zones").header("Ratelimit") == #""default";r=1199;t=300"#)
    }

    @Test("one too many blocks every call of that token for five minutes, and has no effect")
    func block() throws {
        var world = try world { _ in }
        for _ in 0..<10 { #expect(world.send("GET", "/zones").status == 200) }
        let reply = world.order()
        #expect(reply.status == 429)
        #expect(reply.header("Retry-After") == "300")
        #expect(
            reply.text
                == #"{"success":false,"errors":[{"code":971,"message":"Please wait and consider throttling your request speed"}],"messages":[],"result":null}"#
        )
        #expect(reply.body.count == 136)
        #expect(world.model.ledger.acceptedOrders().isEmpty)
        world.pass(.seconds(299))
        #expect(world.send("GET", "/zones").header("Retry-After") == "1")
        world.pass(.seconds(1))
        #expect(world.send("GET", "/zones").status == 200)
    }

    @Test("another token is not concerned")
    func otherToken() throws {
        var world = try world { _ in }
        for _ in 0..<11 { _ = world.send("GET", "/zones") }
        world.authorization = world.model.secrets[1].secret.reveal { "Bearer \($0)" }
        #expect(world.send("GET", "/zones").status == 200)
    }

    @Test("Retry-After may be missing, the block may be lifted, the limit may be off")
    func settings() throws {
        var world = try world { $0.sendsRetryAfter = false }
        for _ in 0..<10 { _ = world.send("GET", "/zones") }
        let reply = world.send("GET", "/zones")
        #expect(reply.status == 429 && reply.header("Retry-After") == nil)
        world.model.resetLimiter()
        #expect(world.send("GET", "/zones").status == 200)
        var free = try self.world { $0.isOn = false }
        for _ in 0..<100 { #expect(free.send("GET", "/zones").status == 200) }
    }
}
