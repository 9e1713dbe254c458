import CSQLite
import Domain
import Engine
import Glibc

extension SQLiteLedger {
    /// Copies the database as it is at this moment to a new file, mode 0600, durable when this returns. The daemon goes on
    /// writing meanwhile: the copy is made over a connection of its own, so this may be called off the engine's executor.
    ///
    /// The copy is marked: where a daemon finds it in the place of its database it knows that it was restored.
    /// - Throws: ``StoreTrouble/unopenable(path:detail:)`` when `target` exists: nothing is overwritten.
    public func backup(to target: String, now: Timestamp) throws(StoreTrouble) {
        try Self.backup(of: path, to: target, now: now)
    }

    /// The same without a daemon, for the tool.
    public static func backup(of path: String, to target: String, now: Timestamp) throws(StoreTrouble) {
        try StoreCopy.make(of: try Reading.database(at: path), at: target, mode: 0o600, now: now)
    }
}

enum StoreCopy {
    static func make(
        of database: Database, at target: String, mode: mode_t, now: Timestamp
    ) throws(StoreTrouble) {
        let partial = "\(target).partial-\(getpid())"
        let file = open(partial, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw StoreTrouble(errno: errno, doing: "create", path: partial) }
        defer {
            close(file)
            unlink(partial)
            unlink("\(partial)-wal")
            unlink("\(partial)-shm")
        }
        try fill(partial, from: database, now: now)
        guard fchmod(file, mode) == 0 else { throw StoreTrouble(errno: errno, doing: "chmod", path: partial) }
        guard fsync(file) == 0 else { throw StoreTrouble(errno: errno, doing: "fsync", path: partial) }
        // A second name that must be new, not a renaming, which would overwrite.
        guard link(partial, target) == 0 else { throw StoreTrouble(errno: errno, doing: "create", path: target) }
        try StoreFile.sync(StoreFile(path: target).folder)
    }

    private static func fill(_ path: String, from database: Database, now: Timestamp) throws(StoreTrouble) {
        let copy = try Database(path, path: path, flags: SQLITE_OPEN_READWRITE)
        try copy.set("cache_size", to: "-512")
        try database.copy(into: copy)
        try copy.set("journal_mode", to: "delete")  // one file, without a log beside it
        try copy.transaction { (copy) throws(StoreTrouble) in
            try copy.setMeta("copied-at", String(now.unixMilliseconds))
            try copy.run("PRAGMA application_id = \(Schema.copyID)")
        }
    }
}
