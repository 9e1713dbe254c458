import ArgumentParser
import Domain
import Engine
import Glibc
import Reports
import StateStore

struct Backup: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copies the database and the keys into a new folder, while the daemon runs.",
        discussion: "The folder holds private keys: it is made with mode 0700. Settings and token are not in it.")
    @Argument(help: "The folder to make; it must not exist.") var directory: String
    @Option(help: ArgumentHelp("The daemon's state folder.", valueName: "folder"))
    var stateDirectory = "/var/lib/edgecertd"
    @Flag(help: "Print JSON of a stable shape instead of text.") var json = false

    /// Where the copy is made: only what is whole gets the name that was asked for.
    private var unfinished: String { "\(target).unfinished" }

    private var target: String {
        let end = directory.lastIndex { $0 != "/" }
        return end.map { String(directory[...$0]) } ?? directory
    }

    func validate() throws {
        // Most likely a variable of a script that is not set: the keys would be copied to where the script runs.
        guard !directory.isEmpty else { throw ValidationError("the name of the folder to make is empty") }
    }

    func run() throws {
        var facts = stat()
        guard lstat(target, &facts) != 0 else { throw FileTrouble(target, "mkdir", number: EEXIST) }
        guard mkdir(unfinished, 0o700) == 0 else {
            guard errno == EEXIST else { throw FileTrouble(unfinished, "mkdir") }
            throw Failure(
                "backup-unfinished", "there is a \(unfinished): an earlier backup did not end, or another one runs",
                hint: "if none runs, look at it and remove it: it is no backup, and may hold private keys")
        }
        do {
            let report = try copy()
            guard rename(unfinished, target) == 0 else { throw FileTrouble(target, "rename") }
            try FolderCopy.sync(target.lastIndex(of: "/").map { String(target[...$0]) } ?? ".")
            try Output.write(json ? Output.json(report) : report.text)
        } catch {
            // An empty folder goes, a half copy stays for a person to look at.
            if rmdir(unfinished) != 0, errno == ENOTEMPTY {
                Output.complain("note", "what was copied until then is in \(unfinished): it is no backup")
            }
            throw error
        }
    }

    private func copy() throws -> BackupReport {
        let database = "\(unfinished)/edgecert.db"
        // The database first: every key that it speaks of is then among the keys that are copied after it.
        do throws(StoreTrouble) {
            try SQLiteLedger.backup(of: "\(stateDirectory)/edgecert.db", to: database, now: Wall.now())
        } catch {
            throw Failure(error.explanation)
        }
        var copy = FolderCopy()
        try copy.copy("\(stateDirectory)/keys", to: "\(unfinished)/keys")
        try FolderCopy.sync(unfinished)
        return BackupReport(
            directory: target, subjects: try verify(database), files: copy.files, bytes: copy.bytes,
            missingKeys: copy.isMissing, stateDirectory: stateDirectory)
    }

    /// Has SQLite look at every page and index of the copy, then reads all rows of it as the daemon would.
    private func verify(_ database: String) throws -> Int {
        try CopyCheck.check(database)
        do throws(StoreTrouble) {
            let ledger = try SQLiteLedger.openReading(database)
            var subjects = 0
            try ledger.forEachSubject(SubjectFilter(includesOver: true)) { _, _ in subjects += 1 }
            _ = try ledger.zones()
            _ = try ledger.history(HistoryFilter(limit: Reporter.rowLimit))
            _ = try ledger.operations(HistoryFilter(limit: Reporter.rowLimit), openOnly: false)
            return subjects
        } catch {
            throw Failure(error.explanation)
        }
    }
}

struct BackupReport: Encodable {
    let directory: String
    let subjects: Int
    let files: Int
    let bytes: Int
    let missingKeys: Bool
    let stateDirectory: String

    var text: String {
        let keys = missingKeys ? "there is no keys folder yet" : "\(counted(files, "file")) of keys and certificates"
        return """
            \(directory): the database with \(counted(subjects, "subject")), found sound; \(keys), \(bytes) bytes, compared

            It holds private keys: keep it as you keep those. To restore it:
              systemctl stop edgecertd
              cp \(directory)/edgecert.db \(stateDirectory)/edgecert.db
              cp -a \(directory)/keys \(stateDirectory)/
              chown edgecertd:edgecert \(stateDirectory)/edgecert.db
              systemctl start edgecertd
              edgecertctl plan
            The daemon sees that it was restored and only plans at first. Settings and token are not in here.

            """
    }
}

