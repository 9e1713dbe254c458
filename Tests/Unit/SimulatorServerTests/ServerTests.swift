import CloudflareModel
import Domain
import SimulatorServer
import TestKit
import Testing

@Suite("The simulator's server") struct ServerTests {
    static let packs = "/client/v4/zones/023e105f4ecef8ad9ca31a8372d0c353/ssl/certificate_packs"
    static let order = """
        {"type":"advanced","hosts":["example.com"],"certificate_authority":"google","validation_method":"txt",
        "validity_days":90}
        """

    @Test("answers over a real socket, with and without TLS", arguments: [false, true])
    func answers(withTLS: Bool) async throws {
        try await Wire.open(withTLS: withTLS) { wire async throws in
            let reply = try await wire.send("GET", "/client/v4/zones")
            #expect(reply.status == 200)
            #expect(reply.json?["result"]?.elements?.count == 2)
            #expect(wire.server.origin.hasPrefix(withTLS ? "https://127.0.0.1:" : "http://127.0.0.1:"))
        }
    }

    @Test("a client that trusts another root does not talk to it")
    func otherRoot() async throws {
        try await Wire.open(withTLS: true) { first async throws in
            try await Wire.open(withTLS: true) { second async throws in
                let reply = try await first.exchange(
                    first.request("GET", "/client/v4/zones"), root: second.server.rootPEM)
                #expect(reply.text.isEmpty && reply.isBroken)
                #expect(try await first.send("GET", "/client/v4/zones").status == 200)
            }
        }
    }

    @Test("several requests go over one connection, in order")
    func keepAlive() async throws {
        try await Wire.open { wire async throws in
            let text =
                wire.request("POST", "\(Self.packs)/order", body: Self.order, isLast: false)
                + wire.request("GET", "\(Self.packs)?status=all", isLast: false)
                + wire.request("GET", "/sim/ledger/counts")
            let reply = try await wire.exchange(text)
            #expect(reply.text.split(separator: "HTTP/1.1 200 OK").count == 3)
            #expect(reply.text.contains(#""total":2"#))
        }
    }

    @Test(
        "only this machine's addresses are taken",
        arguments: [
            ("127.0.0.1:8787", "127.0.0.1:8787"), ("8787", "127.0.0.1:8787"), ("localhost:0", "127.0.0.1:0"),
            ("[::1]:80", "[::1]:80"), ("0.0.0.0:80", nil), ("192.168.1.1:80", nil), ("[::]:80", nil),
            ("example.com:80", nil),
            (":80", nil), ("127.0.0.1", nil), ("127.0.0.1:99999", nil), ("", nil), ("127.0.0.2:80", nil),
        ] as [(String, String?)])
    func addresses(text: String, address: String?) {
        do throws(SimulatorTrouble) {
            #expect(try LoopbackAddress(text).description == address)
        } catch {
            #expect(address == nil)
            #expect(error == .notLoopback(text))
        }
    }

    @Test("a port that is taken is an error that says so")
    func taken() async throws {
        try await Wire.open { wire async throws in
            let trouble = await #expect(throws: SimulatorTrouble.self) {
                _ = try await SimulatorServer.start(wire.server.simulator, at: wire.server.address)
            }
            #expect(trouble?.explanation.code == "simulator-listen")
        }
    }

    @Test(
        "a reset breaks the connection, with the effect or without it, with TLS or without", arguments: [false, true],
        [
            ("reset_before", 0), ("reset_after", 1),
        ])
    func reset(withTLS: Bool, fault: (code: String, orders: Int)) async throws {
        try await Wire.open(withTLS: withTLS) { wire async throws in
            let set = try await wire.send("POST", "/sim/faults", body: #"{"do":"\#(fault.code)","count":1}"#)
            #expect(set.status == 200)
            let reply = try await wire.send("POST", "\(Self.packs)/order", body: Self.order)
            #expect(reply.text.isEmpty && reply.isBroken)
            let orders = wire.server.simulator.withWorld {
                $0.model.ledger.acceptedOrders(hosts: ["example.com"]).count
            }
            #expect(orders == fault.orders)
            #expect(try await wire.send("GET", Self.packs).status == 200)
        }
    }

    @Test("a truncated answer promises more than it sends", arguments: [false, true])
    func truncated(withTLS: Bool) async throws {
        try await Wire.open(withTLS: withTLS) { wire async throws in
            _ = try await wire.send("POST", "/sim/faults", body: #"{"do":"truncated","bytes":10,"count":1}"#)
            let reply = try await wire.send("GET", "/client/v4/zones")
            #expect(reply.status == 200)
            #expect(reply.body.utf8.count == 10)
            let length = reply.text.components(after: "Content-Length: ")?.split(separator: "\r\n").first.flatMap {
                Int($0)
            }
            #expect(length.map { $0 > 10 } == true)
        }
    }

    @Test("a delayed answer comes, and holds up no other connection")
    func delayed() async throws {
        try await Wire.open { wire async throws in
            wire.server.simulator.withWorld { world in
                _ = world.model.add(FaultRule(.delay(.milliseconds(20)), count: 1))
            }
            async let one = wire.send("GET", "/client/v4/zones")
            async let other = wire.send("GET", "/client/v4/zones")
            #expect(try await [one.status, other.status] == [200, 200])
            #expect(wire.server.simulator.withWorld { $0.model.faults[0].struck } == 1)
        }
    }

    @Test("empty bodies, HTML and errors arrive as they are")
    func otherFaults() async throws {
        try await Wire.open { wire async throws in
            for (fault, status, text) in [("empty_body", 200, ""), ("html", 503, "<!DOCTYPE"), ("limited", 429, "{")] {
                _ = try await wire.send("POST", "/sim/faults", body: #"{"do":"\#(fault)","count":1}"#)
                let reply = try await wire.send("GET", "/client/v4/zones")
                #expect(reply.status == status)
                #expect(reply.body.hasPrefix(text) && (text.isEmpty == reply.body.isEmpty))
            }
        }
    }

    @Test(
        "a body over a mebibyte is 413, nonsense is 400, and the server goes on",
        arguments: [
            (
                "POST /client/v4/zones HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1048577", 1_048_577,
                413
            ),
            ("nonsense", 0, 400), ("GET / HTTP/1.1\r\nContent-Length: -5", 0, 400),
        ])
    func misuse(head: String, bodyBytes: Int, status: Int) async throws {
        try await Wire.open { wire async throws in
            let text = head + "\r\n\r\n" + String(repeating: "x", count: bodyBytes)
            #expect(try await wire.exchange(text).status == status)
            #expect(try await wire.send("GET", "/client/v4/zones").status == 200)
        }
    }
}
