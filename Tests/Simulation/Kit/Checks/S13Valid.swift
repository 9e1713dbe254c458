import Domain
import Engine

/// S13: nothing is shown valid after its notAfter.
///
/// Asked every other simulated day, at the machine's clock, of what the tool shows (``ObjectRecord/isValid(at:)``) for every
/// thing in the database, against the end that its row says. The reports' own texts are checked by unit tests.
struct S13Valid: Checker {
    let invariant = "S13"
    var shownValid: (Timestamp) -> [(id: String, notAfter: Timestamp?)]
    private var last: Timestamp = .distantPast

    init(shownValid: @escaping (Timestamp) -> [(id: String, notAfter: Timestamp?)]) { self.shownValid = shownValid }

    mutating func check(_ witness: Witness) -> [String] {
        guard witness.now - last >= .days(2) else { return [] }
        last = witness.now
        return shownValid(witness.wall).compactMap { entry in
            guard let end = entry.notAfter else { return "\(entry.id) is shown valid, and has no end" }
            return end <= witness.wall ? "\(entry.id) is shown valid after \(end.rfc3339)" : nil
        }
    }
}
