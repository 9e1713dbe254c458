import Testing

@testable import CloudflareAPI

@Suite("JSON")
struct JSONTests {
    @Test(
        "well-formed texts are read as they are",
        arguments: [
            (" null ", JSON.null), ("true", true), ("-0.5e+3", .number("-0.5e+3")),
            (#""a\"\\\/\b\f\n\r\t\u0041\u20ac""#, "a\"\\/\u{8}\u{C}\n\r\tA€"),
            (#""\ud83d\ude00 \ud83d \ude00x""#, "😀 \u{FFFD} \u{FFFD}x"),
            ("[]", .array([])), ("{}", [:]), ("[1, [\"a\"]\r\n]", .array([.number("1"), .array(["a"])])),
            (#"{"a":{"b":null}}"#, ["a": ["b": .null]]),
            (
                "133270673305904147240315902291726509220894288063",
                .number("133270673305904147240315902291726509220894288063")
            ),
        ] as [(String, JSON)])
    func reads(text: String, expected: JSON) { #expect(JSON(Array(text.utf8)) == expected) }

    @Test(
        "anything else is refused whole",
        arguments: [
            "", " ", "nul", "tru", "01", "-", "1.", ".5", "1e", "+1", "'a'", "\"a", "\"\\x\"", "\"\\u12g4\"",
            "\"a\nb\"", "[1,]", "[1 2]", "[", "{", "{a:1}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1}x", "[]]",
            "\u{FEFF}1",
            "NaN", "<!DOCTYPE html>",
        ])
    func refuses(text: String) { #expect(JSON(Array(text.utf8)) == nil) }

    @Test("no beginning of a text is taken for the text")
    func truncation() {
        let text = Array(#" {"success":true,"n":[1,-2.5e7,"a\u00e9\"",{"x":null}],"t":false}"#.utf8)
        #expect(JSON(text) != nil)
        for length in text.indices { #expect(JSON(Array(text[..<length])) == nil, "of \(length) bytes") }
    }

    @Test("bytes that are not UTF-8 spoil a letter, not the text")
    func notUTF8() { #expect(JSON([0x22, 0x61, 0xFF, 0x22]) == "a\u{FFFD}") }

    @Test("depth and number of values are bounded")
    func bounds() {
        #expect(
            JSON(Array(String(repeating: "[", count: 60).utf8) + Array(String(repeating: "]", count: 60).utf8)) != nil)
        #expect(JSON(Array(String(repeating: "[", count: 100_000).utf8)) == nil)
        #expect(JSON(Array("[\(String(repeating: "0,", count: 600_000))0]".utf8)) == nil)
    }

    @Test("of two members with one name the last counts")
    func duplicateMembers() { #expect(JSON(Array(#"{"a":1,"a":2}"#.utf8))?["a"].int == 2) }

    @Test("what is written is read back the same")
    func roundTrip() {
        let value: JSON = [
            "a": "q\"\\\n\r\t\u{1}é😀", "b": .array([.number("1.5"), true, .null]), "c": [:],
        ]
        #expect(JSON(value.bytes) == value)
    }
}
