import Crypto
import Domain
import Engine
import FoundationEssentials
import Glibc
import SwiftASN1
import Testing
import X509

@testable import Keys

/// A folder of this test's own, gone with it.
final class Scratch: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/edgecert-keys-test-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) })
    }

    deinit { Scratch.remove(path) }

    /// Writes a file and gives its path.
    func file(_ name: String, _ text: String, mode: mode_t = 0o600) throws -> String {
        let place = "\(path)/\(name)"
        let file = open(place, O_WRONLY | O_CREAT | O_TRUNC, mode)
        try #require(file >= 0)
        defer { close(file) }
        let bytes = Array(text.utf8)
        #expect(write(file, bytes, bytes.count) == bytes.count)
        return place
    }

    func folder(_ name: String, mode: mode_t = 0o755) throws -> String {
        var place = path
        for part in name.split(separator: "/") {
            place += "/\(part)"
            try #require(mkdir(place, mode) == 0 || errno == EEXIST)
        }
        return place
    }

    /// Everything beneath a folder, as paths relative to it, with mode, group and inode; in order of path.
    static func tree(_ root: String, _ beneath: String = "") -> [Entry] {
        guard let stream = opendir(beneath.isEmpty ? root : "\(root)/\(beneath)") else { return [] }
        defer { closedir(stream) }
        var entries: [Entry] = []
        while let raw = readdir(stream) {
            let name = withUnsafePointer(to: &raw.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            let path = beneath.isEmpty ? name : "\(beneath)/\(name)"
            var status = stat()
            guard lstat("\(root)/\(path)", &status) == 0 else { continue }
            entries.append(Entry(path: path, status: status))
            if status.st_mode & S_IFMT == S_IFDIR { entries += tree(root, path) }
        }
        return entries.sorted { $0.path < $1.path }
    }

    struct Entry: Hashable {
        var path: String
        var type: mode_t
        var mode: mode_t
        var group: gid_t
        var inode: UInt

        init(path: String, status: stat) {
            (self.path, type, mode) = (path, status.st_mode & S_IFMT, status.st_mode & 0o7777)
            (group, inode) = (status.st_gid, UInt(status.st_ino))
        }

        var name: Substring { path.split(separator: "/").last ?? "" }
    }

    private static func remove(_ path: String) {
        for entry in tree(path).reversed() {
            if entry.type == S_IFDIR { rmdir("\(path)/\(entry.path)") } else { unlink("\(path)/\(entry.path)") }
        }
        rmdir(path)
    }
}

/// The content of a file; nil when there is none.
func content(_ path: String) -> String? {
    let file = open(path, O_RDONLY)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = read(file, &bytes, bytes.count)
    return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
}

/// Runs openssl, which nobody here wrote, over what was made here.
func openssl(_ arguments: String...) async throws -> String {
    let outcome = await SubprocessRunner().run(["openssl"] + arguments, environment: [:], timeout: .seconds(120))
    guard case .succeeded(let output) = outcome else { throw OpenSSLTrouble(outcome: outcome) }
    return output
}

struct OpenSSLTrouble: Error { let outcome: CommandOutcome }

let hasOpenSSL = access("/usr/bin/openssl", X_OK) == 0 || access("/usr/local/bin/openssl", X_OK) == 0

/// An authority that signs what it is asked to, as Cloudflare's does.
struct Authority {
    let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
    static let begin = Timestamp(unixSeconds: 1_790_000_000)

    func certificate(
        for request: SigningRequest, notBefore: Timestamp = begin, notAfter: Timestamp = begin + .days(365)
    ) throws -> String {
        let der = try #require(PEMText.der(labelled: ["CERTIFICATE REQUEST"], in: request.pem))
        let read = try CertificateSigningRequest(derEncoded: der)
        return try certificate(for: read.publicKey, subject: read.subject, notBefore: notBefore, notAfter: notAfter)
    }

    func certificate(
        for key: Certificate.PublicKey, subject: DistinguishedName = DistinguishedName(), notBefore: Timestamp = begin,
        notAfter: Timestamp = begin + .days(365)
    ) throws -> String {
        let name = try DistinguishedName { CommonName("Authority under test") }
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key,
            notValidBefore: Date(timeIntervalSince1970: Double(notBefore.unixSeconds)),
            notValidAfter: Date(timeIntervalSince1970: Double(notAfter.unixSeconds)), issuer: name, subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256, extensions: .init([]), issuerPrivateKey: self.key)
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return PEMText.text(serializer.serializedBytes, label: "CERTIFICATE")
    }
}

/// Records an issue; to be returned from a test that cannot go on.
func fail(_ what: String, at place: SourceLocation = #_sourceLocation) {
    Issue.record("\(what)", sourceLocation: place)
}
