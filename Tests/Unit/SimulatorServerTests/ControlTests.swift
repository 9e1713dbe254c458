import CloudflareModel
import Domain
import SimulatorServer
import TestKit
import Testing

@Suite("The control path") struct ControlTests {
    private static let zone = "/client/v4/zones/023e105f4ecef8ad9ca31a8372d0c353"

    @Test("the clock tells its time and speed, is stepped, set, sped up and stopped")
    func clock() async throws {
        try await Wire.open { wire async throws in
            let first = try await wire.send("GET", "/sim/clock").json
            #expect(first?["now"]?.text == "2027-01-15T08:00:00.000Z")
            #expect(first?["speed"]?.integer == 0)
            let stepped = try await wire.send("POST", "/sim/clock", body: #"{"step":"1d"}"#).json
            #expect(stepped?["now"]?.text == "2027-01-16T08:00:00.000Z")
            let set = try await wire.send("POST", "/sim/clock", body: #"{"set":"2030-01-01T00:00:00.5Z"}"#).json
            #expect(set?["now"]?.text == "2030-01-01T00:00:00.500Z")
            let running = try await wire.send("POST", "/sim/clock", body: #"{"speed":3600,"paused":true}"#).json
            #expect(running?["speed"]?.integer == 0 && running?["running_speed"]?.integer == 3600)
            let bad = try await wire.send("POST", "/sim/clock", body: #"{"sped":1}"#)
            #expect(bad.status == 400 && bad.json?["error"]?.text?.contains("sped") == true)
        }
    }

    @Test("time follows its speed exactly")
    func arithmetic() {
        let start = ContinuousClock.now
        var clock = SimulatorClock(startingAt: Timestamp(unixSeconds: 0), speed: 3600, at: start)
        #expect(clock.now(at: start + .seconds(10)) == Timestamp(unixSeconds: 36_000))
        clock.run(at: 2, from: start + .seconds(10))
        #expect(clock.now(at: start + .seconds(15)) == Timestamp(unixSeconds: 36_010))
        clock.pause(true, at: start + .seconds(15))
        clock.step(by: .seconds(5), at: start + .seconds(60))
        #expect(clock.now(at: start + .seconds(100)) == Timestamp(unixSeconds: 36_015))
        clock.pause(false, at: start + .seconds(100))
        #expect(clock.now(at: start + .seconds(101)) == Timestamp(unixSeconds: 36_017))
        clock.run(at: .infinity, from: start)
        #expect(clock.currentSpeed == 1)
        clock.run(at: 1e12, from: start)
        #expect(clock.now(at: start + .seconds(1_000_000_000_000)) == .distantFuture)
    }

    @Test("zones, packs, records and certificates are changed behind the client's back")
    func world() async throws {
        try await Wire.open { wire async throws in
            let added = try await wire.send("POST", "/sim/zones", body: #"{"name":"example.org","type":"partial"}"#)
                .json
            let id = try #require(added?["id"]?.text)
            let changed = try await wire.send("POST", "/sim/zones", body: #"{"name":"example.org","status":"pending"}"#)
                .json
            #expect(changed?["id"]?.text == id)
            #expect(try await wire.send("GET", "/client/v4/zones/\(id)").json?["result"]?["status"]?.text == "pending")
            let seeded = try await wire.send(
                "POST", "/sim/packs", body: #"{"zone":"example.com","type":"universal","hosts":["example.com"]}"#
            ).json
            let pack = try #require(seeded?["id"]?.text)
            let path = "\(Self.zone)/ssl/certificate_packs/\(pack)"
            #expect(try await wire.send("GET", path).json?["result"]?["type"]?.text == "universal")
            _ = try await wire.send("POST", "/sim/packs/\(pack)", body: #"{"status":"validation_timed_out"}"#)
            #expect(try await wire.send("GET", path).json?["result"]?["status"]?.text == "validation_timed_out")
            #expect(try await wire.send("DELETE", "/sim/packs/\(pack)").status == 200)
            #expect(try await wire.send("GET", path).status == 404)
            #expect(try await wire.send("DELETE", "/sim/packs/\(pack)").status == 400)
            let state = try await wire.send("GET", "/sim/state?zone=example.org").json
            #expect(state?["zones"]?.elements?.count == 1)
        }
    }

    @Test("records are asked for, published, and found")
    func records() async throws {
        var scenario = Scenario.standard
        scenario.settings.pace = .immediate
        scenario.zones[0].conduct.validation = .manual
        try await Wire.open(scenario) { wire async throws in
            _ = try await wire.send("POST", "\(ServerTests.packs)/order", body: ServerTests.order)
            _ = try await wire.send("POST", "/sim/clock", body: #"{"step":"5s"}"#)
            let wanted = try await wire.send("GET", "/sim/records?zone=example.com").json
            #expect(wanted?["records"]?.elements?.count == 1)
            let published = try await wire.send("POST", "/sim/records/publish", body: #"{"zone":"example.com"}"#).json
            #expect(published == wanted)
            _ = try await wire.send("POST", "/sim/clock", body: #"{"step":"2m"}"#)
            #expect(try await wire.send("GET", ServerTests.packs).json?["result"]?.elements?.count == 1)
            _ = try await wire.send("POST", "/sim/records/publish", body: #"{"name":"a.example.com","values":["x"]}"#)
        }
    }

    @Test("the ledger is asked by kind, hosts, path and number, and cleared")
    func ledger() async throws {
        try await Wire.open { wire async throws in
            _ = try await wire.send("POST", "\(ServerTests.packs)/order", body: ServerTests.order)
            _ = try await wire.send("GET", ServerTests.packs)
            let count: (String) async throws -> Int? = { query in
                try await wire.send("GET", "/sim/ledger?\(query)").json?["count"]?.integer
            }
            #expect(try await count("") == 2)
            #expect(try await count("effects=true") == 1)
            #expect(try await count("kind=order-accepted&hosts=example.com") == 1)
            #expect(try await count("hosts=other.example.com") == 0)
            #expect(try await count("method=GET") == 1)
            #expect(try await count("path=/zones/*/order") == 1)
            #expect(try await count("since=1") == 1)
            _ = try await wire.send("DELETE", "/sim/ledger")
            #expect(try await count("") == 0)
        }
    }

    @Test("rights, limits and settings are changed while it runs")
    func settings() async throws {
        try await Wire.open { wire async throws in
            let body = #"{"permissions":["ssl_read"]}"#
            #expect(try await wire.send("POST", "/sim/tokens/operator", body: body).status == 200)
            #expect(try await wire.send("GET", "/client/v4/zones").status == 403)
            #expect(
                try await wire.send("POST", "/sim/tokens/operator", body: #"{"permissions":["all"]}"#).status == 400)
            #expect(try await wire.send("POST", "/sim/settings", body: #"{"limiter":{"quota":2}}"#).status == 200)
            #expect(try await wire.send("GET", ServerTests.packs).status == 200)
            #expect(try await wire.send("GET", ServerTests.packs).status == 429)
            #expect(try await wire.send("DELETE", "/sim/limiter").status == 200)
            #expect(try await wire.send("GET", ServerTests.packs).status == 200)
        }
    }

    @Test("every path that it lists is there, and others are not")
    func directory() async throws {
        try await Wire.open { wire async throws in
            let routes = try await wire.send("GET", "/sim").json?["routes"]?.elements?.compactMap(\.text) ?? []
            #expect(routes.count > 15)
            for route in routes {
                let words = route.split(separator: " ")
                let path = words[1].split(separator: "?")[0]
                #expect(try await wire.send(String(words[0]), String(path)).status != 404, "\(route)")
            }
            for path in ["/sim/nothing", "/sim/packs/a/b", "/simulator"] {
                #expect(try await wire.send("GET", path).status == 404)
            }
        }
    }
}
