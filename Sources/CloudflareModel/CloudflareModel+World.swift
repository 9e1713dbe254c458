import Domain

/// What happens at Cloudflare without its API being asked: the tests' and the operator's hands in the world.
extension CloudflareModel {
    /// Adds a zone with its packs. A name may be there twice, as two accounts may have it; an identifier may not.
    @discardableResult
    public mutating func add(_ seed: ZoneSeed, at moment: Timestamp) throws(ScenarioTrouble) -> ZoneID {
        var naming = SplitMix64(naming: "zone:\(seed.name)")
        let id = seed.id ?? ZoneID(naming.hex(digits: 32))
        guard zonePlaces[id] == nil else { throw ScenarioTrouble(place: "zones", fault: "\(id) is there already") }
        guard seed.name.contains("."), !id.text.isEmpty else {
            throw ScenarioTrouble(place: "zones", fault: "'\(seed.name)' is not the name of a zone")
        }
        zonePlaces[id] = zones.count
        zoneNames[seed.name, default: []].append(zones.count)
        zones.append(ModelZone(id: id, name: seed.name, createdAt: moment - .days(400), conduct: seed.conduct))
        for pack in seed.packs { try add(pack, to: id.text, at: moment) }
        return id
    }

    /// The identifier of the zone that a name or an identifier stands for.
    public func zoneID(_ word: String) -> ZoneID? {
        if zonePlaces[ZoneID(word)] != nil { return ZoneID(word) }
        return zoneNames[HostSet.normalized(word)]?.first.map { zones[$0].id }
    }

    public func conduct(ofZone word: String) -> ZoneConduct? {
        zoneID(word).flatMap { zonePlaces[$0] }.map { zones[$0].conduct }
    }

    /// Changes how packs fare in a zone; those that wait look again a second later.
    public mutating func changeZone(
        _ word: String, at moment: Timestamp, _ change: (inout ZoneConduct) throws(ScenarioTrouble) -> Void
    ) throws(ScenarioTrouble) {
        let place = try zonePlace(word)
        zones[place].advance(to: moment, settings: settings, published: published)
        var conduct = zones[place].conduct
        try change(&conduct)
        zones[place].conduct = conduct
        zones[place].changeAll { $0.reconsider(at: moment) }
    }

    /// Puts a pack in that nobody ordered over the API.
    @discardableResult
    public mutating func add(
        _ seed: PackSeed, to word: String, at moment: Timestamp
    ) throws(ScenarioTrouble) -> ObjectID {
        let place = try zonePlace(word)
        let id = seed.id ?? ObjectID(chance.uuid())
        guard zones[place].place(of: id) == nil, !seed.hosts.isEmpty else {
            throw ScenarioTrouble(place: "packs", fault: "\(id) is there already, or has no hosts")
        }
        let createdAt = seed.createdOn ?? moment
        var pack = ModelPack(
            id: id, type: seed.type, hosts: seed.hosts + (seed.branding ? [PackOrder.brandingHost] : []),
            authority: seed.authority, method: seed.method, validityDays: seed.validityDays, branding: seed.branding,
            status: seed.status, createdAt: createdAt, form: seed.form, chance: SplitMix64(seed: chance.next()))
        let world = zones[place].surroundings(settings: settings, published: published)
        pack.settle(as: seed.status, expiresOn: seed.expiresOn, at: max(createdAt, moment), in: world)
        zones[place].add(pack)
        return id
    }

    /// Takes a pack away at once and without a trace: the next GET says 404.
    public mutating func removePack(_ id: ObjectID, at moment: Timestamp) throws(ScenarioTrouble) {
        let (place, _) = try packPlace(id)
        zones[place].advance(to: moment, settings: settings, published: published)
        zones[place].remove(id, at: moment)
    }

    /// Puts a pack into a status (known or not), or gives its certificates another end, or both.
    public mutating func forcePack(
        _ id: ObjectID, status: String? = nil, expiresOn: Timestamp? = nil, error: String? = nil, at moment: Timestamp
    ) throws(ScenarioTrouble) {
        var (place, index) = try packPlace(id)
        zones[place].advance(to: moment, settings: settings, published: published)
        (place, index) = try packPlace(id)
        let world = zones[place].surroundings(settings: settings, published: published)
        zones[place].change(index) { pack in
            if let error { pack.errors = [error] }
            let errors = pack.errors
            if status != nil || expiresOn != nil {
                pack.settle(as: status ?? pack.status, expiresOn: expiresOn, at: moment, in: world)
            }
            if error != nil { pack.errors = errors }
        }
    }

    /// Revokes or reactivates a client certificate behind the API's back: without a pending step.
    public mutating func forceClientCertificate(
        _ id: ObjectID, status: ClientCertificateStatus, at moment: Timestamp
    ) throws(ScenarioTrouble) {
        for place in zones.indices {
            guard let index = zones[place].certificatePlaces[id] else { continue }
            zones[place].certificates[index].history.note(status.rawValue, at: moment)
            return
        }
        throw ScenarioTrouble(place: "id", fault: "there is no client certificate \(id)")
    }

    /// Ends a block of the limiter, and begins its windows anew.
    public mutating func resetLimiter() { limiter.reset() }

    public mutating func clearLedger() { ledger.clear() }

    func zonePlace(_ word: String) throws(ScenarioTrouble) -> Int {
        guard let place = zoneID(word).flatMap({ zonePlaces[$0] }) else {
            throw ScenarioTrouble(place: "zone", fault: "there is no zone '\(word)'")
        }
        return place
    }

    func packPlace(_ id: ObjectID) throws(ScenarioTrouble) -> (zone: Int, pack: Int) {
        for place in zones.indices {
            if let index = zones[place].place(of: id) { return (place, index) }
        }
        throw ScenarioTrouble(place: "id", fault: "there is no certificate pack \(id)")
    }
}

extension ModelPack {
    /// Puts the pack into a status as if it had come there by itself; a word that is not known stays for ever.
    mutating func settle(as word: String, expiresOn: Timestamp?, at moment: Timestamp, in world: Surroundings) {
        history.note(word, at: moment)
        (due, challenge, isRenewing) = (nil, nil, false)
        let status = PackStatus(rawValue: word)
        let isIssued = ![
            .initializing, .pendingValidation, .pendingIssuance, .initializingTimedOut,
            .validationTimedOut, .issuanceTimedOut,
        ].contains(status)
        if isIssued, certificates.isEmpty { replaceCertificates(at: createdAt) }
        if let expiresOn {
            for index in certificates.indices { certificates[index].expiresAt = expiresOn }
        }
        switch status {
        case .initializing: begin(at: moment, in: world)
        case .pendingValidation:
            runs += 1
            spans.validation = chance.span(in: world.pace.newNames)
            beginValidation(at: moment, givingUpAfter: world.timeouts.validation, in: world)
        case .pendingIssuance: enter(.pendingIssuance, at: moment, for: spans.issuance, atMost: world.timeouts.issuance)
        case .pendingDeployment:
            enter(.pendingDeployment, at: moment, for: spans.deployment, atMost: world.timeouts.deployment)
        case .pendingDeletion: beginDeletion(at: moment, in: world)
        case .active: due = renewalStart.map { max($0, moment) }  // never in the past of whoever forces it
        case .deleted: due = nil
        default: break
        }
    }
}
