import Domain

/// S7: what is wished no more goes in small numbers.
///
/// Counted by what Cloudflare accepted for the reason `no-longer-wanted` in 24 hours: at most 3 of the whole daemon, and
/// at most max(1, 10 %) of the zone's subjects in the database; one more for each approval, which counts for a week. The
/// pending ones are checked only through what comes of them. Not within a day of a database that was put back or of a
/// clock that was set.
struct S07Removals: Checker {
    let invariant = "S7"
    private var all: [(zone: ZoneID, at: Timestamp)] = []

    mutating func judge(_ deed: Deed, _ memory: Memory, _ rows: Rows?) -> [String] {
        guard deed.isRemoval, deed.operation?.reason == "no-longer-wanted", !deed.isByPerson else { return [] }
        all.append((deed.zone, deed.at))
        for moment in [memory.restoredAt, memory.steppedAt] {
            if let moment, deed.at - moment < .days(1) { return [] }
        }
        let approved = memory.commands.count { $0.verb == "approve" && deed.at - $0.at < .days(8) }
        let today = all.filter { deed.at - $0.at < .hours(24) }
        let here = today.count { $0.zone == deed.zone }
        let subjects = rows?.ask("SELECT count(*) FROM subjects WHERE zone = ?", [deed.zone.text]).first?[0] ?? nil
        let most = max(1, (Int(subjects ?? "") ?? 0) / 10)
        var complaints: [String] = []
        if today.count > 3 + approved { complaints.append("\(today.count) removals in 24 hours: \(deed.words)") }
        if here > most + approved { complaints.append("\(here) removals in the zone in 24 hours: \(deed.words)") }
        return complaints
    }
}
