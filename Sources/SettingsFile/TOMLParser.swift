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
    var section: TOMLTable
    var sectionDepth = 0
    var sectionPath = ""
    /// The key that is being read, for troubles to name.
    var keyPath = ""
    var troubles: [TOMLTrouble] = []
    private var isStopped = false
    /// The element of an array of tables to which nothing can be added any more, for the next has begun.
    var ended: (key: TOMLKey, array: TOMLArray, index: Int)?

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
