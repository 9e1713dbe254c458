import Domain

/// One certificate pack as Cloudflare has it. What happens to it by itself is in its lifecycle.
struct ModelPack: Sendable {
    let id: ObjectID
    let type: String
    /// Sorted, with what Cloudflare adds: the API keeps no order.
    var hosts: [String]
    let authority: String
    var method: String
    let validityDays: Int
    var branding: Bool
    let createdAt: Timestamp
    let form: PackSeed.Form
    /// Fraction digits of its dates.
    let digits: Int
    var history: StatusHistory
    var certificates: [EdgeCertificate] = []
    /// What ``certificates`` replaced, and when: for listings that lag.
    var formerCertificates: [EdgeCertificate] = []
    var swappedAt: Timestamp?
    var challenge: Challenge?
    var errors: [String] = []

    /// The next moment at which something happens by itself; nil for never.
    var due: Timestamp?
    /// When the step would end by itself, and when Cloudflare gives up on it.
    var stepEndsAt: Timestamp
    var givesUpAt: Timestamp
    /// Validations begun since the order, renewals left out.
    var runs = 0
    /// A renewal goes on behind the back of the active pack.
    var isRenewing = false
    var spans = Spans()
    var chance: SplitMix64

    /// Drawn when a step of work begins, so that order to service takes what ``ModelSettings/Pace`` says.
    struct Spans: Sendable {
        var validation: Duration = .zero
        var issuance: Duration = .zero
        var deployment: Duration = .zero
    }

    init(
        id: ObjectID, type: String, hosts: some Sequence<String>, authority: String, method: String, validityDays: Int,
        branding: Bool, status: String, createdAt: Timestamp, form: PackSeed.Form = .modern, chance: SplitMix64
    ) {
        (self.id, self.type, self.hosts) = (id, type, HostSet(hosts).names)
        (self.authority, self.method, self.validityDays, self.branding) = (authority, method, validityDays, branding)
        (self.createdAt, self.form, self.chance) = (createdAt, form, chance)
        digits = [0, 3, 5, 6, 6, 9][Int(self.chance.next() % 6)]
        history = StatusHistory(status, at: createdAt)
        (stepEndsAt, givesUpAt) = (createdAt, .distantFuture)
    }

    var status: String { history.last }

    /// What an order with the same hosts is compared with.
    var hostSet: HostSet { HostSet(hosts).withoutBranding }

    /// True while an order for the same hosts is refused. That was observed of advanced packs; a Universal pack with
    /// the same hosts is there in nearly every zone that orders its first advanced one.
    var standsInTheWay: Bool {
        guard type == "advanced" else { return false }
        return switch PackStatus(rawValue: status) {
        case .initializing, .pendingValidation, .pendingIssuance, .pendingDeployment, .active, .holdingDeployment: true
        default: false
        }
    }

    /// True while it takes one of the zone's places.
    var countsForQuota: Bool {
        type == "advanced" && ![PackStatus.pendingDeletion, .deleted].contains(PackStatus(rawValue: status))
    }

    /// The end of service: the earliest of its certificates'.
    var expiresAt: Timestamp? { certificates.map(\.expiresAt).min() }
}

/// One certificate in a pack. It has no key and no bytes: nobody is served by the model.
struct EdgeCertificate: Sendable {
    let id: String
    let number: Int
    let issuer: String
    let signature: String
    let uploadedAt: Timestamp
    var expiresAt: Timestamp

    /// What an authority issues for a pack: SSL.com an RSA and an ECDSA certificate, the others one.
    static func issued(
        by authority: String, at moment: Timestamp, validityDays: Int, chance: inout SplitMix64
    ) -> [EdgeCertificate] {
        let issuer = ["google": "GoogleTrustServices", "lets_encrypt": "LetsEncrypt", "ssl_com": "SSLCorporation"]
        let signatures = authority == "ssl_com" ? ["ECDSAWithSHA384", "SHA256WithRSA"] : ["ECDSAWithSHA256"]
        return signatures.enumerated().map { index, signature in
            EdgeCertificate(
                id: chance.uuid(), number: Int(chance.next() % 90_000_000) + 10_000_000,
                issuer: issuer[authority] ?? authority, signature: signature, uploadedAt: moment,
                expiresAt: moment + .days(validityDays) - .seconds(1 + 3600 * index))
        }
    }
}
