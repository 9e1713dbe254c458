import CSQLite
import Domain
import Engine
import Synchronization

/// What was found when the database was opened. Everything but ``existing`` means that the first pass only plans.
public enum OpenOutcome: Hashable, Sendable {
    case existing
    /// There was none. With what shows that there was one before: where that is not empty, the note
    /// ``NoteKey/untrusted`` is set.
    case created(formerLife: [String])
    /// It was broken and has been set aside under this path; a new one was begun, with the note `untrusted` set.
    case quarantined(oldPath: String, detail: String)
    /// It was brought to this program's schema; the copy from before is kept.
    case migrated(from: Int, to: Int, backup: String)
    /// A copy stands in the place of the database. With the time at which it was taken, where it says so.
    case restored(copiedAt: Timestamp?)
    /// It can be read and not written: looks go on, each commit tries again.
    case readOnly(StoreTrouble)
}

extension SQLiteLedger {
    /// A ledger and how it came to be.
    public struct Opened: Sendable {
        public let ledger: SQLiteLedger
        public let outcome: OpenOutcome
    }

    /// Opens `edgecert.db` in the daemon's state folder, and makes, mends or migrates it where that is needed.
    ///
    /// A broken file is set aside as `edgecert.db.corrupt-<time>` and never deleted. What belongs to another program or
    /// to a later version is refused and left as it is. The folder must exist.
    ///
    /// - Throws: ``StoreTrouble/busy(path:)`` when another daemon has it, `.foreign`, `.newerSchema`, `.unopenable`;
    ///   `.unwritable` when there is no database yet and none can be made.
    public static func open(inFolder folder: String, now: Timestamp) throws(StoreTrouble) -> Opened {
        try open(inFolder: folder, now: now, migrations: Schema.migrations)
    }

    static func open(
        inFolder folder: String, now: Timestamp, migrations: [Migration]
    ) throws(StoreTrouble) -> Opened {
        let file = StoreFile(folder: folder)
        let (held, outcome) = try open(file, now: now, migrations: migrations)
        let first = file.numbers()[file.path]
        let replaced = Mutex<StoreTrouble?>(nil)
        let ledger = SQLiteLedger(held, path: file.path) { (suspicion) throws(StoreTrouble) in
            if let trouble = replaced.withLock({ $0 }) { throw trouble }
            // Whatever was put in its place meanwhile is for a start to judge, which plans first.
            guard file.numbers()[file.path] == first else { throw .displaced(path: file.path, file: file.path) }
            let (held, outcome) = try open(
                file, now: now, migrations: migrations, isSuspect: suspicion != nil)
            // One that was just begun anew is nothing to go on with, either: whoever asks, by now or later, is to end.
            if case .quarantined(_, let detail) = outcome {
                let trouble = StoreTrouble.corrupt(path: file.path, detail: detail)
                replaced.withLock { $0 = trouble }
                throw trouble
            }
            return held
        }
        return Opened(ledger: ledger, outcome: outcome)
    }

    /// For writing; where that cannot be, for reading.
    private static func open(
        _ file: StoreFile, now: Timestamp, migrations: [Migration], isSuspect: Bool = false
    ) throws(StoreTrouble) -> (Held, OpenOutcome) {
        var opening = Opening(file: file, now: now, migrations: migrations, isSuspect: isSuspect)
        do {
            return (try opening.writing(), opening.outcome)
        } catch {
            guard case .unwritable = error, case .database = try file.header() else { throw error }
            return (Held(database: try Reading.database(at: file.path), obstacle: error), .readOnly(error))
        }
    }

    /// A ledger that is gone with the process.
    public static func inMemory() throws(StoreTrouble) -> SQLiteLedger {
        let database = try Database(":memory:", path: ":memory:", flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        try database.makeSafe(journal: "memory")
        try database.migrate(Schema.migrations, from: 0)
        return SQLiteLedger(Held(database: database), path: ":memory:")
    }
}

/// One opening for writing: looks at the file first, then decides what to do with it.
struct Opening {
    let file: StoreFile
    let now: Timestamp
    let migrations: [Migration]
    /// Whether every page and row is looked at, also where there is no mark.
    let isSuspect: Bool
    var outcome = OpenOutcome.existing

    init(file: StoreFile, now: Timestamp, migrations: [Migration], isSuspect: Bool) {
        (self.file, self.now, self.migrations, self.isSuspect) = (file, now, migrations, isSuspect)
    }

