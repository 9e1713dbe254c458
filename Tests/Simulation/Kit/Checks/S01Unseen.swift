import Domain

/// S1: what was not seen is never taken for absent.
///
/// Each line of the history that says that a thing vanished is held against what is true at Cloudflare: it must really
/// be gone, unless the daemon was told a lie about that zone lately (a GET that answered 404, a listing that was stale
/// or empty): two of those the design allows it to believe. Not checked: what is silently never looked at.
struct S01Unseen: Checker {
    let invariant = "S1"
    /// Live things by identifier; filled in by the run before each check.
    var live: (ZoneID) -> Set<String>

    mutating func check(_ witness: Witness) -> [String] {
        witness.newTransitions.compactMap { line in
            guard line.event == "vanished", let object = line.object else { return nil }
            let zone = ZoneID(line.zone)
            if let lie = witness.memory.lies[zone], witness.now - lie < .days(2) { return nil }
            guard live(zone).contains(object) else { return nil }
            return "\(object) was taken for gone, and is there"
        }
    }
}
