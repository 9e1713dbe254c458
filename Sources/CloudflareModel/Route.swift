import Domain

/// The endpoints that the model has.
enum Route: Hashable, Sendable {
    case verifyToken
    case verifyAccountToken(String)
    case zones
    case zone(ZoneID)
    case packs(ZoneID)
    case packOrder(ZoneID)
    case packQuota(ZoneID)
    case pack(ZoneID, ObjectID)
    case verifications(ZoneID)
    case verification(ZoneID, ObjectID)
    case clientCertificates(ZoneID)
    case clientCertificate(ZoneID, ObjectID)

    /// nil for every other path, and where an identifier is empty.
    init?(_ segments: [String]) {
        guard !segments.contains("") else { return nil }
        let zone = ZoneID(segments.count > 1 ? segments[1] : "")
        let last = ObjectID(segments.last ?? "")
        switch (segments.first, segments.count, Array(segments.dropFirst(2))) {
        case ("user", 3, ["verify"]) where segments[1] == "tokens": self = .verifyToken
        case ("accounts", 4, ["tokens", "verify"]): self = .verifyAccountToken(zone.text)
        case ("zones", 1, _): self = .zones
        case ("zones", 2, _): self = .zone(zone)
        case ("zones", 3, ["client_certificates"]): self = .clientCertificates(zone)
        case ("zones", 4, ["client_certificates", last.text]): self = .clientCertificate(zone, last)
        case ("zones", 4, ["ssl", "certificate_packs"]): self = .packs(zone)
        case ("zones", 5, ["ssl", "certificate_packs", "order"]): self = .packOrder(zone)
        case ("zones", 5, ["ssl", "certificate_packs", "quota"]): self = .packQuota(zone)
        case ("zones", 5, ["ssl", "certificate_packs", last.text]): self = .pack(zone, last)
        case ("zones", 4, ["ssl", "verification"]): self = .verifications(zone)
        case ("zones", 5, ["ssl", "verification", last.text]): self = .verification(zone, last)
        default: return nil
        }
    }

    /// The path with names in place of identifiers: what requests are counted by.
    var template: String {
        switch self {
        case .verifyToken: "/user/tokens/verify"
        case .verifyAccountToken: "/accounts/{account}/tokens/verify"
        case .zones: "/zones"
        case .zone: "/zones/{zone}"
        case .packs: "/zones/{zone}/ssl/certificate_packs"
        case .packOrder: "/zones/{zone}/ssl/certificate_packs/order"
        case .packQuota: "/zones/{zone}/ssl/certificate_packs/quota"
        case .pack: "/zones/{zone}/ssl/certificate_packs/{id}"
        case .verifications: "/zones/{zone}/ssl/verification"
        case .verification: "/zones/{zone}/ssl/verification/{id}"
        case .clientCertificates: "/zones/{zone}/client_certificates"
        case .clientCertificate: "/zones/{zone}/client_certificates/{id}"
        }
    }

    /// Where a token is verified: the account that is asked, a nil one for the tokens of users; nil for other endpoints.
    var tokenOwner: String?? {
        switch self {
        case .verifyToken: .some(nil)
        case .verifyAccountToken(let account): account
        default: nil
        }
    }

    var zone: ZoneID? {
        switch self {
        case .verifyToken, .verifyAccountToken, .zones: nil
        case .zone(let zone), .packs(let zone), .packOrder(let zone), .packQuota(let zone), .pack(let zone, _),
            .verifications(let zone), .verification(let zone, _), .clientCertificates(let zone),
            .clientCertificate(let zone, _):
            zone
        }
    }

    /// What a token needs: any one of these.
    func permissions(method: String) -> Set<TokenSeed.Permission> {
        switch self {
        case .verifyToken, .verifyAccountToken: []
        case .zones, .zone: [.zoneRead]
        default: method == "GET" ? [.sslRead, .sslWrite] : [.sslWrite]
        }
    }
}
