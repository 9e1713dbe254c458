import Domain

/// The body of an order, checked.
struct PackOrder: Hashable, Sendable {
    var hosts: HostSet
    var authority: CertificateAuthority
    var method: ValidationMethod
    var validityDays: Int
    var branding: Bool

    /// - Parameter zone: The zone's name: the apex is added where it is missing, other domains are refused.
    init(_ body: JSONValue, zone: String, conduct: ZoneConduct) throws(Refusal) {
        guard body["type"]?.text == "advanced" else { throw .invalid("type must be 'advanced'") }
        guard let authority = body["certificate_authority"]?.text.flatMap(CertificateAuthority.init) else {
            throw .invalid("certificate_authority must be one of google, lets_encrypt, ssl_com")
        }
        guard let method = body["validation_method"]?.text.flatMap(ValidationMethod.init) else {
            throw .invalid("validation_method must be one of txt, http, email")
        }
        guard let validityDays = body["validity_days"]?.integer, [14, 30, 90, 365].contains(validityDays) else {
            throw .invalid("validity_days must be one of 14, 30, 90, 365")
        }
        if let flag = body["cloudflare_branding"], flag != .null, flag.flag == nil {
            throw .invalid("cloudflare_branding must be a boolean")
        }
        (self.authority, self.method, self.validityDays) = (authority, method, validityDays)
        branding = body["cloudflare_branding"]?.flag ?? false
        hosts = try Self.hosts(body["hosts"], zone: zone)
        try check(conduct)
    }

    private static func hosts(_ value: JSONValue?, zone: String) throws(Refusal) -> HostSet {
        guard let elements = value?.elements, !elements.isEmpty else { throw .invalid("hosts must not be empty") }
        let names = elements.compactMap(\.text)
        guard names.count == elements.count else { throw .invalid("hosts must be strings") }
        let hosts = HostSet(names).adding([zone])
        guard hosts.count <= 50 else { throw .invalid("hosts may not contain more than 50 hosts") }
        for host in hosts.names {
            guard host == zone || host.hasSuffix(".\(zone)") else { throw .invalid("'\(host)' is not in the zone") }
            guard isHostName(host) else { throw .invalid("'\(host)' is not a host name") }
        }
        return hosts
    }

    /// A wildcard may stand for the first label alone.
    private static func isHostName(_ host: String) -> Bool {
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, host.utf8.count <= 253 else { return false }
        return labels.enumerated().allSatisfy { index, label in
            if label == "*" { return index == 0 }
            guard (1...63).contains(label.utf8.count), label.first != "-", label.last != "-" else { return false }
            return label.utf8.allSatisfy { byte in
                (97...122).contains(byte) || (48...57).contains(byte) || byte == 45 || byte == 95
            }
        }
    }

    /// What the authorities allow (Cloudflare's page on certificate authorities, as of 2026-11).
    private func check(_ conduct: ZoneConduct) throws(Refusal) {
        switch authority {
        case .letsEncrypt:
            guard validityDays == 90 else { throw .invalid("lets_encrypt supports validity_days 90 only") }
            guard !branding else { throw .invalid("lets_encrypt does not support cloudflare_branding") }
            guard hosts.names.allSatisfy({ $0.split(separator: ".").count <= 10 }) else {
                throw .invalid("lets_encrypt supports up to 10 levels of subdomains")
            }
        case .google:
            guard validityDays != 365 else { throw .invalid("google supports validity_days 14, 30 and 90") }
            guard !hosts.names.contains(where: { $0.contains("xn--") }) else {
                throw .invalid("google does not support internationalized domain names")
            }
        case .sslCom:
            guard validityDays != 365 || conduct.plan == "enterprise" else {
                throw .invalid("validity_days 365 requires an Enterprise plan")
            }
        }
        try Self.check(method, authority: authority.rawValue, hosts: hosts.names)
    }

    /// HTTP cannot show a wildcard; only SSL.com reads mail.
    static func check(_ method: ValidationMethod, authority: String, hosts: [String]) throws(Refusal) {
        if method == .http, hosts.contains(where: { $0.hasPrefix("*.") }) {
            throw .invalid("validation_method http does not support wildcards")
        }
        if method == .email, authority != CertificateAuthority.sslCom.rawValue {
            throw .invalid("validation_method email is supported by ssl_com only")
        }
    }

    /// Cloudflare's own host on a branded certificate.
    static let brandingHost = "sni.cloudflaressl.com"
}
