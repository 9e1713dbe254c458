import CSQLite
import Domain
import Engine
import Glibc
import TestKit

@testable import StateStore

/// One folder for a process, in memory where that is to be had. Used by one thread at a time.
struct FuzzFolder: Sendable {
    let path: String
    var database: String { "\(path)/edgecert.db" }

    static let shared = FuzzFolder()

    private init() {
        let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        path = "\(parent)/edgecert-fuzz-\(getpid())"
        precondition(mkdir(path, 0o750) == 0 || errno == EEXIST, "no folder can be made at \(path)")
        atexit { FuzzFolder.shared.clear(removing: true) }
    }

    func clear(removing: Bool = false) {
        if let list = opendir(path) {
            while let entry = readdir(list) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                    tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                unlink("\(path)/\(name)")
            }
            closedir(list)
        }
        if removing { rmdir(path) }
    }

    func write(_ bytes: [UInt8], _ name: String) throws(StoreTrouble) {
        let file = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard file >= 0 else { throw StoreTrouble(errno: errno, doing: "open", path: path) }
        defer { close(file) }
        guard Glibc.write(file, bytes, bytes.count) == bytes.count else {
            throw StoreTrouble(errno: errno, doing: "write", path: path)
        }
    }

    func read(_ name: String) throws(StoreTrouble) -> [UInt8] {
        let file = open("\(path)/\(name)", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw StoreTrouble(errno: errno, doing: "open", path: path) }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: size(name) ?? 0)
        let count = Glibc.read(file, &bytes, bytes.count)
        return Array(bytes.prefix(max(0, count)))
    }

    func size(_ name: String) -> Int? {
        var facts = stat()
        return stat("\(path)/\(name)", &facts) == 0 ? Int(facts.st_size) : nil
    }

    /// Does with the file what another program could. Where that cannot be done there is one damage less.
    func spoil(_ statement: String) {
        var handle: OpaquePointer?
        if sqlite3_open_v2(database, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nil) == SQLITE_OK {
            sqlite3_exec(handle, "PRAGMA foreign_keys = 0; PRAGMA ignore_check_constraints = 1", nil, nil, nil)
            sqlite3_exec(handle, statement, nil, nil, nil)
        }
        sqlite3_close_v2(handle)
    }

    /// Every column of every table.
    static let columns: [(table: String, column: String)] = {
        do {
            let database = try Database(":memory:", path: ":memory:", flags: SQLITE_OPEN_READWRITE)
            try database.migrate(Schema.migrations, from: 0)
            return try database.all(
                """
                SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c
                WHERE m.type = 'table' ORDER BY 1, 2
                """, of: "schema"
            ) { (row) throws(StoreTrouble) in (try row.text(0), try row.text(1)) }
        } catch {
            preconditionFailure("the schema cannot be made: \(error)")
        }
    }()

    /// A file with something in every table, and the log of a daemon that was killed over it.
    func sound() -> (file: [UInt8], log: [UInt8]) {
        do {
            clear()
            let ledger = try SQLiteLedger.open(inFolder: path, now: Sample.now).ledger
            try ledger.commit(Self.oneOfEach)
            for number in 0..<60 {
                try ledger.commit([.transition(Sample.transition("\(number)", name: "subject-\(number)"))])
            }
            let log = try read("edgecert.db-wal")
            try ledger.close()
            return (try read("edgecert.db"), log)
        } catch {
            preconditionFailure("no sound database can be made: \(error)")
        }
    }

    private static let oneOfEach: [Change] = {
        var subject = SubjectRecord(subject: Sample.subject(), isWished: true)
        subject.decision = .hold(.pack(.order(Sample.packWish())), because: .nameLimit, "detail")
        return [
            .zone(ZoneRecord(id: Sample.zone, name: "example.com")), .subject(subject), .object(Sample.pack()),
            .object(Sample.clientCertificate()), .operation(Sample.operation()), .note(.era, "1"),
            .approval(Approval(subject: Sample.subject(), reason: .nameLimit, at: Sample.now, by: "uid 0")),
            .suspension(Suspension(scope: .all, reason: "r", until: Sample.now, by: "uid 0", at: Sample.now)),
            .episode(
                Episode(
                    scope: .zone(Sample.zone), condition: .overdue, detail: "d", raisedAt: Sample.now,
                    lastTold: Sample.now)),
            .audit(AuditEntry(at: Sample.now, person: "p", verb: "v", target: "t", detail: "d", outcome: "o")),
        ]
    }()
}
