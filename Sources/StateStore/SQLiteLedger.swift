import Domain
import Engine
import Synchronization

/// What keeps pages of a file in memory in case they are read again.
public protocol PageKeeper: Sendable {
    func letPagesGo()
}

/// The state and the history in one SQLite file.
///
/// One connection, used under a lock by one caller at a time. A commit is one durable transaction: WAL, and a sync of
/// the log before it returns. When an answer shows that the file is broken, a mark is left beside it, and the next
/// opening looks at every page and row before it trusts the file again.
public final class SQLiteLedger: Ledger, PageKeeper {
    /// The database's file; `:memory:` for one without.
    public let path: String
    private let holding: Mutex<Holding>
    private let openAgain: Opener?

    /// Opens the same database anew, for writing where that is possible by now. Looks at every page and row where a
    /// suspicion is given to it.
    typealias Opener = @Sendable (_ suspicion: String?) throws(StoreTrouble) -> Held

    /// The connection, and for one that writes the lock that keeps other daemons away.
    ///
    /// `@unchecked`: once it is in ``holding`` a value of it is reached under that mutex alone, and neither it nor a
    /// statement or row made from it is kept past the call that holds the lock; what comes out is `Sendable`.
    struct Held: @unchecked Sendable {
        var database: Database
        var lock: StoreLock?
        /// Why it could be opened for reading alone. Each commit tries again.
        var obstacle: StoreTrouble?
        /// The files as they were opened for writing. The number of an open file is given to no other one.
        var numbers: [String: StoreFile.Number] = [:]
    }

    private struct Holding {
        /// nil while nothing could be opened any more.
        var held: Held?
        var isClosed = false
        /// What showed the file to be broken, until it was looked through. A mark cannot be left on every disk.
        var suspicion: String?
    }

    /// - Parameter openAgain: nil for one that is never opened again, nor marked: it is not this one's file.
    init(_ held: Held, path: String, openAgain: Opener? = nil) {
        self.path = path
        self.openAgain = openAgain
        holding = Mutex(Holding(held: held))
    }

    /// Writes the log into the database and lets go of it. Whatever is asked afterwards is refused.
    public func close() throws(StoreTrouble) {
        try holding.withLock { (holding) throws(StoreTrouble) in
            let last = holding.held
            holding = Holding(held: nil, isClosed: true)
            if let last, last.lock != nil { try last.database.checkpoint() }
        }
    }

    /// Lets go of the pages that it keeps in case they are read again. Does nothing while somebody is at work with it.
    public func letPagesGo() {
        _ = holding.withLockIfAvailable { $0.held?.database.letPagesGo() }
    }

    /// Whether it can only be read just now. Then nothing can be marked nor set aside, and a start would be no wiser.
    public var isReadOnly: Bool { holding.withLock { $0.held?.obstacle != nil } }

    /// The same after one more try to open it for writing, which looks at a suspect file and may set it aside.
    public func staysReadOnly() -> Bool {
        guard isReadOnly else { return false }
        do throws(StoreTrouble) {
            try commit([])
        } catch {
            // What came of it is what is asked for.
        }
        return isReadOnly
    }

    public func commit(_ changes: [Change]) throws(StoreTrouble) {
        try write { (database) throws(StoreTrouble) in
            for change in changes { try database.write(change) }
        }
    }

    public func prune(before cutoff: Timestamp, limit: Int) throws(StoreTrouble) -> Int {
        try write { (database) throws(StoreTrouble) in try database.prune(before: cutoff, limit: limit) }
    }

    public func pruneSettled(before cutoff: Timestamp, limit: Int) throws(StoreTrouble) -> Int {
        try write { (database) throws(StoreTrouble) in try database.pruneSettled(before: cutoff, limit: limit) }
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

    public func approvals(of subject: Subject) throws(StoreTrouble) -> [Approval] {
        try read { (database) throws(StoreTrouble) in try database.approvals(of: subject) }
    }

    public func audit(since: Timestamp?, limit: Int) throws(StoreTrouble) -> [AuditEntry] {
        try read { (database) throws(StoreTrouble) in try database.audit(since: since, limit: limit) }
    }

    public func note(_ key: NoteKey) throws(StoreTrouble) -> String? {
        try read { (database) throws(StoreTrouble) in try database.note(key) }
    }

    /// Has every page and row looked at when the file is opened next, and leaves a mark for the next process.
    public func doubt(_ trouble: StoreTrouble) {
        holding.withLock { suspect(trouble.explanation.summary, &$0) }
    }

    private func suspect(_ detail: String, _ holding: inout Holding) {
        guard openAgain != nil else { return }
        holding.suspicion = detail
        StoreFile(path: path).mark(detail)
    }

    func read<Result: Sendable>(
        _ body: (Database) throws(StoreTrouble) -> Result
    ) throws(StoreTrouble) -> Result {
        try use(toWrite: false, body)
    }

    private func write<Result: Sendable>(
        _ body: (Database) throws(StoreTrouble) -> Result
    ) throws(StoreTrouble) -> Result {
        try use(toWrite: true) { (database) throws(StoreTrouble) in try database.transaction(body) }
    }

    private func use<Result: Sendable>(
        toWrite: Bool, _ body: (Database) throws(StoreTrouble) -> Result
    ) throws(StoreTrouble) -> Result {
        try holding.withLock { (holding) throws(StoreTrouble) in
            guard !holding.isClosed else { throw .unopenable(path: path, detail: "it has been closed") }
            if holding.held == nil || toWrite && holding.held?.obstacle != nil { try open(&holding) }
            guard let held = holding.held else { throw .unopenable(path: path, detail: "it is not open") }
            if toWrite {
                if let obstacle = held.obstacle { throw obstacle }
                try held.proveInPlace(path)
            }
            do throws(StoreTrouble) {
                let result = try body(held.database)
                if toWrite { try held.proveInPlace(path) }  // it may have gone meanwhile
                return result
            } catch {
                if case .corrupt(_, let detail) = error { suspect(detail, &holding) }
                throw error
            }
        }
    }

    private func open(_ holding: inout Holding) throws(StoreTrouble) {
        guard let openAgain else { return }
        holding.held = nil  // first: connections of one process share the log's index, and how it was opened
        // What was found while nothing could be written is handed on, and marked by now if that can be: else whatever
        // passes the quick look would be gone on with, and changes sent from it.
        if let suspicion = holding.suspicion { StoreFile(path: path).mark(suspicion) }
        do throws(StoreTrouble) {
            let held = try openAgain(holding.suspicion)
            if held.obstacle == nil { holding.suspicion = nil }
            holding.held = held
        } catch {
            if case .corrupt(_, let detail) = error { holding.suspicion = holding.suspicion ?? detail }
            throw error
        }
    }
}

extension SQLiteLedger.Held {
    /// A commit to files that somebody removed or replaced would be on a disk where nobody finds it again: the order that
    /// it precedes could be sent a second time. One `stat` a file, beside a sync of the disk.
    fileprivate func proveInPlace(_ path: String) throws(StoreTrouble) {
        let displaced = numbers.filter { StoreFile.number(of: $0.key) != $0.value }
        if let name = displaced.keys.min() { throw .displaced(path: path, file: name) }
    }
}
