import CSQLite
import Domain
import Engine
import Glibc
import TestKit
import Testing

@testable import StateStore

/// A folder for one test, in memory where that is to be had, and gone with its end.
final class Scratch: Sendable {
    let folder: String
    var path: String { "\(folder)/edgecert.db" }

    init() throws {
        let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        folder = "\(parent)/edgecert-store-test-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        #expect(mkdir(folder, 0o750) == 0)
    }

    deinit { Files.removeFolder(folder) }

    func clear() { Files.clear(folder) }

    func names(in folder: String? = nil) -> [String] { Files.names(in: folder ?? self.folder) }

    func bytes(_ suffix: String = "") throws -> [UInt8] {
        let file = open(path + suffix, O_RDONLY)
        try #require(file >= 0)
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = Glibc.read(file, &buffer, buffer.count), count > 0 { bytes += buffer.prefix(count) }
        return bytes
    }

    func put(_ bytes: [UInt8], _ suffix: String = "") throws {
        let file = open(path + suffix, O_WRONLY | O_CREAT | O_TRUNC, 0o640)
        try #require(file >= 0)
        defer { close(file) }
        fchmod(file, 0o640)
        try #require(Glibc.write(file, bytes, bytes.count) == bytes.count)
    }

    /// Does with the database what another program could.
    func spoil(_ statements: String) {
        var handle: OpaquePointer?
        defer { sqlite3_close_v2(handle) }
        #expect(sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nil) == SQLITE_OK)
        #expect(sqlite3_exec(handle, "PRAGMA ignore_check_constraints = ON; " + statements, nil, nil, nil) == SQLITE_OK)
    }

    func mode(_ suffix: String = "") -> mode_t? {
        var facts = stat()
        return stat(path + suffix, &facts) == 0 ? facts.st_mode & 0o777 : nil
    }

    func open(now: Timestamp = Sample.now) throws(StoreTrouble) -> SQLiteLedger.Opened {
        try SQLiteLedger.open(inFolder: folder, now: now)
    }

    private func open(_ path: String, _ flags: Int32, _ mode: mode_t = 0) -> Int32 { Glibc.open(path, flags, mode) }
}

extension Ledger {
    /// Something in every table but that of the checkpoints, which pruning makes.
    func fill() throws(StoreTrouble) { try commit(Sample.everything) }

    /// Asks for everything that can be asked for.
    func readAll() throws(StoreTrouble) {
        _ = try state(of: Sample.zone, now: Sample.now)
        _ = try counts(names: ["example.com"], now: Sample.now)
        _ = try knownIDs(.certificatePack, in: Sample.zone)
        _ = try unwantedOurs(outside: Sample.otherZone)
        _ = try (zones(), history(HistoryFilter()), history(HistoryFilter(subject: Sample.subject())))
        _ = try (operations(HistoryFilter(), openOnly: false), checkpoint(of: Sample.subject()))
        _ = try (openEpisodes(), suspensions(), audit(since: nil, limit: 100))
        try forEachSubject(SubjectFilter(includesOver: true)) { _, _ in }
        for key in NoteKey.allCases { _ = try note(key) }
    }
}

extension Sample {
    static var everything: [Change] {
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
            .transition(Sample.transition("1")), .transition(Sample.transition("2")),
        ]
    }
}
