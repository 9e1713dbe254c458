/// Reads TOML 1.0 into a tree in which every key and every value knows its place.
///
/// Its time grows with the length of the text, nothing in it recurses deeper than ``deepest``, and no input traps.
/// After a fault it goes on with the next line, so that a person sees all of them; a fault inside a value of several
/// lines ends the reading, for what follows could not be told from the value.
///
/// - SeeAlso: <https://toml.io/en/v1.0.0>
struct TOMLParser {
    /// Tables within tables and arrays within arrays, however they are written.
    static let deepest = 100
    /// 16 MiB: a thousand zones with ten packs each are 2.5 MB.
    static let longest = 16 << 20
    private static let mostTroubles = 100

    var scanner: TOMLScanner
    let root = TOMLTable(.header)
    private var section: TOMLTable
    private var sectionDepth = 0
    private var sectionPath = ""
    /// The key that is being read, for troubles to name.
    var keyPath = ""
    private var troubles: [TOMLTrouble] = []
    private var isStopped = false
    /// The element of an array of tables to which nothing can be added any more, for the next has begun.
    private var ended: (key: TOMLKey, array: TOMLArray, index: Int)?

    static func parse(_ bytes: [UInt8]) -> TOMLDocument {
        var parser = TOMLParser(bytes)
        while parser.step() {}
        return parser.document
    }

    init(_ bytes: [UInt8]) {
        scanner = TOMLScanner(bytes)
        section = root
        if bytes.count > Self.longest {
            refuse(scanner.place, "\(bytes.count) bytes", "at most \(Self.longest) bytes in a file")
        } else if let place = UTF8Check.firstFault(in: bytes) {
            refuse(place, "a byte that is not UTF-8", "a text in UTF-8")
        }
    }

    private mutating func refuse(_ place: TextPlace, _ found: String, _ allowed: String) {
        troubles.append(trouble(at: place, found: found, allowed: allowed))
        isStopped = true
    }

    /// What has been read so far.
    var document: TOMLDocument {
        TOMLDocument(root: root, troubles: troubles, isComplete: scanner.next == nil)
    }

    /// Reads one more line, or several where one value takes several.
    /// - Returns: False at the end, or where the reading cannot go on.
    mutating func step() -> Bool {
        guard !isStopped, scanner.next != nil else { return false }
        let line = scanner.line
        do throws(TOMLTrouble) {
            try expression()
        } catch {
            troubles.append(error)
            isStopped = scanner.line != line
            if !isStopped {
                scanner.skipRestOfLine()
                _ = scanner.skipLineEnd()
            }
        }
        isStopped = isStopped || troubles.count >= Self.mostTroubles
        return true
    }

    /// Hands over the element of `[[key]]` that has just ended, and leaves ``TOMLValue/Content/unread`` in its place.
    ///
    /// Called after each ``step()`` it keeps the tree small: of ten thousand zones one is in memory at a time.
    /// - Returns: nil when none has ended. The last element of a document never does: it is in the ``document``.
    mutating func takeEnded(_ key: String) -> (index: Int, element: TOMLValue)? {
        guard let last = ended else { return nil }
        ended = nil
        guard last.key.text == key else { return nil }
        let element = last.array.items[last.index]
        last.array.items[last.index].content = .unread
        return (last.index, element)
    }

    /// One line: a header, a key with its value, a comment or nothing.
    private mutating func expression() throws(TOMLTrouble) {
        keyPath = sectionPath
        scanner.skipBlanks()
        switch scanner.next {
        case Ascii.openBracket: try header()
        case Ascii.hash, Ascii.lineFeed, Ascii.carriageReturn, nil: break
        default: try keyAndValue()
        }
        try lineEnd()
    }

    /// Blanks, a comment, and the end of the line or of the file.
    private mutating func lineEnd() throws(TOMLTrouble) {
        scanner.skipBlanks()
        try comment()
        guard scanner.next == nil || scanner.skipLineEnd() else { throw unexpected(allowed: "the end of the line") }
    }

    private mutating func comment() throws(TOMLTrouble) {
        guard scanner.next == Ascii.hash else { return }
        while let byte = scanner.next, !scanner.isAtLineEnd {
            guard !Ascii.isControl(byte) else { throw unexpected(allowed: "a comment without control characters") }
            scanner.advance()
        }
    }

    /// Blanks, line ends and comments between the values of an array.
    mutating func skipGap() throws(TOMLTrouble) {
        repeat {
            scanner.skipBlanks()
            try comment()
        } while scanner.skipLineEnd()
    }

    func trouble(
        at place: TextPlace, found: String, allowed: String, suggestion: String? = nil, hint: String? = nil
    ) -> TOMLTrouble {
        TOMLTrouble(
            place: place, key: keyPath, found: found, allowed: allowed, suggestion: suggestion, hint: hint)
    }

    /// What stands here does not belong here.
    func unexpected(allowed: String, hint: String? = nil) -> TOMLTrouble {
        trouble(at: scanner.place, found: scanner.description, allowed: allowed, hint: hint)
    }
}

// MARK: Headers, and the keys that stand below them

extension TOMLParser {
    struct KeySegment {
        var key: TOMLKey
        var place: TextPlace
    }

    private mutating func header() throws(TOMLTrouble) {
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

    private mutating func keyAndValue() throws(TOMLTrouble) {
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

    /// `a.b."c d"`, with blanks around it and around its dots.
    mutating func dottedKey() throws(TOMLTrouble) -> [KeySegment] {
        var path: [KeySegment] = []
        repeat {
            scanner.skipBlanks()
            let place = scanner.place
            path.append(KeySegment(key: TOMLKey(text: try simpleKey()), place: place))
            guard path.count <= Self.deepest else {
                throw trouble(at: place, found: "more than \(Self.deepest) levels", allowed: "fewer levels")
            }
            scanner.skipBlanks()
        } while scanner.skip(Ascii.dot)
        return path
    }

    private mutating func simpleKey() throws(TOMLTrouble) -> String {
        switch scanner.next {
        case Ascii.quote: return try basicString()
        case Ascii.apostrophe: return try literalString()
        default: break
        }
        let start = scanner.offset
        while let byte = scanner.next, Ascii.isBareKey(byte) { scanner.advance() }
        guard scanner.offset > start else {
            throw unexpected(allowed: "a key: letters, digits, '-' and '_', or a text in quotes")
        }
        return String(decoding: scanner.text(from: start), as: UTF8.self)
    }

    /// A key as it is written in a path: in quotes where it has to be.
    static func text(of key: String) -> String {
        var text = ""
        append(key, to: &text)
        return text
    }

    private static func text(of path: [KeySegment]) -> String {
        var text = ""
        for segment in path { append(segment.key.text, to: &text) }
        return text
    }

    private static func append(_ key: String, to path: inout String) {
        let isBare = !key.isEmpty && key.utf8.allSatisfy(Ascii.isBareKey)
        path += (path.isEmpty ? "" : ".") + (isBare ? key.clipped : key.quoted)
    }
}
