/// A number as TOML writes it.
enum TOMLNumber: Hashable {
    case integer(Int64)
    case float(Double)
    /// A whole number that 64 bits do not hold.
    case tooLarge

    /// - Returns: nil when the word is not a number.
    init?(_ word: ArraySlice<UInt8>) {
        let isSigned = word.first == Ascii.plus || word.first == Ascii.minus
        let isNegative = word.first == Ascii.minus
        let body = isSigned ? word.dropFirst() : word
        if body.elementsEqual("inf".utf8) {
            self = .float(isNegative ? -.infinity : .infinity)
        } else if body.elementsEqual("nan".utf8) {
            self = .float(.nan)
        } else if !isSigned, let radix = Self.radix(of: body) {
            guard let digits = Self.digits(body.dropFirst(2), radix: radix) else { return nil }
            self = Self.integer(digits, radix: radix, isNegative: false)
        } else if let digits = Self.wholeDigits(body) {
            self = Self.integer(digits, radix: 10, isNegative: isNegative)
        } else if let value = Self.float(body) {
            self = .float(isNegative ? -value : value)
        } else {
            return nil
        }
    }

    private static func radix(of body: ArraySlice<UInt8>) -> Int? {
        guard body.first == UInt8(ascii: "0"), let mark = body.dropFirst().first else { return nil }
        return switch mark {
        case UInt8(ascii: "x"): 16
        case UInt8(ascii: "o"): 8
        case UInt8(ascii: "b"): 2
        default: nil
        }
    }

    private static func integer(_ digits: [UInt8], radix: Int, isNegative: Bool) -> TOMLNumber {
        let text = (isNegative ? "-" : "") + String(decoding: digits, as: UTF8.self)
        return Int64(text, radix: radix).map { .integer($0) } ?? .tooLarge
    }

    /// Digits without the underscores that may stand between two of them; nil for anything else.
    private static func digits(_ word: ArraySlice<UInt8>, radix: Int = 10) -> [UInt8]? {
        var digits: [UInt8] = []
        var isAfterDigit = false
        for byte in word {
            if let digit = Ascii.hexDigit(byte), digit < radix {
                digits.append(byte)
                isAfterDigit = true
            } else {
                guard byte == Ascii.underscore, isAfterDigit else { return nil }
                isAfterDigit = false
            }
        }
        return isAfterDigit ? digits : nil
    }

    /// The same without a zero in front of other digits.
    private static func wholeDigits(_ word: ArraySlice<UInt8>) -> [UInt8]? {
        guard let digits = digits(word) else { return nil }
        return digits.count > 1 && digits.first == UInt8(ascii: "0") ? nil : digits
    }

    /// `1.5`, `1e6`, `1.5e-6`: a whole part, and a fraction or an exponent or both.
    private static func float(_ body: ArraySlice<UInt8>) -> Double? {
        let parts = body.split(separator: UInt8(ascii: "e"), maxSplits: 1, omittingEmptySubsequences: false)
        let halves =
            parts.count == 2
            ? parts : body.split(separator: UInt8(ascii: "E"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let mantissa = halves.first else { return nil }
        let wholeAndFraction = mantissa.split(separator: Ascii.dot, maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = wholeAndFraction.first, let whole = wholeDigits(first) else { return nil }
        guard halves.count == 2 || wholeAndFraction.count == 2 else { return nil }
        var text = whole
        if wholeAndFraction.count == 2 {
            guard let fraction = digits(wholeAndFraction[1]) else { return nil }
            text += [Ascii.dot] + fraction
        }
        if halves.count == 2 {
            var exponent = halves[1]
            text.append(UInt8(ascii: "e"))
            if let sign = exponent.first, sign == Ascii.plus || sign == Ascii.minus {
                text.append(sign)
                exponent = exponent.dropFirst()
            }
            guard let power = digits(exponent) else { return nil }
            text += power
        }
        return Double(String(decoding: text, as: UTF8.self))
    }
}
