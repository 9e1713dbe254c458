import Domain

/// A moment as a report holds it: RFC 3339 in UTC.
public struct Moment: Hashable, Comparable, Codable, Sendable {
    public let timestamp: Timestamp
    public init(_ timestamp: Timestamp) { self.timestamp = timestamp }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let timestamp = Timestamp(cloudflare: text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is no RFC 3339 date"))
        }
        self.timestamp = timestamp
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(timestamp.rfc3339)
    }

    public static func < (left: Moment, right: Moment) -> Bool { left.timestamp < right.timestamp }

    /// `2026-11-21 03:28:38Z`, to the second: for tables.
    public var text: String { timestamp.shown }
}

/// Durations as people write and read them: `90s`, `15m`, `4h`, `30d`.
public enum ShortDuration {
    /// Two units at most, rounded down: `58d`, `1d 4h`, `3h 5m`, `12m`, `45s`. Negative ones as their size.
    public static func text(_ span: Duration) -> String {
        let seconds = span.wholeSeconds.magnitude
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60)
        if days >= 4 { return "\(days)d" }
        if days >= 1 { return hours == 0 ? "\(days)d" : "\(days)d \(hours)h" }
        if hours >= 1 { return minutes == 0 ? "\(hours)h" : "\(hours)h \(minutes)m" }
        return minutes >= 1 ? "\(minutes)m" : "\(seconds)s"
    }

    /// Reads one number with one of the units s, m, h, d, w.
    /// - Returns: nil for any other text, for zero, and above a hundred years.
    public static func parse(_ text: String) -> Duration? {
        guard let unit = text.last, let count = Int64(text.dropLast()), count > 0 else { return nil }
        let seconds: Int64
        switch unit {
        case "s": seconds = 1
        case "m": seconds = 60
        case "h": seconds = 3600
        case "d": seconds = 86_400
        case "w": seconds = 604_800
        default: return nil
        }
        let (product, overflow) = count.multipliedReportingOverflow(by: seconds)
        return overflow || product > 100 * 366 * 86_400 ? nil : .seconds(product)
    }

    /// Reads a moment: RFC 3339, a day (`2026-11-21`, its beginning in UTC), or a duration before `now`.
    public static func moment(_ text: String, before now: Timestamp) -> Timestamp? {
        if let span = parse(text) { return now - span }
        return Timestamp(cloudflare: text) ?? Timestamp(cloudflare: "\(text)T00:00:00Z")
    }
}
