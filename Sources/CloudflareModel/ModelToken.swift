import Domain

/// A token with what it may do.
struct ModelToken: Sendable {
    let id: String
    let label: String
    let owner: TokenSeed.Owner
    var permissions: Set<TokenSeed.Permission>
    var zones: [String]?
    var status: TokenSeed.Status
    var notBefore: Timestamp?
    var expiresOn: Timestamp?

    /// False while it is not valid yet (a new token is not known everywhere at once), expired or disabled.
    func isGood(at moment: Timestamp) -> Bool {
        status == .active && moment >= notBefore ?? .distantPast && moment < expiresOn ?? .distantFuture
    }

    func sees(_ id: ZoneID, named name: String) -> Bool {
        zones.map { $0.contains(id.text) || $0.contains(name) } ?? true
    }

    func verification(at moment: Timestamp) -> [UInt8] {
        CloudflareModel.envelope { writer in
            writer.object { writer in
                writer.member("id", id)
                let isExpired = moment >= expiresOn ?? .distantFuture
                writer.member("status", isExpired ? "expired" : status.rawValue)
                if let notBefore { writer.member("not_before", notBefore.written(digits: 0)) }
                if let expiresOn { writer.member("expires_on", expiresOn.written(digits: 0)) }
            }
        }
    }
}

extension CloudflareModel {
    public mutating func add(_ seed: TokenSeed) throws(ScenarioTrouble) {
        var chance = SplitMix64(naming: "token:\(seed.label)", salt: self.chance.next())
        let secret = seed.secret ?? Secret(chance.token(length: 40))
        guard !secret.isEmpty, !tokens.contains(where: { $0.label == seed.label }) else {
            throw ScenarioTrouble(place: "tokens", fault: "'\(seed.label)' is there twice, or has an empty value")
        }
        let token = ModelToken(
            id: chance.hex(digits: 32), label: seed.label, owner: seed.owner, permissions: seed.permissions,
            zones: seed.zones,
            status: seed.status, notBefore: seed.notBefore, expiresOn: seed.expiresOn)
        secret.reveal { tokenPlaces[$0] = tokens.count }
        tokens.append(token)
    }

    /// The labels of all tokens with their values, for whoever has to write them into a file.
    public var secrets: [(label: String, secret: Secret)] {
        let values = tokenPlaces.sorted { $0.value < $1.value }
        return values.map { (tokens[$0.value].label, Secret($0.key)) }
    }

    /// Changes what a token may do, by its label.
    public mutating func changeToken(
        _ label: String, permissions: Set<TokenSeed.Permission>? = nil, status: TokenSeed.Status? = nil,
        expiresOn: Timestamp? = nil
    ) throws(ScenarioTrouble) {
        guard let place = tokens.firstIndex(where: { $0.label == label }) else {
            throw ScenarioTrouble(place: "label", fault: "there is no token '\(label)'")
        }
        tokens[place].permissions = permissions ?? tokens[place].permissions
        tokens[place].status = status ?? tokens[place].status
        tokens[place].expiresOn = expiresOn ?? tokens[place].expiresOn
    }

    func holder(of request: ModelRequest) -> ModelToken? {
        guard let header = request.authorization, header.hasPrefix("Bearer ") else { return nil }
        return tokenPlaces[String(header.dropFirst(7))].map { tokens[$0] }
    }

    func authenticated(_ call: Call) throws(Refusal) -> ModelToken {
        if let token = call.token { return token }
        guard let header = call.request.authorization else { throw .noCredentials }
        guard header.hasPrefix("Bearer "), header.utf8.count <= 512, header.utf8.count > 7 else {
            throw .malformedAuthorization
        }
        throw call.route?.tokenOwner == nil ? .unauthenticated : .invalidToken
    }
}
