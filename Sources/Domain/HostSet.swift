/// The names that a certificate is for: lower case, without a trailing dot, each once. Order means nothing.
public struct HostSet: Hashable, Sendable, ExpressibleByArrayLiteral {
    /// Sorted, so that equal sets read and store alike.
    public let names: [String]

    public init(_ names: [String]) {
        let names = names.map(Self.normalized)
        self.names = names.count < 2 ? names : Set(names).sorted()
    }

    public init(_ names: some Sequence<String>) { self.init(Array(names)) }

    public init(arrayLiteral names: String...) { self.init(names) }

    /// - Parameter names: Names of another set, in their order.
    init(sorted names: [String]) { self.names = names }

    public var isEmpty: Bool { names.isEmpty }
    public var count: Int { names.count }

    /// One text for equal sets, to count orders by.
    public var key: String { names.joined(separator: ",") }

    /// True when a certificate with these names is accepted for `host`: by the name itself, or by a wildcard one label
    /// above it. A wished wildcard is covered by the same wildcard alone.
    public func covers(_ host: String) -> Bool {
        let host = Self.normalized(host)
        if names.contains(host) { return true }
        guard !host.hasPrefix("*."), let dot = host.firstIndex(of: ".") else { return false }
        return names.contains("*" + host[dot...])
    }

    public func adding(_ more: some Sequence<String>) -> HostSet { HostSet(names + more) }

    public func subtracting(_ other: HostSet) -> HostSet {
        let others = Set(other.names)
        return HostSet(sorted: names.filter { !others.contains($0) })
    }

    /// The set without what Cloudflare adds by itself: the host that carries its branding.
    public var withoutBranding: HostSet {
        names.contains(where: Self.isBranding) ? HostSet(sorted: names.filter { !Self.isBranding($0) }) : self
    }

    /// `sni.cloudflaressl.com` and its older numbered forms, which Cloudflare adds to a branded pack.
    public static func isBranding(_ host: String) -> Bool { host.hasSuffix(".cloudflaressl.com") }

    public static func normalized(_ host: String) -> String {
        var lower = host.lowercased()
        while lower.hasSuffix(".") { lower.removeLast() }  // all of them: normalized once more it is the same
        return lower
    }
}
