import Domain
import Engine
import Synchronization

/// A ledger in memory with the meaning of the one on disk: `LedgerContract` runs over both.
public final class MemoryLedger: Ledger {
    private let rows = Mutex(MemoryRows())

    public init() {}

    /// While set, every commit throws this and writes nothing: a full or read-only disk.
    public var writeTrouble: StoreTrouble? {
        get { rows.withLock { $0.writeTrouble } }
        set { rows.withLock { $0.writeTrouble = newValue } }
    }

    /// While set, every commit that would write down how this zone was seen finds no room: a disk that is nearly full.
    public var zoneWithoutRoom: ZoneID? {
        get { rows.withLock { $0.zoneWithoutRoom } }
        set { rows.withLock { $0.zoneWithoutRoom = newValue } }
    }

    /// While set, every call that reads throws this.
    public var readTrouble: StoreTrouble? {
        get { rows.withLock { $0.readTrouble } }
        set { rows.withLock { $0.readTrouble = newValue } }
    }

    /// When set, only so many more commits are made; those after them throw and write nothing, as after a crash.
    public var commitsLeft: Int? {
        get { rows.withLock { $0.commitsLeft } }
        set { rows.withLock { $0.commitsLeft = newValue } }
    }

    /// Every commit that was made, oldest first.
    public var commits: [[Change]] { rows.withLock { $0.commits } }

    /// How often what is unwanted was counted.
    public var countsOfUnwanted: Int { rows.withLock { $0.countsOfUnwanted } }

    public func commit(_ changes: [Change]) throws(StoreTrouble) {
        try rows.withLock { (rows) throws(StoreTrouble) in
            if let trouble = rows.writeTrouble { throw trouble }
            let hasRoom = changes.allSatisfy { change in
                guard case .zone(let record) = change else { return true }
                return record.id != rows.zoneWithoutRoom
            }
            guard hasRoom else { throw .unwritable(path: "memory", detail: "no room") }
            if let left = rows.commitsLeft {
                guard left > 0 else { throw .unwritable(path: "memory", detail: "the process is gone") }
                rows.commitsLeft = left - 1
            }
            for change in changes { rows.apply(change) }
            rows.commits.append(changes)
        }
    }

    public func prune(before cutoff: Timestamp, limit: Int) throws(StoreTrouble) -> Int {
        try rows.withLock { (rows) throws(StoreTrouble) in
            if let trouble = rows.writeTrouble { throw trouble }
            return rows.prune(before: cutoff, limit: limit)
        }
    }

    public func pruneSettled(before cutoff: Timestamp, limit: Int) throws(StoreTrouble) -> Int {
        try rows.withLock { (rows) throws(StoreTrouble) in
            if let trouble = rows.writeTrouble { throw trouble }
            return rows.pruneSettled(before: cutoff, limit: limit)
        }
    }

    public func state(of zone: ZoneID, now: Timestamp) throws(StoreTrouble) -> ZoneState {
        try read { $0.state(of: zone, now: now) }
    }

    public func counts(names: Set<String>, now: Timestamp) throws(StoreTrouble) -> BrakeCounts {
        try read { $0.counts(names: names, now: now) }
    }

    public func knownIDs(_ kind: SubjectKind, in zone: ZoneID) throws(StoreTrouble) -> Set<ObjectID> {
        try read { rows in Set((rows.objects[zone] ?? [:]).keys.filter { $0.kind == kind }.map(\.id)) }
    }

    public func unwantedOurs(outside zone: ZoneID) throws(StoreTrouble) -> Int {
        rows.withLock { $0.countsOfUnwanted += 1 }
        return try read { $0.unwantedOurs(outside: zone) }
    }

    public func zones() throws(StoreTrouble) -> [ZoneRecord] {
        try read { $0.zones.values.sorted { $0.id < $1.id } }
    }

    public func forEachSubject(
        _ filter: SubjectFilter, _ body: (SubjectRecord, [ObjectRecord]) -> Void
    ) throws(StoreTrouble) {
        try read { rows in
            for (record, objects) in rows.listing(filter) { body(record, objects) }
        }
    }

    public func history(_ filter: HistoryFilter) throws(StoreTrouble) -> [Transition] {
        try read { rows in
            rows.transitions.filter { filter.passes($0.subject, at: $0.at) }.suffix(max(0, filter.limit))
        }
    }

    public func checkpoint(of subject: Subject) throws(StoreTrouble) -> Checkpoint? {
        try read { $0.checkpoints[subject] }
    }

    public func operations(_ filter: HistoryFilter, openOnly: Bool) throws(StoreTrouble) -> [Operation] {
        try read { rows in
            rows.operations.values.filter { filter.passes($0.subject, at: $0.committedAt) && (!openOnly || $0.isOpen) }
                .sorted { ($0.committedAt, $0.id) < ($1.committedAt, $1.id) }.suffix(max(0, filter.limit))
        }
    }

    public func openEpisodes() throws(StoreTrouble) -> [Episode] { try read { $0.sortedEpisodes { _ in true } } }

    public func suspensions() throws(StoreTrouble) -> [Suspension] { try read { $0.sortedSuspensions { _ in true } } }

    public func approvals(of subject: Subject) throws(StoreTrouble) -> [Approval] {
        try read { $0.approvals(of: subject) }
    }

    public func audit(since: Timestamp?, limit: Int) throws(StoreTrouble) -> [AuditEntry] {
        try read { $0.audit.filter { $0.at >= since ?? .distantPast }.suffix(max(0, limit)) }
    }

    public func note(_ key: NoteKey) throws(StoreTrouble) -> String? { try read { $0.notes[key] } }

    private func read<Result: Sendable>(_ body: (MemoryRows) -> Result) throws(StoreTrouble) -> Result {
        try rows.withLock { (rows) throws(StoreTrouble) in
            if let trouble = rows.readTrouble { throw trouble }
            return body(rows)
        }
    }
}

extension HistoryFilter {
    fileprivate func passes(_ subject: Subject, at moment: Timestamp) -> Bool {
        (self.subject == nil || self.subject == subject) && (zone == nil || zone == subject.zone)
            && since.map { moment >= $0 } ?? true && until.map { moment < $0 } ?? true
    }
}