/// Copies a folder of plain files, folders and symbolic links, and compares what was written with what was read.
struct FolderCopy {
    private(set) var files = 0
    private(set) var bytes = 0
    private(set) var isMissing = false
    /// The keys lie four folders deep.
    private static let depth = 16

    mutating func copy(_ source: String, to target: String) throws {
        var facts = stat()
        guard lstat(source, &facts) == 0 else {
            guard errno == ENOENT else { throw FileTrouble(source, "stat") }
            isMissing = true
            return
        }
        try copyFolder(source, to: target, facts, depth: Self.depth)
    }

    private mutating func copyFolder(_ source: String, to target: String, _ facts: stat, depth: Int) throws {
        guard depth > 0 else { throw Failure("backup-depth", "\(source) lies too deep to be a folder of keys") }
        guard mkdir(target, 0o700) == 0 else { throw FileTrouble(target, "mkdir") }
        for name in try names(in: source) {
            let (from, to) = ("\(source)/\(name)", "\(target)/\(name)")
            var facts = stat()
            guard lstat(from, &facts) == 0 else {
                if errno == ENOENT { continue }  // was being made, and has its final name by now
                throw FileTrouble(from, "stat")
            }
            switch facts.st_mode & S_IFMT {
            case S_IFDIR: try copyFolder(from, to: to, facts, depth: depth - 1)
            case S_IFREG: try copyFile(from, to: to, facts)
            case S_IFLNK: try copyLink(from, to: to)
            default: continue
            }
        }
        try Self.own(target, as: facts)
        // The set-group-ID bit is part of who may read what is delivered.
        guard chmod(target, facts.st_mode & 0o7777) == 0 else { throw FileTrouble(target, "chmod") }
        try Self.sync(target)
    }

    private func names(in folder: String) throws -> [String] {
        guard let stream = opendir(folder) else { throw FileTrouble(folder, "opendir") }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw FileTrouble(folder, "readdir") }
                return names.sorted()
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
                    String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
    }

    private mutating func copyFile(_ source: String, to target: String, _ facts: stat) throws {
        let content = try Self.content(of: source)
        let file = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw FileTrouble(target, "open") }
        defer { close(file) }
        var rest = content[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { throw FileTrouble(target, "write") }
        }
        try Self.own(target, as: facts)
        guard fchmod(file, facts.st_mode & 0o777) == 0, fsync(file) == 0 else { throw FileTrouble(target, "fsync") }
        guard try Self.content(of: target) == content else {
            throw Failure(
                "backup-differs", "\(target) reads differently from what was written", hint: "is the disk sound?")
        }
        (files, bytes) = (files + 1, bytes + content.count)
    }

    private func copyLink(_ source: String, to target: String) throws {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        guard readlink(source, &buffer, Int(PATH_MAX)) > 0 else { throw FileTrouble(source, "readlink") }
        guard symlink(buffer, target) == 0 else { throw FileTrouble(target, "symlink") }
    }

    /// Keeps user and group where that is possible: for root alone.
    private static func own(_ path: String, as facts: stat) throws {
        guard geteuid() == 0 else { return }
        guard lchown(path, facts.st_uid, facts.st_gid) == 0 else { throw FileTrouble(path, "chown") }
    }

    /// At most 1 MiB: keys and certificates have some kilobytes.
    private static func content(of path: String) throws -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { throw FileTrouble(path, "open") }
        defer { close(file) }
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while content.count <= 1 << 20 {
            let count = read(file, &piece, piece.count)
            if count == 0 { return content }
            if count > 0 { content += piece[..<count] } else if errno != EINTR { throw FileTrouble(path, "read") }
        }
        throw Failure("backup-size", "\(path) is too long to be a key or a certificate")
    }

    /// Makes the names in a folder durable.
    static func sync(_ folder: String) throws {
        let file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw FileTrouble(folder, "open") }
        defer { close(file) }
        guard fsync(file) == 0 else { throw FileTrouble(folder, "fsync") }
    }
}

/// A file that does not do what is asked of it.
struct FileTrouble: Explained {
    let path: String
    let step: String
    private let number: Int32

    init(_ path: String, _ step: String, number: Int32 = errno) {
        (self.path, self.step, self.number) = (path, step, number)
    }

    var explanation: Explanation {
        let hint: String? =
            switch number {
            case EEXIST: "give the name of a folder that is not there yet"
            case EACCES, EPERM: "run it as root, or as the daemon's user"
            default: nil
            }
        return Explanation(
            code: "file", summary: "\(path): \(step): \(String(cString: strerror(number)))", hint: hint)
    }
}
