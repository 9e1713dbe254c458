import Domain

/// Where the state and the history are kept. The suite `LedgerContract` runs against SQLite and against the one in
/// memory, and is what these sentences mean.
///
/// Calls are short and synchronous, made on the engine's executor: a commit is one durable transaction.
public protocol Ledger: LedgerReading {
    /// Everything a plan for this zone is made from.
    func state(of zone: ZoneID, now: Timestamp) throws(StoreTrouble) -> ZoneState

    /// All of the changes in one durable transaction, in their order, or none of them.
    func commit(_ changes: [Change]) throws(StoreTrouble)

    /// What the brakes count (S6, S7), as of `now`: of the issuances those of `names`.
    ///
    /// Counted is what may have reached Cloudflare: an operation that failed is not, one that was lost is (removals
    /// leave it out, for what was lost is still there). A restart counts for the name of the thing it restarts. The
    /// moment that counts is the last at which it may have taken effect: what waited before it was sent, as long as
    /// Cloudflare refused all calls say, took effect after its commit.
    func counts(names: Set<String>, now: Timestamp) throws(StoreTrouble) -> BrakeCounts

    /// Every identifier of the kind that was ever seen in the zone, also of what is gone.
    func knownIDs(_ kind: SubjectKind, in zone: ZoneID) throws(StoreTrouble) -> Set<ObjectID>

    /// Subjects that are wished no more and of which something of ours is still there, in managed zones other than
    /// this one: what the daemon's limit of removals counts besides the zone in hand (S7).
    func unwantedOurs(outside zone: ZoneID) throws(StoreTrouble) -> Int

    /// Deletes transitions older than `cutoff`, the oldest stretch of each subject, and leaves one checkpoint for it
    /// (S14). At most `limit` rows in one call. Returns how many.
    func prune(before cutoff: Timestamp, limit: Int) throws(StoreTrouble) -> Int

    /// Deletes operations that were committed and resolved before `cutoff`, and then episodes that were over before it,
    /// the oldest first. What is open stays. At most `limit` rows in one call. Returns how many.
    func pruneSettled(before cutoff: Timestamp, limit: Int) throws(StoreTrouble) -> Int
}

/// The reading half: all that the tool needs, also when the daemon is down.
public protocol LedgerReading: Sendable {
    func zones() throws(StoreTrouble) -> [ZoneRecord]
    /// Calls `body` for each subject that passes, in order of zone, kind and name, with its objects; one at a time, so
    /// that a hundred thousand cost no memory. `body` must not ask the ledger anything: it is held meanwhile.
    ///
    /// A thing whose subject has no row of its own comes with a record that is not wished and has no decision.
    func forEachSubject(
        _ filter: SubjectFilter, _ body: (SubjectRecord, [ObjectRecord]) -> Void
    ) throws(StoreTrouble)
    /// Newest last.
    func history(_ filter: HistoryFilter) throws(StoreTrouble) -> [Transition]
    /// What stands in place of the pruned beginning of a subject's history; nil when nothing was pruned.
    func checkpoint(of subject: Subject) throws(StoreTrouble) -> Checkpoint?
    /// Newest last.
    func operations(_ filter: HistoryFilter, openOnly: Bool) throws(StoreTrouble) -> [Operation]
    /// Open ones, in order of scope and condition.
    func openEpisodes() throws(StoreTrouble) -> [Episode]
    func suspensions() throws(StoreTrouble) -> [Suspension]
    /// What a person approved of one subject and was not used yet, in order of the reason; also what counts no more.
    func approvals(of subject: Subject) throws(StoreTrouble) -> [Approval]
    func audit(since: Timestamp?, limit: Int) throws(StoreTrouble) -> [AuditEntry]
    /// One of the texts under a name, as ``Change/note(_:_:)`` wrote it.
    func note(_ key: NoteKey) throws(StoreTrouble) -> String?
}

/// Which subjects are asked for. A nil member passes all.
public struct SubjectFilter: Hashable, Sendable {
    public var zone: ZoneID?
    public var kind: SubjectKind?
    public var name: String?
    /// Also things that are over (revoked, gone) and wished no more, and subjects of which only such are left.
    public var includesOver: Bool

    public init(zone: ZoneID? = nil, kind: SubjectKind? = nil, name: String? = nil, includesOver: Bool = false) {
        (self.zone, self.kind, self.name, self.includesOver) = (zone, kind, name, includesOver)
    }
}

