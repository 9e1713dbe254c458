/// The URL under which the API is found, taken apart as far as its safety has to be judged.
struct BaseURL: Hashable {
    /// Without a slash at its end.
    let text: String
    let isLoopback: Bool

    enum Fault: Error, Hashable {
        case notURL
        /// `http://` to another machine: the token could be read on the way.
        case plain
        /// A name or a password in front of the host.
        case credentials
        case queryOrFragment
    }

    init(_ written: String) throws(Fault) {
        var rest = Substring(written)
        let isTLS: Bool
        if rest.lowercased().hasPrefix("https://") {
            isTLS = true
        } else if rest.lowercased().hasPrefix("http://") {
            isTLS = false
        } else {
            throw .notURL
        }
        rest = rest.dropFirst(isTLS ? 8 : 7)
        guard written.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != Ascii.backslash && $0 != Ascii.quote }) else {
            throw .notURL
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.contains("@") else { throw .credentials }
        guard !rest.contains("?"), !rest.contains("#") else { throw .queryOrFragment }
        guard let host = Self.host(of: authority) else { throw .notURL }
        isLoopback = Self.isLoopback(host)
        guard isTLS || isLoopback else { throw .plain }
        var text = written
        while text.hasSuffix("/") { text.removeLast() }
        self.text = text
    }

    /// The host of `host:port` or `[address]:port`; nil when either is malformed.
    private static func host(of authority: Substring) -> String? {
        let host: Substring
        var port: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[...end]
            port = authority[authority.index(after: end)...]
            let address = host.dropFirst().dropLast().utf8
            guard !address.isEmpty,
                address.allSatisfy({ Ascii.hexDigit($0) != nil || $0 == Ascii.colon || $0 == Ascii.dot })
            else { return nil }
        } else {
            host = authority.prefix { $0 != ":" }
            port = authority.dropFirst(host.count)
            guard HostName.fault(in: String(host), allowsWildcard: false) == nil else { return nil }
        }
        if !port.isEmpty {
            guard port.hasPrefix(":") else { return nil }
            port = port.dropFirst()
            guard port.utf8.allSatisfy(Ascii.isDigit), let number = Int(port), (1...65_535).contains(number) else {
                return nil
            }
        }
        return host.lowercased()
    }

    /// `localhost`, `::1`, and 127.0.0.0/8 in four decimal numbers.
    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "127" else { return false }
        return parts.allSatisfy { part in
            part.utf8.count <= 3 && part.utf8.allSatisfy(Ascii.isDigit) && Int(part).map { $0 < 256 } == true
        }
    }
}

extension Form<String> {
    static var baseURL: Form {
        Form(allowed: "a URL with https, or with http on loopback") { value in
            guard case .string(let text) = value.content else { return .refused() }
            do throws(BaseURL.Fault) {
                return .value(try BaseURL(text).text)
            } catch {
                switch error {
                case .notURL: return .refused()
                case .plain:
                    return .refused(
                        suggestion: "https" + text.dropFirst(4).description.clipped,
                        hint: "without TLS the token could be read on the way")
                case .credentials:
                    return .refused(found: "a URL with a name or a password", hint: "leave out what stands before '@'")
                case .queryOrFragment: return .refused(hint: "without '?' and '#'")
                }
            }
        }
    }
}
