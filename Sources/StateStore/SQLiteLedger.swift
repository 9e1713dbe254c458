import Domain
import Engine
import Synchronization

/// The state and the history in one SQLite file.
///
/// One connection, used under a lock by one caller at a time. A commit is one durable transaction: WAL, and a sync of
/// the log before it returns. When an answer shows that the file is broken, a mark is left beside it, and the next
/// opening looks at every page and row before it trusts the file again.
public final class SQLiteLedger: Ledger {
    /// The database's file; `:memory:` for one without.
    public let path: String
    let held: Mutex<Held?>
    private let openAgain: (@Sendable () throws(StoreTrouble) -> Held)?

    /// The connection, and for one that writes the lock that keeps other daemons away.
    ///
    /// `@unchecked`: once it is in ``held`` a value of it is reached under that mutex alone, and neither it nor a
    /// statement or row made from it is kept past the call that holds the lock; what comes out is `Sendable`.
    struct Held: @unchecked Sendable {
        var database: Database
        var lock: StoreLock?
        /// True when it could be opened for reading alone: a full or read-only disk. Each commit tries again.
        var isReadOnly = false
    }

    init(
        _ held: Held, path: String, openAgain: (@Sendable () throws(StoreTrouble) -> Held)? = nil
    ) {
        self.path = path
        self.held = Mutex(held)
        self.openAgain = openAgain
    }

    /// Writes the log into the database and lets go of it. Whatever is asked afterwards is refused.
    public func close() throws(StoreTrouble) {
        try held.withLock { (held) throws(StoreTrouble) in
            guard let last = held else { return }
            held = nil
            if !last.isReadOnly { try last.database.checkpoint() }
        }
    }

    public func commit(_ changes: [Change]) throws(StoreTrouble) {
        try write { (database) throws(StoreTrouble) in
            for change in changes { try database.write(change) }
        }
    }

    public func prune(before cutoff: Timestamp, limit: Int) throws(StoreTrouble) -> Int {
        try write { (database) throws(StoreTrouble) in try database.prune(before: cutoff, limit: limit) }
    }

    public func state(of zone: ZoneID, now: Timestamp) throws(StoreTrouble) -> ZoneState {
        try read { (database) throws(StoreTrouble) in try database.state(of: zone, now: now) }
    }

    public func counts(names: Set<String>, now: Timestamp) throws(StoreTrouble) -> BrakeCounts {
        try read { (database) throws(StoreTrouble) in try database.counts(names: names, now: now) }
    }

    public func knownIDs(_ kind: SubjectKind, in zone: ZoneID) throws(StoreTrouble) -> Set<ObjectID> {
        try read { (database) throws(StoreTrouble) in try database.knownIDs(kind, in: zone) }
    }

    public func unwantedOurs(outside zone: ZoneID) throws(StoreTrouble) -> Int {
        try read { (database) throws(StoreTrouble) in try database.unwantedOurs(outside: zone) }
    }

    public func zones() throws(StoreTrouble) -> [ZoneRecord] {
        try read { (database) throws(StoreTrouble) in try database.zones() }
    }

    public func forEachSubject(
        _ filter: SubjectFilter, _ body: (SubjectRecord, [ObjectRecord]) -> Void
    ) throws(StoreTrouble) {
        try read { (database) throws(StoreTrouble) in
            let listing = try SubjectListing(database, filter)
            while let (record, objects) = try listing.next() { body(record, objects) }
        }
    }

    public func history(_ filter: HistoryFilter) throws(StoreTrouble) -> [Transition] {
        try read { (database) throws(StoreTrouble) in try database.history(filter) }
    }

    public func checkpoint(of subject: Subject) throws(StoreTrouble) -> Checkpoint? {
        try read { (database) throws(StoreTrouble) in try database.checkpoint(of: subject) }
    }

    public func operations(_ filter: HistoryFilter, openOnly: Bool) throws(StoreTrouble) -> [Operation] {
        try read { (database) throws(StoreTrouble) in try database.operations(filter, openOnly: openOnly) }
    }

    public func openEpisodes() throws(StoreTrouble) -> [Episode] {
        try read { (database) throws(StoreTrouble) in try database.openEpisodes() }
    }

    public func suspensions() throws(StoreTrouble) -> [Suspension] {
        try read { (database) throws(StoreTrouble) in try database.suspensions() }
    }

    public func audit(since: Timestamp?, limit: Int) throws(StoreTrouble) -> [AuditEntry] {
        try read { (database) throws(StoreTrouble) in try database.audit(since: since, limit: limit) }
    }

    public func note(_ key: NoteKey) throws(StoreTrouble) -> String? {
        try read { (database) throws(StoreTrouble) in try database.note(key) }
    }

    func read<Result: Sendable>(
        _ body: (Database) throws(StoreTrouble) -> Result
    ) throws(StoreTrouble) -> Result {
        try held.withLock { (held) throws(StoreTrouble) in
            guard let held else { throw .unopenable(path: path, detail: "it has been closed") }
            return try watching(held) { (database) throws(StoreTrouble) in try body(database) }
        }
    }

    private func write<Result: Sendable>(
        _ body: (Database) throws(StoreTrouble) -> Result
    ) throws(StoreTrouble) -> Result {
        try held.withLock { (held) throws(StoreTrouble) in
            guard var open = held else { throw .unopenable(path: path, detail: "it has been closed") }
            if open.isReadOnly, let openAgain {
                open = try openAgain()
                held = open
            }
            return try watching(open) { (database) throws(StoreTrouble) in try database.transaction(body) }
        }
    }

    /// Leaves a mark when the file shows itself to be broken.
    private func watching<Result>(
        _ held: Held, _ body: (Database) throws(StoreTrouble) -> Result
    ) throws(StoreTrouble) -> Result {
        do {
            return try body(held.database)
        } catch {
            if case .corrupt(_, let detail) = error, held.lock != nil { StoreFile(path: path).mark(detail) }
            throw error
        }
    }
}