    mutating func writing() throws(StoreTrouble) -> SQLiteLedger.Held {
        let lock = try StoreLock(file)
        let database: Database
        switch try file.header() {
        case .missing, .empty: database = try begin(after: try file.signsOfFormerLife())
        case .other: database = try beginAnew(after: "it is not a database")
        case .database(let applicationID, let version, let isReadable):
            guard [Schema.applicationID, Schema.copyID].contains(applicationID) else { throw .foreign(path: file.path) }
            try refuseLater(version)
            do throws(StoreTrouble) {
                guard isReadable else { throw .corrupt(path: file.path, detail: StoreFile.Header.unknownFormat) }
                database = try existing(isCopy: applicationID == Schema.copyID)
            } catch {
                guard case .corrupt(_, let detail) = error else { throw error }
                database = try beginAnew(after: detail)
            }
        }
        return SQLiteLedger.Held(database: database, lock: lock, numbers: file.numbers())
    }

    private func refuseLater(_ version: Int64) throws(StoreTrouble) {
        guard version <= migrations.count else {
            throw .newerSchema(path: file.path, found: Int(clamping: version), known: migrations.count)
        }
    }

    private mutating func existing(isCopy: Bool) throws(StoreTrouble) -> Database {
        if isCopy { try takeOver() }
        let database = try Database(file.path, path: file.path, flags: SQLITE_OPEN_READWRITE)
        try database.proveWritable()
        try database.makeSafe(journal: "wal")
        let version = try database.version  // the log may hold a later one than the file's first bytes
        try refuseLater(version)
        guard version > 0 else { throw .corrupt(path: file.path, detail: "it has no schema version") }
        try database.checkSchema(Array(migrations.prefix(Int(clamping: version))))
        let isMarked = try file.isThere(file.suspectPath)
        let isSuspect = isSuspect || isMarked
        try checkPages(of: database, isSuspect: isSuspect)
        try migrate(database, from: version)
        if isSuspect {
            // In the tables as they are by now: this program knows how to read no others.
            try database.checkRows(migrations)
            try file.clearMark()
        }
        try noticeRestoring(of: database)
        return database
    }

    /// Makes a database of a copy: aside, and put in its place by one rename. The log beside a copy is that of the
    /// database it replaced, and would be read into it. So nothing may be written into a copy where it lies: a loss of
    /// power could leave half of it there and half in a log of its own, and who would know that one from the other?
    private func takeOver() throws(StoreTrouble) {
        try file.setAside("stray", at: now, logAlone: true)
        let fresh = file.unfinished
        try fresh.discard()
        try fresh.create()
        try takeOver(as: fresh)
        try fresh.putInPlace(of: file)
    }

    /// Comes back when both files are closed.
    private func takeOver(as fresh: StoreFile) throws(StoreTrouble) {
        let copy = try Database(file.path, path: file.path, flags: SQLITE_OPEN_READWRITE)
        try copy.makeFrugal()
        let database = try Database(fresh.path, path: file.path, flags: SQLITE_OPEN_READWRITE)
        try database.makeSafe(journal: "memory")  // what fails is made anew, never rolled back
        try copy.copy(into: database)
        try database.transaction { (database) throws(StoreTrouble) in
            try database.setMeta("inode", nil)  // of no file: whoever opens it next is to notice, too
            try database.run("PRAGMA application_id = \(Schema.applicationID)")
        }
    }

    /// Every page of a file that is small, or that showed itself to be broken; of a large one what the schema and the
    /// first reads touch. The rest is looked at when it is read: SQLite tells a broken page then, and the mark that is
    /// left brings the next opening here.
    private func checkPages(of database: Database, isSuspect: Bool) throws(StoreTrouble) {
        let bytes = try file.size(of: "") ?? 0
        guard isSuspect || bytes <= Self.checkedBytes else { return }
        try database.checkPages(full: isSuspect)
    }

    /// Up to this size all pages are looked at whenever the database is opened.
    static let checkedBytes: Int64 = 32 << 20

    private mutating func migrate(_ database: Database, from version: Int64) throws(StoreTrouble) {
        guard version < migrations.count else { return }
        let backup = "\(file.path).before-v\(migrations.count)-\(now.rfc3339)"
        try StoreCopy.make(of: database, at: backup, mode: StoreFile.mode, now: now)
        do {
            try database.migrate(migrations, from: version)
        } catch {
            // The file is as it was, all of it. A copy more of each start would fill the disk, or keep it full.
            do throws(StoreTrouble) {
                try StoreFile(path: backup).discard()
            } catch {
                // A copy too many does no harm, and why the migration failed is what somebody has to know.
            }
            guard case .corrupt(_, let detail) = error else { throw error }
            // Also of one that is marked: the mark may be of long ago, and the fault the migration's.
            try judge(database, at: version)
            // It is not set aside for what a new version cannot do with it: an older one goes on with it.
            throw .unopenable(
                path: file.path,
                detail: "it cannot be brought from schema \(version) to \(migrations.count): \(detail)")
        }
        try database.checkpoint()
        outcome = .migrated(from: Int(clamping: version), to: migrations.count, backup: backup)
        try note(
            "migrate", "from schema \(version) to \(migrations.count)", "the copy from before is \(backup)", database)
    }

