import Domain

/// S12: every subject has a next look or waits in the queue; a loop that is stuck is told from one that waits.
///
/// Whenever everything rests and the daemon runs: it says that it makes progress, it has set a timer, and every zone of
/// the settings was asked for within twice its interval and two hours, unless something was in the way (it was down,
/// the token refused, blocked, the disk failed, the machine slept).
struct S12NextLook: Checker {
    let invariant = "S12"

    mutating func check(_ witness: Witness) -> [String] {
        guard witness.isUp else { return [] }
        if !witness.isMakingProgress { return ["the daemon says that it makes no progress"] }
        if witness.timers == 0 { return ["everything rests, and no timer is set"] }
        let memory = witness.memory
        let patience = memory.inForce.daemon.lookEvery * 2 + .hours(2)
        guard let since = memory.upSince, witness.up - since > patience else { return [] }
        for moment in [memory.settingsChangedAt, memory.hinderedAt ?? .distantPast]
        where witness.now - moment <= patience { return [] }
        for zone in memory.inForce.zones where !zone.wishes.isEmpty {
            guard let id = zone.id else { continue }
            let last = memory.lastListing[id] ?? .distantPast
            if witness.now - last > patience { return ["\(zone.name) has not been asked for since \(last.rfc3339)"] }
        }
        return []
    }
}
