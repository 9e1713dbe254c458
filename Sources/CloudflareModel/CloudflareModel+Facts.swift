import Domain

/// A pack as it really is at a moment, whatever listings show of it.
public struct PackFacts: Hashable, Sendable {
    public var id: ObjectID
    public var type: String
    public var hosts: HostSet
    public var authority: String
    public var method: String
    public var validityDays: Int
    public var status: String
    /// Since when it has had that status.
    public var since: Timestamp
    public var expiresAt: Timestamp?
    /// Somebody has to publish records for it.
    public var isValidating: Bool
}

/// A client certificate as it really is at a moment.
public struct ClientCertificateFacts: Hashable, Sendable {
    public var id: ObjectID
    public var commonName: String
    /// The signing request's DER in base 64.
    public var request: String
    public var validityDays: Int
    public var status: String
    public var expiresAt: Timestamp
}

/// What is true, for whoever judges a client of the API by it.
extension CloudflareModel {
    public mutating func packs(in zone: ZoneID, at moment: Timestamp) -> [PackFacts] {
        guard let place = zonePlaces[zone] else { return [] }
        zones[place].advance(to: moment, settings: settings, published: published)
        return zones[place].packs.map { pack in
            PackFacts(
                id: pack.id, type: pack.type, hosts: pack.hostSet, authority: pack.authority, method: pack.method,
                validityDays: pack.validityDays, status: pack.status, since: pack.history.lastAt,
                expiresAt: pack.expiresAt, isValidating: pack.challenge != nil)
        }
    }

    public func clientCertificates(in zone: ZoneID, at moment: Timestamp) -> [ClientCertificateFacts] {
        guard let place = zonePlaces[zone] else { return [] }
        return zones[place].certificates.map { certificate in
            ClientCertificateFacts(
                id: certificate.id, commonName: certificate.signed.commonName, request: certificate.request,
                validityDays: certificate.validityDays, status: certificate.status(at: moment) ?? "active",
                expiresAt: certificate.expiresAt)
        }
    }
}
