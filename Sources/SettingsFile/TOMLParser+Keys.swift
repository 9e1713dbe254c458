extension TOMLParser {
    /// One part of a dotted key.
    struct KeySegment {
        var key: TOMLKey
        var place: TextPlace
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

    static func text(of path: [KeySegment]) -> String {
        var text = ""
        for segment in path { append(segment.key.text, to: &text) }
        return text
    }

    static func append(_ key: String, to path: inout String) {
        let isBare = !key.isEmpty && key.utf8.allSatisfy(Ascii.isBareKey)
        path += (path.isEmpty ? "" : ".") + (isBare ? key.clipped : key.quoted)
    }
}
