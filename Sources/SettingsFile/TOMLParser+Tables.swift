extension TOMLParser {
    mutating func header() throws(TOMLTrouble) {
        let place = scanner.place
        // What stands below a header that was refused belongs to nothing that is known, and is read aside.
        leaveSection()
        scanner.advance()
        let isArray = scanner.skip(Ascii.openBracket)
        let path = try dottedKey()
        keyPath = Self.text(of: path)
        guard scanner.skip(Ascii.closeBracket), !isArray || scanner.skip(Ascii.closeBracket) else {
            throw unexpected(allowed: isArray ? "']]' at the end of the header" : "']' at the end of the header")
        }
        try open(path, asArray: isArray, at: place)
    }

    private mutating func leaveSection() {
        (section, sectionDepth, sectionPath, keyPath) = (TOMLTable(.header), 0, "", "")
    }

    private mutating func open(_ path: [KeySegment], asArray isArray: Bool, at place: TextPlace) throws(TOMLTrouble) {
        guard let last = path.last else { return }
        var table = root
        var text = ""
        for segment in path.dropLast() {
            Self.append(segment.key.text, to: &text)
            switch table[segment.key]?.value.content {
            case nil:
                let new = TOMLTable(.headerBelow)
                add(.table(new), at: place, for: segment, to: table)
                table = new
            case .table(let known)? where known.origin != .inline: table = known
            case .array(let array)? where array.isOfTables:
                guard case .table(let latest)? = array.items.last?.content else { return }
                text += "[\(array.items.count)]"
                table = latest
            default: throw trouble(at: segment.place, found: "the header of a table in '\(text)'", allowed: Self.closed)
            }
        }
        Self.append(last.key.text, to: &text)
        keyPath = text
        let new = TOMLTable(.header)
        switch table[last.key]?.value.content {
        case nil where isArray:
            add(
                .array(TOMLArray([TOMLValue(place: place, content: .table(new))], isOfTables: true)), at: place,
                for: last, to: table)
            text += "[1]"
        case nil: add(.table(new), at: place, for: last, to: table)
        case .array(let array)? where isArray && array.isOfTables:
            if path.count == 1 { ended = (last.key, array, array.items.count - 1) }
            array.items.append(TOMLValue(place: place, content: .table(new)))
            text += "[\(array.items.count)]"
        case .table(let known)? where !isArray && known.origin == .headerBelow:
            known.origin = .header
            table.move(last.key, to: place)
            (section, sectionDepth, sectionPath) = (known, path.count, text)
            return
        default: throw duplicate(last, in: table)
        }
        (section, sectionDepth, sectionPath) = (new, path.count, text)
    }

    private static let closed = "a table of its own: what is written as a value cannot be added to"

    mutating func keyAndValue() throws(TOMLTrouble) {
        let table = section
        let path = try dottedKey()
        keyPath = sectionPath
        for segment in path { Self.append(segment.key.text, to: &keyPath) }
        guard scanner.skip(Ascii.equals) else {
            throw unexpected(allowed: "'=' and a value", hint: "a key with a value is written 'key = \"value\"'")
        }
        scanner.skipBlanks()
        do throws(TOMLTrouble) {
            let value = try value(depth: sectionDepth + path.count)
            try restOfLine()
            insert(value, at: path, into: table)
        } catch {
            insert(TOMLValue(place: error.place, content: .unread), at: path, into: table)
            throw error
        }
    }

    /// A value followed by anything but the end of its line was most likely meant to be longer.
    private mutating func restOfLine() throws(TOMLTrouble) {
        scanner.skipBlanks()
        guard scanner.next == nil || scanner.next == Ascii.hash || scanner.isAtLineEnd else {
            throw unexpected(
                allowed: "the end of the line after a value", hint: "a text with blanks or signs stands in quotes")
        }
    }

    /// Puts a value where its dotted key says. What is there already stays, and the second is a trouble.
    mutating func insert(_ value: TOMLValue, at path: [KeySegment], into table: TOMLTable) {
        guard let last = path.last else { return }
        var table = table
        for segment in path.dropLast() {
            switch table[segment.key]?.value.content {
            case nil:
                let new = TOMLTable(.dottedKey)
                add(.table(new), at: segment.place, for: segment, to: table)
                table = new
            case .table(let known)? where known.origin == .dottedKey || known.origin == .headerBelow:
                known.origin = .dottedKey
                table = known
            case .unread?: return
            default:
                troubles.append(duplicate(segment, in: table))
                return
            }
        }
        guard table[last.key] == nil else {
            troubles.append(duplicate(last, in: table))
            return
        }
        table.add(.init(key: last.key, keyPlace: last.place, value: value))
    }

    private func add(_ content: TOMLValue.Content, at place: TextPlace, for segment: KeySegment, to table: TOMLTable) {
        let value = TOMLValue(place: place, content: content)
        table.add(.init(key: segment.key, keyPlace: segment.place, value: value))
    }

    private func duplicate(_ segment: KeySegment, in table: TOMLTable) -> TOMLTrouble {
        let first = table[segment.key]?.keyPlace.line ?? 0
        return trouble(
            at: segment.place, found: "'\(segment.key.text.clipped)' a second time", allowed: "one definition",
            hint: "the first is in line \(first)")
    }
}
