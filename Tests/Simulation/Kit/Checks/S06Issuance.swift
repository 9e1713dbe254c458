import CloudflareModel
import Domain

/// S6: orders and restarts of one host set or common name are at most 3 in 24 hours and 5 in 7 days, orders of the
/// whole daemon at most 50 a day.
///
/// Counted by what Cloudflare accepted, in true time; renewals that are due left out, one more allowed for each
/// approval by a person in that time. Not within 7 days of a database that was put back, or of a clock that was set: it
/// counts in the database, by the machine's clock.
struct S06Issuance: Checker {
    let invariant = "S6"
    private var all: [(name: String, at: Timestamp, isOrder: Bool, isRenewal: Bool)] = []
    private var names: [ObjectID: String] = [:]

    mutating func judge(_ deed: Deed, _ memory: Memory, _ rows: Rows?) -> [String] {
        let name: String
        switch deed.effect {
        case .orderAccepted(let pack, _, let hosts):
            name = hosts.withoutBranding.key
            names[pack] = name
        case .clientCertificateCreated(_, _, let commonName, _, _): name = commonName
        case .restarted(let pack): name = names[pack] ?? pack.text
        default: return []
        }
        let isRenewal = deed.operation?.reason == "renewal-due"
        all.append((name, deed.at, deed.isCreation, isRenewal))
        if let restored = memory.restoredAt, deed.at - restored < .days(7) { return [] }
        if let stepped = memory.steppedAt, deed.at - stepped < .days(7) { return [] }
        guard !isRenewal else { return [] }
        func count(_ span: Duration) -> Int {
            all.count { $0.name == name && !$0.isRenewal && deed.at - $0.at < span }
        }
        func allowed(_ span: Duration) -> Int {
            memory.commands.count { $0.verb == "approve" && deed.at - $0.at < span + .days(1) }
        }
        let (day, week) = (count(.hours(24)), count(.days(7)))
        var complaints: [String] = []
        if day > 3 + allowed(.hours(24)) { complaints.append("\(day) for \(name) in 24 hours: \(deed.words)") }
        if week > 5 + allowed(.days(7)) { complaints.append("\(week) for \(name) in 7 days: \(deed.words)") }
        let today = all.count { $0.isOrder && deed.at - $0.at < .hours(24) }
        if today > 50 + allowed(.hours(24)) { complaints.append("\(today) orders of the daemon in 24 hours") }
        return complaints
    }
}
