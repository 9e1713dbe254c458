/// A moment of the wall clock, in whole milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// Arithmetic saturates at ``distantPast`` and ``distantFuture``: a year 0 or 9999 out of an answer, a clock that was
/// set wrong or a duration out of a settings file can move a moment to an end of the range, and never trap.
public struct Timestamp: Hashable, Comparable, Sendable {
    public let unixMilliseconds: Int64

    /// Values past the ends of the range are taken for the ends.
    public init(unixMilliseconds: Int64) {
        self.unixMilliseconds = min(max(unixMilliseconds, Self.lowest), Self.highest)
    }

    public init(unixSeconds: Int64) {
        let (product, overflow) = unixSeconds.multipliedReportingOverflow(by: 1000)
        self.init(unixMilliseconds: overflow ? (unixSeconds < 0 ? Self.lowest : Self.highest) : product)
    }

    /// Whole seconds since 1970, rounded down.
    public var unixSeconds: Int64 {
        let (quotient, remainder) = unixMilliseconds.quotientAndRemainder(dividingBy: 1000)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// 0000-01-01T00:00:00Z, the earliest moment that RFC 3339 can write.
    public static let distantPast = Timestamp(unixMilliseconds: lowest)
    /// 9999-12-31T23:59:59.999Z, the latest moment that RFC 3339 can write.
    public static let distantFuture = Timestamp(unixMilliseconds: highest)

    private static let lowest: Int64 = -62_167_219_200_000
    private static let highest: Int64 = 253_402_300_799_999

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.unixMilliseconds < right.unixMilliseconds }

    public static func + (moment: Timestamp, span: Duration) -> Timestamp {
        let (sum, overflow) = moment.unixMilliseconds.addingReportingOverflow(span.wholeMilliseconds)
        return overflow ? (span < .zero ? distantPast : distantFuture) : Timestamp(unixMilliseconds: sum)
    }

    public static func - (moment: Timestamp, span: Duration) -> Timestamp {
        let (sum, overflow) = moment.unixMilliseconds.subtractingReportingOverflow(span.wholeMilliseconds)
        return overflow ? (span < .zero ? distantFuture : distantPast) : Timestamp(unixMilliseconds: sum)
    }

    /// The time from `earlier` to this moment; negative when `earlier` is the later one.
    public static func - (later: Timestamp, earlier: Timestamp) -> Duration {
        .milliseconds(later.unixMilliseconds - earlier.unixMilliseconds)  // both are bounded: no overflow
    }
}

extension Duration {
    /// Whole milliseconds, rounded toward zero; the ends of `Int64` when the span is longer than they can say.
    public var wholeMilliseconds: Int64 {
        Int64(clamping: attoseconds / 1_000_000_000_000_000)
    }

    /// Whole seconds, rounded toward zero.
    public var wholeSeconds: Int64 { components.seconds }

    public static func minutes(_ count: Int) -> Duration { .seconds(Int64(count) * 60) }
    public static func hours(_ count: Int) -> Duration { .seconds(Int64(count) * 3600) }
    public static func days(_ count: Int) -> Duration { .seconds(Int64(count) * 86_400) }
}
