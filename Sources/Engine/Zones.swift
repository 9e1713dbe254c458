import Domain

/// One zone as the engine keeps it in mind: what is wanted, when it is due, how its last plan looked.
struct ZoneDuty {
    var name: String
    /// nil when the settings name it no more.
    var wish: ZoneWish?
    /// In ``Clock/uptime()``: a step of the wall clock does not move it.
    var due: Duration
    var summary: Summary?
    /// Somebody wants it looked at again although a pass is under way: what that pass finds does not put it off.
    var isHastened = false
    /// By kind, how many looks have failed in a row; kinds that were seen are not in it.
    var failures: [SubjectKind: Int] = [:]
    /// In the last pass something came too late to be sent.
    var wasOvertaken = false

    /// What moves, or was never looked at, goes before what is settled.
    var rank: Int { summary.map { $0.moving > 0 } ?? true ? 0 : 1 }

    /// What the last plan said, in numbers.
    struct Summary {
        var subjects = 0
        var moving = 0
        var wrong = 0
    }
}

/// A stable number for a zone, to spread what would else happen at the same moment: FNV-1a, 0 up to 1.
func phase(of zone: ZoneID) -> Double {
    let hash = zone.text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    return Double(hash >> 11) / Double(1 << 53)
}