    /// Whether a migration failed for what is in the file, or for what the migration is. Looks at all that can be told of
    /// tables of an older schema: the pages, what the tables demand of their columns, and the form of the JSON in them.
    private func judge(_ database: Database, at version: Int64) throws(StoreTrouble) {
        try database.checkPages(full: true)
        try database.checkOlderRows(Array(migrations.prefix(Int(clamping: version))))
    }

    private mutating func noticeRestoring(of database: Database) throws(StoreTrouble) {
        let inode = String(try file.inode())
        let known = try database.meta("inode")
        guard known != inode else { return }
        let copiedAt = try database.meta("copied-at").flatMap(Int64.init)
            .map(Timestamp.init(unixMilliseconds:))
        try database.transaction { (database) throws(StoreTrouble) in
            try database.setMeta("inode", inode)
            try database.setMeta("copied-at", nil)
            // With the same commit that makes it ours: a daemon that ends right after it must find no era to go on in.
            try database.write(.note(.era, nil))
            // Those that were used since are in the copy still: what was allowed once would be done twice.
            try database.forgetApprovals()
            try database.append(
                AuditEntry(
                    at: now, person: Self.person, verb: "restore", target: file.path,
                    detail: copiedAt.map { "a copy of \($0.shown)" } ?? "another file than before",
                    outcome: "taken as the database"))
        }
        outcome = .restored(copiedAt: copiedAt)
    }

    private mutating func beginAnew(after detail: String) throws(StoreTrouble) -> Database {
        let oldPath = try file.setAside("corrupt", at: now) ?? file.path
        try file.clearMark()
        let database = try make { (database) throws(StoreTrouble) in
            try distrust(database, "the database was broken (\(detail)) and is kept as \(oldPath)")
            try note("quarantine", oldPath, "a new database was begun", database)
        }
        outcome = .quarantined(oldPath: oldPath, detail: detail)
        return database
    }

    private mutating func begin(after signs: [String]) throws(StoreTrouble) -> Database {
        try file.setAside("stray", at: now, logAlone: true)
        let database = try make { (database) throws(StoreTrouble) in
            guard !signs.isEmpty else { return }
            let list = signs.prefix(5).joined(separator: ", ")
            try distrust(database, "the database was missing, though there had been one (\(list))")
        }
        outcome = .created(formerLife: signs)
        return database
    }

    /// A new database with its first rows. It is made aside and appears whole, by one rename: a process that is killed
    /// on the way leaves nothing that the next start could take for a broken database or for a former one, nor an
    /// empty one that is trusted.
    private func make(_ fill: (Database) throws(StoreTrouble) -> Void) throws(StoreTrouble) -> Database {
        let fresh = file.unfinished
        try fresh.discard()
        try fresh.create()
        try make(fresh, fill)
        try fresh.putInPlace(of: file)
        let database = try Database(file.path, path: file.path, flags: SQLITE_OPEN_READWRITE)
        try database.makeSafe(journal: "wal")
        _ = try database.version  // makes the log: without one a reader takes the file for one that nobody changes
        try StoreFile.sync(file.folder)
        return database
    }

    /// Comes back when the file is closed.
    private func make(
        _ fresh: StoreFile, _ fill: (Database) throws(StoreTrouble) -> Void
    ) throws(StoreTrouble) {
        let database = try Database(fresh.path, path: file.path, flags: SQLITE_OPEN_READWRITE)
        try database.makeSafe(journal: "memory")  // what fails is made anew, never rolled back
        try database.migrate(migrations, from: 0)
        try database.setMeta("inode", String(try fresh.inode()))
        try fill(database)
    }

    private func distrust(_ database: Database, _ why: String) throws(StoreTrouble) {
        try database.write(.note(.untrusted, why))
    }

    private func note(
        _ verb: String, _ detail: String, _ outcome: String, _ database: Database
    ) throws(StoreTrouble) {
        try database.append(
            AuditEntry(
                at: now, person: Self.person, verb: verb, target: file.path, detail: detail, outcome: outcome))
    }

    /// Who stands in the audit for what the program did by itself.
    private static let person = "edgecertd"
}
