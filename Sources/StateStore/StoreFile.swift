import CSQLite
import Domain
import Engine
import Glibc

/// The database's file and what lies beside it, without looking into it.
struct StoreFile: Sendable {
    let folder: String
    let name: String
    var path: String { "\(folder)/\(name)" }

    init(folder: String, name: String = "edgecert.db") {
        self.folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        self.name = name
    }

    init(path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let folder = parts.count == 1 ? "." : parts.dropLast().joined(separator: "/")
        self.init(folder: folder.isEmpty ? "/" : folder, name: String(parts.last ?? ""))
    }

    /// The owner writes, the group reads: the tool works for its members while the daemon is down. SQLite gives its own
    /// files the database's mode.
    static let mode: mode_t = 0o640

    /// What the first bytes of the file say. SQLite's format puts the version of the schema at byte 60, the
    /// application's identifier at byte 68, and at bytes 18 and 19 the versions of the format that writing and reading
    /// need, of which there are two: <https://www.sqlite.org/fileformat2.html>, as of 2026-11. One that needs more for
    /// writing SQLite only reads, which would be taken for a disk that cannot be written.
    enum Header: Hashable {
        case missing
        case empty
        /// - Parameter isReadable: Whether the file is in a format of SQLite that is known. Whoever would set aside one
        ///   that is not looks at the two numbers first: it may be sound, and of another program or a later version.
        case database(applicationID: Int64, version: Int64, isReadable: Bool)
        case other

        static let unknownFormat = "its first page names a format of SQLite that is not known"
    }

    /// Read before SQLite looks into it: what is refused is left as it is, down to the names in the folder.
    ///
    /// The bytes are read through SQLite's own open file. A file opened and closed here would take with it all locks that
    /// this process has on the database (POSIX, close(2)), and whoever opened it next would remove the log in use.
    func header() throws(StoreTrouble) -> Header {
        guard let size = try size(of: "") else { return .missing }
        var connection: OpaquePointer?
        defer { sqlite3_close_v2(connection) }
        guard sqlite3_open_v2(path, &connection, SQLITE_OPEN_READONLY, nil) == SQLITE_OK else {
            let number = sqlite3_system_errno(connection)
            throw StoreTrouble(errno: number == 0 ? EIO : number, doing: "open", path: path)
        }
        if size == 0 { return .empty }
        var file: UnsafeMutablePointer<sqlite3_file>?
        var bytes = [UInt8](repeating: 0, count: 100)
        guard sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK, let file,
            let read = file.pointee.pMethods?.pointee.xRead
        else { throw StoreTrouble(errno: EIO, doing: "read", path: path) }
        switch read(file, &bytes, Int32(bytes.count), 0) {
        case SQLITE_OK: break
        case SQLITE_IOERR | 2 << 8: return .other  // SQLITE_IOERR_SHORT_READ, a macro that Swift does not see
        default: throw StoreTrouble(errno: EIO, doing: "read", path: path)
        }
        guard bytes.starts(with: Array("SQLite format 3\0".utf8)) else { return .other }
        func number(at place: Int) -> Int64 { bytes[place..<place + 4].reduce(0) { $0 << 8 | Int64($1) } }
        return .database(
            applicationID: number(at: 68), version: number(at: 60),
            isReadable: bytes[18...19].allSatisfy { 1...2 ~= $0 })
    }

