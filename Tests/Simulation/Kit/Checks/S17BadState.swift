import CloudflareModel
import Domain

/// S17: a bad or missing database, settings or token never leads to a change at Cloudflare.
///
/// No change while the note `untrusted` stands; none to a kind in a zone before an earlier pass that saw it was planned
/// under the database's present era; no order for hosts or names that the settings in force do not wish.
struct S17BadState: Checker {
    let invariant = "S17"

    mutating func judge(_ deed: Deed, _ memory: Memory, _ rows: Rows?) -> [String] {
        guard let rows else { return ["there is no database: \(deed.words)"] }
        if rows.ask("SELECT value FROM notes WHERE name = 'untrusted'").first?[0] != nil {
            return ["the state is not trusted: \(deed.words)"]
        }
        var complaints: [String] = []
        // What was on its way when the settings changed arrives all the same.
        if deed.at - memory.settingsChangedAt < .minutes(2) { return complaints }
        let era = rows.ask("SELECT value FROM notes WHERE name = 'era'").first?[0] ?? nil
        let isPlanned =
            memory.planned[deed.zone].map { PlannedUnder(text: $0).covers(deed.kind, under: era ?? "") } ?? false
        if !isPlanned, !deed.isByPerson { complaints.append("nothing was planned under this era: \(deed.words)") }
        let wishes = memory.zoneWish(deed.zone)?.wishes ?? []
        switch deed.effect {
        case .orderAccepted(_, _, let hosts):
            let isWished = wishes.contains { wish in
                guard case .pack(let wish) = wish else { return false }
                return wish.hosts.withoutBranding == hosts.withoutBranding
            }
            if !isWished { complaints.append("the settings in force do not wish it: \(deed.words)") }
        case .clientCertificateCreated(_, _, let name, _, _):
            let isWished = wishes.contains { wish in
                guard case .clientCertificate(let wish) = wish else { return false }
                return wish.commonName == name
            }
            if !isWished { complaints.append("the settings in force do not wish it: \(deed.words)") }
        default: break
        }
        return complaints
    }
}
