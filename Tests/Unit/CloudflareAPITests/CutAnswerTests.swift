import Domain
import Engine
import TestKit
import Testing

@testable import CloudflareAPI

/// Whatever is between us and Cloudflare may end an answer early, and HTTP does not always tell: without a length, the
/// end of the connection is the end of the answer.
@Suite("Answers cut at every byte")
struct CutAnswerTests {
    /// A question or a change with the answers that it gets, and what it makes of them, in words.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var status = 200
        /// One for each request. The last is cut; the JSON ends with its last brace.
        var bodies: [String]
        var ask: @Sendable (CloudflareClient) async throws -> String

        func outcome(cutAt length: Int) async -> Result<String, ProviderTrouble> {
            var answers = bodies.map { Array($0.utf8) }
            answers[answers.count - 1] = Array(answers[answers.count - 1].prefix(length))
            let bench = Bench(
                ScriptedTransport(answers.map { .success(HTTPResponse(status: status, body: $0)) }))
            do {
                return .success(try await ask(bench.client))
            } catch let trouble as ProviderTrouble {
                return .failure(trouble)
            } catch {
                Issue.record("\(testDescription): \(error)")
                return .success("an error of another kind")
            }
        }
    }

    @Test("until its last brace no answer is anything but a lost one, and with it what it was", arguments: cases)
    func cut(asked: Case) async throws {
        let bytes = Array(asked.bodies.last?.utf8 ?? "".utf8)
        let brace = try #require(bytes.lastIndex(of: UInt8(ascii: "}")))
        let whole = await asked.outcome(cutAt: bytes.count)
        if asked.status == 200 { _ = try whole.get() }
        for length in 0...bytes.count {
            let outcome = await asked.outcome(cutAt: length)
            guard length <= brace else {
                #expect(outcome == whole, "cut at \(length)")
                continue
            }
            guard case .failure(.unanswered) = outcome else {
                Issue.record("cut at \(length) of \(bytes.count): \(outcome)")
                continue
            }
        }
    }

    static let cases: [Case] = looks + changes + refusals

    private static let pack = #"""
        {"id":"p1","type":"advanced","status":"active","hosts":["example.com","*.example.com"],"validity_days":90,
         "validation_method":"txt","certificate_authority":"lets_encrypt","cloudflare_branding":false,
         "certificates":[{"id":"c1","expires_on":"2026-04-01T00:00:00.123456Z","issuer":"E7","hosts":["example.com"]}],
         "validation_records":[{"txt_name":"_acme-challenge.example.com","txt_value":"v","status":"pending"}],
         "validation_errors":[{"message":"x } ] \" \\ }"}]}
        """#
    private static let certificate = #"""
        {"id":"k1","status":"active","common_name":"gate.example.com","serial_number":"3bb94ff1",
         "certificate":"-----BEGIN CERTIFICATE-----\nMIIDmDCCAoCgAwIBAgIU\n-----END CERTIFICATE-----",
         "csr":"-----BEGIN CERTIFICATE REQUEST-----\nQUJD\n-----END CERTIFICATE REQUEST-----\n","validity_days":365,
         "issued_on":"2026-01-01T00:00:00Z","expires_on":"2027-01-01T00:00:00Z"}
        """#

    private static func envelope(_ result: String, _ more: String = "") -> String {
        #"{"success":true,"errors":[],"messages":[],"result":\#(result)\#(more)}"# + "\n"
    }

    private static func list(_ result: String, count: Int) -> String {
        envelope("[\(result)]", #","result_info":\#(info(1, count: count, total: count))"#)
    }

    private static func told(_ sightings: [Sighting]) -> String { sightings.map { "\($0)" }.joined(separator: ";") }

    private static let looks: [Case] = [
        Case(testDescription: "list of packs", bodies: [list(pack, count: 1)]) {
            told(try await $0.list(.certificatePack, in: zone, scope: .all, priority: .settled))
        },
        Case(testDescription: "list of packs without a count", bodies: [envelope("[\(pack)]")]) {
            told(try await $0.list(.certificatePack, in: zone, scope: .all, priority: .settled))
        },
        Case(testDescription: "empty list of packs", bodies: [list("", count: 0)]) {
            told(try await $0.list(.certificatePack, in: zone, scope: .all, priority: .settled))
        },
        Case(
            testDescription: "second page of packs",
            bodies: [
                page(ids(0..<50), info: info(1, count: 50, total: 53)),
                page(ids(50..<53), info: info(2, count: 3, total: 53)),
            ]
        ) { told(try await $0.list(.certificatePack, in: zone, scope: .all, priority: .settled)) },
        Case(testDescription: "list of client certificates", bodies: [list(certificate, count: 1)]) {
            told(try await $0.list(.clientCertificate, in: zone, scope: .changeable, priority: .settled))
        },
        Case(testDescription: "one pack", bodies: [envelope(pack)]) {
            "\(try await $0.get(ObjectID("p1"), .certificatePack, in: zone, priority: .settled))"
        },
        Case(testDescription: "one client certificate", bodies: [envelope(certificate)]) {
            "\(try await $0.get(ObjectID("k1"), .clientCertificate, in: zone, priority: .settled))"
        },
        Case(
            testDescription: "zone by its name",
            bodies: [list(#"{"id":"z1","name":"example.com","status":"active","plan":{"id":"e"}}"#, count: 1)]
        ) { "\(try await $0.zone(named: "example.com"))" },
        Case(testDescription: "zone", bodies: [envelope(#"{"id":"z1","name":"example.com","status":"active"}"#)]) {
            "\(try await $0.zone(zone))"
        },
        Case(
            testDescription: "token",
            bodies: [envelope(#"{"id":"t1","status":"active","expires_on":"2027-01-01T00:00:00Z"}"#)]
        ) { "\(try await $0.token(ofAccount: nil))" },
        Case(testDescription: "quota", bodies: [envelope(#"{"advanced":{"allocated":10,"used":1}}"#)]) {
            "\(try await $0.packQuota(in: zone))"
        },
    ]

    private static func change(_ name: String, _ action: Action, answered result: String) -> Case {
        Case(testDescription: name, bodies: [envelope(result)]) { "\(try await send(action, by: $0))" }
    }

    private static func send(_ action: Action, by client: CloudflareClient) async throws -> Receipt {
        switch action.effect {
        case .create: try await client.create(operation(action))
        case .change: try await client.change(operation(action))
        case .remove, .local: try await client.remove(operation(action))
        }
    }

    private static let changes: [Case] = [
        change("order", .pack(.order(packWish)), answered: pack),
        change("restart", .pack(.restart(ObjectID("p1"))), answered: pack),
        change("branding", .pack(.setBranding(ObjectID("p1"), true)), answered: pack),
        change(
            "re-check", .pack(.recheck(ObjectID("p1"), .txt)),
            answered: #"{"status":"pending_validation","validation_method":"txt"}"#),
        change("deletion", .pack(.delete(ObjectID("p1"))), answered: #"{"id":"p1"}"#),
        change(
            "client certificate made", .clientCertificate(.create(certificateWish, generation: 1)),
            answered: certificate),
        change("reactivation", .clientCertificate(.reactivate(ObjectID("k1"))), answered: certificate),
        change("revocation", .clientCertificate(.revoke(ObjectID("k1"))), answered: certificate),
    ]

    /// Only a whole refusal says that a change was not made, and only a whole "there is no such thing" that it is gone.
    private static let refusals: [Case] = [
        (400, 1416), (400, 2005), (400, 1406), (404, 1408), (403, 9109), (401, 10_000),
    ]
    .flatMap { (status: Int, code: Int) in
        let body = #"{"success":false,"errors":[{"code":\#(code),"message":"no"}],"messages":[],"result":null}"#
        return [
            Case(testDescription: "order, refused with \(code)", status: status, bodies: [body]) {
                "\(try await send(.pack(.order(packWish)), by: $0))"
            },
            Case(testDescription: "deletion, refused with \(code)", status: status, bodies: [body]) {
                "\(try await send(.pack(.delete(ObjectID("p1"))), by: $0))"
            },
            Case(testDescription: "one pack, refused with \(code)", status: status, bodies: [body]) {
                "\(try await $0.get(ObjectID("p1"), .certificatePack, in: zone, priority: .settled))"
            },
        ]
    }
}
