import Domain

/// How Cloudflare behaves towards its API's clients, as far as certificates are concerned.
///
/// A value: requests and times go in, replies come out. The same seed with the same requests at the same times gives
/// the same bytes (with a signer that does, too). Nothing happens between requests: what was due is made good,
/// each thing at its own time, when somebody looks.
public struct CloudflareModel: Sendable {
    public var settings: ModelSettings
    public internal(set) var ledger = RequestLedger()
    public internal(set) var faults: [FaultRule] = []
    public let account: Scenario.Account

    let signer: any CertificateSigner
    var zones: [ModelZone] = []
    var zonePlaces: [ZoneID: Int] = [:]
    var zoneNames: [String: [Int]] = [:]
    var tokens: [ModelToken] = []
    var tokenPlaces: [String: Int] = [:]
    var published: [String: Set<String>] = [:]
    var limiter = RequestLimiter()
    var chance: SplitMix64
    var lastFaultNumber = 0

    /// - Parameter moment: The time of what the scenario puts in without a date.
    public init(
        _ scenario: Scenario = .standard, signer: any CertificateSigner, seed: UInt64 = 1, startingAt moment: Timestamp
    ) throws(ScenarioTrouble) {
        (settings, account, self.signer) = (scenario.settings, scenario.account, signer)
        chance = SplitMix64(seed: seed)
        for token in scenario.tokens { try add(token) }
        for zone in scenario.zones { try add(zone, at: moment) }
        for fault in scenario.faults { add(fault) }
    }

    /// Answers one request. Everything that it changes is changed when this returns, whatever becomes of the reply.
    public mutating func reply(to request: ModelRequest, at now: Timestamp) -> ModelReply {
        var call = Call(request: request, now: now, route: Route(request.segments), token: holder(of: request))
        call.ray = chance.hex(digits: 16) + "-SIM"
        let limits = settings.limiter
        let verdict = limits.isOn ? limiter.admit(call.token?.label ?? "", at: now, rules: limits) : nil
        var reply: ModelReply
        if verdict?.isRefused == true {
            reply = call.refuse(.limited)
            if limits.sendsRetryAfter { reply.headers.append(.init("Retry-After", String(verdict?.secondsLeft ?? 0))) }
        } else {
            call.fault = strike(request, token: call.token?.label)
            reply = struckBefore(&call) ?? struckAfter(answer(&call), &call)
        }
        finish(&reply, call, verdict)
        ledger.append(call.entry(status: reply), keepingReads: settings.ledgerReads)
        return reply
    }

    private mutating func answer(_ call: inout Call) -> ModelReply {
        do throws(Refusal) {
            return ModelReply(status: 200, body: try result(of: &call))
        } catch {
            return call.refuse(error)
        }
    }

    private mutating func result(of call: inout Call) throws(Refusal) -> [UInt8] {
        guard let route = call.route else { throw .noRoute(call.request.apiPath) }
        let token = try authenticated(call)
        if let account = route.tokenOwner {
            guard call.request.method == "GET" else { throw .methodNotAllowed }
            // Each address knows its own tokens alone.
            let isKnown = token.owner == .account ? account == self.account.id : account == nil
            guard isKnown else { throw .invalidToken }
            return token.verification(at: call.now)
        }
        guard token.isGood(at: call.now) else { throw .unauthenticated }
        let needed = route.permissions(method: call.request.method)
        guard !needed.isDisjoint(with: token.permissions) else { throw .forbidden }
        guard let id = route.zone else { return try zoneList(&call, visibleTo: token) }
        guard let place = zonePlaces[id] else { throw .noRoute(call.request.apiPath) }
        guard token.sees(id, named: zones[place].name) else { throw .forbidden }
        if call.request.method == "DELETE", call.request.contentType != nil, call.request.body.isEmpty {
            throw .contentTypeWithoutBody
        }
        zones[place].advance(to: call.now, settings: settings, published: published)
        return try result(of: &call, route, inZoneAt: place)
    }

    private mutating func result(
        of call: inout Call, _ route: Route, inZoneAt place: Int
    ) throws(Refusal) -> [UInt8] {
        switch (route, call.request.method) {
        case (.zone, "GET"): return zone(at: place)
        case (.packs, "GET"): return try packList(&call, inZoneAt: place)
        case (.packOrder, "POST"): return try orderPack(&call, inZoneAt: place)
        case (.packQuota, "GET"): return packQuota(inZoneAt: place)
        case (.pack(_, let id), "GET"): return try pack(id, &call, inZoneAt: place)
        case (.pack(_, let id), "PATCH"): return try changePack(id, &call, inZoneAt: place)
        case (.pack(_, let id), "DELETE"): return try deletePack(id, &call, inZoneAt: place)
        case (.verifications, "GET"): return verificationList(&call, inZoneAt: place)
        case (.verification(_, let id), "GET"): return try verification(of: id, &call, inZoneAt: place)
        case (.verification(_, let id), "PATCH"): return try recheckPack(id, &call, inZoneAt: place)
        case (.clientCertificates, "GET"): return try clientCertificateList(&call, inZoneAt: place)
        case (.clientCertificates, "POST"): return try createClientCertificate(&call, inZoneAt: place)
        case (.clientCertificate(_, let id), "GET"): return try clientCertificate(id, &call, inZoneAt: place)
        case (.clientCertificate(_, let id), "PATCH"):
            return try reactivateClientCertificate(id, &call, inZoneAt: place)
        case (.clientCertificate(_, let id), "DELETE"): return try revokeClientCertificate(id, &call, inZoneAt: place)
        default: throw .methodNotAllowed
        }
    }

    private mutating func finish(_ reply: inout ModelReply, _ call: Call, _ verdict: RequestLimiter.Verdict?) {
        let limits = settings.limiter
        var date = call.now + settings.dateSkew
        if case .dateSkew(let seconds) = call.fault { date = date + .seconds(seconds) }
        if reply.header("Content-Type") == nil { reply.headers.append(.init("Content-Type", "application/json")) }
        reply.headers.append(.init("Date", date.httpDate))
        if case .html = call.fault { return }  // it is not Cloudflare who speaks
        reply.headers.append(.init("CF-Ray", call.ray))
        // Switched off, it announces more than anybody can use, so that a client has no reason to slow down.
        let quota = verdict == nil ? 1_000_000 : limits.quota
        let (left, rest) = (verdict?.left ?? quota, verdict?.secondsLeft ?? limits.window.wholeSeconds)
        reply.headers.append(.init("Ratelimit", "\"default\";r=\(left);t=\(rest)"))
        reply.headers.append(.init("Ratelimit-Policy", "\"default\";q=\(quota);w=\(limits.window.wholeSeconds)"))
        if call.request.method != "GET" { reply.headers.append(.init("Cf-Auditlog-Id", chance.uuid())) }
    }
}
