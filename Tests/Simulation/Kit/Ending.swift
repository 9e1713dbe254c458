import CloudflareModel
import Domain
import Engine
import TestKit

/// What must be so once nothing goes wrong any more.
extension Run {
    /// The faults stop: the world is put right, and the daemon left to itself.
    func endMishaps() {
        trace { "nothing goes wrong from here on" }
        injector.isOver = true
        diskFailsUntil = .zero
        isDeaf = false
        setClockRight()
        setToken(isGood: true)
        hinder()
        transport.withModel { model, _ in
            model.removeFaults()
            model.resetLimiter()
        }
        for zone in setting.scenario.zones.compactMap(\.id) { settleConduct(of: zone) }
        memory.settingsChangedAt = clock.trueNow
        disk = .success(good)
        if life == nil { boot() } else { reload() }
        loop.drain()
        let untrusted = rows?.ask("SELECT value FROM notes WHERE name = 'untrusted'") ?? []
        if untrusted.first?[0] != nil { command(.approveState, "all") }
        loop.drain()
    }

    /// Liveness: every wish is there, or a named reason says why not; every episode is resolved or justified.
    func checkWishes() {
        guard let rows, life != nil else { return complain("L1", "the daemon does not run") }
        for zone in memory.inForce.zones {
            let id = zone.id ?? setting.scenario.zones.first { $0.name == zone.name }?.id ?? ZoneID("")
            let (packs, certificates) = facts(of: id)
            for wish in zone.wishes {
                let subject = "\(zone.name)/\(wish.kind.rawValue)/\(wish.name)"
                let row = rows.ask(
                    "SELECT verdict, reason FROM subjects WHERE zone = ? AND kind = ? AND name = ?",
                    [id.text, wish.kind.rawValue, wish.name]
                ).first
                let (verdict, reason) = (row?[0] ?? "none", row?[1] ?? "none")
                if !isMet(wish, packs, certificates), !isNamed(verdict, reason, wish, zone, packs) {
                    complain("L1", "\(subject) is not there, and the decision is \(verdict) (\(reason))")
                }
                if verdict == "hold" {
                    let told = rows.ask(
                        "SELECT 1 FROM episodes WHERE zone = ? AND name = ? AND resolved_at IS NULL",
                        [id.text, wish.name])
                    if told.isEmpty { complain("L2", "\(subject) is held (\(reason)), and no episode is open") }
                }
            }
        }
        let over = [
            "clock-skewed", "token-refused", "rate-limited", "settings-refused", "store-unwritable", "state-untrusted",
            "zone-unseen", "zone-unknown",
        ]
        for row in rows.ask("SELECT condition, zone, detail FROM episodes WHERE resolved_at IS NULL ORDER BY seq") {
            guard let condition = row[0], over.contains(condition) else { continue }
            if let zone = row[1], !zone.isEmpty, memory.zoneWish(ZoneID(zone)) == nil { continue }
            complain("L2", "\(condition) is still open: \(row[2] ?? "")")
        }
    }

    private func isMet(_ wish: Wish, _ packs: [PackFacts], _ certificates: [ClientCertificateFacts]) -> Bool {
        switch wish {
        case .pack(let wish):
            packs.contains { $0.status == "active" && $0.meets(wish) }
        case .clientCertificate(let wish):
            certificates.contains {
                $0.status == "active" && $0.commonName == wish.commonName && $0.expiresAt > clock.trueNow
            }
        }
    }

    private func isNamed(
        _ verdict: String, _ reason: String, _ wish: Wish, _ zone: ZoneWish, _ packs: [PackFacts]
    ) -> Bool {
        if verdict == "hold" { return true }
        switch reason {
        case "mode-forbids": return zone.mode != .enforce
        case "released": return true
        case "suspended": return rows?.ask("SELECT 1 FROM suspensions").isEmpty == false
        case "waiting-for-zone", "overlap-running", "proving": return true
        case "provider-working":
            guard case .pack(let wish) = wish else { return false }
            return packs.contains { $0.hosts.withoutBranding == wish.hosts.withoutBranding && $0.status != "active" }
        default: return false
        }
    }
}

extension PackFacts {
    func meets(_ wish: PackWish) -> Bool {
        type == "advanced" && hosts.withoutBranding == wish.hosts.withoutBranding
            && authority == wish.authority.rawValue && validityDays == wish.validityDays
    }
}

/// The quiet after: no change, no line of history, no news but what a day brings anyway.
struct Quiet {
    private let effects: Int
    private let requests: Int
    private let digests: [ZoneID: String]
    private let lastLine: String
    private let began: Timestamp
    private let renewal = "certificate-replaced"

    init(_ run: Run) {
        effects = run.transport.withModel { model, _ in model.ledger.effects.count }
        (requests, began) = (run.totals.requests, run.clock.trueNow)
        digests = Self.digests(run)
        lastLine = Self.count(run, "SELECT coalesce(max(seq), 0) FROM transitions")
    }

