import Domain
import Engine
import TestKit
import Testing

@testable import CloudflareAPI

@Suite("CloudflareClient")
struct CloudflareClientTests {
    private let accepted = #"{"success":true,"errors":[],"messages":[],"result":{"id":"p1"}}"#

    @Test(
        "each change is one request, as Cloudflare wants it",
        arguments: [
            (
                .pack(.order(packWish)), "POST /zones/z1/ssl/certificate_packs/order",
                #"{"type":"advanced","hosts":["*.example.com","example.com"],"certificate_authority":"lets_encrypt","validation_method":"txt","validity_days":90}"#
            ),
            (.pack(.restart(ObjectID("p1"))), "PATCH /zones/z1/ssl/certificate_packs/p1", "{}"),
            (
                .pack(.setBranding(ObjectID("p1"), false)), "PATCH /zones/z1/ssl/certificate_packs/p1",
                #"{"cloudflare_branding":false}"#
            ),
            (
                .pack(.recheck(ObjectID("p1"), .http)), "PATCH /zones/z1/ssl/verification/p1",
                #"{"validation_method":"http"}"#
            ),
            (.pack(.delete(ObjectID("p/1?"))), "DELETE /zones/z1/ssl/certificate_packs/p%2F1%3F", nil),
            (
                .clientCertificate(.create(certificateWish, generation: 2)), "POST /zones/z1/client_certificates",
                #"{"csr":"-----BEGIN CERTIFICATE REQUEST-----\nQUJD\n-----END CERTIFICATE REQUEST-----\n","validity_days":365}"#
            ),
            (
                .clientCertificate(.reactivate(ObjectID("c1"))), "PATCH /zones/z1/client_certificates/c1",
                #"{"reactivate":true}"#
            ),
            (.clientCertificate(.revoke(ObjectID("c1"))), "DELETE /zones/z1/client_certificates/c1", nil),
        ] as [(Action, String, String?)])
    func requests(action: Action, line: String, body: String?) async throws {
        let bench = Bench(accepted)
        _ = try await send(operation(action), to: bench)
        let request = try #require(bench.transport.requests.first)
        #expect(bench.transport.targets == [line])
        #expect(request.body.map { String(decoding: $0, as: UTF8.self) } == body)
        // Without a body the header would be answered with 6003.
        #expect(request.headers.contains(HTTPHeader("Content-Type", "application/json")) == (body != nil))
        #expect(request.headers.contains(HTTPHeader("User-Agent", "edgecertd/1.2.3")))
        #expect(request.url.hasPrefix("https://api.example/client/v4/zones/"))
        #expect(request.token?.reveal { $0 } == "secret-token")
        #expect(bench.gate.entries == [.init(priority: .change, zone: zone)] && bench.gate.signals.count == 1)
    }

    private func send(_ operation: Operation, to bench: Bench) async throws(ProviderTrouble) -> Receipt {
        switch operation.action.effect {
        case .create: try await bench.client.create(operation)
        case .change: try await bench.client.change(operation)
        case .remove, .local: try await bench.client.remove(operation)
        }
    }

