import CloudflareModel
import Domain

/// S4: after a removal every host that is wished, or that a pack of ours covered within 30 days, keeps an active cover
/// with more than 7 days left.
///
/// Judged by what is true at Cloudflare when the deletion arrives. Left out: what a person approved; a zone that was
/// changed from outside, or lied about, since the daemon's last look at it; packs that did not serve. Probing and
/// roots are not simulated.
struct S04Cover: Checker {
    let invariant = "S4"

    mutating func judge(_ deed: Deed, _ memory: Memory, _ rows: Rows?) -> [String] {
        guard case .packDeletionBegun = deed.effect, let pack = deed.packs.first(where: { $0.id == deed.object }),
            pack.serves(at: deed.at), !Self.isBlind(deed, memory)
        else { return [] }
        if let operation = deed.operation,
            memory.commanded("approve", operation.subject, since: deed.at - .days(60))
        {
            return []
        }
        var needed: Set<String> = []
        for case .pack(let wish) in memory.zoneWish(deed.zone)?.wishes ?? [] { needed.formUnion(wish.hosts.names) }
        for (host, at) in memory.served[deed.zone] ?? [:] where deed.at - at < .days(30) { needed.insert(host) }
        let covers = deed.packs.filter {
            $0.id != deed.object && $0.status == "active" && ($0.expiresAt.map { $0 > deed.at + .days(7) } ?? false)
        }
        let lost = needed.filter { host in pack.hosts.covers(host) && !covers.contains { $0.hosts.covers(host) } }
        return lost.isEmpty ? [] : ["\(lost.sorted().joined(separator: ", ")) lost its cover: \(deed.words)"]
    }

    static func isBlind(_ deed: Deed, _ memory: Memory) -> Bool {
        if let lie = memory.lies[deed.zone], deed.at - lie < .hours(1) { return true }
        guard let change = memory.outsideChange[deed.zone] else { return false }
        let look = memory.honestLook["\(deed.zone)/certificate_pack"] ?? .distantPast
        return change + .minutes(5) >= look
    }
}

extension PackFacts {
    /// It is active; or it is issued anew, and goes on with the certificate that it has.
    func serves(at moment: Timestamp) -> Bool {
        guard let expiresAt, expiresAt > moment else { return false }
        return [
            "active", "initializing", "pending_validation", "pending_issuance", "initializing_timed_out",
            "validation_timed_out", "issuance_timed_out",
        ]
        .contains(status)
    }
}
