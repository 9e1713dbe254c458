/// A certificate pack as the settings want it.
public struct PackWish: Hashable, Sendable {
    public var name: String
    /// As written, without Cloudflare's own additions.
    public var hosts: HostSet
    public var authority: CertificateAuthority
    public var method: ValidationMethod
    /// 14, 30, 90 or 365.
    public var validityDays: Int
    public var branding: Bool

    public init(
        name: String, hosts: HostSet, authority: CertificateAuthority, method: ValidationMethod, validityDays: Int,
        branding: Bool = false
    ) {
        (self.name, self.hosts, self.authority, self.method) = (name, hosts, authority, method)
        (self.validityDays, self.branding) = (validityDays, branding)
    }
}

/// The authorities that an advanced pack can be ordered from, in Cloudflare's words.
public enum CertificateAuthority: String, Hashable, Sendable, CaseIterable {
    case google
    case letsEncrypt = "lets_encrypt"
    case sslCom = "ssl_com"
}

/// How an authority is shown that a name is ours, in Cloudflare's words.
public enum ValidationMethod: String, Hashable, Sendable, CaseIterable { case txt, http, email }
