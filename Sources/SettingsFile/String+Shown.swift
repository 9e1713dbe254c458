extension String {
    /// The text in quotes as a diagnostic shows it.
    var quoted: String { "\"\(clipped)\"" }

    /// At most 60 characters, ``escaped``.
    var clipped: String {
        let start = unicodeScalars.prefix(Self.most)
        let isWhole = start.endIndex == unicodeScalars.endIndex
        return isWhole ? escaped : String(start).escaped + "…"
    }

    /// Control and invisible characters are written as `\u{…}`, so that no text from a file can break a line of the
    /// journal or turn the direction of a terminal's line.
    var escaped: String {
        guard !isVisible else { return self }
        var shown = ""
        for scalar in unicodeScalars {
            if scalar.isVisible {
                shown.unicodeScalars.append(scalar)
            } else {
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return shown
    }

    /// True when every character can be seen on a screen, blanks included.
    var isVisible: Bool { unicodeScalars.allSatisfy(\.isVisible) }

    private static let most = 60
}

extension Unicode.Scalar {
    fileprivate var isVisible: Bool {
        if (32..<127).contains(value) { return true }
        return switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
        default: true
        }
    }
}

extension [String] {
    /// `a, b or c`.
    func joined(last word: String) -> String {
        guard let final = last, count > 1 else { return first ?? "" }
        return dropLast().joined(separator: ", ") + " \(word) \(final)"
    }
}
