import Domain

/// The world that a model begins with: tokens, zones, what is in them already, and how Cloudflare behaves.
public struct Scenario: Sendable {
    public var account: Account
    public var settings = ModelSettings()
    public var tokens: [TokenSeed]
    public var zones: [ZoneSeed]
    public var faults: [FaultRule] = []

    public struct Account: Hashable, Sendable {
        public var id: String
        public var name: String
        public init(id: String, name: String) { (self.id, self.name) = (id, name) }
    }

    public init(
        account: Account = Account(id: "01a7362d577a6c3019a474fd6f485823", name: "Simulated Account"),
        tokens: [TokenSeed] = [TokenSeed(label: "operator")], zones: [ZoneSeed] = Scenario.twoZones
    ) {
        (self.account, self.tokens, self.zones) = (account, tokens, zones)
    }

    /// `example.com` and `example.net`, both active, full, with Advanced Certificate Manager; one token for everything.
    public static var standard: Scenario { Scenario() }

    public static var twoZones: [ZoneSeed] {
        [
            ZoneSeed(name: "example.com", id: ZoneID("023e105f4ecef8ad9ca31a8372d0c353")),
            ZoneSeed(name: "example.net", id: ZoneID("9a7806061c88ada191ed06f989cc3dac")),
        ]
    }
}

/// An API token of the simulated account.
public struct TokenSeed: Sendable {
    /// What the ledger calls it.
    public var label: String
    /// nil to have one made from the seed.
    public var secret: Secret?
    public var permissions: Set<Permission>
    /// Names or identifiers of the zones it is good for; nil for all.
    public var zones: [String]?
    public var status: Status
    public var notBefore: Timestamp?
    public var expiresOn: Timestamp?

    public enum Permission: String, Hashable, Sendable, CaseIterable {
        case zoneRead = "zone_read"
        case sslRead = "ssl_read"
        case sslWrite = "ssl_write"
    }

    /// Whose it is: a user's and an account's are verified at different addresses.
    public var owner: Owner

    public enum Status: String, Hashable, Sendable, CaseIterable { case active, disabled }
    public enum Owner: String, Hashable, Sendable, CaseIterable { case user, account }

    public init(
        label: String, secret: Secret? = nil, permissions: Set<Permission> = Set(Permission.allCases),
        zones: [String]? = nil, status: Status = .active, notBefore: Timestamp? = nil, expiresOn: Timestamp? = nil,
        owner: Owner = .user
    ) {
        self.owner = owner
        (self.label, self.secret, self.permissions, self.zones) = (label, secret, permissions, zones)
        (self.status, self.notBefore, self.expiresOn) = (status, notBefore, expiresOn)
    }
}

/// A zone, and how packs fare in it.
public struct ZoneSeed: Sendable {
    public var name: String
    /// nil for one made from the name: the same for the same name.
    public var id: ZoneID?
    public var conduct = ZoneConduct()
    public var packs: [PackSeed] = []

    public init(name: String, id: ZoneID? = nil, conduct: ZoneConduct = ZoneConduct(), packs: [PackSeed] = []) {
        (self.name, self.id, self.conduct, self.packs) = (HostSet.normalized(name), id, conduct, packs)
    }
}

/// What can be set of a zone, at the start and later.
public struct ZoneConduct: Hashable, Sendable {
    /// `active`, `pending`, `moved`, …
    public var status = "active"
    public var isPartial = false
    public var plan = "enterprise"
    public var hasAdvancedCertificateManager = true
    public var packQuota = 100
    public var clientCertificateQuota = 100
    public var validation = Validation.automatic
    /// With ``Validation/delayed``: the time that a validation takes.
    public var validationDelay: Duration = .minutes(10)
    /// The first so many validations of each pack time out, whatever ``validation`` says.
    public var timeoutsFirst = 0
    /// Steps that do not end, until they time out.
    public var stuck: Set<Step> = []
    /// The authority refuses to issue: `issuance_timed_out`, with a message about CAA.
    public var isRefusedByCAA = false
    /// The message of a validation that fails; nil for one of Cloudflare's usual ones.
    public var validationError: String?

    public enum Validation: String, Hashable, Sendable, CaseIterable {
        /// Cloudflare runs the zone's DNS and places every record itself.
        case automatic
        /// The same, but slow.
        case delayed
        /// Somebody has to publish the records.
        case manual
        /// It never succeeds, and times out.
        case never
    }

    public enum Step: String, Hashable, Sendable, CaseIterable { case initializing, issuance, deployment, deletion }

    public init() {}
}

/// A pack that is there before anybody orders it, or that somebody else made.
public struct PackSeed: Hashable, Sendable {
    public var id: ObjectID?
    /// Any word, also one that nobody knows.
    public var type = "advanced"
    public var hosts: [String]
    /// Any word. One that the model knows lives on from there; any other stays.
    public var status = "active"
    public var authority = "google"
    public var method = "txt"
    public var validityDays = 90
    public var branding = false
    /// nil for the moment of seeding.
    public var createdOn: Timestamp?
    /// The end of its certificates; nil for the validity counted from its creation.
    public var expiresOn: Timestamp?
    public var form = Form.modern

    /// How Cloudflare writes it: the shapes that clients have met over the years.
    public enum Form: String, Hashable, Sendable, CaseIterable {
        case modern
        /// Identifiers of certificates as numbers, as until July 2021.
        case numeric
        /// Without status, dates of the pack, and primary certificate.
        case bare
        /// `null` wherever there may be one.
        case nulls
    }

    public init(hosts: [String], type: String = "advanced", status: String = "active") {
        (self.hosts, self.type, self.status) = (hosts, type, status)
    }
}
