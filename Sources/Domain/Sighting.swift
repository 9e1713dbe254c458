/// One thing as a look showed it at Cloudflare.
public struct Sighting: Hashable, Sendable {
    public var id: ObjectID
    /// Cloudflare's own word, kept verbatim; empty when the answer had none.
    public var status: String
    public var stage: Stage
    public var traits: Traits

    public init(id: ObjectID, status: String, stage: Stage, traits: Traits) {
        (self.id, self.status, self.stage, self.traits) = (id, status, stage, traits)
    }

    public var kind: SubjectKind { traits.kind }
}

/// What is particular to a kind. A new kind adds a case here, and a file for its traits.
public enum Traits: Hashable, Sendable {
    case pack(PackTraits)
    /// Kept beside what it is in, as a pack's are: a sighting is handed on far more often than its traits are looked at.
    indirect case clientCertificate(ClientCertificateTraits)

    public var kind: SubjectKind {
        switch self {
        case .pack: .certificatePack
        case .clientCertificate: .clientCertificate
        }
    }

    /// When it ends; nil while nothing is issued or the answer did not say.
    public var notAfter: Timestamp? {
        switch self {
        case .pack(let pack): pack.notAfter
        case .clientCertificate(let certificate): certificate.notAfter
        }
    }

    /// The host set or common name that orders are counted by (S6).
    public var name: String {
        switch self {
        case .pack(let pack): pack.hosts.withoutBranding.key
        case .clientCertificate(let certificate): certificate.commonName
        }
    }
}

/// One certificate in a pack. A pack may hold several (RSA and ECDSA).
public struct IssuedCertificate: Hashable, Sendable {
    public var id: String
    public var issuer: String?
    public var uploadedOn: Timestamp?
    public var notAfter: Timestamp?

    public init(id: String, issuer: String? = nil, uploadedOn: Timestamp? = nil, notAfter: Timestamp? = nil) {
        (self.id, self.issuer, self.uploadedOn, self.notAfter) = (id, issuer, uploadedOn, notAfter)
    }
}

/// One thing to be published so that an authority believes a name is ours.
public struct ValidationRecord: Hashable, Sendable {
    public enum Form: Hashable, Sendable {
        case txt(name: String, value: String)
        case http(url: String, body: String)
        case email([String])
        case cname(name: String, target: String)
    }

    public var form: Form
    /// Cloudflare's word for this record; nil when the answer had none.
    public var status: String?

    public init(form: Form, status: String? = nil) { (self.form, self.status) = (form, status) }
}

/// What a client certificate is, besides its status.
public struct ClientCertificateTraits: Hashable, Sendable {
    public var commonName: String
    /// The request's DER in base 64, out of the echo; nil when the answer had none that can be read.
    public var requestDER: String?
    /// PEM; nil when the answer had none.
    public var certificatePEM: String?
    /// As Cloudflare wrote it: decimal or hexadecimal.
    public var serialNumber: String?
    public var fingerprintSHA256: String?
    public var validityDays: Int?
    public var issuedOn: Timestamp?
    public var notAfter: Timestamp?

    public init(
        commonName: String, requestDER: String? = nil, certificatePEM: String? = nil, serialNumber: String? = nil,
        fingerprintSHA256: String? = nil, validityDays: Int? = nil, issuedOn: Timestamp? = nil,
        notAfter: Timestamp? = nil
    ) {
        (self.commonName, self.requestDER, self.certificatePEM) = (commonName, requestDER, certificatePEM)
        (self.serialNumber, self.fingerprintSHA256) = (serialNumber, fingerprintSHA256)
        (self.validityDays, self.issuedOn, self.notAfter) = (validityDays, issuedOn, notAfter)
    }
}

/// What one look at one kind in one zone brought.
public enum Look: Hashable, Sendable {
    /// Every page came, and they agree with each other. What is not in here was not in the listing.
    case complete([Sighting], ListScope)
    /// Something failed or does not add up; never to be read as "nothing there" (S1). The code says why.
    case unseen(code: String, summary: String)
}

/// Which statuses a listing asked for.
public enum ListScope: String, Hashable, Sendable {
    /// Every status: what is missing from it is missing.
    case all
    /// Only those that can still change: a revoked certificate is missing from it by rights.
    case changeable
}
