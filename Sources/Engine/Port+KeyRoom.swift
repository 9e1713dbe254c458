import Domain

/// Where private keys and their certificates live. Keys never leave it but to their files.
///
/// Each generation of a subject has one folder with its key, its request and later its certificate; `current` is a
/// symbolic link to the generation in use, swapped at once, so that no reader meets a key with another's certificate.
public protocol KeyRoom: Sendable {
    /// The signing request of a generation. Made with its key the first time and kept on disk before this returns;
    /// afterwards the same one again, also after a crash.
    func request(
        for subject: Subject, zoneName: String, wish: ClientCertificateWish, generation: Int
    ) async throws(KeyTrouble) -> SigningRequest

    /// Checks the certificate against the generation's key, stores it whole beside the key, and makes the generation
    /// the current one. Doing it again changes nothing.
    func deliver(
        certificatePEM: String, for subject: Subject, zoneName: String, wish: ClientCertificateWish, generation: Int
    ) async throws(KeyTrouble) -> Delivery

    /// The generation whose key answers to this certificate; nil when no key here does.
    func generation(of certificatePEM: String, for subject: Subject, zoneName: String) async throws(KeyTrouble) -> Int?

    /// The highest generation there is a folder of; 0 when there is none.
    func lastGeneration(for subject: Subject, zoneName: String) async throws(KeyTrouble) -> Int

    /// Whether the request of a generation is for what is wished, and its key in hand: for the wish's names, with a key of
    /// the wish's kind, and where it is the operator's the one that is in the file now. True where nothing is there of the
    /// generation.
    func fits(
        _ wish: ClientCertificateWish, for subject: Subject, zoneName: String, generation: Int
    ) async throws(KeyTrouble) -> Bool
}

/// Where the files of a delivered generation are.
public struct Delivery: Hashable, Sendable {
    /// The folder that `current` points to through its link.
    public var directory: String
    public var notAfter: Timestamp
    public init(directory: String, notAfter: Timestamp) { (self.directory, self.notAfter) = (directory, notAfter) }
}

/// What can go wrong with keys and certificates' files.
public enum KeyTrouble: Error, Hashable, Sendable {
    /// The certificate is not for this key: nothing may rely on it.
    case mismatch(subject: String, generation: Int)
    /// The text is not a certificate or request that can be read.
    case unreadable(what: String, detail: String)
    /// A file cannot be written, read or linked.
    case file(path: String, detail: String)
    /// The files' group is not the one that is set.
    case group(path: String, wanted: String, detail: String)
    /// No key is in hand for this generation.
    case noKey(subject: String, generation: Int)
    /// The operator's request is for other names than the settings want.
    case otherNames(path: String, detail: String)
}

extension KeyTrouble: Explained {
    public var explanation: Explanation {
        switch self {
        case .mismatch(let subject, let generation):
            Explanation(
                code: "key-mismatch",
                summary: "the certificate for \(subject) is not for the key of generation \(generation)",
                hint: "nothing was put in place; see 'edgecertctl history \(subject)' for who ordered it")
        case .unreadable(let what, let detail):
            Explanation(code: "key-unreadable", summary: "\(what) cannot be read: \(detail)")
        case .file(let path, let detail):
            Explanation(
                code: "key-file", summary: "\(path): \(detail)",
                hint: "the folder must belong to the daemon's user, and have space")
        case .group(let path, let wanted, let detail):
            Explanation(
                code: "key-group", summary: "\(path) would not belong to the group \(wanted): \(detail)",
                hint:
                    "make the folder with that group and the setgid bit (tmpfiles.d: 'd FOLDER 2750 edgecertd \(wanted)')"
            )
        case .otherNames(let path, let detail):
            Explanation(
                code: "request-names", summary: "\(path) is for other names: \(detail)",
                hint: "make another request there, or bring the settings in line with it")
        case .noKey(let subject, let generation):
            Explanation(
                code: "key-missing", summary: "the key of generation \(generation) of \(subject) is not here",
                hint: "restore the keys folder from a backup, or revoke the certificate so that a new one is made")
        }
    }
}

/// Runs an operator's command: no shell, a time-out, its output given back.
public protocol CommandRunner: Sendable {
    /// - Parameter environment: Added to `PATH` and `LANG`; nothing else of the daemon's environment is passed on.
    func run(
        _ command: [String], environment: [String: String], timeout: Duration
    ) async -> CommandOutcome
}

public enum CommandOutcome: Hashable, Sendable {
    case succeeded(output: String)
    /// With the last 4 KiB of what it wrote.
    case failed(exitStatus: Int, output: String)
    case signalled(Int, output: String)
    case timedOut(after: Duration, output: String)
    case unstartable(String)
}
