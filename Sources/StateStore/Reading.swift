import CSQLite
import Domain
import Engine

extension SQLiteLedger {
    /// Opens a database to be read alone: by the tool, also while the daemon runs or is down, and as a member of the
    /// group that may read the file and not write in its folder.
    ///
    /// A running or killed daemon leaves a log (`-wal`) and its index (`-shm`) beside the file, and a stopped one
    /// leaves them empty: they are read where they are, and nothing is written. Without a log (a backup, a file that
    /// was copied) the file is read as one that nobody changes.
    public static func openReading(_ path: String) throws(StoreTrouble) -> any LedgerReading & PageKeeper {
        SQLiteLedger(Held(database: try Reading.database(at: path)), path: path)
    }

    /// A second connection of the daemon to its own database, for reading alone. What it meets when it is opened leaves
    /// the mark that brings a look at everything; what is met later is for its owner to ``doubt(_:)``.
    public func openReading() throws(StoreTrouble) -> any LedgerReading & PageKeeper {
        do throws(StoreTrouble) {
            return try Self.openReading(path)
        } catch {
            if case .corrupt = error { doubt(error) }
            throw error
        }
    }
}

enum Reading {
    /// A connection that reads, proven by a first read.
    static func database(at path: String) throws(StoreTrouble) -> Database {
        let file = StoreFile(path: path)
        switch try file.header() {
        case .missing, .empty: throw .missing(path: path)
        case .other: throw .corrupt(path: path, detail: "it is not a database")
        case .database(let applicationID, let version, let isReadable):
            guard [Schema.applicationID, Schema.copyID].contains(applicationID) else { throw .foreign(path: path) }
            try refuse(version, at: path)
            guard isReadable else { throw .corrupt(path: path, detail: StoreFile.Header.unknownFormat) }
        }
        let log = try file.size(of: "-wal")
        guard let log else { return try open(path, "immutable=1") }
        do {
            return try open(path, "mode=ro")
        } catch {
            // There is a log, and no index that could be read or made.
            guard case .unopenable(_, let detail) = error else { throw error }
            guard log == 0 else {
                throw .unopenable(
                    path: path, detail: "\(detail); what was last written is in its log, which this user cannot read")
            }
            return try open(path, "immutable=1")
        }
    }

    private static func open(_ path: String, _ how: String) throws(StoreTrouble) -> Database {
        let database = try Database(
            "file:\(escaped(path))?\(how)", path: path, flags: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI)
        try database.makeFrugal()
        try refuse(try database.version, at: path)
        _ = try database.note(.era)
        return database
    }

    private static func refuse(_ version: Int64, at path: String) throws(StoreTrouble) {
        let known = Schema.migrations.count
        guard version <= known else { throw .newerSchema(path: path, found: Int(clamping: version), known: known) }
        guard version > 0 else { throw .corrupt(path: path, detail: "it has no schema version") }
        guard version == known else {
            throw .unopenable(
                path: path, detail: "it has schema \(version), which edgecertd brings to \(known) when it starts")
        }
    }

    /// A path as a URI has it.
    private static func escaped(_ path: String) -> String {
        path.utf8.map { byte in
            switch Character(Unicode.Scalar(byte)) {
            case "a"..."z", "A"..."Z", "0"..."9", "/", "-", "_", ".", "~": String(Character(Unicode.Scalar(byte)))
            default: "%\(byte < 16 ? "0" : "")\(String(byte, radix: 16))"
            }
        }.joined()
    }
}
