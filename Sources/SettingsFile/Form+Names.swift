import Domain

extension Form<String> {
    /// The name of a wish. It becomes the name of a folder and a part of `zone/kind/name`.
    static var wishName: Form {
        Form(allowed: "a name of 1 to \(longestName) bytes without '/', blanks at its ends, or '.' at its beginning") {
            value in
            guard case .string(let text) = value.content else { return .refused() }
            guard !text.isEmpty else { return .refused(found: "an empty text") }
            let isFit =
                text.utf8.count <= longestName && text.isVisible && !text.contains("/") && !text.hasPrefix(".")
                && !text.hasOuterBlanks
            return isFit ? .value(text) : .refused()
        }
    }

    /// A folder's name may have 255 bytes; the rest is left for what is put before and after it.
    private static var longestName: Int { 100 }

    static var zoneName: Form {
        Form(allowed: "the name of a zone, such as \"example.com\"") { value in
            guard case .string(let text) = value.content else { return .refused() }
            if let fault = HostName.fault(in: text, allowsWildcard: false) { return .refused(hint: fault) }
            let name = HostSet.normalized(text)
            return name.contains(".") ? .value(name) : .refused(hint: "a zone has at least two labels")
        }
    }

    /// 32 hexadecimal digits in lower case, as Cloudflare shows them on a zone's overview page.
    static var zoneID: Form {
        Form(allowed: "32 hexadecimal digits in lower case") { value in
            guard case .string(let text) = value.content else { return .refused() }
            if isZoneID(text) { return .value(text) }
            return .refused(suggestion: isZoneID(text.lowercased()) ? text.lowercased() : nil)
        }
    }

    private static func isZoneID(_ text: String) -> Bool {
        text.utf8.count == 32 && text.utf8.allSatisfy { Ascii.isDigit($0) || (97...102).contains($0) }
    }

    /// The two capital letters of ISO 3166.
    static var country: Form {
        Form(allowed: "a country's two capital letters, such as \"DE\"") { value in
            guard case .string(let text) = value.content else { return .refused() }
            let isFit = text.utf8.count == 2 && text.utf8.allSatisfy { (65...90).contains($0) }
            let capitals = text.uppercased()
            let isNear = text.utf8.count == 2 && text.utf8.allSatisfy(Ascii.isLetter)
            return isFit ? .value(text) : .refused(suggestion: isNear ? capitals : nil)
        }
    }

    /// The name of a group as Debian's adduser takes it, or its number.
    static var group: Form {
        Form(allowed: "the name of a group of at most 32 characters") { value in
            guard case .string(let text) = value.content else { return .refused() }
            let isFit =
                (1...32).contains(text.utf8.count) && text.utf8.first != Ascii.minus
                && text.utf8.allSatisfy { Ascii.isBareKey($0) || $0 == Ascii.dot }
            return isFit ? .value(text) : .refused(found: text.isEmpty ? "an empty text" : nil)
        }
    }
}

/// One text of an array with its place.
struct PlacedText {
    var text: String
    var place: TextPlace
}

extension Form<[PlacedText]> {
    /// An array of texts. What each may be is for the caller to say.
    static func texts(_ allowed: String) -> Form {
        Form(allowed: allowed) { value in
            guard case .array(let array) = value.content else {
                if case .string(let text) = value.content { return .refused(suggestion: "[\(text.quoted)]") }
                return .refused()
            }
            var texts: [PlacedText] = []
            for item in array.items {
                guard case .string(let text) = item.content else {
                    return .refused(found: "\(item.shown) in line \(item.place.line) among the texts")
                }
                texts.append(PlacedText(text: text, place: item.place))
            }
            return .value(texts)
        }
    }
}

/// The syntax of host names in certificates.
enum HostName {
    /// What is wrong with a name; nil when nothing is. One trailing dot is allowed.
    ///
    /// Letters, digits and inner hyphens, labels of 1 to 63 bytes, 253 bytes in all (RFC 1123, RFC 1035). Underscores are
    /// refused: no public authority may put one into a certificate (CA/Browser Forum ballot SC12, since 2019-04-01).
    static func fault(in text: String, allowsWildcard: Bool) -> String? {
        guard text.utf8.allSatisfy({ $0 < 128 }) else {
            return "names with other letters than a to z are written in punycode: xn--…"
        }
        var name = text.hasSuffix(".") ? Substring(text.dropLast()) : Substring(text)
        if name.hasPrefix("*.") {
            guard allowsWildcard else { return "a wildcard cannot stand here" }
            name = name.dropFirst(2)
        }
        guard !name.isEmpty else { return "the name is empty" }
        guard name.utf8.count <= 253 else { return "a name has at most 253 bytes" }
        for label in name.split(separator: ".", omittingEmptySubsequences: false) {
            if label.isEmpty { return "a label between two dots is empty" }
            if label.contains("*") { return "'*' is the whole of the first label or nothing: \"*.example.com\"" }
            if label.utf8.count > 63 { return "a label has at most 63 bytes" }
            guard label.utf8.allSatisfy({ Ascii.isLetter($0) || Ascii.isDigit($0) || $0 == Ascii.minus }) else {
                return label.contains("_")
                    ? "no public authority issues for a name with '_'" : "a label has letters, digits and hyphens"
            }
            if label.hasPrefix("-") || label.hasSuffix("-") { return "a label neither begins nor ends with '-'" }
        }
        return nil
    }
}
