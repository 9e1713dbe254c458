import Domain

/// What authorities and Cloudflare issue, as of 2026-11. Facts alone: what follows from them is in ``Preflight``.
enum IssuanceFacts {
    /// Hosts of one pack, the apex included.
    ///
    /// - SeeAlso: <https://developers.cloudflare.com/ssl/edge-certificates/advanced-certificate-manager/>, as of 2026-11.
    static let mostHosts = 50

    /// Labels of one host at Let's Encrypt.
    ///
    /// - SeeAlso: <https://developers.cloudflare.com/ssl/reference/certificate-authorities/>, as of 2026-11.
    static let mostLevelsAtLetsEncrypt = 10

    /// The days of validity that can be ordered from an authority.
    ///
    /// - SeeAlso: <https://developers.cloudflare.com/ssl/reference/certificate-authorities/>, as of 2026-11.
    static func validityDays(of authority: CertificateAuthority) -> [Int] {
        switch authority {
        case .letsEncrypt: [90]
        case .google: [14, 30, 90]
        case .sslCom: [14, 30, 90, 365]
        }
    }

    /// True when Cloudflare sells this validity to Enterprise zones alone (same page, as of 2026-11). Whether a zone is
    /// one cannot be seen from here.
    static func isEnterpriseOnly(_ authority: CertificateAuthority, validityDays: Int) -> Bool {
        authority == .sslCom && validityDays == 365
    }

    /// The methods by which an authority validates.
    ///
    /// That only SSL.com takes `email` is not in Cloudflare's documentation: users of the API report it, read 2026-11.
    static func methods(of authority: CertificateAuthority) -> [ValidationMethod] {
        switch authority {
        case .sslCom: [.txt, .http, .email]
        case .google, .letsEncrypt: [.txt, .http]
        }
    }

    /// False for Google, which issues for no name in punycode (certificate-authorities page, as of 2026-11).
    static func takesPunycode(_ authority: CertificateAuthority) -> Bool { authority != .google }

    /// False for Let's Encrypt: users of the API report that the branding host is refused there, read 2026-11.
    static func takesBranding(_ authority: CertificateAuthority) -> Bool { authority != .letsEncrypt }

    /// The longest validity of a public certificate issued at `moment`, in days.
    ///
    /// - SeeAlso: CA/Browser Forum ballot SC-081v3, adopted 2025-04-11:
    ///   <https://cabforum.org/2025/04/11/ballot-sc081v3/>. The 398 days before it are of the Baseline Requirements
    ///   since 2020-09-01.
    static func longestValidityDays(at moment: Timestamp) -> Int {
        calendar.last { $0.since <= moment }?.days ?? 398
    }

    static let calendar: [(since: Timestamp, days: Int)] = [
        (Timestamp(unixSeconds: 1_773_532_800), 200),  // 2026-03-15
        (Timestamp(unixSeconds: 1_805_068_800), 100),  // 2027-03-15
        (Timestamp(unixSeconds: 1_868_227_200), 47),  // 2029-03-15
    ]

    /// Characters of a common name: RFC 5280, appendix A, ub-common-name.
    static let longestCommonName = 64

    /// Days that a client certificate may be ordered for. Cloudflare publishes no maximum; the examples of its API
    /// reference go to 3650, read 2026-11.
    static let clientValidityDays = 1...3650
}
