import Domain

/// What `edgecertctl show` shows of one subject.
public struct SubjectDetail: Codable, Hashable, Sendable {
    public var source: ReportSource
    public var at: Moment
    public var row: SubjectRow
    /// What there is at Cloudflare for it, the newest first; what is over comes last.
    public var objects: [ObjectDetail]
    public var troubles: [EpisodeRow]
    public var suspension: SuspensionRow?
    /// What a person approved of it, and was not used yet.
    public var approvals: [ApprovalRow]
    public var openOrders: [OrderRow]
    /// The generation of the newest key that was made for it; 0 before the first.
    public var lastGeneration: Int

    public var exitCode: ReportExit { ReportExit(wrong: row.wrong, moving: row.moving) }
}

/// One thing at Cloudflare.
public struct ObjectDetail: Codable, Hashable, Sendable {
    public var id: String
    /// `ordered`, `adopted` or `foreign`.
    public var ownership: String
    public var status: String
    public var stage: String
    public var since: Moment
    public var firstSeen: Moment
    public var lastSeen: Moment
    public var servingSince: Moment?
    /// It serves and has not ended, by the clock at `at` of the report.
    public var valid: Bool
    public var notAfter: Moment?
    public var remainingSeconds: Int?
    /// Since when complete looks lack it.
    public var missingSince: Moment?
    // Packs.
    public var type: String?
    public var hosts: [String]?
    public var authority: String?
    public var method: String?
    public var certificates: [CertificateDetail]?
    /// How many things have to be published; `records` shows them.
    public var validationRecords: Int?
    public var validationErrors: [String]?
    // Client certificates.
    public var commonName: String?
    public var serialNumber: String?
    public var fingerprintSHA256: String?
    public var issuedOn: Moment?
    public var generation: Int?
    public var deliveredAt: Moment?
    public var commandSucceededAt: Moment?
    // Both.
    public var validityDays: Int?

    init(_ object: ObjectRecord, now: Timestamp) {
        let sighting = object.sighting
        (id, ownership) = (sighting.id.text, object.ownership.rawValue)
        (status, stage) = (sighting.shownStatus, sighting.stage.code)
        since = Moment(object.since)
        (firstSeen, lastSeen) = (Moment(object.firstSeen), Moment(object.lastSeen))
        servingSince = object.servingSince.map(Moment.init)
        valid = object.isValid(at: now) && object.missingSince == nil
        notAfter = sighting.traits.notAfter.map(Moment.init)
        remainingSeconds = sighting.traits.notAfter.map { Int(clamping: ($0 - now).wholeSeconds) }
        missingSince = object.missingSince.map(Moment.init)
        switch sighting.traits {
        case .pack(let pack):
            (type, hosts, authority, method) = (pack.type, pack.hosts.names, pack.authority, pack.method)
            certificates = pack.certificates.map(CertificateDetail.init)
            validationRecords = pack.validationRecords.count
            validationErrors = pack.validationErrors
            validityDays = pack.validityDays
        case .clientCertificate(let certificate):
            commonName = certificate.commonName
            (serialNumber, fingerprintSHA256) = (certificate.serialNumber, certificate.fingerprintSHA256)
            issuedOn = certificate.issuedOn.map(Moment.init)
            (generation, validityDays) = (object.generation, certificate.validityDays)
            deliveredAt = object.deliveredAt.map(Moment.init)
            commandSucceededAt = object.commandSucceededAt.map(Moment.init)
        }
    }
}

/// One certificate in a pack.
public struct CertificateDetail: Codable, Hashable, Sendable {
    public var id: String
    public var issuer: String?
    public var uploadedOn: Moment?
    public var notAfter: Moment?

    init(_ certificate: IssuedCertificate) {
        (id, issuer) = (certificate.id, certificate.issuer)
        (uploadedOn, notAfter) = (certificate.uploadedOn.map(Moment.init), certificate.notAfter.map(Moment.init))
    }
}
