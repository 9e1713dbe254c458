import Domain
import Planning
import TestKit
import Testing

let mainWish = PackWish(
    name: "main", hosts: ["example.com", "*.example.com"], authority: .letsEncrypt, method: .txt, validityDays: 90)

@Suite("Timelines of one pack") struct TimelineTests {
    @Test(
        "what each poll leads to",
        arguments: [
            ("i v v V v a a", "order . . restart . . ."),
            ("i v s d a a a", "order . . . . . ."),
            ("i v D i a", "order . restart . ."),
            ("h h h a", "order . . ."),
            ("i s S x x", "order . delete . ."),
            ("i ? ? a", "order . . ."),
            ("i v ! ! a", "order . . . ."),
            ("i a e i a a a", "order . order . . . delete"),
        ])
    func draws(letters: String, words: String) {
        #expect(timeline(letters, ZoneRun([.pack(mainWish)])) == words)
    }

    @Test("a pack that disappears is ordered again only after a second look")
    func disappears() {
        #expect(timeline("i a - - - i", every: .minutes(16), ZoneRun([.pack(mainWish)])) == "order . . order . .")
    }
}
