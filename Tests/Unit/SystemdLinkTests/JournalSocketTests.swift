import Domain
import Glibc
import Testing

@testable import SystemdLink

/// What journald gets, and what becomes of it when journald goes away. Root alone can put a socket in journald's place,
/// for a thread of its own.
@Suite("The journal's socket", .enabled(if: geteuid() == 0)) struct JournalSocketTests {
    @Test("an entry of 64 KiB with line ends and NULs in it arrives as it is")
    func hostile() async {
        await #expect(processExitsWith: .success) {
            let journal = OwnJournal()
            let output = String(repeating: "one\ntwo\u{0}\u{1B}", count: 8000)
            let entry = JournalEntry(News(.commandOutput, .info, [.init(.output, output)]), identifier: "edgecertd")
            precondition(JournalSink.send(entry))
            // A value with a line end has its length in front of it, in eight bytes.
            precondition(
                journal.receive().contains("EDGECERT_OUTPUT\n\0\0\u{1}\0\0\0\0\0one\ntwo\0\u{1B}one\n"))
            exit(EXIT_SUCCESS)
        }
    }

    @Test("a journald that went away, with its socket or without, has taken nothing")
    func gone() async {
        await #expect(processExitsWith: .success) {
            let journal = OwnJournal()
            let entry = JournalEntry(News(.stopping, .info), identifier: "edgecertd")
            precondition(JournalSink.send(entry))
            journal.close()
            precondition(!JournalSink.send(entry), "nobody listens")
            journal.remove()
            precondition(!JournalSink.send(entry), "there is no socket")
            exit(EXIT_SUCCESS)
        }
    }
}

/// A socket in journald's place, seen by this thread alone: in a mount namespace of its own.
private struct OwnJournal {
    private let descriptor: CInt
    private static let folder = "/run/systemd/journal"

    init() {
        // Glibc's module leaves it out.
        let unshare = dlsym(nil, "unshare").map { unsafeBitCast($0, to: (@convention(c) (CInt) -> CInt).self) }
        precondition(unshare?(0x20000) == 0, "CLONE_NEWNS")
        precondition(mount("none", "/", nil, UInt(MS_REC | MS_PRIVATE), nil) == 0)
        precondition(mount("tmpfs", "/run", "tmpfs", 0, nil) == 0)
        mkdir("/run/systemd", 0o755)
        mkdir(Self.folder, 0o755)
        descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array("\(Self.folder)/socket".utf8)) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        precondition(descriptor >= 0 && bound == 0)
    }

    func receive() -> String {
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        let got = recv(descriptor, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(0, got)), as: UTF8.self)
    }

    func close() { Glibc.close(descriptor) }
    func remove() { unlink("\(Self.folder)/socket") }
}
