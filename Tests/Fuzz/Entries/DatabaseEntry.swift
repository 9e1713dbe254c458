import Domain
import Engine
import TestKit

@testable import StateStore

/// A database that works, or is set aside whole, or is refused with its path; and the tool's reading of it likewise.
///
/// The input is a list of deeds of four bytes that are done to a sound database and its log.
func fuzzDatabase(_ bytes: [UInt8]) throws(Fault) {
    var damage = Damage.sound
    var isLogKept = false
    for start in stride(from: 0, to: bytes.count - 3, by: 4) {
        isLogKept = damage.apply(Array(bytes[start..<start + 4])) || isLogKept
    }
    let folder = FuzzFolder.shared
    folder.clear()
    let laid = Result { () throws(StoreTrouble) in
        try folder.write(damage.file, "edgecert.db")
        if isLogKept { try folder.write(damage.log, "edgecert.db-wal") }
    }
    if case .failure(let trouble) = laid { throw Fault(description: "the fuzzer's own folder fails: \(trouble)") }
    for statement in damage.statements { folder.spoil(statement) }
    let before = folder.size("edgecert.db") ?? 0
    try readAsTool(folder)
    try openAsDaemon(folder, before: isLogKept ? nil : before)
}

private func readAsTool(_ folder: FuzzFolder) throws(Fault) {
    let outcome = Result { () throws(StoreTrouble) in
        try SQLiteLedger.openReading(folder.database).readEverything()
    }
    switch outcome {
    case .success: break
    // To the tool a file of no bytes is as good as none.
    case .failure(.missing) where folder.size("edgecert.db") == 0: break
    case .failure(let trouble): try judge(trouble, folder)
    }
}

private func openAsDaemon(_ folder: FuzzFolder, before: Int?) throws(Fault) {
    switch Result(catching: { () throws(StoreTrouble) in try useAsDaemon(folder) }) {
    case .success(.quarantined(let oldPath, _)):
        let kept = folder.size(String(oldPath.dropFirst(folder.path.utf8.count + 1)))
        // What SQLite took over from a log makes it longer or shorter.
        try demand(kept == before ?? kept, "of \(before ?? 0) bytes \(kept ?? -1) were set aside")
        try demand(kept != nil, "nothing was set aside")
    case .success: break
    case .failure(let trouble):
        try judge(trouble, folder)
        // Found while it was open: the next start looks at all of it, and must know what to do.
        if case .corrupt = trouble { try openAgain(folder) }
    }
}

private func useAsDaemon(_ folder: FuzzFolder, now: Timestamp = Sample.now) throws(StoreTrouble) -> OpenOutcome {
    let opened = try SQLiteLedger.open(inFolder: folder.path, now: now)
    _ = try opened.ledger.openReading()
    try opened.ledger.readEverything()
    try opened.ledger.readAsEngine()
    if case .quarantined = opened.outcome, try opened.ledger.note(.untrusted) == nil {
        throw .missing(path: "the note that a new database is not to be trusted in \(folder.database)")
    }
    try opened.ledger.commit([.object(Sample.pack("new")), .transition(Sample.transition("new"))])
    // The second time a checkpoint is there already.
    for _ in 0..<2 { _ = try opened.ledger.prune(before: .distantFuture, limit: 30) }
    _ = try opened.ledger.pruneSettled(before: .distantFuture, limit: 30)
    try opened.ledger.close()
    return opened.outcome
}

private func openAgain(_ folder: FuzzFolder) throws(Fault) {
    let outcome = Result { () throws(StoreTrouble) in try useAsDaemon(folder, now: Sample.now + .days(1)) }
    guard case .failure(let trouble) = outcome else { return }
    try judge(trouble, folder)
    if case .corrupt = trouble { throw Fault(description: "the second start finds the same again: \(trouble)") }
}

private func judge(_ trouble: StoreTrouble, _ folder: FuzzFolder) throws(Fault) {
    let summary = trouble.explanation.summary
    try demand(summary.contains(folder.database), "the trouble does not name the database: \(summary)")
    try demand(summary.utf8.count <= 4096, "the summary has \(summary.utf8.count) bytes")
    switch trouble {
    case .corrupt, .foreign, .newerSchema, .unwritable: break
    case .busy, .missing, .displaced, .unopenable:
        throw Fault(description: "a damaged file is not told as such: \(summary)")
    }
}

