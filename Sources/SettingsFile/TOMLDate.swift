extension TOMLDate {
    /// - Returns: nil when the word is no date, no time and neither of both, or names a day that no calendar has.
    init?(_ word: ArraySlice<UInt8>) {
        var reader = DateWord(rest: word)
        let hasDate = word.count >= 10 && word[word.startIndex + 4] == Ascii.minus
        if hasDate {
            guard reader.date() else { return nil }
            guard !reader.rest.isEmpty else {
                self.init(kind: .localDate, text: String(decoding: word, as: UTF8.self))
                return
            }
            guard reader.skip(anyOf: "Tt ") else { return nil }
        }
        guard reader.time() else { return nil }
        let isOffset = hasDate && !reader.rest.isEmpty
        guard isOffset ? reader.offset() : reader.rest.isEmpty else { return nil }
        let capitals = word.map {
            $0 == 32 || $0 == UInt8(ascii: "t") ? UInt8(ascii: "T") : $0 == UInt8(ascii: "z") ? UInt8(ascii: "Z") : $0
        }
        let kind: Kind = isOffset ? .offsetDateTime : hasDate ? .localDateTime : .localTime
        self.init(kind: kind, text: String(decoding: capitals, as: UTF8.self))
    }
}

/// Reads the parts of a date of RFC 3339 one after the other.
private struct DateWord {
    var rest: ArraySlice<UInt8>

    mutating func date() -> Bool {
        guard let year = number(4), skip(anyOf: "-"), let month = number(2), skip(anyOf: "-"), let day = number(2)
        else {
            return false
        }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        switch month {
        case 2: return (1...(isLeap ? 29 : 28)).contains(day)
        case 4, 6, 9, 11: return (1...30).contains(day)
        case 1...12: return (1...31).contains(day)
        default: return false
        }
    }

    /// Seconds go to 60: RFC 3339 allows the leap second.
    mutating func time() -> Bool {
        guard let hour = number(2), skip(anyOf: ":"), let minute = number(2), skip(anyOf: ":"), let second = number(2),
            hour < 24, minute < 60, second <= 60
        else { return false }
        guard skip(anyOf: ".") else { return true }
        let digits = rest.prefix(while: Ascii.isDigit)
        rest = rest.dropFirst(digits.count)
        return !digits.isEmpty
    }

    mutating func offset() -> Bool {
        if skip(anyOf: "Zz") { return rest.isEmpty }
        guard skip(anyOf: "+-"), let hour = number(2), skip(anyOf: ":"), let minute = number(2) else { return false }
        return hour < 24 && minute < 60 && rest.isEmpty
    }

    mutating func skip(anyOf marks: StaticString) -> Bool {
        let marks = UnsafeBufferPointer(start: marks.utf8Start, count: marks.utf8CodeUnitCount)
        guard let first = rest.first, marks.contains(first) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private mutating func number(_ digits: Int) -> Int? {
        let word = rest.prefix(digits)
        guard word.count == digits, word.allSatisfy(Ascii.isDigit) else { return nil }
        rest = rest.dropFirst(digits)
        return word.reduce(0) { $0 * 10 + Int($1 - 48) }
    }
}