    private static func count(_ run: Run, _ sql: String, _ arguments: [String] = []) -> String {
        (run.rows?.ask(sql, arguments).first?[0] ?? nil) ?? ""
    }

    /// Lines written past the last one of the beginning, by zone, each by its event and thing. What is decided changes
    /// with the clock alone, an approval lapses by it, and what Cloudflare refuses is asked again; what happened to
    /// things does not change.
    private static func lines(_ run: Run, after seq: String, in zone: ZoneID) -> [String] {
        let sql =
            "SELECT event || ' of ' || coalesce(object, name) FROM transitions WHERE seq > CAST(? AS INTEGER) AND zone = ? "
            + "AND event NOT IN ('decided', 'operation-failed', 'approval-lapsed') ORDER BY seq"
        return (run.rows?.ask(sql, [seq, zone.text]) ?? []).compactMap { $0.first ?? nil }
    }

    private static func digests(_ run: Run) -> [ZoneID: String] {
        var all: [ZoneID: String] = [:]
        for zone in run.setting.scenario.zones.compactMap(\.id) {
            let (packs, certificates) = run.facts(of: zone)
            all[zone] =
                packs.map { "\($0.id) \($0.status) \($0.since.rfc3339) \($0.expiresAt?.rfc3339 ?? "")" }.joined(
                    separator: "; ")
                + certificates.map { "\($0.id) \($0.status)" }.joined(separator: "; ")
        }
        return all
    }

    /// So shortly before that what happened then may have been seen first in the quiet.
    private func isLately(_ moment: Timestamp, _ run: Run) -> Bool {
        let every = run.memory.inForce.daemon.lookEvery
        return moment > began - max(.days(1), every + every)
    }

    /// Lines that tell of what happened at Cloudflare before the quiet.
    private func expected(of pack: PackFacts, _ run: Run) -> [String] {
        let isRenewed = pack.expiresAt.map { isLately($0 - .days(pack.validityDays), run) } ?? false
        return (isRenewed ? ["\(renewal) of \(pack.id)"] : [])
            + (isLately(pack.since, run) ? ["moved of \(pack.id)"] : [])
    }

    /// What was asked to go, or to come back, before the quiet. What comes of it may be seen first in the quiet.
    private func asked(_ run: Run) -> Set<String> {
        let entries = run.transport.withModel { model, _ in model.ledger.effects }
        return Set(
            entries.compactMap { entry in
                guard isLately(entry.at, run), entry.at <= began else { return nil }
                return switch entry.effect {
                case .packDeletionBegun(let id, _), .revocationBegun(let id, _), .reactivationBegun(let id): id.text
                default: nil
                }
            })
    }

    func check(_ run: Run) {
        let digests = Self.digests(run)
        let isStill = digests == self.digests
        let asked = asked(run)
        for zone in run.setting.scenario.zones.compactMap(\.id) where digests[zone] == self.digests[zone] {
            let expected = Set(run.facts(of: zone).0.flatMap { self.expected(of: $0, run) })
            let lines = Self.lines(run, after: lastLine, in: zone).filter { line in
                !expected.contains(line) && !asked.contains { line.hasSuffix(" of \($0)") }
            }
            if !lines.isEmpty { run.complain("L3", "nothing happens in \(zone), and lines are written: \(lines)") }
        }
        let isMoving = run.setting.scenario.zones.compactMap(\.id).contains { zone in
            run.facts(of: zone).0.contains { $0.type == "advanced" && $0.status != "active" || $0.isValidating }
        }
        guard isStill, !isMoving else { return }
        let changes = run.transport.withModel { model, _ in model.ledger.effects.count } - effects
        if changes > 0 { run.complain("L3", "\(changes) changes were made, and nothing was to be done") }
        let span = run.clock.trueNow - began
        let every = run.memory.inForce.daemon.lookEvery
        let looksDue = Int(span.wholeSeconds / max(60, every.wholeSeconds)) + 4
        // What Cloudflare refused is asked for once more every six hours; what the quota has no place for, or whose key
        // is not to be had, is tried every hour, with a look before it and one after.
        func held(_ reasons: String) -> Int {
            Int(Self.count(run, "SELECT count(*) FROM subjects WHERE reason IN (\(reasons))")) ?? 0
        }
        let hours = Int(span.wholeSeconds / 3600)
        let sixHourly = held("'refused', 'same-host-set-refused'")
        let hourly = held("'quota-exhausted', 'key-trouble'")
        var most = 40 + sixHourly * (hours / 6 + 1) * 6 + hourly * (hours + 1) * 6
        for zone in run.setting.scenario.zones.compactMap(\.id) {
            let count = run.facts(of: zone).0.count + run.facts(of: zone).1.count
            most += looksDue * (2 + count / 50) * 2
        }
        let made = run.totals.requests - requests
        if made > most { run.complain("L3", "\(made) requests in \(span.wholeSeconds / 3600) h, expected \(most)") }
    }
}
