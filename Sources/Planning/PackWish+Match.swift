import Domain

extension Wish {
    /// True when a thing is what is wished: ours, it stays; any other of ours is replaced, and then removed.
    public func isMet(by record: ObjectRecord, zoneName: String) -> Bool {
        switch self {
        case .pack(let wish): record.pack.map { wish.isMet(by: $0, zoneName: zoneName) } ?? false
        case .clientCertificate(let wish): wish.isMet(by: record)
        }
    }
}

extension PackWish {
    /// True when a pack is what is wished: hosts without Cloudflare's own additions, authority, validity. The method and
    /// the branding can be changed later, so they are not looked at.
    ///
    /// - Parameter strictly: Whether a field that the answer lacks counts as different. So it is for what is not ours.
    func isMet(by pack: PackTraits, zoneName: String, strictly: Bool = false) -> Bool {
        pack.isAdvanced && hasHosts(of: pack, zoneName: zoneName)
            && Self.agree(pack.authority, authority.rawValue, strictly)
            && Self.agree(pack.validityDays, validityDays, strictly)
    }

    /// Cloudflare adds the apex where it is missing, and a host for its branding.
    func hasHosts(of pack: PackTraits, zoneName: String) -> Bool {
        if pack.hosts == hosts { return true }
        let (seen, wished) = (pack.hosts.withoutBranding, hosts.withoutBranding)
        return seen == wished || (!zoneName.isEmpty && seen == wished.adding([zoneName]))
    }

    /// True when a pack that came to be after an order for this wish is what the order made (S3).
    func mayHaveMade(_ pack: PackTraits, zoneName: String) -> Bool {
        var pack = pack
        // A word for the authority that this version does not know speaks for none and against none.
        if pack.authority.flatMap(CertificateAuthority.init) == nil { pack.authority = nil }
        return isMet(by: pack, zoneName: zoneName) && Self.agree(pack.method, method.rawValue, false)
    }

    private static func agree<Value: Equatable>(_ seen: Value?, _ wished: Value, _ strictly: Bool) -> Bool {
        seen.map { $0 == wished } ?? !strictly
    }

    /// Both sets under which a pack for this wish may be found.
    func hostKeys(zoneName: String) -> [HostSet] {
        let plain = hosts.withoutBranding
        return plain.covers(zoneName) || zoneName.isEmpty ? [plain] : [plain, plain.adding([zoneName])]
    }
}

extension ClientCertificateWish {
    /// True when a certificate of ours was made for this wish. What was adopted is judged by what can be seen of it.
    func isMet(by record: ObjectRecord) -> Bool {
        if let key = record.wishKey { return key == wishKey }
        guard case .clientCertificate(let traits) = record.sighting.traits else { return false }
        return isMet(by: traits)
    }

    func isMet(by traits: ClientCertificateTraits) -> Bool {
        traits.commonName == commonName && (traits.validityDays ?? validityDays) == validityDays
    }

    /// How long before its end a certificate is renewed: as set, and never so early that a new one would be due at once.
    func renewalLead(of traits: ClientCertificateTraits) -> Duration {
        let asked = Duration.days(min(max(validityDays, 1), 36_500))
        guard let notAfter = traits.notAfter, let issuedOn = traits.issuedOn, issuedOn < notAfter else {
            return min(renewBefore, asked * 2 / 3)
        }
        return min(renewBefore, (notAfter - issuedOn) * 2 / 3)
    }
}

extension ObjectRecord {
    var pack: PackTraits? {
        guard case .pack(let traits) = sighting.traits else { return nil }
        return traits
    }

    var clientCertificate: ClientCertificateTraits? {
        guard case .clientCertificate(let traits) = sighting.traits else { return nil }
        return traits
    }

    var stage: Stage { sighting.stage }
    var notAfter: Timestamp? { sighting.traits.notAfter }

    func hasEnded(at now: Timestamp) -> Bool { notAfter.map { $0 <= now } ?? false }
}
