import Domain
import Engine
import TestKit
import Testing

@testable import CloudflareAPI

@Suite("Answers that were spoilt on the way")
struct SpoiltAnswerTests {
    /// One answer with a thing of every form in it.
    private static let sample = #"""
        {"success":true,"errors":[{"code":1406,"message":"m","error_chain":[{"code":2}]}],"messages":[],
         "result":[{"id":"p1","type":"advanced","status":"active","hosts":["a.example","*.a.example"],"validity_days":90,
          "certificates":[{"id":7,"expires_on":"2026-04-01T00:00:00.123456Z","uploaded_on":"2026-01-01 06:27:00 +0000 UTC"}],
          "validation_records":[{"txt_name":"n","txt_value":"v","emails":["e"]}],"validation_errors":[{"message":"x"}]}],
         "result_info":{"page":1,"per_page":50,"count":1,"total_count":1,"total_pages":1}}
        """#

    @Test("none of them makes anything but a trouble or a listing", arguments: [1, 2, 3, 4, 5] as [UInt64])
    func spoilt(seed: UInt64) async {
        let chance = SeededChance(seed: seed)
        let marks = Array("{}[]\",:0-9.eE\\u\u{0}\u{FF}".utf8)
        for round in 0..<200 {
            var body = Array(Self.sample.utf8)
            for _ in 0...(chance.next() % 4) {
                let place = Int(chance.next() % UInt64(body.count))
                switch chance.next() % 4 {
                case 0: body.remove(at: place)
                case 1: body[place] = marks[Int(chance.next() % UInt64(marks.count))]
                case 2: body[place] = UInt8(truncatingIfNeeded: chance.next())
                default: body.insert(contentsOf: Array("99999999999999999999".utf8), at: place)
                }
            }
            let status = [200, 200, 400, 404, 429, 500][Int(chance.next() % 6)]
            let text = String(decoding: body.prefix(60), as: UTF8.self)
            let headers = ["Ratelimit", "Ratelimit-Policy", "Retry-After", "Date"].map { HTTPHeader($0, text) }
            let answer = HTTPResponse(status: status, headers: headers, body: body)
            let bench = Bench(ScriptedTransport([.success(answer), .failure(.neverSent(.closed, ""))]))
            let found = await trouble { () async throws(ProviderTrouble) in try await bench.packs() }
            #expect(status == 200 || found != nil, "seed \(seed), round \(round)")
            #expect(found.map { $0.answer.message.count <= 1000 } ?? true)
        }
    }
}
