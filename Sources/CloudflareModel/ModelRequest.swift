/// One HTTP request as far as Cloudflare's API looks at it.
public struct ModelRequest: Hashable, Sendable {
    /// In capitals.
    public var method: String
    /// Without the query, still percent-encoded, with or without `/client/v4` in front.
    public var path: String
    /// Without the question mark, still percent-encoded; empty for none.
    public var query: String
    /// The header `Authorization`, whole. Never kept.
    public var authorization: String?
    /// The header `Content-Type`.
    public var contentType: String?
    public var body: [UInt8]

    public init(
        method: String, path: String, query: String = "", authorization: String? = nil, contentType: String? = nil,
        body: [UInt8] = []
    ) {
        (self.method, self.path, self.query) = (method, path, query)
        (self.authorization, self.contentType, self.body) = (authorization, contentType, body)
    }

    /// Takes path and query out of a request target: `/client/v4/zones?page=2`.
    public init(
        method: String, target: String, authorization: String? = nil, contentType: String? = nil, body: [UInt8] = []
    ) {
        let mark = target.utf8.firstIndex(of: UInt8(ascii: "?"))
        self.init(
            method: method, path: String(target[..<(mark ?? target.endIndex)]),
            query: mark.map { String(target[target.utf8.index(after: $0)...]) } ?? "",
            authorization: authorization, contentType: contentType, body: body)
    }

    /// The path without `/client/v4`: what fault rules and the ledger speak of.
    public var apiPath: String {
        path.hasPrefix("/client/v4/") ? String(Substring(path.utf8.dropFirst("/client/v4".utf8.count))) : path
    }

    /// The decoded segments of ``apiPath``. An empty segment stays: `/zones//ssl` has no zone.
    var segments: [String] {
        apiPath.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
            .map(Self.decoded)
    }

    /// The first value of a query parameter, decoded.
    public func parameter(_ name: String) -> String? {
        for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
            let mark = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            if Self.decoded(pair[..<mark]) == name { return Self.decoded(pair[mark...].dropFirst()) }
        }
        return nil
    }

    private static func decoded(_ text: Substring.UTF8View) -> String {
        guard text.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            return String(Substring(text))
        }
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, rest.prefix(2).allSatisfy(\.isHexDigit),
                let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// One HTTP reply, and what happens to it on the way.
public struct ModelReply: Hashable, Sendable {
    public var status: Int
    /// In the order in which they are sent. `Content-Length` is the transport's.
    public var headers: [Header]
    public var body: [UInt8]
    public var fate: Fate

    public struct Header: Hashable, Sendable {
        public var name: String
        public var value: String
        public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    /// What a transport has to act out.
    public enum Fate: Hashable, Sendable {
        case normal
        /// The reply comes this much later (of the client's time, not of the model's). The effect was at once.
        case delay(Duration)
        /// The connection breaks before Cloudflare has read the request: no effect, no reply.
        case resetBefore
        /// The connection breaks when Cloudflare has done as it was asked: an effect, no reply.
        case resetAfter
        /// Only so many bytes of the body arrive, then the connection closes; `Content-Length` promised all of them.
        case truncate(at: Int)
    }

    public init(status: Int, headers: [Header] = [], body: [UInt8] = [], fate: Fate = .normal) {
        (self.status, self.headers, self.body, self.fate) = (status, headers, body, fate)
    }

    /// The first header of this name, whatever its capitals.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
