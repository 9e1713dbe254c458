import Domain
import Glibc

/// Where the API token comes from: the credential that systemd hands over, or a file for those without systemd.
public struct Credentials: Sendable {
    /// The name in `LoadCredential=` and `LoadCredentialEncrypted=`.
    public static let tokenName = "cloudflare-token"

    private let directory: String?

    /// - Parameter directory: `$CREDENTIALS_DIRECTORY`; nil outside a unit that loads credentials.
    public init(directory: String?) { self.directory = directory }

    /// Those of this process, by its environment.
    public static func ofThisProcess() -> Credentials {
        Credentials(directory: getenv("CREDENTIALS_DIRECTORY").map { String(cString: $0) })
    }

    /// The API token: from the credential where there is one that is not empty, else from `tokenFile`.
    ///
    /// One newline at the end is taken off. A `tokenFile` that everybody on the machine may read is refused; so is what
    /// cannot be a token: nothing, more than 4 KiB, or anything but printable ASCII without spaces, which is all that an
    /// HTTP header could carry.
    public func token(tokenFile: String?) throws(CredentialTrouble) -> Secret {
        if let directory {
            do {
                return try Self.read("\(directory)/\(Self.tokenName)", isPrivate: true)
            } catch .empty, .missing {
                // The unit's SetCredential= hands over an empty one where there is none, so that we get here to say so.
            }
        }
        guard let tokenFile else { throw .nowhere }
        return try Self.read(tokenFile, isPrivate: false)
    }

    /// Cloudflare's tokens have 40 to 53 characters as of 2026-11; ten times that is not one of them.
    private static let limit = 4096

    /// - Parameter isPrivate: The folder is one that only the service may enter, so the file's mode says nothing.
    private static func read(_ path: String, isPrivate: Bool) throws(CredentialTrouble) -> Secret {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)  // O_NONBLOCK: never wait for a FIFO
        guard descriptor >= 0 else {
            throw errno == ENOENT ? .missing(path: path) : .file(path: path, detail: errorText(errno))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .file(path: path, detail: errorText(errno)) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
        guard isPrivate || status.st_mode & S_IRWXO == 0 else { throw .exposed(path: path) }
        return try token(in: bytes(of: descriptor, path: path), path: path)
    }

    private static func bytes(of descriptor: CInt, path: String) throws(CredentialTrouble) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count)
            }
            if got == 0 { break }
            if got > 0 {
                count += got
            } else if errno != EINTR {
                throw .file(path: path, detail: errorText(errno))
            }
        }
        return Array(bytes.prefix(count))
    }

    static func token(in bytes: [UInt8], path: String) throws(CredentialTrouble) -> Secret {
        guard bytes.count <= limit else { throw .tooLong(path: path, limit: limit) }
        var token = bytes[...]
        if token.last == UInt8(ascii: "\n") { token = token.dropLast() }
        if token.last == UInt8(ascii: "\r") { token = token.dropLast() }
        guard !token.isEmpty else { throw .empty(path: path) }
        guard token.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .malformed(path: path) }
        return Secret(String(decoding: token, as: UTF8.self))
    }
}

/// Why there is no token. None of them says what was in the file.
public enum CredentialTrouble: Error, Hashable, Sendable {
    /// No credential was handed over and no file is named.
    case nowhere
    case missing(path: String)
    case file(path: String, detail: String)
    /// A folder, a device, a pipe.
    case notAFile(path: String)
    /// Everybody on the machine can read or write it.
    case exposed(path: String)
    case empty(path: String)
    case tooLong(path: String, limit: Int)
    /// Spaces, control characters or letters beyond ASCII.
    case malformed(path: String)
}

extension CredentialTrouble: Explained {
    public var explanation: Explanation {
        switch self {
        case .nowhere:
            Explanation(
                code: "token-nowhere",
                summary: "there is no API token: no credential 'cloudflare-token', no token_file",
                hint:
                    "put it in /etc/edgecertd/cloudflare-token (mode 0600), which the unit loads, or name a token_file")
        case .missing(let path):
            Explanation(
                code: "token-missing", summary: "there is no \(path)",
                hint: "write the API token into it (mode 0600), or mend token_file in the settings")
        case .file(let path, let detail):
            Explanation(
                code: "token-file", summary: "the API token in \(path) cannot be read: \(detail)",
                hint: "put it there, readable for the daemon alone; see LoadCredential= in edgecertd.service")
        case .notAFile(let path):
            Explanation(
                code: "token-not-a-file", summary: "\(path) is not a regular file",
                hint: "give a file that has the API token and nothing else")
        case .exposed(let path):
            Explanation(
                code: "token-exposed", summary: "everybody on this machine may open \(path)",
                hint: "take the right away ('chmod o= \(path)'), and roll the token if others were on this machine")
        case .empty(let path):
            Explanation(
                code: "token-empty", summary: "\(path) is empty", hint: "write the API token into it, on one line")
        case .tooLong(let path, let limit):
            Explanation(
                code: "token-too-long", summary: "\(path) has more than \(limit) bytes",
                hint: "give a file that has the API token and nothing else")
        case .malformed(let path):
            Explanation(
                code: "token-malformed",
                summary: "what is in \(path) cannot be a token: it has spaces, control characters or other letters",
                hint: "the token alone on one line, without 'Bearer', quotation marks or a name before it")
        }
    }
}
