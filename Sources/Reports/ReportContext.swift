import Domain
import Engine

/// Where a report was made from.
public enum ReportSource: String, Codable, Hashable, Sendable {
    /// The running daemon.
    case daemon
    /// The database alone: the daemon does not answer.
    case database
}

/// What every row of a report needs besides its own record. Loaded once for a report; small, however many subjects.
struct ReportContext {
    let now: Timestamp
    let zones: [ZoneID: ZoneRecord]
    let episodes: [Episode.Scope: [Episode]]
    let suspensions: [Suspension]

    init(_ ledger: any LedgerReading, now: Timestamp) throws(StoreTrouble) {
        self.now = now
        zones = Dictionary(try ledger.zones().map { ($0.id, $0) }) { first, _ in first }
        episodes = Dictionary(grouping: try ledger.openEpisodes().filter { $0.resolvedAt == nil }, by: \.scope)
        suspensions = try ledger.suspensions().filter { $0.until > now }
    }

    func zoneName(_ zone: ZoneID) -> String { zones[zone]?.name ?? zone.text }
    func path(_ subject: Subject) -> String { subject.path(zoneName: zoneName(subject.zone)) }

    /// Those of the subject itself, the worst first.
    func episodes(of subject: Subject) -> [Episode] {
        (episodes[.subject(subject)] ?? []).sorted { $0.condition.rank < $1.condition.rank }
    }

    /// The one that ends last.
    func suspension(of subject: Subject) -> Suspension? {
        suspensions.filter { $0.scope.contains(subject) }.max { $0.until < $1.until }
    }

    func scopeText(_ scope: Episode.Scope) -> String {
        switch scope {
        case .daemon: "daemon"
        case .zone(let zone): zoneName(zone)
        case .subject(let subject): path(subject)
        }
    }

    func scopeText(_ scope: Suspension.Scope) -> String {
        switch scope {
        case .all: "everything"
        case .zone(let zone): zoneName(zone)
        case .subject(let subject): path(subject)
        }
    }

    /// True when the zone was last seen completely so long ago that what is known of it is history (S16): three of
    /// its intervals, at least of 15 minutes each.
    func isStale(_ zone: ZoneID) -> Bool {
        guard let record = zones[zone], let seen = record.lastCompleteLook else { return true }
        if !(episodes[.zone(zone)] ?? []).filter({ $0.condition == .zoneUnseen }).isEmpty { return true }
        let interval = max(.minutes(15), (record.nextLook ?? seen) - seen)
        return now - seen > interval * 3
    }
}