/// What a deed makes of a sound file.
private struct Damage {
    var file: [UInt8]
    var log: [UInt8]
    var statements: [String] = []

    static let sound: Damage = {
        let (file, log) = FuzzFolder.shared.sound()
        return Damage(file: file, log: log)
    }()

    /// - Returns: True when the log is to lie beside the file.
    mutating func apply(_ deed: [UInt8]) -> Bool {
        let (extra, place) = (deed[0] >> 3, Int(deed[1]) << 16 | Int(deed[2]) << 8 | Int(deed[3]))
        guard !file.isEmpty else { return false }
        switch deed[0] & 7 {
        case 0: file[place % file.count] ^= 1 << (extra & 7)
        case 1: file[(place >> 8) % file.count] = deed[3]
        case 2: file = Array(file.prefix(place % file.count))
        case 3: copy(nil, over: Int(deed[2]))
        case 4: copy(Int(deed[1]), over: Int(deed[2]))
        case 5: file[Int(deed[1]) % min(100, file.count)] = deed[2]
        case 6:
            guard !log.isEmpty else { return true }
            if extra & 1 == 1 { log = Array(log.prefix(place % log.count)) }
            if !log.isEmpty { log[place % log.count] ^= 1 << (extra >> 1 & 7) }
            return true
        default: if statements.count < 4 { statements.append(Self.statement(deed)) }
        }
        return false
    }

    private mutating func copy(_ source: Int?, over target: Int) {
        let pages = file.count / 4096
        guard pages > 0 else { return }
        let page = source.map { Array(file[$0 % pages * 4096..<($0 % pages + 1) * 4096]) }
        let start = target % pages * 4096
        file.replaceSubrange(start..<start + 4096, with: page ?? Array(repeating: 0, count: 4096))
    }

    private static func statement(_ deed: [UInt8]) -> String {
        let (table, column) = FuzzFolder.columns[Int(deed[1]) % FuzzFolder.columns.count]
        let value = values[Int(deed[2]) % values.count]
        return deed[3] & 15 == 0 ? schemas[Int(deed[2]) % schemas.count] : "UPDATE \(table) SET \(column) = \(value)"
    }

    private static let values = [
        "NULL", "0", "-1", "1", "2", "9223372036854775807", "-9223372036854775808", "''", "'x'", "'{}'", "'{\"v\":1}'",
        "'{\"v\":2}'", "'{\"v\":1,\"kind\":\"certificate_pack\"}'", "CAST(x'ff' AS TEXT)", "char(0)", "'1'",
        "zeroblob(9)", "'\u{202E}\n'", "printf('%.5000c','a')", "'serving'", "'open'", "'zone'",
    ]

    private static let schemas = [
        "PRAGMA user_version = 99", "PRAGMA user_version = 0", "PRAGMA user_version = -1",
        "PRAGMA application_id = 1", "PRAGMA application_id = 0", "DROP TABLE objects", "DELETE FROM meta",
        "CREATE TRIGGER t AFTER INSERT ON objects BEGIN DELETE FROM objects; END",
        "ALTER TABLE objects ADD COLUMN more TEXT", "CREATE TABLE more(a)", "DELETE FROM subjects",
        "CREATE VIEW v AS SELECT * FROM v", "PRAGMA auto_vacuum = 1; VACUUM", "PRAGMA page_size = 512; VACUUM",
        "PRAGMA journal_mode = delete", "DELETE FROM zones",
    ]
}

extension LedgerReading {
    fileprivate func readEverything() throws(StoreTrouble) {
        _ = try (zones(), history(HistoryFilter()), history(HistoryFilter(subject: Sample.subject())))
        _ = try (operations(HistoryFilter(), openOnly: false), checkpoint(of: Sample.subject()))
        _ = try (openEpisodes(), suspensions(), approvals(of: Sample.subject()), audit(since: nil, limit: 100))
        try forEachSubject(SubjectFilter(includesOver: true)) { _, _ in }
        for key in NoteKey.allCases { _ = try note(key) }
    }
}

extension Ledger {
    fileprivate func readAsEngine() throws(StoreTrouble) {
        _ = try state(of: Sample.zone, now: Sample.now)
        _ = try counts(names: ["example.com"], now: Sample.now)
        _ = try (knownIDs(.certificatePack, in: Sample.zone), unwantedOurs(outside: Sample.otherZone))
    }
}
