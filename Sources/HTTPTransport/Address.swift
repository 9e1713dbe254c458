/// Where a request goes, as far as it has to be known before libcurl is asked.
struct Address: Hashable {
    var isSecure: Bool
    var isLoopback: Bool

    /// - Returns: nil for what is neither https nor http on loopback, and for an address with a user name, which makes
    ///   one host look like another.
    init?(_ url: String) {
        guard let scheme = ["https://", "http://"].first(where: url.lowercased().hasPrefix) else { return nil }
        let authority = url.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
        guard !authority.isEmpty, url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            !authority.contains(where: { "@\\".contains($0) })
        else { return nil }
        isSecure = scheme == "https://"
        isLoopback = Self.isLoopback(authority)
        guard isSecure || isLoopback else { return nil }
    }

    private static func isLoopback(_ authority: Substring) -> Bool {
        if authority.hasPrefix("[") { return authority.hasPrefix("[::1]") }
        let host = authority.prefix { $0 != ":" }.lowercased()
        if host == "localhost" { return true }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return numbers.count == 4 && numbers.first == 127 && !numbers.contains(nil)
    }
}
