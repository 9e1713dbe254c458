extension TOMLParser {
    /// - Parameter depth: How many tables and arrays the value stands in.
    mutating func value(depth: Int) throws(TOMLTrouble) -> TOMLValue {
        let place = scanner.place
        guard depth <= Self.deepest else {
            throw trouble(at: place, found: "more than \(Self.deepest) levels", allowed: "fewer levels")
        }
        let content: TOMLValue.Content
        switch scanner.next {
        case Ascii.quote: content = .string(try isLong(Ascii.quote) ? longString(of: Ascii.quote) : basicString())
        case Ascii.apostrophe:
            content = .string(try isLong(Ascii.apostrophe) ? longString(of: Ascii.apostrophe) : literalString())
        case Ascii.openBracket: content = .array(try array(depth: depth))
        case Ascii.openBrace: content = .table(try inlineTable(depth: depth))
        default: content = try scalar()
        }
        return TOMLValue(place: place, content: content)
    }

    private func isLong(_ mark: UInt8) -> Bool { scanner.ahead(1) == mark && scanner.ahead(2) == mark }

    private mutating func array(depth: Int) throws(TOMLTrouble) -> TOMLArray {
        scanner.advance()
        var items: [TOMLValue] = []
        while true {
            try skipGap()
            if scanner.skip(Ascii.closeBracket) { break }
            items.append(try value(depth: depth + 1))
            try skipGap()
            if scanner.skip(Ascii.comma) { continue }
            guard scanner.skip(Ascii.closeBracket) else { throw unexpected(allowed: "',' or ']' after a value") }
            break
        }
        return TOMLArray(items, isOfTables: false)
    }

    /// On one line, and without a comma before its end: TOML 1.0 wants it so.
    private mutating func inlineTable(depth: Int) throws(TOMLTrouble) -> TOMLTable {
        scanner.advance()
        let table = TOMLTable(.inline)
        scanner.skipBlanks()
        guard !scanner.skip(Ascii.closeBrace) else { return table }
        guard !scanner.isAtLineEnd else { throw brokenInlineTable(allowed: "a key or '}'") }
        while true {
            let path = try dottedKey()
            guard scanner.skip(Ascii.equals) else { throw unexpected(allowed: "'=' and a value") }
            scanner.skipBlanks()
            insert(try value(depth: depth + path.count), at: path, into: table)
            scanner.skipBlanks()
            guard !scanner.skip(Ascii.closeBrace) else { return table }
            guard scanner.skip(Ascii.comma) else { throw brokenInlineTable(allowed: "',' or '}' after a value") }
            scanner.skipBlanks()
            guard !scanner.isAtLineEnd else { throw brokenInlineTable(allowed: "another key with its value") }
        }
    }

    private mutating func brokenInlineTable(allowed: String) -> TOMLTrouble {
        guard scanner.isAtLineEnd else { return unexpected(allowed: allowed) }
        let trouble = unexpected(allowed: allowed, hint: "a table in braces stands on one line")
        // What follows is the rest of the table: to read it as lines of their own would only add to the noise.
        _ = scanner.skipLineEnd()
        return trouble
    }

    /// A number, a date, a truth value: all that stands without quotes.
    private mutating func scalar() throws(TOMLTrouble) -> TOMLValue.Content {
        let place = scanner.place
        let start = scanner.offset
        skipWord()
        // A blank may stand between date and time in place of the 'T'.
        if scanner.offset - start == 10, TOMLDate(scanner.text(from: start))?.kind == .localDate,
            scanner.next == 32, let byte = scanner.ahead(1), Ascii.isDigit(byte)
        {
            scanner.advance()
            skipWord()
        }
        let word = scanner.text(from: start)
        guard !word.isEmpty else { throw unexpected(allowed: "a value") }
        switch word {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        default: break
        }
        if let date = TOMLDate(word) { return .date(date) }
        if let number = TOMLNumber(word) {
            switch number {
            case .integer(let value): return .integer(value)
            case .float(let value): return .float(value)
            case .tooLarge:
                throw trouble(at: place, found: clipped(word), allowed: "a whole number of at most 64 bits")
            }
        }
        throw trouble(
            at: place, found: clipped(word), allowed: "a value: a text in quotes, a number, true or false, an array",
            suggestion: "\"\(clipped(word))\"")
    }

    private mutating func skipWord() {
        while let byte = scanner.next, byte > 32, byte != 127, !Self.endsOfWord.contains(byte) { scanner.advance() }
    }

    private static let endsOfWord: [UInt8] = [
        Ascii.comma, Ascii.closeBracket, Ascii.closeBrace, Ascii.hash, Ascii.equals, Ascii.quote, Ascii.apostrophe,
        Ascii.openBracket, Ascii.openBrace,
    ]

    private func clipped(_ word: ArraySlice<UInt8>) -> String { String(decoding: word, as: UTF8.self).clipped }
}

extension ArraySlice<UInt8> {
    fileprivate static func ~= (word: StaticString, bytes: Self) -> Bool {
        bytes.elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }
}
