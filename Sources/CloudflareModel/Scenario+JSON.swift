import Domain

extension Scenario {
    /// Reads a scenario; what it leaves out is as in ``standard``.
    ///
    /// ```json
    /// { "account": {"id": "…", "name": "…"},
    ///   "settings": {"pace": {"deletion": ["7m", "10m"]}, "timeouts": {"validation": "30m"}, "list_lag": "2s"},
    ///   "tokens": [{"label": "operator", "permissions": ["zone_read", "ssl_read", "ssl_write"]}],
    ///   "zones": [{"name": "example.com", "validation": "manual", "packs": [{"hosts": ["example.com"]}]}],
    ///   "bulk": {"zones": 1000, "packs": 10, "name": "bench"},
    ///   "faults": [{"path": "/zones/*/ssl/certificate_packs/order", "count": 1, "do": "reset_after"}] }
    /// ```
    public init(json: [UInt8]) throws(ScenarioTrouble) {
        let value: JSONValue
        do throws(JSONTrouble) { value = try JSONValue(reading: json) } catch {
            throw ScenarioTrouble(place: "", fault: error.explanation.summary)
        }
        self.init()
        var fields = try Fields(value)
        if var inner = try fields.object("account") {
            account.id = try inner.text("id") ?? account.id
            account.name = try inner.text("name") ?? account.name
            try inner.finish()
        }
        if var inner = try fields.object("settings") { try settings.apply(&inner) }
        if fields.value("tokens") != nil { tokens = [] }
        for var inner in try fields.objects("tokens") { tokens.append(try TokenSeed(&inner)) }
        if fields.value("zones") != nil { zones = [] }
        for var inner in try fields.objects("zones") { zones.append(try ZoneSeed(&inner)) }
        if var inner = try fields.object("bulk") { zones += try ZoneSeed.bulk(&inner) }
        for var inner in try fields.objects("faults") { faults.append(try FaultRule(&inner)) }
        try fields.finish()
    }
}

extension TokenSeed {
    init(_ fields: inout Fields) throws(ScenarioTrouble) {
        self.init(label: try fields.required("label", try fields.text("label")))
        secret = try fields.text("value").map(Secret.init)
        if let words = try fields.texts("permissions") {
            permissions = []
            for word in words {
                guard let permission = Permission(rawValue: word) else {
                    let allowed = Permission.allCases.map(\.rawValue).joined(separator: ", ")
                    throw fields.trouble("permissions", "'\(word)' is none of: \(allowed)")
                }
                permissions.insert(permission)
            }
        }
        zones = try fields.texts("zones")
        owner = try fields.word("owner", Owner.self) ?? owner
        status = try fields.word("status", Status.self) ?? status
        notBefore = try fields.moment("not_before")
        expiresOn = try fields.moment("expires_on")
        try fields.finish()
    }
}

extension ZoneSeed {
    public init(_ fields: inout Fields) throws(ScenarioTrouble) {
        self.init(name: try fields.required("name", try fields.text("name")))
        id = try fields.text("id").map(ZoneID.init)
        try conduct.apply(&fields)
        for var inner in try fields.objects("packs") { packs.append(try PackSeed(&inner)) }
        try fields.finish()
    }

    /// Many equal zones with active packs, for measuring: `bench0001.example` with `p1.bench0001.example`, ….
    static func bulk(_ fields: inout Fields) throws(ScenarioTrouble) -> [ZoneSeed] {
        let zones = try fields.integer("zones", in: 0...100_000) ?? 0
        let packs = try fields.integer("packs", in: 0...1000) ?? 0
        let stem = try fields.text("name") ?? "bench"
        try fields.finish()
        return (0..<zones).map { index in
            let digits = String(index + 1)
            let name = "\(stem)\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits).example"
            var seed = ZoneSeed(name: name)
            seed.packs = (0..<packs).map { PackSeed(hosts: [name, "p\($0 + 1).\(name)"]) }
            return seed
        }
    }
}

extension ZoneConduct {
    /// Takes over the members that are there; the others stay as they are.
    public mutating func apply(_ fields: inout Fields) throws(ScenarioTrouble) {
        status = try fields.text("status") ?? status
        if let type = try fields.text("type") {
            guard ["full", "partial"].contains(type) else { throw fields.trouble("type", "neither full nor partial") }
            isPartial = type == "partial"
            validation = isPartial ? .manual : .automatic
        }
        plan = try fields.text("plan") ?? plan
        hasAdvancedCertificateManager = try fields.flag("acm") ?? hasAdvancedCertificateManager
        packQuota = try fields.integer("pack_quota", in: 0...1_000_000) ?? packQuota
        clientCertificateQuota =
            try fields.integer("client_certificate_quota", in: 0...1_000_000) ?? clientCertificateQuota
        validation = try fields.word("validation", Validation.self) ?? validation
        validationDelay = try fields.duration("validation_delay") ?? validationDelay
        timeoutsFirst = try fields.integer("timeouts_first", in: 0...1000) ?? timeoutsFirst
        if let words = try fields.texts("stuck") {
            stuck = []
            for word in words {
                guard let step = Step(rawValue: word) else {
                    let allowed = Step.allCases.map(\.rawValue).joined(separator: ", ")
                    throw fields.trouble("stuck", "'\(word)' is none of: \(allowed)")
                }
                stuck.insert(step)
            }
        }
        isRefusedByCAA = try fields.flag("caa_refuses") ?? isRefusedByCAA
        validationError = try fields.text("validation_error") ?? validationError
    }
}

extension PackSeed {
    public init(_ fields: inout Fields) throws(ScenarioTrouble) {
        self.init(hosts: try fields.required("hosts", try fields.texts("hosts")))
        id = try fields.text("id").map(ObjectID.init)
        type = try fields.text("type") ?? type
        status = try fields.text("status") ?? status
        authority = try fields.text("certificate_authority") ?? authority
        method = try fields.text("validation_method") ?? method
        validityDays = try fields.integer("validity_days", in: 1...10_000) ?? validityDays
        branding = try fields.flag("cloudflare_branding") ?? branding
        createdOn = try fields.moment("created_on")
        expiresOn = try fields.moment("expires_on")
        form = try fields.word("form", Form.self) ?? form
        try fields.finish()
    }
}
