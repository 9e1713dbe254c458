import CloudflareModel
import Domain

/// The world that a seed makes: zones, what is wished in them, and how Cloudflare behaves.
struct Setting {
    var scenario: Scenario
    var settings: Settings
    /// Zones whose records somebody publishes by hand.
    var manual: [ZoneID] = []

    static let secret = "simulated-token-9f8e7d6c5b4a39281706f5e4d3c2b1a0"
    static let tokenLabel = "daemon"
    static let start = Timestamp(unixSeconds: 1_795_219_200)  // 2026-11-21T00:00:00Z

    init(seed: UInt64, days: Int) {
        var dice = Dice(seed: seed, "setting")
        scenario = Scenario(tokens: [TokenSeed(label: Self.tokenLabel, secret: Secret(Self.secret))], zones: [])
        settings = Settings()
        settings.daemon.mode = .enforce
        let hours = days <= 7 && dice.happens(0.5) ? 0 : dice.pick([6, 12, 24, 24]) ?? 12
        settings.daemon.lookEvery = hours == 0 ? .minutes(15) : .hours(hours)
        settings.daemon.zonesInParallel = dice.pick([1, 2, 4]) ?? 4
        if dice.happens(0.2) { settings.daemon.keepHistory = .days(dice.within(5...40)) }
        var model = ModelSettings()
        model.refusesDuplicates = dice.happens(0.5)
        model.restartsStrictly = dice.happens(0.3)
        model.reactivatesRevoked = dice.happens(0.7)
        model.ledgerReads = 0
        if dice.happens(0.4) { model.listLag = dice.seconds(5...240) }
        if dice.happens(0.3) { model.timeouts.validation = .hours(dice.within(2...72)) }
        if dice.happens(0.2) {
            model.limiter.quota = dice.within(20...120)
        }
        model.limiter.sendsRetryAfter = dice.happens(0.6)
        scenario.settings = model
        for index in 0..<dice.within(1...4) { addZone(index, &dice) }
    }

    /// Of the zone with this number in its name; it begins with the number.
    static func zoneID(_ number: Int) -> ZoneID {
        ZoneID("\(number)" + String(repeating: "0a1b2c3d", count: 4).dropLast())
    }

    /// One that was there before the daemon was: no listing is too old to show it, be it stale and late besides.
    private static func seed(_ hosts: [String], type: String = "advanced") -> PackSeed {
        var pack = PackSeed(hosts: hosts, type: type)
        pack.createdOn = start - .minutes(15)
        return pack
    }

    private mutating func addZone(_ index: Int, _ dice: inout Dice) {
        let name = "zone\(index + 1).example"
        let id = Self.zoneID(index + 1)
        var conduct = ZoneConduct()
        switch dice.below(10) {
        case 0, 1:
            conduct.validation = .manual
            conduct.isPartial = true
            manual.append(id)
        case 2:
            conduct.validation = .delayed
            conduct.validationDelay = dice.seconds(600...200_000)
        case 3: conduct.timeoutsFirst = 1
        default: break
        }
        if dice.happens(0.05) { conduct.packQuota = dice.within(1...4) }
        if dice.happens(0.05) { conduct.status = "pending" }
        var zone = ZoneSeed(name: name, id: id, conduct: conduct)
        if dice.happens(0.6) { zone.packs.append(Self.seed([name, "*.\(name)"], type: "universal")) }
        if dice.happens(0.3) { zone.packs.append(Self.seed(Self.hosts(name, &dice).names)) }
        var wishes: [Wish] = []
        for place in 0..<dice.within(0...3) { wishes.append(.pack(Self.pack("pack\(place)", name, &dice))) }
        for place in 0..<dice.within(0...2) where dice.happens(0.6) {
            wishes.append(.clientCertificate(Self.certificate("client\(place)", name, &dice)))
        }
        // Page sizes matter only where there is more than a page.
        if dice.happens(0.02) {
            for number in 0..<55 { zone.packs.append(Self.seed([name, "extra\(number).\(name)"])) }
        }
        scenario.zones.append(zone)
        let mode: Mode = dice.happens(0.1) ? dice.pick(Mode.allCases) ?? .enforce : .enforce
        settings.zones.append(ZoneWish(name: name, id: dice.happens(0.15) ? nil : id, mode: mode, wishes: wishes))
    }

    static func hosts(_ zone: String, _ dice: inout Dice) -> HostSet {
        let some = ["*.\(zone)", "www.\(zone)", "api.\(zone)", "shop.\(zone)", "a.b.\(zone)"]
        return HostSet([zone] + some.filter { _ in dice.happens(0.4) })
    }

    static func pack(_ name: String, _ zone: String, _ dice: inout Dice) -> PackWish {
        let authority = dice.pick(CertificateAuthority.allCases) ?? .google
        let hosts = hosts(zone, &dice)
        let isWild = hosts.names.contains { $0.hasPrefix("*") }
        return PackWish(
            name: name, hosts: hosts, authority: authority, method: isWild || dice.happens(0.7) ? .txt : .http,
            validityDays: authority == .google && dice.happens(0.2) ? dice.pick([14, 30]) ?? 90 : 90,
            branding: authority != .letsEncrypt && dice.happens(0.1))
    }

    static func certificate(_ name: String, _ zone: String, _ dice: inout Dice) -> ClientCertificateWish {
        let days = dice.pick([40, 60, 90, 365]) ?? 365
        // Nothing forbids two certificates of one name, nor an operator's request, which is the same for each renewal.
        let commonName = dice.happens(0.2) ? "shared.\(zone)" : "\(name).\(zone)"
        let key: KeySource = dice.happens(0.2) ? .request(file: "/csr/\(name).\(zone)") : .made(.ecP256)
        return ClientCertificateWish(
            name: name, commonName: commonName, key: key, validityDays: days, renewBefore: .days(days > 60 ? 30 : 12),
            overlap: .hours(dice.within(1...30)), command: dice.happens(0.5) ? ["/usr/bin/true"] : [])
    }
}
