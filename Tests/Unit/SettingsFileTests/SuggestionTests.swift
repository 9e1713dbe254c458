import Domain
import Testing

@testable import SettingsFile

@Suite("Suggestions") struct SuggestionTests {
    static let words = ["mode", "look_every", "zones_in_parallel", "state_directory", "control_socket", "keep_history"]

    @Test(
        "a mistyped word finds the nearest one, and a strange one finds none",
        arguments: [
            ("look_evry", "look_every"), ("look-every", "look_every"), ("lookEvery", "look_every"),
            ("loko_every", "look_every"),
            ("LOOK_EVERY", "look_every"), ("mod", "mode"), ("modes", "mode"), ("mdoe", "mode"), ("stat_dir", nil),
            ("state_dir", nil),
            ("socket", nil), ("xyz", nil), ("", nil), (String(repeating: "m", count: 100_000), nil),
        ])
    func nearest(typed: String, expected: String?) {
        #expect(Suggestion.nearest(to: typed, among: Self.words) == expected)
    }

    @Test(
        "the distance counts what a hand gets wrong",
        arguments: [
            ("", "", 0), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "ab", 1), ("ab", "abc", 1), ("abc", "axc", 1),
            ("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3),
        ])
    func distance(left: String, right: String, expected: Int) {
        #expect(Suggestion.distance(from: Array(left.utf8), to: Array(right.utf8)) == expected)
    }

    @Test(
        "a duration that is nearly one is completed",
        arguments: [
            ("15 min", "15m"), ("15M", "15m"), ("2 weeks", "14d"), ("90 seconds", "90s"), ("1h30m", nil), ("m", nil),
            ("15", nil),
            ("9999999999 weeks", nil), ("é", nil),
        ])
    func durations(typed: String, expected: String?) { #expect(Duration.guess(typed) == expected) }

    @Test(
        "durations are read and written",
        arguments: [
            ("500ms", Duration.milliseconds(500)), ("90s", .seconds(90)), ("15m", .minutes(15)), ("12h", .hours(12)),
            ("30d", .days(30)),
            ("0s", .zero),
        ])
    func written(text: String, expected: Duration) {
        #expect(Duration(written: text) == expected)
        #expect(expected.written == text)
    }

    @Test(
        "what is no duration is none",
        arguments: [
            "", "s", "1", "1 s", "+1s", "-1s", "1.5h", "1w", "1h30m", "0x1s", "１s", "106751991168d",
            "9223372036854775808ms",
        ])
    func refused(text: String) { #expect(Duration(written: text) == nil) }
}
