import Domain
import Engine
import Testing

@testable import CloudflareAPI

@Suite("RateHeaders")
struct RateHeadersTests {
    private func response(_ headers: (String, String)...) -> HTTPResponse {
        HTTPResponse(status: 200, headers: headers.map { HTTPHeader($0.0, $0.1) })
    }

    @Test("a window was kept under a name of a megabyte")
    func longName() {
        let name = String(repeating: "n", count: 101)
        let header = HTTPHeader("Ratelimit", "\(name);r=1;t=1, \(name.dropLast());r=2;t=2")
        #expect(RateHeaders.windows(from: HTTPResponse(status: 200, headers: [header])).map(\.remaining) == [2])
    }

    @Test("both headers are linked by the name of their members")
    func linked() {
        let windows = RateHeaders.windows(
            from: response(
                ("ratelimit", #""default";r=50;t=30, "burst";r=9;t=1"#),
                ("RateLimit-Policy", #""burst";q=100;w=60"#), ("Ratelimit-Policy", #""default";q=1200;w=300;qu="a,b""#))
        )
        #expect(
            windows == [
                RateWindow(
                    name: "default", remaining: 50, resetsAfter: .seconds(30), quota: 1200, length: .seconds(300)),
                RateWindow(name: "burst", remaining: 9, resetsAfter: .seconds(1), quota: 100, length: .seconds(60)),
            ])
    }

    @Test(
        "odd headers give what can be used of them, and nothing else",
        arguments: [
            ("", []), (",,;", []), (#""a""#, []), (#""a";r=x;t=-1"#, []), (#"";r=1"#, []), (#"a;r=1"#, [("a", 1)]),
            (#" "a" ; r = 7 ; t=3.9 "#, [("a", 7)]), (#""a";r="4""#, [("a", 4)]), (#""a,b;c";r=2"#, [("a,b;c", 2)]),
            (#""a;r=5"#, []), (#""a";r=99999999999999999999999"#, [("a", Int.max / 2)]),
            (#""a";r=1,"a";r=2"#, [("a", 2)]),
        ] as [(String, [(String, Int)])])
    func odd(header: String, expected: [(String, Int)]) {
        let windows = RateHeaders.windows(from: response(("Ratelimit", header)))
        #expect(windows.map(\.name) == expected.map(\.0))
        #expect(windows.compactMap(\.remaining) == expected.map(\.1))
    }

    @Test("no header makes a window of many, nor one that lasts for days")
    func bounded() {
        let many = (0..<1000).map { "\"w\($0)\";r=1;t=99999999999999" }.joined(separator: ",")
        let windows = RateHeaders.windows(from: response(("Ratelimit", many)))
        #expect(windows.count == 16 && windows.allSatisfy { $0.resetsAfter == .hours(24) })
    }

    @Test(
        "Retry-After is in seconds or a date that is set against the answer's own",
        arguments: [
            ("17", Duration.seconds(17)), (" 0 ", .zero), ("1.5", .seconds(1)),
            ("Sat, 21 Nov 2026 10:02:30 GMT", .seconds(150)),
            ("Sat, 21 Nov 2026 09:00:00 GMT", .zero), ("99999999999999999999", .hours(24)),
            ("Sun, 21 Nov 2027 10:00:00 GMT", .hours(24)),
        ])
    func retryAfter(text: String, expected: Duration) {
        let signal = RateHeaders.signal(
            from: response(("Retry-After", text), ("Date", "Sat, 21 Nov 2026 10:00:00 GMT")))
        #expect(signal.retryAfter == expected)
        #expect(signal.date?.rfc3339 == "2026-11-21T10:00:00Z")
    }

    @Test(
        "what is neither is not taken for one",
        arguments: ["", "soon", "-5", "Sat, 21 Nov 2026 10:02:30 GMT", "2026-11-21"])
    func noRetryAfter(text: String) {
        #expect(RateHeaders.signal(from: response(("Retry-After", text))).retryAfter == nil)
    }

    @Test(
        "dates that are not of the one form are not read",
        arguments: [
            "", "Sat, 21 Nov 2026", "Sat, 31 Feb 2026 10:00:00 GMT", "Sat, 21 Nov 2026 24:00:00 GMT",
            "Sat, 21 Nov 2026 1:2:3 GMT",
            "Sat, 21 nov 2026 10:00:00 GMT", "Sat, 21 Nov 2026 10:00:00 +0100", "Sat Nov 21 10:00:00 2026",
            "Sat, ٢١ Nov 2026 10:00:00 GMT",
        ])
    func notDates(text: String) { #expect(Timestamp(httpDate: text) == nil) }

    @Test(
        "how long to wait: what is said, else the exhausted window, else five minutes, whatever others say; never no time"
    )
    func waiting() {
        let (empty, open) = (
            RateWindow(name: "a", remaining: 0, resetsAfter: .seconds(40)),
            RateWindow(name: "b", remaining: 3, resetsAfter: .seconds(200))
        )
        #expect(ReplySignal(windows: [empty, open], retryAfter: .seconds(7)).waitWhenLimited == .seconds(7))
        #expect(ReplySignal(windows: [empty, open]).waitWhenLimited == .seconds(40))
        #expect(ReplySignal(windows: [open]).waitWhenLimited == .minutes(5))
        #expect(ReplySignal().waitWhenLimited == .minutes(5))
        #expect(ReplySignal(retryAfter: .zero).waitWhenLimited == .seconds(1))
    }
}
