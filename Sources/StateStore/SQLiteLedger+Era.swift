import Domain
import Engine

extension SQLiteLedger.Opened {
    /// The era to go on in. Changes with the program's version, and whenever the database is not simply the one of the
    /// last run: the first pass over each zone then only plans.
    public func era(version: String, chance: any Chance) -> String {
        func number() -> String { String(chance.next(), radix: 16) }
        do throws(StoreTrouble) {
            if case .existing = outcome, let known = try ledger.note(.era), known.hasPrefix(version + " ") {
                return known
            }
            let fresh = "\(version) \(number())"
            try ledger.commit([.note(.era, fresh)])
            return fresh
        } catch {
            // Equal to no zone's: every pass only plans as long as nothing can be written. With a number, too: zones get
            // it once something can, and a copy of them that is restored later may meet another such start.
            return "\(version) unwritable \(number())"
        }
    }
}
