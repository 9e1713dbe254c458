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

    @Test("S6: a listing from before a restart brought another restart")
    func restartedTwice() {
        var run = ZoneRun([.pack(mainWish)])
        run.pass()
        run.show(ObjectID("p1"), "validation_timed_out")
        #expect(run.pass(after: .days(3)) == "restart")
        run.show(ObjectID("p1"), "validation_timed_out")
        for _ in 0..<9 { #expect(run.pass(after: .minutes(1)) == ".") }
        #expect(run.record("p1")?.sighting.stage == .underway(.start))
        // Shown on and on, it is no old listing.
        #expect(run.pass(after: .minutes(1)) == "restart")
    }

    @Test("a pack that disappears is ordered again only after a second look")
    func disappears() {
        #expect(timeline("i a - - - i", every: .minutes(16), ZoneRun([.pack(mainWish)])) == "order . . order . .")
    }
}
