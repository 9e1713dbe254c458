extension Timestamp {
    /// The moment as RFC 3339 in UTC: `2026-11-21T03:28:38Z`, with `.123` only where there are milliseconds.
    public var rfc3339: String {
        written(between: "T", milliseconds: true)
    }

    private func written(between mark: Unicode.Scalar, milliseconds: Bool) -> String {
        let (day, second) = unixSeconds.flooredDivision(by: 86_400)
        let millisecond = unixMilliseconds.flooredDivision(by: 1000).remainder
        var digits = Digits()
        digits.write(CivilDate(daysSince1970: Int(day)))
        digits.write(mark)
        digits.write(second / 3600, width: 2)
        digits.write(":")
        digits.write(second / 60 % 60, width: 2)
        digits.write(":")
        digits.write(second % 60, width: 2)
        if milliseconds, millisecond != 0 {
            digits.write(".")
            digits.write(millisecond, width: 3)
        }
        digits.write("Z")
        return digits.text
    }

    /// The moment as people read it everywhere: `2026-11-21 03:28:38Z`, to the second. It can be typed where a time is
    /// asked for.
    public var shown: String { written(between: " ", milliseconds: false) }

    /// Reads the forms of date that Cloudflare's answers hold: RFC 3339 with any number of fraction digits and any
    /// offset, and Go's `2020-12-25 06:27:00 +0000 UTC`.
    ///
    /// - Returns: nil for any other text, and for `0001-01-01T00:00:00Z`, which the API writes for "not set".
    public init?(cloudflare text: String) {
        var reader = DateReader(text)
        guard let moment = reader.moment(), moment > Timestamp.unset else { return nil }
        self = moment
    }

    /// `0001-01-01T00:00:00Z`, Go's zero time.
    private static let unset = Timestamp(unixSeconds: -62_135_596_800)
}

/// A day of the proleptic Gregorian calendar.
struct CivilDate: Hashable {
    let year: Int
    let month: Int
    let day: Int

    /// nil when there is no such day. Years 0 to 9999.
    init?(year: Int, month: Int, day: Int) {
        guard (0...9999).contains(year), (1...12).contains(month), day >= 1 else { return nil }
        guard day <= Self.days(in: month, of: year) else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
    }

    /// Counts in eras of 400 years that begin on the first of March, so that a leap day is the last of its year.
    init(daysSince1970 days: Int) {
        let shifted = days + 719_468
        let (era, dayOfEra) = shifted.flooredDivision(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var daysSince1970: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = shiftedYear.flooredDivision(by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func days(in month: Int, of year: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return switch month {
        case 2: isLeap ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension Timestamp {
    /// Midnight UTC of a day; nil when there is no such day. For the dated rules of the field.
    public init?(year: Int, month: Int, day: Int) {
        guard let date = CivilDate(year: year, month: month, day: day) else { return nil }
        self.init(unixSeconds: Int64(date.daysSince1970) * 86_400)
    }

    /// The UTC day of this moment, as `2026-11-21`.
    public var day: String {
        var digits = Digits()
        digits.write(CivilDate(daysSince1970: Int(unixSeconds.flooredDivision(by: 86_400).quotient)))
        return digits.text
    }
}

/// Reads digits and marks from the front of a text; every step says nil where the text is not what it should be.
private struct DateReader {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = Substring(text).utf8 }

    mutating func moment() -> Timestamp? {
        guard let year = number(digits: 4), skip("-"), let month = number(digits: 2), skip("-"),
            let day = number(digits: 2), let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        guard skip("T") || skip("t") || skip(" ") else { return nil }
        guard let hour = number(digits: 2), skip(":"), let minute = number(digits: 2), skip(":"),
            let second = number(digits: 2), hour < 24, minute < 60, second <= 60
        else { return nil }
        guard let millisecond = fraction(), let offset = offsetSeconds(), rest.isEmpty else { return nil }
        let seconds = Int64(date.daysSince1970) * 86_400 + Int64(hour * 3600 + minute * 60 + second - offset)
        return Timestamp(unixMilliseconds: seconds * 1000 + millisecond)
    }

    private mutating func number(digits: Int) -> Int? {
        let word = rest.prefix(digits)
        guard word.count == digits, word.allSatisfy({ (48...57).contains($0) }) else { return nil }
        rest = rest.dropFirst(digits)
        return word.reduce(0) { $0 * 10 + Int($1 - 48) }
    }

    /// Milliseconds; digits past the third are dropped. Zero where there is no fraction, nil for a point without digits.
    private mutating func fraction() -> Int64? {
        guard skip(".") else { return 0 }
        let digits = rest.prefix { (48...57).contains($0) }
        guard !digits.isEmpty else { return nil }
        rest = rest.dropFirst(digits.count)
        let three = digits.prefix(3).map { Int64($0 - 48) } + [0, 0]
        return three[0] * 100 + three[1] * 10 + three[2]
    }

    /// `Z`, `+01:00`, or Go's ` +0000 UTC`.
    private mutating func offsetSeconds() -> Int? {
        if skip("Z") || skip("z") { return 0 }
        let isGo = skip(" ")
        let sign: Int
        if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
        guard let hours = number(digits: 2) else { return nil }
        if !isGo, !skip(":") { return nil }
        guard let minutes = number(digits: 2), hours < 24, minutes < 60 else { return nil }
        if isGo, skip(" ") { rest = rest.drop { (65...90).contains($0) } }  // the zone's letters repeat the offset
        return sign * (hours * 3600 + minutes * 60)
    }

    private mutating func skip(_ mark: Unicode.Scalar) -> Bool {
        guard let first = rest.first, first == UInt8(ascii: mark) else { return false }
        rest = rest.dropFirst()
        return true
    }
}

extension FixedWidthInteger {
    /// Division that rounds down, with a remainder of the divisor's sign. The divisor is not zero.
    func flooredDivision(by divisor: Self) -> (quotient: Self, remainder: Self) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

/// Writes a date front to back, byte by byte: they are written by the thousand where a fleet is told of.
private struct Digits {
    private var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(24) }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func write(_ mark: Unicode.Scalar) { bytes.append(UInt8(ascii: mark)) }

    mutating func write(_ date: CivilDate) {
        write(Int64(date.year), width: 4)
        write("-")
        write(Int64(date.month), width: 2)
        write("-")
        write(Int64(date.day), width: 2)
    }

    /// With zeros in front, up to the width.
    mutating func write(_ number: Int64, width: Int) {
        var place: Int64 = 1
        for _ in 1..<width { place *= 10 }
        guard (0..<place * 10).contains(number) else {
            bytes += Array(String(number).utf8)
            return
        }
        while place > 0 {
            bytes.append(UInt8(48 + number / place % 10))
            place /= 10
        }
    }
}