    /// Makes an empty file; there must be none.
    func create() throws(StoreTrouble) {
        let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, Self.mode)
        guard file >= 0 else { throw StoreTrouble(errno: errno, doing: "create", path: path) }
        defer { close(file) }
        // The umask may have taken the group's right away.
        guard fchmod(file, Self.mode) == 0 else { throw StoreTrouble(errno: errno, doing: "chmod", path: path) }
    }

    /// The file's number on its file system; another one where a copy was put in its place.
    func inode() throws(StoreTrouble) -> UInt64 {
        var facts = stat()
        guard stat(path, &facts) == 0 else { throw StoreTrouble(errno: errno, doing: "stat", path: path) }
        return UInt64(facts.st_ino)
    }

    /// What tells a file from every other one on this machine.
    struct Number: Hashable {
        var device: UInt64
        var inode: UInt64
    }

    /// What tells database, log, the log's index and lock from others of the same names. What is not there has none.
    func numbers() -> [String: Number] {
        var numbers: [String: Number] = [:]
        for name in [path, "\(path)-wal", "\(path)-shm", "\(folder)/\(lockName)"] {
            numbers[name] = Self.number(of: name)
        }
        return numbers
    }

    /// nil for what is not there, or may not be looked at.
    static func number(of path: String) -> Number? {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        return Number(device: UInt64(facts.st_dev), inode: UInt64(facts.st_ino))
    }

    func size(of suffix: String) throws(StoreTrouble) -> Int64? {
        var facts = stat()
        if stat(path + suffix, &facts) == 0 { return Int64(facts.st_size) }
        guard errno == ENOENT else { throw StoreTrouble(errno: errno, doing: "stat", path: path + suffix) }
        return nil
    }

    /// Puts the database and its log aside under a name that says when and why. Nothing is deleted and nothing is
    /// overwritten.
    /// - Returns: The new path of the database, or of its log where that alone was there.
    @discardableResult
    func setAside(_ word: String, at now: Timestamp, logAlone: Bool = false) throws(StoreTrouble) -> String? {
        let stamp = "\(path).\(word)-\(now.rfc3339)"
        var target = stamp
        var number = 1
        while try isTaken(target) {
            number += 1
            target = "\(stamp).\(number)"
        }
        var moved: String?
        for suffix in logAlone ? Self.logs : [""] + Self.logs where try isThere(path + suffix) {
            guard rename(path + suffix, target + suffix) == 0 else {
                throw StoreTrouble(errno: errno, doing: "rename to \(target + suffix)", path: path + suffix)
            }
            moved = moved ?? target + suffix
        }
        try Self.sync(folder)
        return moved
    }

    private func isTaken(_ path: String) throws(StoreTrouble) -> Bool {
        for suffix in [""] + Self.logs where try isThere(path + suffix) { return true }
        return false
    }

    /// What SQLite may have left beside a database, and would read into another one that is put in its place.
    private static let logs = ["-wal", "-shm", "-journal"]

    func isThere(_ path: String) throws(StoreTrouble) -> Bool {
        var facts = stat()
        if lstat(path, &facts) == 0 { return true }
        guard errno == ENOENT else { throw StoreTrouble(errno: errno, doing: "stat", path: path) }
        return false
    }

    /// What shows that a database was here before: copies, databases set aside, logs, keys. Empty on a first start.
    func signsOfFormerLife() throws(StoreTrouble) -> [String] {
        var signs = try Self.names(in: folder).filter { $0.hasPrefix("\(name).") || $0.hasPrefix("\(name)-") }
        signs.removeAll { $0 == lockName || $0 == unfinished.name || "\(folder)/\($0)" == suspectPath }
        if !(try Self.names(in: "\(folder)/keys")).isEmpty { signs.append("keys/") }
        return signs.sorted()
    }

    private static func names(in folder: String) throws(StoreTrouble) -> [String] {
        guard let list = opendir(folder) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw StoreTrouble(errno: errno, doing: "list", path: folder)
        }
        defer { closedir(list) }
        var names: [String] = []
        while let entry = readdir(list) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Where a new database is made, until it is whole.
    var unfinished: StoreFile { StoreFile(folder: folder, name: "\(name).new") }

    /// Removes what an earlier making left, if there is such a thing.
    func discard() throws(StoreTrouble) {
        guard unlink(path) == 0 || errno == ENOENT else {
            throw StoreTrouble(errno: errno, doing: "unlink", path: path)
        }
    }

    /// Gives the file the name of another, at once. Durable when this returns.
    func putInPlace(of other: StoreFile) throws(StoreTrouble) {
        try Self.sync(path)
        guard rename(path, other.path) == 0 else {
            throw StoreTrouble(errno: errno, doing: "rename to \(other.path)", path: path)
        }
        try Self.sync(folder)
    }

    /// There while the database showed itself to be broken and was not looked through since.
    var suspectPath: String { "\(path).suspect" }

    /// Leaves the mark of a broken database. Where it cannot be left, the trouble that is on its way says enough.
    func mark(_ detail: String) {
        let file = open(suspectPath, O_WRONLY | O_CREAT | O_CLOEXEC, Self.mode)
        guard file >= 0 else { return }
        _ = write(file, detail, detail.utf8.count)
        close(file)
    }

    func clearMark() throws(StoreTrouble) {
        guard unlink(suspectPath) == 0 || errno == ENOENT else {
            throw StoreTrouble(errno: errno, doing: "unlink", path: suspectPath)
        }
    }

    static func sync(_ path: String) throws(StoreTrouble) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw StoreTrouble(errno: errno, doing: "open", path: path) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw StoreTrouble(errno: errno, doing: "fsync", path: path) }
    }

    var lockName: String { "\(name).lock" }
}

/// Keeps a second daemon off the same database, as long as it lives. Readers need none.
final class StoreLock: Sendable {
    private let file: Int32

    init(_ store: StoreFile) throws(StoreTrouble) {
        let path = "\(store.folder)/\(store.lockName)"
        file = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, StoreFile.mode)
        guard file >= 0 else { throw StoreTrouble(errno: errno, doing: "open", path: path) }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            close(file)
            if number == EWOULDBLOCK { throw .busy(path: store.path) }
            throw StoreTrouble(errno: number, doing: "lock", path: path)
        }
    }

    /// Given up in so many words: a child that is just being started holds every descriptor of ours until it becomes
    /// another program, and with them the lock.
    deinit {
        flock(file, LOCK_UN)
        close(file)
    }
}
