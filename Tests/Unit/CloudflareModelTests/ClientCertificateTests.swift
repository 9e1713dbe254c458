import CloudflareModel
import Domain
import TestKit
import Testing

@Suite("Client certificates at Cloudflare") struct ClientCertificateTests {
    static let path = "/zones/\(World.zone)/client_certificates"

    /// The bytes behind it are no request: the fake authority does not mind, and finds the name.
    static func body(_ name: String = "device", days: Int = 365) -> String {
        let der: [UInt8] = [0x06, 0x03, 0x55, 0x04, 0x03, 0x0C, UInt8(name.utf8.count)] + name.utf8
        let text = der.map { String($0 + 0, radix: 16) }.joined()
        let pem = "-----BEGIN CERTIFICATE REQUEST-----\\n\(base64(der))\\n-----END CERTIFICATE REQUEST-----\\n"
        return #"{"csr":"\#(pem)","validity_days":\#(days),"note":"\#(text)"}"#
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = Array(bytes[start..<min(start + 3, bytes.count)])
            let word = part.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
            for index in 0..<4 {
                text.append(index <= part.count ? alphabet[word >> (18 - 6 * index) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private func created(_ world: inout World, name: String = "device", days: Int = 365) throws -> JSONValue {
        let reply = world.send("POST", Self.path, body: Self.body(name, days: days))
        #expect(reply.status == 200, "\(reply.text)")
        return try #require(try JSONValue(reading: reply.body)["result"])
    }

    @Test("a request is signed: hex serial, echo, name, validity in whole days")
    func creation() throws {
        var world = try World()
        let made = try created(&world)
        #expect(made["status"]?.text == "active")
        #expect(made["common_name"]?.text == "device")
        #expect(made["serial_number"]?.text?.count == 40)
        #expect(made["certificate"]?.text?.hasPrefix("-----BEGIN CERTIFICATE-----") == true)
        let from = try #require(made["issued_on"]?.text.flatMap { Timestamp(cloudflare: $0) })
        let to = try #require(made["expires_on"]?.text.flatMap { Timestamp(cloudflare: $0) })
        #expect(to - from == .days(365) && from <= world.now && from.unixSeconds % 60 == 0)
    }

    @Test("the same request is signed again, and the echo says the same with other line ends")
    func echoes() throws {
        var world = try World()
        var echoes: Set<String> = []
        var requests: Set<SigningRequest> = []
        for _ in 0..<20 {
            let echo = try #require(try created(&world)["csr"]?.text)
            echoes.insert(echo)
            requests.insert(SigningRequest(pem: "", der: SigningRequest(pem: echo)?.der ?? ""))
        }
        #expect(echoes.count == 3)
        #expect(requests.count == 1)
        #expect(world.model.ledger.acceptedCreations(commonName: "device").count == 20)
        #expect(world.model.ledger.acceptedCreations(request: requests.first).count == 20)
        #expect(world.model.ledger.acceptedCreations(commonName: "other").isEmpty)
    }

    @Test("revocation takes a while, is for good, and the certificate stays listed")
    func revocation() throws {
        var world = try World(.standard)
        let id = try #require(try created(&world)["id"]?.text)
        let reply = world.send("DELETE", "\(Self.path)/\(id)")
        #expect(try JSONValue(reading: reply.body)["result"]?["status"]?.text == "pending_revocation")
        #expect(world.send("DELETE", "\(Self.path)/\(id)").code == 1407)
        world.pass(.seconds(21))
        #expect(try world.get("\(Self.path)/\(id)")["result"]?["status"]?.text == "revoked")
        #expect(world.send("DELETE", "\(Self.path)/\(id)").code == 1407)
        world.pass(.days(3650))
        #expect(try world.get("\(Self.path)?status=all")["result"]?.elements?.count == 1)
        #expect(try world.get("\(Self.path)?status=revoked")["result"]?.elements?.count == 1)
        #expect(try world.get(Self.path)["result"] == .array([]))
        #expect(world.model.ledger.acceptedRemovals(of: ObjectID(id)).count == 1)
    }

    @Test("reactivation leads back to active, from revoked only where the model allows it", arguments: [true, false])
    func reactivation(allowed: Bool) throws {
        var world = try World(World.scenario { $0.settings.reactivatesRevoked = allowed })
        let id = try #require(try created(&world)["id"]?.text)
        let body = #"{"reactivate":true}"#
        #expect(world.send("PATCH", "\(Self.path)/\(id)", body: body).code == 1419)
        _ = world.send("DELETE", "\(Self.path)/\(id)")
        #expect(world.send("PATCH", "\(Self.path)/\(id)", body: body).status == 200)
        #expect(try world.get("\(Self.path)/\(id)")["result"]?["status"]?.text == "pending_reactivation")
        world.pass(.seconds(2))
        #expect(try world.get("\(Self.path)/\(id)")["result"]?["status"]?.text == "active")
        _ = world.send("DELETE", "\(Self.path)/\(id)")
        world.pass(.seconds(2))
        #expect(world.send("PATCH", "\(Self.path)/\(id)", body: body).status == (allowed ? 200 : 400))
        #expect(world.send("PATCH", "\(Self.path)/\(id)", body: "{}").status == 400)
    }

    @Test("an expired certificate stays active: Cloudflare has no word for it")
    func expired() throws {
        var world = try World()
        let id = try #require(try created(&world, days: 1)["id"]?.text)
        world.pass(.days(400))
        #expect(try world.get("\(Self.path)/\(id)")["result"]?["status"]?.text == "active")
    }

    @Test("the quota counts what is not revoked, and revoking frees a place at once")
    func quota() throws {
        var world = try World(World.scenario { $0.zones[0].conduct.clientCertificateQuota = 1 })
        let id = try #require(try created(&world)["id"]?.text)
        #expect(world.send("POST", Self.path, body: Self.body()).code == 1445)
        _ = world.send("DELETE", "\(Self.path)/\(id)")
        #expect(world.send("POST", Self.path, body: Self.body()).status == 200)
    }

    @Test("page and per_page, or limit and offset, show the same list")
    func paging() throws {
        var world = try World()
        for index in 0..<12 { _ = try created(&world, name: "d\(index)") }
        let names: (JSONValue) -> [String] = { $0["result"]?.elements?.compactMap { $0["common_name"]?.text } ?? [] }
        let pages = try (1...3).map { names(try world.get("\(Self.path)?status=all&per_page=5&page=\($0)")) }
        let parts = try [0, 5, 10].map { names(try world.get("\(Self.path)?status=all&limit=5&offset=\($0)")) }
        #expect(pages == parts)
        #expect(pages.flatMap(\.self).count == 12)
        #expect(world.send("GET", "\(Self.path)?limit=-1").status == 400)
        #expect(world.send("GET", "\(Self.path)?status=nonsense").status == 400)
    }

    @Test(
        "what cannot be signed is refused",
        arguments: [
            "{}", #"{"csr":"nonsense","validity_days":365}"#, #"{"csr":5,"validity_days":365}"#,
            #"{"csr":"-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----"}"#,
            #"{"csr":"-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----","validity_days":0}"#,
            #"{"csr":"-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----","validity_days":99999}"#,
        ])
    func refused(body: String) throws {
        var world = try World()
        #expect(world.send("POST", Self.path, body: body).status == 400)
        var stubborn = try World(signer: FakeSigner(refusal: "no"))
        #expect(stubborn.send("POST", Self.path, body: Self.body()).code == 1402)
    }

    @Test("revoked behind the back is revoked at once")
    func behindTheBack() throws {
        var world = try World()
        let id = try #require(try created(&world)["id"]?.text)
        try world.model.forceClientCertificate(ObjectID(id), status: .revoked, at: world.now)
        #expect(try world.get("\(Self.path)/\(id)")["result"]?["status"]?.text == "revoked")
        #expect(world.model.ledger.acceptedRemovals().isEmpty)
    }
}
