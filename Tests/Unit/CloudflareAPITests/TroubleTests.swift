import Domain
import Engine
import TestKit
import Testing

@testable import CloudflareAPI

@Suite("Trouble")
struct TroubleTests {
    private func reaction(
        _ family: Call.Family, _ method: HTTPRequest.Method, _ status: Int, _ body: String
    ) -> TroubleTable.Reaction {
        let call = Call(family: family, method: method, path: [.word("x")])
        return TroubleTable.reaction(to: Reply(HTTPResponse(status: status, body: Array(body.utf8)), to: call))
    }

    private func envelope(_ codes: Int...) -> String {
        let errors = codes.map { #"{"code":\#($0),"message":"m"}"# }.joined(separator: ",")
        return #"{"success":false,"errors":[\#(errors)],"messages":[],"result":null}"#
    }

    @Test(
        "codes are read by service and HTTP status",
        arguments: [
            (.packs, .get, 404, 1408, .notFound), (.packs, .delete, 400, 1406, .busy),
            (.packs, .post, 400, 1450, .refused),
            (.packs, .post, 403, 10_000, .tokenRefused), (.packs, .post, 400, 2005, .quotaExhausted),
            (.packs, .post, 400, 1416, .duplicateHosts), (.packs, .delete, 404, 1408, .notFound),
            (.packs, .get, 404, 7003, .refused), (.packs, .delete, 404, 7003, .refused),
            (.packs, .get, 404, 999, .refused),
            (.packs, .delete, 404, 999, .notFound), (.packs, .post, 409, 1406, .refused),
            (.packs, .get, 404, 1415, .refused),
            (.verification, .patch, 404, 1408, .notFound), (.verification, .patch, 400, 1406, .busy),
            (.clientCertificates, .get, 404, 1415, .notFound), (.clientCertificates, .get, 400, 1415, .notFound),
            (.clientCertificates, .delete, 400, 1407, .alreadySo),
            (.clientCertificates, .post, 400, 1445, .quotaExhausted),
            (.clientCertificates, .get, 404, 1408, .refused), (.clientCertificates, .patch, 400, 1406, .refused),
            (.zones, .get, 400, 1407, .refused), (.zones, .get, 401, 12, .tokenRefused),
            (.zones, .get, 403, 9109, .tokenRefused),
            (.tokens, .get, 401, 1000, .tokenRefused), (.zones, .get, 400, 9106, .tokenRefused),
            (.zones, .get, 400, 10_000, .tokenRefused), (.zones, .get, 429, 971, .limited),
            (.zones, .get, 429, 10_300, .limited),
            (.zones, .get, 429, 5, .limited), (.zones, .get, 400, 10_100, .limited),
            (.zones, .get, 403, 10_502, .limited),
            (.packs, .post, 500, 1408, .unanswered), (.packs, .get, 503, 10_000, .unanswered),
            (.packs, .post, 408, 1, .unanswered),
            (.packs, .post, 200, 1, .refused), (.packs, .post, 200, 1408, .refused),
            (.packs, .post, 302, 1, .unanswered),
        ] as [(Call.Family, HTTPRequest.Method, Int, Int, TroubleTable.Reaction)])
    func table(
        family: Call.Family, method: HTTPRequest.Method, status: Int, code: Int, expected: TroubleTable.Reaction
    ) { #expect(reaction(family, method, status, envelope(code)) == expected) }

    @Test("the first code that is known decides, wherever in the chain it stands")
    func chain() {
        #expect(reaction(.zones, .get, 400, envelope(6003, 10_000)) == .tokenRefused)
        let chained =
            #"{"success":false,"errors":[{"code":6003,"message":"a","error_chain":[{"code":6111,"message":"b"}]}]}"#
        #expect(reaction(.zones, .get, 400, chained) == .tokenRefused)
        #expect(reaction(.packs, .delete, 400, envelope(6003)) == .refused)
    }

    @Test(
        "what is not Cloudflare's own answer says nothing about what became of a request",
        arguments: ["", "<html>403</html>", "{", "[]", "null", "\"x\"", "{}", #"{"message":"no Route matched"}"#])
    func foreign(body: String) {
        for status in [200, 204, 301, 400, 401, 403, 404, 405, 409, 413, 502] {
            #expect(reaction(.packs, .post, status, body) == .unanswered)
            #expect(reaction(.packs, .delete, status, body) == .unanswered)
        }
        #expect(reaction(.packs, .post, 429, body) == .limited)
    }

    @Test("a pack that is swept away just now answers its deletion without a code")
    func tombstone() {
        let body = #"{"success":false,"errors":[{"message":"Bad response certificate service"}],"result":null}"#
        #expect(reaction(.packs, .delete, 400, body) == .busy)
        #expect(reaction(.packs, .patch, 400, body) == .refused)
        #expect(reaction(.packs, .get, 404, #"{"success":false,"errors":[]}"#) == .refused)
    }

    @Test("a good status that denies its success without a reason may have been carried out")
    func denied() {
        #expect(reaction(.packs, .post, 200, #"{"success":false,"errors":[],"result":{}}"#) == .unanswered)
    }

    @Test(
        "errors are read in whatever form they come",
        arguments: [
            (#"{"errors":["server created some error"]}"#, nil, "server created some error"),
            (#"{"errors":[[{"code":7,"message":"deep"}]]}"#, 7, "deep"),
            (#"{"errors":{"code":8,"message":"bare"}}"#, 8, "bare"),
            (#"{"errors":[{"code":"1408","message":"a"},{"code":2,"message":"b"}]}"#, 1408, "a; b"),
            (#"{"errors":[{"message":"x\u001b[31my\nz"}]}"#, nil, "x [31my z"),
            (#"{"errors":[{"code":6003,"message":"a","error_chain":[{"code":6103,"message":"b"}]}]}"#, 6003, "a; b"),
            (#"{"success":false,"error":"alone"}"#, nil, "alone"),
            (#"{"success":false,"errors":[{"anyKey":1}]}"#, nil, "an answer without a message"),
            (#"{"success":false,"errors":null}"#, nil, "an answer without a message"), ("", nil, "an empty answer"),
        ] as [(String, Int?, String)])
    func errors(body: String, code: Int?, message: String) {
        let call = Call(family: .packs, method: .post, path: [.word("zones"), .zone(zone), .word("x")])
        let headers = [HTTPHeader("cf-ray", "8abc-FRA")]
        let answer = Reply(HTTPResponse(status: 400, headers: headers, body: Array(body.utf8)), to: call).answer()
        #expect(
            answer
                == ProviderAnswer(
                    endpoint: "POST /zones/{zone}/x", httpStatus: 400, code: code, message: message, ray: "8abc-FRA"))
    }

    @Test("a page of a proxy is shown by its beginning, an endless message by its first thousand characters")
    func long() {
        let call = Call(family: .packs, method: .get, path: [])
        let html = "<html>\n<title>Bad gateway</title>" + String(repeating: "x", count: 5000)
        let page = HTTPResponse(status: 502, headers: [HTTPHeader("Content-Type", "text/html")], body: Array(html.utf8))
        let shown = Reply(page, to: call).answer().message
        #expect(shown.hasPrefix("not JSON: 5033 bytes of text/html that begin with: <html> <title>Bad gateway"))
        let endless = #"{"errors":["\#(String(repeating: "é", count: 5000))"]}"#
        #expect(Reply(HTTPResponse(status: 400, body: Array(endless.utf8)), to: call).answer().message.count == 1000)
    }

    @Test("characters of a thousand marks each made a message of megabytes")
    func manyMarks() {
        let call = Call(family: .packs, method: .get, path: [])
        let message = String(repeating: "e" + String(repeating: "\u{301}", count: 1000), count: 900)
        let body = Array(#"{"success":false,"errors":["\#(message)"]}"#.utf8)
        let answer = Reply(HTTPResponse(status: 400, body: body), to: call).answer()
        #expect(answer.message.utf8.count < 4096 && answer.message.hasSuffix("…"))
    }

    @Test("the token was told where it stood in an answer that was good by its status and of no use")
    func tokenInUselessAnswer() async {
        let body = #"{"success":true,"result":{"id":"my-secret-token-1","hosts":["a.example"]}}"#
        let found = await trouble { () async throws(ProviderTrouble) in
            try await Bench(status: 200, body).client.get(
                ObjectID("p1"), .certificatePack, in: zone, priority: .settled)
        }
        #expect(found?.answer.message == "the answer shows my-•••-1, which was not asked for")
    }

    @Test("the token was told in part where the message was cut within it", arguments: [976, 985, 994, 996])
    func cutToken(place: Int) async {
        let token = "a-token-of-24-characters"
        let body = #"{"success":false,"errors":["\#(String(repeating: " ", count: place))\#(token) is bad"]}"#
        let bench = Bench(
            ScriptedTransport([.success(HTTPResponse(status: 400, body: Array(body.utf8)))]), token: token)
        let found = await trouble { () async throws(ProviderTrouble) in try await bench.packs() }
        let message = found?.answer.message ?? ""
        #expect(message.count > 900 && !message.contains("a-tok"), "\(message.suffix(40))")
    }

    @Test("the token is struck out of whatever echoes it")
    func echo() async {
        let body = #"{"success":false,"errors":["bad header: Bearer secret-token!"]}"#
        let refused = await trouble { () async throws(ProviderTrouble) in try await Bench(status: 400, body).packs() }
        #expect(refused?.answer.message == "bad header: Bearer •••!")
        let broken = await trouble { () async throws(ProviderTrouble) in
            try await Bench(TransportTrouble.maybeSent(.reset, "while sending secret-token")).packs()
        }
        #expect(
            broken
                == .unanswered(
                    ProviderAnswer(endpoint: "GET /zones/{zone}/ssl/certificate_packs", message: "while sending •••")))
    }

    @Test("what never left is told apart from what may have arrived")
    func transport() async {
        let never = await trouble { () async throws(ProviderTrouble) in
            try await Bench(TransportTrouble.neverSent(.tls, "wrong root")).client.remove(
                operation(.pack(.delete(ObjectID("p")))))
        }
        #expect(never.map { !$0.mayHaveTakenEffect } == true)
        let maybe = await trouble { () async throws(ProviderTrouble) in
            try await Bench(TransportTrouble.maybeSent(.timeout, "")).client.remove(
                operation(.pack(.delete(ObjectID("p")))))
        }
        #expect(maybe?.mayHaveTakenEffect == true)
    }

    @Test("being limited says for how long, and closes the gate also where no header did")
    func limited() async {
        let bench = Bench(status: 400, envelope(10_100))
        let limited = await trouble { () async throws(ProviderTrouble) in try await bench.packs() }
        guard case .limited(retryAfter: .seconds(300), let answer) = limited else {
            Issue.record("\(String(describing: limited))")
            return
        }
        #expect(answer.code == 10_100)
        #expect(bench.gate.signals == [ReplySignal(httpStatus: 400, retryAfter: .seconds(300))])
    }
}
