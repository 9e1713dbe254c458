import Testing

@testable import SettingsFile

@Suite("TOML troubles") struct TOMLTroubleTests {
    @Test(
        "a fault is named at the character where it is",
        arguments: [
            ("k", "1:2"), ("k =", "1:4"), ("k = # none", "1:5"), ("= 1", "1:1"), ("k = 1 2", "1:7"), ("k = = 1", "1:5"),
            ("a..b = 1", "1:3"), (".a = 1", "1:1"), ("a. = 1", "1:4"), ("größe = 1", "1:3"),
            ("\"\"\"k\"\"\" = 1", "1:3"),
            ("k = \"open", "1:5"), ("k = 'open\n", "1:5"), ("\nk = \"\"\"open\n\n", "2:5"), ("k = '''open''", "1:5"),
            ("k = \"a\\x\"", "1:8"), ("k = \"\\u12\"", "1:10"), ("k = \"\\uD800\"", "1:6"),
            ("k = \"\\U00110000\"", "1:6"),
            ("k = \"\"\"a \\ b\"\"\"", "1:11"), ("k = \"a\u{1}\"", "1:7"), ("k = 'a\u{7F}'", "1:7"),
            ("# a\u{0}", "1:4"),
            ("k = 1\rm = 2", "1:6"), ("# a\rb", "1:4"), ("k = \"\"\"a\rb\"\"\"", "1:9"),
            ("k = 01", "1:5"), ("k = 1_", "1:5"), ("k = _1", "1:5"), ("k = 1__2", "1:5"), ("k = +0x1", "1:5"),
            ("k = 0x", "1:5"),
            ("k = 0xG", "1:5"), ("k = 0b2", "1:5"), ("k = 0X1", "1:5"), ("k = 1.", "1:5"), ("k = .5", "1:5"),
            ("k = 1.e5", "1:5"),
            ("k = 1e", "1:5"), ("k = 1e5.5", "1:5"), ("k = 1_.5", "1:5"), ("k = 03.5", "1:5"), ("k = Inf", "1:5"),
            ("k = 9223372036854775808", "1:5"), ("k = -9223372036854775809", "1:5"), ("k = 0xFFFFFFFFFFFFFFFF", "1:5"),
            ("k = True", "1:5"), ("k = enforce", "1:5"), ("k = 15m", "1:5"), ("k = /var/lib", "1:5"),
            ("k = 2026-02-29", "1:5"), ("k = 2026-13-01", "1:5"), ("k = 2026-1-01", "1:5"), ("k = 24:00:00", "1:5"),
            ("k = 12:60:00", "1:5"), ("k = 12:00", "1:5"), ("k = 12:00:61", "1:5"), ("k = 12:00:00.", "1:5"),
            ("k = 2026-11-21T", "1:5"), ("k = 2026-11-21T03:28:38+1:00", "1:5"),
            ("k = 2026-11-21T03:28:38+24:00", "1:5"),
            ("k = 12:00:00Z", "1:5"), ("k = 2026-11-21  03:28:38", "1:17"),
            ("k = [1", "1:7"), ("k = [1,,2]", "1:8"), ("k = [,]", "1:6"), ("k = [1 2]", "1:8"), ("k = [\n1\n2]", "3:1"),
            ("k = {a = 1", "1:11"), ("k = {a = 1,}", "1:12"), ("k = {,}", "1:6"), ("k = {a = 1\n}", "1:11"),
            ("k = {a}", "1:7"),
            ("[a", "1:3"), ("[]", "1:2"), ("[[a]", "1:5"), ("[[a] ]", "1:5"), ("[ [a]]", "1:3"), ("[a]b", "1:4"),
            ("[a] k = 1", "1:5"),
            ("]", "1:1"), ("\u{FEFF}\u{FEFF}k = 1", "1:1"), ("a = 1\n\n  b c\n", "3:5"),
        ])
    func places(text: String, place: String) { #expect(troubles(of: text) == [place]) }

    @Test(
        "what is not UTF-8 is refused at its place",
        arguments: [
            ([0x6B, 0xFF], "1:2"), ([0x0A, 0x23, 0xC3], "2:2"), ([0xC0, 0x80], "1:1"),
            ([0x23, 0xED, 0xA0, 0x80], "1:2"),
            ([0x23, 0xF4, 0x90, 0x80, 0x80], "1:2"), ([0x23, 0xC3, 0xA9, 0x80], "1:3"),
            ([0xFF, 0xFE, 0x6B, 0x00], "1:1"),
            ([0x23, 0xE0, 0x9F, 0x80], "1:2"), ([0x23, 0xF0, 0x8F, 0x80, 0x80], "1:2"), ([0x23, 0xE2, 0x82], "1:2"),
        ] as [([UInt8], String)])
    func encoding(bytes: [UInt8], place: String) { #expect(drawing(ofBytes: bytes) == ["trouble@\(place)"]) }

    @Test("the reading goes on with the next line, and a fault leaves its key known")
    func goesOn() {
        let text = "a = enforce\nb = 1\nc = 15m 2\nd 4\n[x\ny = 1\n[z]\nw = 'ok'"
        let expected = [
            "trouble@1:5", "trouble@3:5", "trouble@4:3", "trouble@5:3", "a@1:1 = unread@1:5", "b@2:1 = 1@2:5",
            "c@3:1 = unread@3:5", "z@7:2 = table@7:1", "z.w@8:1 = 'ok'@8:5",
        ]
        #expect(drawing(of: text) == expected)
    }

    @Test("after a value of several lines that does not end, nothing can be told")
    func stops() {
        let document = TOMLParser.parse(Array("a = [\n1\nb = 2\nc = x".utf8))
        #expect(document.troubles.map(\.place) == [TextPlace(line: 3, column: 1)])
        #expect(!document.isComplete)
    }

    @Test("nothing goes deeper than a hundred levels, however it is written")
    func depth() {
        func nested(_ count: Int) -> [String] {
            [
                "k = " + String(repeating: "[", count: count) + String(repeating: "]", count: count),
                "[" + Array(repeating: "a", count: count).joined(separator: ".") + "]",
                Array(repeating: "a", count: count).joined(separator: ".") + " = 1",
                "k = " + String(repeating: "{a=", count: count) + "1" + String(repeating: "}", count: count),
                "[a.b.c]\nd.e = " + String(repeating: "[{a=", count: count / 2) + "1"
                    + String(repeating: "}]", count: count / 2),
            ]
        }
        for text in nested(90) { #expect(troubles(of: text) == [], "\(text.prefix(20))") }
        for text in nested(102) { #expect(troubles(of: text).count == 1, "\(text.prefix(20))") }
        for text in nested(20_000) { #expect(troubles(of: text).count == 1, "\(text.prefix(20))") }
    }

    @Test("a file of more than 16 MiB is refused before it is read")
    func size() {
        let document = TOMLParser.parse([UInt8](repeating: 0x0A, count: TOMLParser.longest + 1))
        #expect(document.troubles.map(\.found) == ["16777217 bytes"])
    }

    @Test("long lines and long lists of faults are read through")
    func long() {
        let values = "k = [" + String(repeating: "1,", count: 1 << 17) + "]"
        #expect(troubles(of: values) == [])
        #expect(troubles(of: String(repeating: "a\n", count: 1 << 17)).count == 100)
        #expect(troubles(of: String(repeating: "[a]\n", count: 1 << 17)).count == 100)
    }

    @Test("a word without quotes is shown with them", arguments: ["enforce", "15m", "/var/lib/edgecertd"])
    func quotes(word: String) {
        #expect(TOMLParser.parse(Array("k = \(word)".utf8)).troubles.first?.suggestion == "\"\(word)\"")
    }

    @Test(
        "a fault names the full path of its key",
        arguments: [
            ("a.b = x", "a.b"), ("[t]\na.'b c' = x", "t.a.\"b c\""), ("[[t]]\n[[t]]\n[[t.u]]\nk = x", "t[2].u[1].k"),
            ("[t.u] x", "t.u"), ("[t]\n[t]", "t"), ("x y", "x"), ("'' = x", "\"\""),
        ])
    func keys(text: String, key: String) {
        #expect(TOMLParser.parse(Array(text.utf8)).troubles.map(\.key) == [key])
    }
}
