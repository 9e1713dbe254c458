extension TOMLParser {
    /// `"…"` on one line, with escapes.
    mutating func basicString() throws(TOMLTrouble) -> String {
        let place = scanner.place
        scanner.advance()
        var text: [UInt8] = []
        while let byte = scanner.next {
            switch byte {
            case Ascii.quote:
                scanner.advance()
                return String(decoding: text, as: UTF8.self)
            case Ascii.backslash: try escape(into: &text)
            default: try take(byte, into: &text, of: place, end: "'\"'")
            }
        }
        throw unended(place, end: "'\"'")
    }

    /// `'…'` on one line, as it stands.
    mutating func literalString() throws(TOMLTrouble) -> String {
        let place = scanner.place
        scanner.advance()
        var text: [UInt8] = []
        while let byte = scanner.next {
            if scanner.skip(Ascii.apostrophe) { return String(decoding: text, as: UTF8.self) }
            try take(byte, into: &text, of: place, end: "\"'\"")
        }
        throw unended(place, end: "\"'\"")
    }

    /// Three quotes of either kind. A line end right after them is left out; `\r\n` is read as `\n`.
    mutating func longString(of mark: UInt8) throws(TOMLTrouble) -> String {
        let place = scanner.place
        let end = mark == Ascii.quote ? "'\"\"\"'" : "\"'''\""
        for _ in 0..<3 { scanner.advance() }
        _ = scanner.skipLineEnd()
        var text: [UInt8] = []
        while let byte = scanner.next {
            if byte == mark {
                var count = 0
                while count < 5, scanner.skip(mark) { count += 1 }  // up to two stand before the three that end it
                text.append(contentsOf: Array(repeating: mark, count: count < 3 ? count : count - 3))
                if count >= 3 { return String(decoding: text, as: UTF8.self) }
            } else if byte == Ascii.backslash, mark == Ascii.quote {
                if try !skipFoldedLines() { try escape(into: &text) }
            } else if scanner.skipLineEnd() {
                text.append(Ascii.lineFeed)
            } else {
                try take(byte, into: &text, of: place, end: end)
            }
        }
        throw unended(place, end: end)
    }

    private mutating func take(
        _ byte: UInt8, into text: inout [UInt8], of place: TextPlace, end: String
    ) throws(TOMLTrouble) {
        guard !scanner.isAtLineEnd else { throw unended(place, end: end) }
        guard !Ascii.isControl(byte) else {
            throw unexpected(allowed: "a text without control characters", hint: "write it as \\uXXXX in double quotes")
        }
        text.append(byte)
        scanner.advance()
    }

    /// A backslash at the end of a line: it, the line end and all white space after it are left out.
    private mutating func skipFoldedLines() throws(TOMLTrouble) -> Bool {
        var ahead = 1
        while let byte = scanner.ahead(ahead), Ascii.isBlank(byte) { ahead += 1 }
        let after = scanner.ahead(ahead)
        let isLineEnd =
            after == Ascii.lineFeed
            || (after == Ascii.carriageReturn && scanner.ahead(ahead + 1) == Ascii.lineFeed)
        guard isLineEnd else {
            guard ahead == 1 else {
                scanner.advance()
                throw unexpected(allowed: "an escape, or the end of the line after '\\'")
            }
            return false
        }
        for _ in 0..<ahead { scanner.advance() }
        repeat { scanner.skipBlanks() } while scanner.skipLineEnd()
        return true
    }

    private mutating func escape(into text: inout [UInt8]) throws(TOMLTrouble) {
        let place = scanner.place
        scanner.advance()
        switch scanner.next {
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "r"): text.append(13)
        case Ascii.quote: text.append(Ascii.quote)
        case Ascii.backslash: text.append(Ascii.backslash)
        case UInt8(ascii: "u"):
            try codePoint(digits: 4, at: place, into: &text)
            return
        case UInt8(ascii: "U"):
            try codePoint(digits: 8, at: place, into: &text)
            return
        default:
            throw unexpected(
                allowed: "b, t, n, f, r, \", \\, uXXXX or UXXXXXXXX after '\\'",
                hint: "in single quotes a backslash is itself")
        }
        scanner.advance()
    }

    private mutating func codePoint(digits: Int, at place: TextPlace, into text: inout [UInt8]) throws(TOMLTrouble) {
        scanner.advance()
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let byte = scanner.next, let digit = Ascii.hexDigit(byte) else {
                throw unexpected(allowed: "\(digits) hexadecimal digits")
            }
            value = value << 4 | digit  // at most eight digits: 32 bits
            scanner.advance()
        }
        guard let scalar = Unicode.Scalar(value) else {
            throw trouble(
                at: place, found: "a number that no character has", allowed: "a Unicode scalar value")
        }
        text.append(contentsOf: String(scalar).utf8)
    }

    private func unended(_ place: TextPlace, end: String) -> TOMLTrouble {
        trouble(at: place, found: "a text that does not end", allowed: "\(end) at its end")
    }
}
