import CloudflareModel
import Domain
import TestKit
import Testing

/// A model with a clock of its own and the manners of a client.
struct World {
    var model: CloudflareModel
    var now: Timestamp
    var authorization: String?

    static let zone = "023e105f4ecef8ad9ca31a8372d0c353"
    static let begin = Timestamp(unixSeconds: 1_800_000_000)

    init(_ scenario: Scenario = World.quick, seed: UInt64 = 1, signer: any CertificateSigner = FakeSigner()) throws {
        now = Self.begin
        model = try CloudflareModel(scenario, signer: signer, seed: seed, startingAt: now)
        authorization = model.secrets.first.map { $0.secret.reveal { "Bearer \($0)" } }
    }

    /// Every step takes a second.
    static var quick: Scenario {
        var scenario = Scenario.standard
        scenario.settings.pace = .immediate
        return scenario
    }

    static func scenario(_ change: (inout Scenario) -> Void) -> Scenario {
        var scenario = quick
        change(&scenario)
        return scenario
    }

    mutating func pass(_ span: Duration) { now = now + span }

    mutating func send(_ method: String, _ target: String, body: String = "") -> ModelReply {
        model.reply(
            to: ModelRequest(
                method: method, target: "/client/v4\(target)", authorization: authorization,
                contentType: body.isEmpty ? nil : "application/json", body: Array(body.utf8)), at: now)
    }

    mutating func get(_ target: String) throws -> JSONValue {
        let reply = send("GET", target)
        #expect(reply.status == 200, "\(String(decoding: reply.body, as: UTF8.self))")
        return try JSONValue(reading: reply.body)
    }

    mutating func order(
        _ hosts: [String] = ["example.com", "*.example.com"], authority: String = "google", method: String = "txt",
        days: Int = 90, branding: Bool = false, zone: String = World.zone
    ) -> ModelReply {
        let names = hosts.map { "\"\($0)\"" }.joined(separator: ",")
        return send(
            "POST", "/zones/\(zone)/ssl/certificate_packs/order",
            body: """
                {"type":"advanced","hosts":[\(names)],"certificate_authority":"\(authority)",
                "validation_method":"\(method)","validity_days":\(days),"cloudflare_branding":\(branding)}
                """)
    }

    mutating func orderedPack(_ hosts: [String] = ["example.com", "*.example.com"]) throws -> String {
        let reply = order(hosts)
        #expect(reply.status == 200)
        return try #require(try JSONValue(reading: reply.body)["result"]?["id"]?.text)
    }

    mutating func pack(_ id: String) throws -> JSONValue {
        try #require(try get("/zones/\(Self.zone)/ssl/certificate_packs/\(id)")["result"])
    }

    mutating func status(_ id: String) throws -> String? { try pack(id)["status"]?.text }

    mutating func packs(_ query: String = "?status=all") throws -> JSONValue {
        try get("/zones/\(Self.zone)/ssl/certificate_packs\(query)")
    }

    /// What a pack looks like after each of these spans, one after the other.
    mutating func timeline(_ id: String, every span: Duration, times: Int) throws -> String {
        var letters: [String] = []
        for _ in 0..<times {
            letters.append(Self.letters[try status(id) ?? ""] ?? "?")
            pass(span)
        }
        return letters.joined(separator: " ")
    }

    private static let letters = [
        "initializing": "i", "pending_validation": "v", "pending_issuance": "s", "pending_deployment": "d",
        "active": "a", "initializing_timed_out": "I", "validation_timed_out": "V", "issuance_timed_out": "S",
        "deployment_timed_out": "D", "pending_deletion": "x", "deletion_timed_out": "X", "expired": "e",
        "holding_deployment": "h",
    ]
}

extension ModelReply {
    var code: Int? {
        do throws(JSONTrouble) { return try JSONValue(reading: body)["errors"]?[0]?["code"]?.integer } catch {
            return nil
        }
    }

    var text: String { String(decoding: body, as: UTF8.self) }
}
