import Domain
import Testing

@Suite("Timestamps") struct TimestampTests {
    @Test(
        "the forms of date that Cloudflare's answers hold",
        arguments: [
            ("2026-11-21T03:28:38Z", "2026-11-21T03:28:38Z"),
            ("2026-11-21T03:28:38.123Z", "2026-11-21T03:28:38.123Z"),
            ("2026-11-21T03:28:38.12345Z", "2026-11-21T03:28:38.123Z"),
            ("2026-11-21T03:28:38.123456789Z", "2026-11-21T03:28:38.123Z"),
            ("2026-11-21t03:28:38.5z", "2026-11-21T03:28:38.500Z"),
            ("2012-01-01T01:00:00+01:00", "2012-01-01T00:00:00Z"),
            ("2011-12-31T19:30:00-04:30", "2012-01-01T00:00:00Z"),
            ("2020-12-25 06:27:00 +0000 UTC", "2020-12-25T06:27:00Z"),
            ("2020-12-25 08:27:00 +0200 CEST", "2020-12-25T06:27:00Z"),
            ("2024-02-29T23:59:60Z", "2024-03-01T00:00:00Z"),
            ("2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
            ("9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59.999Z"),
            ("1969-12-31T23:59:59.500Z", "1969-12-31T23:59:59.500Z"),
            ("0001-01-01T00:00:01Z", "0001-01-01T00:00:01Z"),
        ])
    func reads(text: String, expected: String) {
        #expect(Timestamp(cloudflare: text)?.rfc3339 == expected)
    }

    @Test(
        "what is no date, and what means that none is set",
        arguments: [
            "", "0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z",
            "2026-01-01", "2026-01-01T00:00:00Zjunk", "2026-01-01T00:00:00+1:00", "20260101T000000Z", "tomorrow",
            "-2026-01-01T00:00:00Z", "２０２６-01-01T00:00:00Z", "2026-01-01T00:00:00+24:00",
        ])
    func refuses(text: String) {
        #expect(Timestamp(cloudflare: text) == nil)
    }

    @Test("what is written is read back the same, on days of every kind and over all of the range")
    func roundTrip() {
        var moment = Timestamp(cloudflare: "0001-01-02T00:00:00Z") ?? .distantPast
        while moment < .distantFuture {
            #expect(Timestamp(cloudflare: moment.rfc3339) == moment)
            moment = moment + .milliseconds(86_400_000 * 97 + 3_723_004)
        }
    }

    @Test("arithmetic stops at the ends of the range, and never traps")
    func saturates() {
        let huge = Duration.seconds(Int64.max)
        #expect(Timestamp.distantFuture + huge == .distantFuture)
        #expect(Timestamp.distantPast - huge == .distantPast)
        #expect(Timestamp.distantPast + (.zero - huge) == .distantPast)
        #expect(Timestamp(unixSeconds: .max) == .distantFuture)
        #expect(Timestamp(unixSeconds: .min) == .distantPast)
        #expect(Timestamp(unixMilliseconds: .min) == .distantPast)
        #expect(Timestamp.distantFuture - Timestamp.distantPast > .days(3_652_000))
        #expect(Timestamp.distantPast - Timestamp.distantFuture < .zero)
        #expect(huge.wholeMilliseconds == .max)
        #expect(Timestamp.distantPast.rfc3339 == "0000-01-01T00:00:00Z")
        #expect(Timestamp.distantFuture.rfc3339 == "9999-12-31T23:59:59.999Z")
    }

    @Test("seconds and days are rounded down, also before 1970")
    func roundsDown() {
        #expect(Timestamp(unixMilliseconds: -1).unixSeconds == -1)
        #expect(Timestamp(unixMilliseconds: 1999).unixSeconds == 1)
        #expect(Timestamp(unixMilliseconds: -1).day == "1969-12-31")
        #expect(Timestamp(year: 2024, month: 2, day: 29)?.day == "2024-02-29")
        #expect(Timestamp(year: 2023, month: 2, day: 29) == nil)
        #expect(Timestamp(year: 10_000, month: 1, day: 1) == nil)
    }
    @Test("the same moment was written in two forms for people, with milliseconds and without")
    func shown() {
        let moment = Timestamp(unixMilliseconds: 1_795_262_400_383)
        #expect(moment.rfc3339 == "2026-11-21T12:00:00.383Z")
        #expect(moment.shown == "2026-11-21 12:00:00Z")
        #expect(Timestamp(cloudflare: moment.shown) == Timestamp(unixSeconds: 1_795_262_400))
    }

    @Test("one thing is not counted in the plural")
    func counting() {
        #expect([0, 1, 2].map { counted($0, "zone") } == ["0 zones", "1 zone", "2 zones"])
    }
}
