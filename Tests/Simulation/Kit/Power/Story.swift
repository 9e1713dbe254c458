import CloudflareModel
import Domain
import Engine
import Glibc
import PowerDisk
import TestKit

/// The story that is told again and again, with the power cut somewhere in it: a pack is ordered and serves, gets another
/// host and is replaced; a client certificate is made, delivered, renewed after a third of its day, the old one revoked;
/// the daemon is stopped and started in between. Listings are eight minutes old throughout.
extension Setting {
    static let storyZone = "zone1.example"
    static let meter = "meter"
    static let firstHosts = HostSet([storyZone, "*.\(storyZone)"])
    static let laterHosts = firstHosts.adding(["api.eu.\(storyZone)"])

    static var story: Setting {
        var model = ModelSettings()
        model.listLag = .minutes(8)
        // An order that is sent twice is to be seen, not to be refused.
        model.refusesDuplicates = false
        model.pace = .immediate
        let zone = ZoneSeed(
            name: storyZone, id: storyZoneID,
            packs: [
                PackSeed(hosts: firstHosts.names, type: "universal"),
                PackSeed(hosts: [storyZone, "legacy.\(storyZone)"], type: "advanced"),
            ])
        var scenario = Scenario(tokens: [TokenSeed(label: tokenLabel, secret: Secret(secret))], zones: [zone])
        scenario.settings = model
        return Setting(scenario: scenario, settings: settings(with: firstHosts))
    }

    static let storyZoneID = zoneID(1)

    static func settings(with hosts: HostSet) -> Settings {
        var settings = Settings()
        settings.daemon.mode = .enforce
        settings.daemon.lookEvery = .minutes(30)
        let pack = PackWish(name: "main", hosts: hosts, authority: .letsEncrypt, method: .txt, validityDays: 90)
        let certificate = ClientCertificateWish(
            name: meter, commonName: "\(meter).\(storyZone)", validityDays: 1, renewBefore: .hours(16),
            overlap: .minutes(1), command: ["/usr/bin/true"])
        settings.zones = [
            ZoneWish(
                name: storyZone, id: storyZoneID, mode: .enforce,
                wishes: [.pack(pack), .clientCertificate(certificate)])
        ]
        return settings
    }

    private init(scenario: Scenario, settings: Settings) {
        (self.scenario, self.settings) = (scenario, settings)
    }
}

extension Run {
    /// The story, with the power cut where that is planned, to its end.
    func tellStory() {
        defer { endStory() }
        live(until: .hours(1))  // no listing is to show the time before the world was made
        boot()
        live(until: .hours(3))
        change(to: Setting.laterHosts)
        live(until: .hours(5))
        stop()
        live(until: .hours(14))
        if violations.isEmpty { checkWishes() }
        if violations.isEmpty { checkStory() }
    }

    private func change(to hosts: HostSet) {
        trace { "a host is added" }
        good = Setting.settings(with: hosts)
        disk = .success(good)
        reload()
    }

    private func endStory() {
        crashQuietly()
        rows = nil
        loop.drain()
        loop.end()
        power?.disk.unmount()
        for folder in [folder, power?.attic, power?.copy] { folder.map(Files.removeFolder) }
    }

    /// Each thing was made once, and nothing is gone but what was replaced.
    private func checkStory() {
        var (orders, creations): ([HostSet], [String]) = ([], [])
        var (deletions, revocations, others) = (0, 0, 0)
        for entry in transport.withModel({ model, _ in model.ledger.effects }) {
            switch entry.effect {
            case .orderAccepted(_, _, let hosts): orders.append(hosts.withoutBranding)
            case .clientCertificateCreated(_, _, _, let request, _): creations.append(request)
            case .packDeletionBegun: deletions += 1
            case .revocationBegun: revocations += 1
            default: others += 1
            }
        }
        if orders != [Setting.firstHosts, Setting.laterHosts] { complain("S3", "ordered: \(orders.map(\.key))") }
        if creations.count != 2 || Set(creations).count != 2 {
            complain("S3", "\(creations.count) certificates were made for \(Set(creations).count) requests")
        }
        if (deletions, revocations, others) != (1, 1, 0) {
            complain("S2", "\(deletions) packs deleted, \(revocations) certificates revoked, \(others) other changes")
        }
        for row in rows?.ask("SELECT name, verdict, reason FROM subjects WHERE is_wished = 1 AND reason <> 'as-wanted'")
            ?? []
        {
            complain("L1", "\(row[0] ?? "") ends as \(row[1] ?? "") (\(row[2] ?? ""))")
        }
        for row in rows?.ask("SELECT id, state FROM operations WHERE state NOT IN ('accepted', 'failed', 'lost')") ?? []
        {
            complain("L1", "operation \(row[0] ?? "") is still \(row[1] ?? "")")
        }
        for row in rows?.ask("SELECT condition, name FROM episodes WHERE resolved_at IS NULL") ?? [] {
            complain("L2", "\(row[0] ?? "") of \(row[1] ?? "") is still open")
        }
        let usual = ["edgecert.db", "edgecert.db-shm", "edgecert.db-wal", "edgecert.db.lock", "keys"]
        let strange = Files.names(in: folder).filter { !usual.contains($0) }
        if !strange.isEmpty { complain("S17", "beside the database lies \(strange)") }
    }
}
