import Testing

@testable import StateStore

@Suite("packed texts") struct PackedTests {
    private func record(of count: Int) -> [UInt8] {
        Array("{\"v\":1\((1..<count).map { ",\"m\($0)\":\($0)" }.joined())}".utf8)
    }

    @Test("a record of a hundred thousand members is refused, and not compared member by member")
    func manyMembers() throws {
        #expect(try PackedText.read(record(of: 256)).number("m255") == 255)
        let error = #expect(throws: Unreadable.self) { try PackedText.read(record(of: 100_000)) }
        #expect(error?.what == "a record of too many members")
    }

    @Test("a member that stands there twice is refused")
    func twice() {
        let error = #expect(throws: Unreadable.self) { try PackedText.read(Array("{\"v\":1,\"a\":1,\"a\":2}".utf8)) }
        #expect(error?.what == "'a' stands there twice")
    }

    @Test("a text is the same with and without escapes")
    func escapes() throws {
        for text in ["", "plain", "ä€😀", "a\"b\\c\n\u{1}d"] {
            let packed = try PackedText.read(Array(PackedText.write(["text": .text(text)]).utf8))
            #expect(try packed.text("text") == text)
        }
        #expect(try PackedText.read(Array("{\"v\":1,\"t\":\"\\u00e4\\ud83d\\ude00/\"}".utf8)).text("t") == "ä😀/")
    }
}
