import Domain

extension Timestamp {
    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that servers may write today (RFC 9110, 5.6.7).
    init?(httpDate text: String) {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT" || words[5] == "UTC" else { return nil }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let clock = words[4].split(separator: ":", omittingEmptySubsequences: false)
        guard let month = months.firstIndex(of: String(words[2])), clock.count == 3,
            let day = Self.number(words[1], digits: 2), let year = Self.number(words[3], digits: 4),
            let hour = Self.number(clock[0], digits: 2), let minute = Self.number(clock[1], digits: 2),
            let second = Self.number(clock[2], digits: 2), hour < 24, minute < 60, second <= 60,
            let midnight = Timestamp(year: year, month: month + 1, day: day)
        else { return nil }
        self = midnight + .seconds(hour * 3600 + minute * 60 + second)
    }

    private static func number(_ text: Substring, digits: Int) -> Int? {
        guard text.utf8.count == digits, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text)
    }
}
