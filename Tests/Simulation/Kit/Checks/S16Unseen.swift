import Domain

/// S16: a zone not seen completely for three of its intervals is an episode.
///
/// By the zone's row: a managed zone whose last complete look is more than three intervals and two hours ago has an
/// open episode of its own, or the daemon has one that says why. Left out: while the daemon was down, the machine
/// slept, or its clock was set within that time.
struct S16Unseen: Checker {
    let invariant = "S16"

    mutating func check(_ witness: Witness) -> [String] {
        let memory = witness.memory
        let patience = memory.inForce.daemon.lookEvery * 3 + memory.inForce.daemon.lookEvery + .hours(2)
        guard witness.isUp, let since = memory.upSince, witness.up - since > patience, let rows = witness.rows else {
            return []
        }
        for moment in [memory.steppedAt, memory.restoredAt, memory.settingsChangedAt, memory.hinderedAt] {
            if let moment, witness.now - moment <= patience { return [] }
        }
        let late = rows.ask(
            "SELECT id FROM zones WHERE is_managed = 1 AND last_complete_look < CAST(? AS INTEGER)",
            ["\((witness.wall - patience).unixMilliseconds)"])
        return late.compactMap { row in
            let id = row[0] ?? ""
            guard memory.zoneWish(ZoneID(id))?.wishes.isEmpty == false else { return nil }
            let told = rows.ask(
                "SELECT 1 FROM episodes WHERE resolved_at IS NULL AND (zone = ? OR rank = 0) LIMIT 1", [id])
            return told.isEmpty ? "zone \(id) has not been seen for long, and nothing says so" : nil
        }
    }
}