    @Test("branding is asked for where it is wished, and a person's command goes before the daemon's")
    func brandingAndPriority() async throws {
        var wish = packWish
        wish.branding = true
        let bench = Bench(accepted)
        _ = try await bench.client.create(operation(.pack(.order(wish)), askedBy: "uid 0 (root)"))
        let body = String(decoding: try #require(bench.transport.requests[0].body), as: UTF8.self)
        #expect(body.hasSuffix(#","cloudflare_branding":true}"#))
        #expect(bench.gate.entries.map(\.priority) == [.person])
    }

    @Test("an operation never gets in by the door of another effect")
    func wrongDoor() async {
        await #expect(processExitsWith: .failure) {
            _ = try await Bench("{}").client.change(operation(.pack(.delete(ObjectID("p1")))))
        }
        await #expect(processExitsWith: .failure) {
            _ = try await Bench("{}").client.remove(operation(.pack(.adopt(ObjectID("p1")))))
        }
    }

    @Test("the receipt shows what was made, and the mark by which Cloudflare's support finds the request")
    func receipt() async throws {
        let body = #"{"success":true,"result":{"id":"p9","status":"initializing","type":"advanced","hosts":["a"]}}"#
        let bench = Bench(status: 200, body, headers: [HTTPHeader("CF-Ray", "8a-FRA")])
        let receipt = try await bench.client.create(operation(.pack(.order(packWish))))
        #expect(receipt.object == ObjectID("p9") && receipt.ray == "8a-FRA")
        #expect(receipt.sighting?.stage == .underway(.start))
    }

    @Test("an answer that says little is a receipt all the same, as long as it says that it is good")
    func poorReceipts() async throws {
        let restart = operation(.pack(.restart(ObjectID("p1"))))
        #expect(
            try await Bench(#"{"success":true,"result":null}"#).client.change(restart)
                == Receipt(object: ObjectID("p1")))
        #expect(try await Bench(#"{"result":{"id":"p1"}}"#).client.change(restart).object == ObjectID("p1"))
        #expect(
            try await Bench(#"{"success":true}"#).client.create(operation(.pack(.order(packWish))))
                == Receipt(object: nil))
        let recheck = operation(.pack(.recheck(ObjectID("p1"), .txt)))
        let answer = #"{"success":true,"result":{"validation_method":"txt","status":"pending_validation"}}"#
        #expect(try await Bench(answer).client.change(recheck) == Receipt(object: ObjectID("p1")))
    }

    @Test(
        "an unreadable answer to a change leaves open what became of it",
        arguments: ["", "{}", "[]", "{\"success\":tr", "<html>", #"{"result":{}}"#])
    func unreadableWrites(body: String) async {
        let ordered = await trouble { () async throws(ProviderTrouble) in
            try await Bench(status: 200, body).client.create(operation(.pack(.order(packWish))))
        }
        #expect(ordered?.mayHaveTakenEffect == true)
    }

    @Test("no beginning of an answer is taken for a listing, nor for a receipt")
    func truncation() async {
        let listing = Array(page(ids(0..<3), info: info(1, count: 3, total: 3)).utf8)
        let receipt = Array(accepted.utf8)
        for length in 0..<max(listing.count, receipt.count) {
            if length < listing.count {
                let part = HTTPResponse(status: 200, body: Array(listing[..<length]))
                let found = await trouble { () async throws(ProviderTrouble) in
                    try await Bench(ScriptedTransport([.success(part)])).packs()
                }
                #expect(found?.mayHaveTakenEffect == true, "a listing of \(length) bytes")
            }
            if length < receipt.count {
                let part = HTTPResponse(status: 200, body: Array(receipt[..<length]))
                let found = await trouble { () async throws(ProviderTrouble) in
                    try await Bench(ScriptedTransport([.success(part)])).client.create(
                        operation(.pack(.order(packWish))))
                }
                #expect(found?.mayHaveTakenEffect == true, "a receipt of \(length) bytes")
            }
        }
    }

    @Test("a settled zone costs one request for each kind, whatever is asked of it")
    func oneRequest() async throws {
        for scope in [ListScope.all, .changeable] {
            let packs = Bench(page(ids(0..<10), info: info(1, count: 10, total: 10)))
            #expect(try await packs.packs(scope).count == 10)
            #expect(packs.transport.targets == ["GET /zones/z1/ssl/certificate_packs?status=all&page=1&per_page=50"])
            #expect(packs.gate.entries == [.init(priority: .settled, zone: zone)])
            let certificates = Bench(page(ids(0..<10), info: info(1, count: 10, total: 10)))
            #expect(try await certificates.certificates(scope).count == 10)
            #expect(
                certificates.transport.targets == ["GET /zones/z1/client_certificates?status=all&page=1&per_page=50"])
        }
    }

    @Test("every page is asked for, and each is let in and noted by itself")
    func pages() async throws {
        let bench = Bench(
            page(ids(0..<50), info: info(1, count: 50, total: 70)),
            page(ids(50..<70), info: info(2, count: 20, total: 70)))
        #expect(try await bench.packs().count == 70)
        #expect(
            bench.transport.requests.map { $0.target.suffix(18) }
                == ["?status=all&page=1&per_page=50", "?status=all&page=2&per_page=50"].map { $0.suffix(18) })
        #expect(bench.gate.entries.count == 2 && bench.gate.signals.count == 2)
    }

    @Test("a page that fails fails the listing")
    func failedPage() async {
        let first = HTTPResponse(status: 200, body: Array(page(ids(0..<50), info: info(1, count: 50, total: 70)).utf8))
        for second in [
            .failure(.neverSent(.connection, "")), .success(HTTPResponse(status: 500)),
            .success(HTTPResponse(status: 429)),
            .success(HTTPResponse(status: 200, body: Array("{}".utf8))),
        ] as [ScriptedTransport.Answer] {
            let bench = Bench(ScriptedTransport([.success(first), second]))
            #expect(await trouble { () async throws(ProviderTrouble) in try await bench.packs() } != nil)
            #expect(bench.gate.entries.count == 2 && bench.gate.signals.count == 2)
        }
    }

    @Test("up to four pages of every status are read to the end; the revoked are shown as well")
    func fourPages() async throws {
        let pages = (0..<4).map { number in
            let range = number * 50..<min(number * 50 + 50, 180)
            return page(ids(range), info: info(number + 1, count: range.count, total: 180), status: "revoked")
        }
        let bench = Bench(ScriptedTransport(pages.map { .success(HTTPResponse(status: 200, body: Array($0.utf8))) }))
        #expect(try await bench.certificates(.changeable).count == 180)
        #expect(bench.transport.targets.count == 4)
    }

    @Test(
        "where revoked ones have piled up, only what can still change is asked for, and what moves meanwhile is met again"
    )
    func piledUp() async throws {
        func one(_ id: String, _ status: String) -> String {
            page([id], info: info(1, count: 1, total: 1), status: status)
        }
        let bench = Bench(
            page(ids(0..<50), info: info(1, count: 50, total: 10_000), status: "revoked"),
            one("leaving", "pending_revocation"), one("back", "pending_reactivation"),
            // `back` has become active between the two listings, `gone` is active still …
            page(["back", "gone"], info: info(1, count: 2, total: 2)),
            // … and has been revoked when the last is asked for.
            one("gone", "pending_revocation"))
        let found = try await bench.certificates(.changeable)
        #expect(
            bench.transport.requests.map { $0.target.split(separator: "&")[0].split(separator: "=")[1] } == [
                "all", "pending_revocation", "pending_reactivation", "active", "pending_revocation",
            ])
        #expect(found.map(\.id.text) == ["leaving", "back", "gone"])
        #expect(found.map(\.status) == ["pending_revocation", "active", "pending_revocation"])
    }

    @Test("the daily look reads every page, however many")
    func everyStatus() async throws {
        let pages = (0..<6).map { page(ids($0 * 50..<$0 * 50 + 50), info: info($0 + 1, count: 50, total: 300)) }
        let bench = Bench(ScriptedTransport(pages.map { .success(HTTPResponse(status: 200, body: Array($0.utf8))) }))
        #expect(try await bench.certificates(.all).count == 300)
    }

    @Test("one object that is odd is one that is unread, and the others are as they are")
    func oddObject() async throws {
        let body =
            #"{"success":true,"result":[{"id":"a","status":"active","hosts":["x"]},{"id":"b","status":{"new":1},"hosts":7,"certificates":"?","validation_records":{}}]}"#
        #expect(try await Bench(body).packs().map(\.stage) == [.serving, .unread])
    }

    @Test("a thing by its identifier; another one in its place is no answer")
    func get() async throws {
        let bench = Bench(#"{"success":true,"result":{"id":"p1","status":"active","type":"advanced","hosts":["a"]}}"#)
        #expect(
            try await bench.client.get(ObjectID("p1"), .certificatePack, in: zone, priority: .moving).stage == .serving)
        #expect(bench.transport.targets == ["GET /zones/z1/ssl/certificate_packs/p1"])
        for body in [
            #"{"success":true,"result":{"id":"p2"}}"#, #"{"success":true,"result":null}"#,
            #"{"success":true,"result":[]}"#,
        ] {
            let other = await trouble { () async throws(ProviderTrouble) in
                try await Bench(body).client.get(ObjectID("p1"), .clientCertificate, in: zone, priority: .moving)
            }
            guard case .unanswered = other else {
                Issue.record("\(body): \(String(describing: other))")
                continue
            }
        }
    }

    @Test(
        "an identifier that would make another question of it is never sent",
        arguments: ["", ".", "..", String(repeating: "a", count: 201)])
    func identifiers(text: String) async {
        let bench = Bench("{}")
        let refused = await trouble { () async throws(ProviderTrouble) in
            try await bench.client.remove(operation(.pack(.delete(ObjectID(text)))))
        }
        let elsewhere = await trouble { () async throws(ProviderTrouble) in try await bench.client.zone(ZoneID(text)) }
        guard case .refused = refused, case .refused = elsewhere else {
            Issue.record("\(String(describing: refused)), \(String(describing: elsewhere))")
            return
        }
        #expect(bench.transport.targets.isEmpty && bench.gate.entries.isEmpty)
    }

    @Test(
        "without a usable token nothing is sent, and the token is not shown",
        arguments: ["", "tok en", "tok\nX-Evil: 1", "tök"])
    func unusableToken(token: String) async {
        let bench = Bench(ScriptedTransport([]), token: token)
        let refused = await trouble { () async throws(ProviderTrouble) in try await bench.packs() }
        guard case .tokenRefused(let answer) = refused else {
            Issue.record("\(String(describing: refused))")
            return
        }
        #expect(token.isEmpty || !answer.message.contains(token))
        #expect(bench.transport.targets.isEmpty && bench.gate.entries.isEmpty)
    }

    @Test("a closed gate keeps the request here")
    func closedGate() async {
        let closed = ProviderTrouble.limited(retryAfter: .seconds(9), ProviderAnswer(endpoint: "", message: "blocked"))
        let bench = Bench(ScriptedTransport([]), gate: CountingGate(closedWith: closed))
        #expect(await trouble { () async throws(ProviderTrouble) in try await bench.packs() } == closed)
        #expect(bench.transport.targets.isEmpty && bench.gate.signals.isEmpty)
    }

    @Test("what an answer says of limits and time is noted once, also when no answer came")
    func signals() async throws {
        let headers = [
            HTTPHeader("Ratelimit", #""default";r=7;t=30"#), HTTPHeader("Date", "Sat, 21 Nov 2026 10:00:00 GMT"),
        ]
        let bench = Bench(status: 200, page([]), headers: headers)
        _ = try await bench.packs()
        #expect(
            bench.gate.signals == [
                ReplySignal(
                    httpStatus: 200, date: Timestamp(cloudflare: "2026-11-21T10:00:00Z"),
                    windows: [RateWindow(name: "default", remaining: 7, resetsAfter: .seconds(30))])
            ])
        let silent = Bench(TransportTrouble.maybeSent(.timeout, "slow"))
        _ = await trouble { () async throws(ProviderTrouble) in try await silent.packs() }
        #expect(silent.gate.signals == [ReplySignal()])
    }

    @Test("a zone by its name: the one, none, or too many")
    func zoneByName() async throws {
        func zones(_ zones: (String, String)...) -> String {
            let objects = zones.map { #"{"id":"\#($0.0)","name":"\#($0.1)","status":"active","plan":null}"# }
            return #"{"success":true,"result":[\#(objects.joined(separator: ","))]}"#
        }
        let bench = Bench(zones(("z1", "example.com"), ("z2", "other.example.com")))
        #expect(
            try await bench.client.zone(named: "Example.COM.")
                == ZoneFacts(id: zone, name: "example.com", status: "active"))
        #expect(bench.transport.targets == ["GET /zones?name=example.com&per_page=50"])
        let none = await trouble { () async throws(ProviderTrouble) in
            try await Bench(zones()).client.zone(named: "a.b")
        }
        guard case .notFound = none else {
            Issue.record("\(String(describing: none))")
            return
        }
        let two = zones(("z1", "a.b"), ("z2", "a.b"))
        let several = await trouble { () async throws(ProviderTrouble) in try await Bench(two).client.zone(named: "a.b")
        }
        guard case .ambiguous(let answer) = several else {
            Issue.record("\(String(describing: several))")
            return
        }
        #expect(answer.message == "2 zones are named a.b: z1, z2")
        let odd = await trouble { () async throws(ProviderTrouble) in
            try await Bench(#"{"success":true,"result":[{"name":"a.b"}]}"#).client.zone(named: "a.b")
        }
        #expect(odd?.mayHaveTakenEffect == true)
    }

    @Test("token and quota")
    func tokenAndQuota() async throws {
        let token = Bench(
            #"{"success":true,"result":{"id":"t","status":"active","expires_on":"2027-01-01T00:00:00Z"}}"#)
        #expect(
            try await token.client.token(ofAccount: nil)
                == TokenFacts(status: "active", expiresOn: Timestamp(year: 2027, month: 1, day: 1)))
        #expect(token.transport.targets == ["GET /user/tokens/verify"])
        let quota = Bench(#"{"success":true,"result":{"advanced":{"allocated":10,"used":3}}}"#)
        #expect(try await quota.client.packQuota(in: zone) == PackQuota(allocated: 10, used: 3))
        let odd = await trouble { () async throws(ProviderTrouble) in
            try await Bench(#"{"success":true,"result":{"advanced":{"allocated":"many"}}}"#).client.packQuota(in: zone)
        }
        #expect(odd?.mayHaveTakenEffect == true)
    }
}
