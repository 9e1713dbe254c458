import Domain

/// One request and what came of it.
public struct LedgerEntry: Hashable, Sendable {
    /// Counts from 1 over the life of the model.
    public var number: Int
    public var at: Timestamp
    public var method: String
    /// Without `/client/v4`.
    public var path: String
    public var query: String
    /// Method and path with names in place of identifiers: `GET /zones/{zone}/ssl/certificate_packs`.
    public var endpoint: String
    /// The label of the token, never the token; nil when none was known.
    public var token: String?
    /// nil when the connection was reset.
    public var status: Int?
    /// Cloudflare's code of a refusal.
    public var code: Int?
    public var effect: Effect?
    /// The code of the fault that struck.
    public var fault: String?
    public var ray: String

    /// What a request changed.
    public enum Effect: Hashable, Sendable {
        case orderAccepted(pack: ObjectID, zone: ZoneID, hosts: HostSet)
        case restarted(pack: ObjectID)
        case rebranded(pack: ObjectID, branding: Bool)
        case rechecked(pack: ObjectID, method: String)
        case packDeletionBegun(pack: ObjectID, zone: ZoneID)
        /// `request` is the signing request's DER in base 64.
        case clientCertificateCreated(
            certificate: ObjectID, zone: ZoneID, commonName: String, request: String, validityDays: Int)
        case revocationBegun(certificate: ObjectID, zone: ZoneID)
        case reactivationBegun(certificate: ObjectID)
    }
}

/// Every request that reached the model, in order.
///
/// Requests that changed something are kept for good (up to a million), the others in a ring.
public struct RequestLedger: Sendable {
    public private(set) var reads: [LedgerEntry] = []
    public private(set) var effects: [LedgerEntry] = []
    /// All requests there were, by endpoint.
    public private(set) var counts: [String: Int] = [:]
    public private(set) var total = 0

    mutating func append(_ entry: LedgerEntry, keepingReads limit: Int) {
        var entry = entry
        total += 1
        entry.number = total
        counts[entry.endpoint, default: 0] += 1
        guard entry.effect == nil else {
            if effects.count < 1_000_000 { effects.append(entry) }
            return
        }
        if reads.count >= max(2, limit * 2) { reads.removeFirst(reads.count - limit) }
        if limit > 0 { reads.append(entry) }
    }

    /// Forgets the entries and the counts.
    public mutating func clear() { self = RequestLedger() }

    /// All entries that are remembered, in order.
    public var entries: [LedgerEntry] { (reads + effects).sorted { $0.number < $1.number } }

    /// Orders that were accepted, whether or not the answer arrived; nil for any host set. Branding is not compared.
    public func acceptedOrders(hosts: HostSet? = nil, zone: ZoneID? = nil) -> [LedgerEntry] {
        effects.filter { entry in
            guard case .orderAccepted(_, let itsZone, let itsHosts) = entry.effect else { return false }
            return (hosts.map { $0 == itsHosts.withoutBranding } ?? true) && (zone.map { $0 == itsZone } ?? true)
        }
    }

    /// Client certificates that were made; nil for any name, and for any request.
    public func acceptedCreations(commonName: String? = nil, request: SigningRequest? = nil) -> [LedgerEntry] {
        effects.filter { entry in
            guard case .clientCertificateCreated(_, _, let itsName, let itsRequest, _) = entry.effect else {
                return false
            }
            return (commonName.map { $0 == itsName } ?? true) && (request.map { $0.der == itsRequest } ?? true)
        }
    }

    /// Deletions of packs and revocations that were begun; nil for everything.
    public func acceptedRemovals(of object: ObjectID? = nil) -> [LedgerEntry] {
        effects.filter { entry in
            switch entry.effect {
            case .packDeletionBegun(let id, _), .revocationBegun(let id, _): object.map { $0 == id } ?? true
            default: false
            }
        }
    }

    /// Remembered requests of a method (nil for any) whose path matches; `*` stands for any run of characters.
    public func requests(method: String? = nil, path: String) -> [LedgerEntry] {
        let pattern = Array(path.utf8)[...]
        return entries.filter { entry in
            (method.map { $0 == entry.method } ?? true) && FaultRule.matches(Array(entry.path.utf8)[...], pattern)
        }
    }

    /// How many requests an endpoint has had: `GET /zones/{zone}/ssl/certificate_packs`.
    public func count(of endpoint: String) -> Int { counts[endpoint] ?? 0 }
}
