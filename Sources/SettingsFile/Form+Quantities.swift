import Domain

extension Form<Duration> {
    /// A whole number and one unit: `"500ms"`, `"90s"`, `"15m"`, `"12h"`, `"30d"`.
    static func duration(_ range: ClosedRange<Duration>) -> Form {
        let allowed = "a duration from \"\(range.lowerBound.written)\" to \"\(range.upperBound.written)\""
        return Form(allowed: allowed) { value in
            switch value.content {
            case .integer(let number):
                return .refused(
                    hint: "a duration is a text with a unit of ms, s, m, h or d: \"\(number)s\", \"\(number)m\"")
            case .string(let text):
                guard let duration = Duration(written: text) else {
                    return .refused(suggestion: Duration.guess(text), hint: "the units are ms, s, m, h and d")
                }
                return range.contains(duration) ? .value(duration) : .refused()
            default: return .refused()
            }
        }
    }
}

extension Form<Int> {
    /// A number of bytes, or a text with a unit: `"512KiB"`, `"8MiB"`.
    static func bytes(_ range: ClosedRange<Int>) -> Form {
        let allowed =
            "a number of bytes from \"\(range.lowerBound.writtenBytes)\" to \"\(range.upperBound.writtenBytes)\""
        return Form(allowed: allowed) { value in
            let count: Int?
            switch value.content {
            case .integer(let number): count = Int(exactly: number)
            case .string(let text): count = Int(writtenBytes: text)
            default: count = nil
            }
            guard let count, range.contains(count) else { return .refused(hint: "the units are KiB, MiB and GiB") }
            return .value(count)
        }
    }
}

extension Duration {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// - Returns: nil for anything but digits and a unit, and for what 64 bits of milliseconds do not hold.
    init?(written text: String) {
        let digits = text.utf8.prefix(while: Ascii.isDigit)
        let unit = text.utf8.dropFirst(digits.count)
        guard let count = Int64(String(decoding: digits, as: UTF8.self)),
            let scale = Self.units.first(where: { unit.elementsEqual($0.name.utf8) })
        else { return nil }
        let (milliseconds, overflow) = count.multipliedReportingOverflow(by: scale.milliseconds)
        guard !overflow else { return nil }
        self = .milliseconds(milliseconds)
    }

    /// In the largest unit that leaves no rest.
    var written: String {
        let milliseconds = wholeMilliseconds
        let unit = Self.units.first { milliseconds != 0 && milliseconds % $0.milliseconds == 0 } ?? ("s", 1000)
        return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }

    /// What `15 min`, `15M` or `2 weeks` were meant to be; nil without an idea.
    static func guess(_ text: String) -> String? {
        let letters = text.utf8.filter { !Ascii.isBlank($0) }
        let digits = letters.prefix(while: Ascii.isDigit)
        let unit = String(decoding: letters.dropFirst(digits.count), as: UTF8.self).lowercased()
        guard (1...9).contains(digits.count), let count = Int(String(decoding: digits, as: UTF8.self)) else {
            return nil
        }
        switch unit {
        case "ms", "msec", "millis", "milliseconds": return "\(count)ms"
        case "s", "sec", "secs", "second", "seconds": return "\(count)s"
        case "m", "min", "mins", "minute", "minutes": return "\(count)m"
        case "h", "hr", "hrs", "hour", "hours": return "\(count)h"
        case "d", "day", "days": return "\(count)d"
        case "w", "week", "weeks": return "\(count * 7)d"
        default: return nil
        }
    }
}

extension Int {
    private static let byteUnits = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]

    fileprivate init?(writtenBytes text: String) {
        for (name, scale) in Self.byteUnits where text.hasSuffix(name) {
            let digits = text.utf8.dropLast(name.utf8.count)
            guard digits.allSatisfy(Ascii.isDigit), let count = Int(String(decoding: digits, as: UTF8.self)) else {
                return nil
            }
            let (bytes, overflow) = count.multipliedReportingOverflow(by: scale)
            guard !overflow else { return nil }
            self = bytes
            return
        }
        return nil
    }

    fileprivate var writtenBytes: String {
        Self.byteUnits.first { self % $0.1 == 0 }.map { "\(self / $0.1)\($0.0)" } ?? String(self)
    }
}
