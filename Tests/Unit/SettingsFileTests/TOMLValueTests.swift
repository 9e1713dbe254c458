import Testing

@testable import SettingsFile

@Suite("TOML values") struct TOMLValueTests {
    @Test(
        "a value is read with its place, and its key with its own",
        arguments: [
            ("k = 1", "k@1:1 = 1@1:5"),
            ("k = +99", "k@1:1 = 99@1:5"),
            ("k = -0", "k@1:1 = 0@1:5"),
            ("  k\t=  -1_000", "k@1:3 = -1000@1:8"),
            ("k = 9223372036854775807", "k@1:1 = 9223372036854775807@1:5"),
            ("k = -9223372036854775808", "k@1:1 = -9223372036854775808@1:5"),
            ("k = 0xDEAD_beef", "k@1:1 = 3735928559@1:5"),
            ("k = 0o755", "k@1:1 = 493@1:5"),
            ("k = 0b1101_0110", "k@1:1 = 214@1:5"),
            ("k = 0x0001", "k@1:1 = 1@1:5"),
            ("k = 0.5", "k@1:1 = 0.5@1:5"),
            ("k = -0.0", "k@1:1 = -0.0@1:5"),
            ("k = 6.626e-34", "k@1:1 = 6.626e-34@1:5"),
            ("k = 5e+22", "k@1:1 = 5e+22@1:5"),
            ("k = 1e06", "k@1:1 = 1000000.0@1:5"),
            ("k = 224_617.445_991", "k@1:1 = 224617.445991@1:5"),
            ("k = inf", "k@1:1 = inf@1:5"),
            ("k = -inf", "k@1:1 = -inf@1:5"),
            ("k = +nan", "k@1:1 = nan@1:5"),
            ("k = true # yes", "k@1:1 = true@1:5"),
            ("k = false", "k@1:1 = false@1:5"),
            ("k = 2026-11-21T03:28:38Z", "k@1:1 = offsetDateTime 2026-11-21T03:28:38Z@1:5"),
            ("k = 2026-11-21 03:28:38.5+01:00", "k@1:1 = offsetDateTime 2026-11-21T03:28:38.5+01:00@1:5"),
            ("k = 2026-11-21t03:28:38z", "k@1:1 = offsetDateTime 2026-11-21T03:28:38Z@1:5"),
            ("k = 2026-11-21T03:28:38", "k@1:1 = localDateTime 2026-11-21T03:28:38@1:5"),
            ("k = 2024-02-29", "k@1:1 = localDate 2024-02-29@1:5"),
            ("k = 2024-02-29 # a leap day", "k@1:1 = localDate 2024-02-29@1:5"),
            ("k = 23:59:60", "k@1:1 = localTime 23:59:60@1:5"),
            ("k = 07:32:00.999999999", "k@1:1 = localTime 07:32:00.999999999@1:5"),
        ])
    func scalars(text: String, expected: String) { #expect(drawing(of: text) == [expected]) }

    @Test(
        "a text is read whatever its quotes",
        arguments: [
            (#"k = """#, "''"),
            (#"k = "a \"b\" \\ \b\t\n\f\r \u00e9 \U0001F600""#, "'a \"b\" \\ \u{8}\t\n\u{C}\r é 😀'"),
            (#"k = 'C:\no "escape"'"#, #"'C:\no "escape"'"#),
            ("k = \"\"\"\nfirst\nsecond\"\"\"", "'first\nsecond'"),
            ("k = \"\"\"first\r\nsecond\"\"\"", "'first\nsecond'"),
            ("k = \"\"\"a \\\n\n   b\"\"\"", "'a b'"),
            ("k = \"\"\"a \\   \r\n b\"\"\"", "'a b'"),
            ("k = \"\"\"\"quoted\"\"\"\"\"", "'\"quoted\"\"'"),
            ("k = '''\n''two'''''", "'''two'''"),
            ("k = '''a\\\nb'''", "'a\\\nb'"),
            ("k = \"tab\there\"", "'tab\there'"),
        ])
    func strings(text: String, expected: String) { #expect(drawing(of: text) == ["k@1:1 = \(expected)@1:5"]) }

    @Test("columns count characters, not bytes")
    func columns() {
        #expect(drawing(of: "\"größe 😀\" = 'é' # ü\nb = 1") == ["größe 😀@1:1 = 'é'@1:13", "b@2:1 = 1@2:5"])
    }

    @Test("a byte order mark takes no column")
    func byteOrderMark() { #expect(drawing(of: "\u{FEFF}k = 1") == ["k@1:1 = 1@1:5"]) }

    @Test("lines end with \\n or \\r\\n, and the last needs no end")
    func lineEnds() {
        #expect(drawing(of: "a = 1\r\n\r\nb = 2\n\nc = 3") == ["a@1:1 = 1@1:5", "b@3:1 = 2@3:5", "c@5:1 = 3@5:5"])
    }

    @Test(
        "a file of nothing, of blanks and of comments is an empty table",
        arguments: ["", "\n", " \t", "# only\r\n#", "\u{FEFF}"])
    func nothing(text: String) { #expect(drawing(of: text) == []) }

    @Test("arrays may run over lines, hold comments and end with a comma")
    func arrays() {
        let text = "k = [ # first\n  1, 'two', # second\n  [3.5, []],\n]"
        #expect(drawing(of: text) == ["k@1:1 = [1@2:3, 'two'@2:6, [3.5@3:4, []@3:9]@3:3]@1:5"])
    }

    @Test("inline tables keep their keys' places")
    func inlineTables() {
        let text = "k = { a = 1, b.c = 'x', d = {} }"
        let expected = [
            "k@1:1 = table@1:5", "k.a@1:7 = 1@1:11", "k.b@1:14 = table@1:14", "k.b.c@1:16 = 'x'@1:20",
            "k.d@1:25 = table@1:29",
        ]
        #expect(drawing(of: text) == expected)
    }

    @Test("keys that differ in code points are two keys, however alike they look")
    func keysByCodePoint() {
        #expect(drawing(of: "\"\u{E9}\" = 1\n\"e\u{301}\" = 2").count == 2)
        #expect(troubles(of: "\"\u{E9}\" = 1\n'\u{E9}' = 2") == ["2:1"])
    }

    @Test("a table of many keys finds each of them and each second one")
    func manyKeys() {
        let text = (0..<100).map { "k\($0) = \($0)\n" }.joined()
        #expect(drawing(of: text).count == 100)
        #expect(troubles(of: text + "k0 = 1\nk15 = 1\nk16 = 1\nk99 = 1") == ["101:1", "102:1", "103:1", "104:1"])
    }
}
