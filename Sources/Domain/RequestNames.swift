/// The names in a signing request of the operator's.
public struct RequestNames: Hashable, Sendable {
    public var commonName: String?
    /// DNS names as they stand there; other forms in words.
    public var alternativeNames: [String]

    public init(commonName: String?, alternativeNames: [String] = []) {
        (self.commonName, self.alternativeNames) = (commonName, alternativeNames)
    }

    /// One thing that the request has and the wish has otherwise.
    public struct Difference: Hashable, Sendable {
        /// The key of the wish, as the settings write it.
        public var key: String
        public var found: String
        public var wished: String

        public var text: String { "the request has \(found), \(key) is \(wished)" }
    }

    /// What a certificate made from the request would have otherwise than wished. Alternative names that the settings
    /// leave out are the request's own business; case makes no difference in them.
    public func differences(from wish: ClientCertificateWish) -> [Difference] {
        var differences: [Difference] = []
        if commonName != wish.commonName {
            differences.append(
                Difference(
                    key: "common_name", found: commonName.map(Self.quoted) ?? "no common name",
                    wished: Self.quoted(wish.commonName)))
        }
        let (found, wished) = (Self.set(alternativeNames), Self.set(wish.alternativeNames))
        if !wished.isEmpty, found != wished {
            differences.append(
                Difference(key: "alternative_names", found: Self.words(found), wished: Self.words(wished)))
        }
        return differences
    }

    private static func set(_ names: [String]) -> Set<String> { Set(names.map { $0.lowercased() }) }

    private static func words(_ names: Set<String>) -> String {
        guard !names.isEmpty else { return "none" }
        let some = names.sorted().prefix(5).map(quoted).joined(separator: ", ")
        return names.count > 5 ? "\(some) and \(names.count - 5) more" : some
    }

    /// Short, and without what a terminal would obey: the text comes out of a file.
    private static func quoted(_ text: String) -> String {
        let clean = text.unicodeScalars.prefix(100).map { scalar in
            scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) ? "\u{FFFD}" : Character(scalar)
        }
        return "'\(String(clean))'"
    }
}