/// Which rows of the history or of the operations are asked for: from `since` on, before `until`.
public struct HistoryFilter: Hashable, Sendable {
    public var subject: Subject?
    public var zone: ZoneID?
    public var since: Timestamp?
    public var until: Timestamp?
    /// The newest this many.
    public var limit: Int

    public init(
        subject: Subject? = nil, zone: ZoneID? = nil, since: Timestamp? = nil, until: Timestamp? = nil,
        limit: Int = 1000
    ) {
        (self.subject, self.zone, self.since, self.until, self.limit) = (subject, zone, since, until, limit)
    }
}

/// What a subject's history began with, before it was pruned (S14).
public struct Checkpoint: Hashable, Sendable {
    public var subject: Subject
    /// The time of the newest line that was taken out.
    public var upTo: Timestamp
    /// Lines that were taken out, over all prunings.
    public var count: Int
    /// Where the subject's things stood at that time; those that were over are left out.
    public var standing: [ObjectID: Transition.Point]

    public init(subject: Subject, upTo: Timestamp, count: Int, standing: [ObjectID: Transition.Point]) {
        (self.subject, self.upTo, self.count, self.standing) = (subject, upTo, count, standing)
    }

    /// Takes in the next line that goes, oldest first.
    public mutating func absorb(_ line: Transition) {
        (upTo, count) = (line.at, count + 1)
        guard let object = line.object else { return }
        if line.event == .vanished || Stage(code: line.to.stage)?.isOver == true {
            standing[object] = nil
        } else if line.to != .nothing {
            standing[object] = line.to
        }
    }
}

/// What can go wrong with the state: one case for each thing that is done differently about it.
public enum StoreTrouble: Error, Hashable, Sendable {
    /// Full, read-only or failing disk: no changes at Cloudflare, looks go on.
    case unwritable(path: String, detail: String)
    /// Another process holds it; the same call will do, later.
    case busy(path: String)
    /// Not a database, or a broken one: it is set aside.
    case corrupt(path: String, detail: String)
    /// Written by a later version: refused, untouched.
    case newerSchema(path: String, found: Int, known: Int)
    /// A database of something else: refused, untouched.
    case foreign(path: String)
    /// It cannot be opened: missing folder, rights.
    case unopenable(path: String, detail: String)
    /// A file of it was removed or replaced under the daemon: what is written now would be lost.
    case displaced(path: String, file: String)
    /// It does not exist, and was to be read only.
    case missing(path: String)
}

extension StoreTrouble: Explained {
    public var explanation: Explanation {
        switch self {
        case .unwritable(let path, let detail):
            Explanation(
                code: "store-unwritable", summary: "\(path) cannot be written: \(detail)",
                hint:
                    "free space on that file system, or mount it writable; nothing is changed at Cloudflare until then")
        case .busy(let path):
            Explanation(
                code: "store-busy", summary: "\(path) is held by another process",
                hint: "is a second edgecertd running on it? 'fuser \(path)' tells")
        case .corrupt(let path, let detail):
            Explanation(
                code: "store-corrupt", summary: "\(path) is not a sound database: \(detail)",
                hint: "restore it from a backup, or let edgecertd set it aside and begin anew")
        case .newerSchema(let path, let found, let known):
            Explanation(
                code: "store-newer-schema",
                summary: "\(path) has schema \(found), this program knows up to \(known)",
                hint: "run the newer edgecert again, or restore the copy that was made before the migration")
        case .foreign(let path):
            Explanation(
                code: "store-foreign", summary: "\(path) is a database of another program",
                hint: "set daemon.state_directory to a folder of edgecert's own")
        case .unopenable(let path, let detail):
            Explanation(
                code: "store-unopenable", summary: "\(path) cannot be opened: \(detail)",
                hint: "the folder must exist and belong to the daemon's user")
        case .displaced(let path, let file):
            Explanation(
                code: "store-displaced",
                summary: "\(file) was removed or replaced while edgecertd had it open",
                hint: file == path
                    ? "stop edgecertd, put the file or a backup in its place, start edgecertd; nothing is changed at "
                        + "Cloudflare until then"
                    : "'systemctl restart edgecertd': the database itself is in its place, no backup is needed; nothing is "
                        + "changed at Cloudflare until then")
        case .missing(let path):
            Explanation(
                code: "store-missing", summary: "there is no \(path)",
                hint: "edgecertd makes it when it first starts")
        }
    }
}
