import Domain
import Glibc
import Testing

@testable import ControlAPI

@Suite("Control socket") struct SocketTests {
    @Test("the socket has the mode 0660")
    func mode() async throws {
        let bench = try await Bench()
        var facts = stat()
        #expect(lstat(bench.path, &facts) == 0)
        #expect(facts.st_mode & 0o777 == 0o660)
        await bench.stop()
    }

    @Test("a socket that somebody answers at is not taken")
    func taken() async throws {
        let bench = try await Bench()
        let second = VarlinkServer(version: "1", handler: Echo())
        await #expect(throws: SocketTrouble.taken(bench.path)) { try await second.serve(path: bench.path) }
        var caller = try bench.caller()
        caller.send(#"{"method":"io.edgecert.Control.Status"}"# + "\0")
        #expect(try caller.reply() != nil)
        await bench.stop()
    }

    @Test("a socket file that a crash left behind is replaced")
    func stale() async throws {
        let bench = try await Bench()
        let path = bench.path + "2"
        do { _ = try UnixSocket.listening(at: path, backlog: 1) }
        #expect(access(path, F_OK) == 0)
        #expect(throws: VarlinkTrouble.socket(.refused(path))) { try VarlinkClient(path: path) }
        let second = VarlinkServer(version: "1", handler: Echo())
        try await second.serve(path: path)
        #expect(try VarlinkClient(path: path).call(.status, as: Text.self) == Text(text: "Status"))
        await second.stop()
        await bench.stop()
    }

    @Test("a file that is no socket is left alone")
    func notASocket() async throws {
        let bench = try await Bench()
        let path = bench.path + ".txt"
        let file = open(path, O_CREAT | O_WRONLY, 0o600)
        close(file)
        let second = VarlinkServer(version: "1", handler: Echo())
        await #expect(throws: SocketTrouble.notASocket(path)) { try await second.serve(path: path) }
        #expect(access(path, F_OK) == 0)
        unlink(path)
        await bench.stop()
    }

    @Test("a path that no socket can have is refused", arguments: ["", String(repeating: "a", count: 108)])
    func path(path: String) {
        #expect(throws: VarlinkTrouble.socket(.path(path))) { try VarlinkClient(path: path) }
    }

    @Test("a socket that is handed over is served, and its file stays")
    func handedOver() async throws {
        let bench = try await Bench()
        let path = bench.path + "3"
        let listening = try UnixSocket.listening(at: path, backlog: 4)
        let handed = withExtendedLifetime(listening) { dup(listening.number) }
        let server = VarlinkServer(version: "1", handler: Echo())
        try await server.serve(listeningSocket: handed)
        #expect(try VarlinkClient(path: path).call(.status, as: Text.self) == Text(text: "Status"))
        await server.stop()
        #expect(access(path, F_OK) == 0)
        unlink(path)
        await bench.stop()
    }

    @Test("the kernel says who calls")
    func credentials() async throws {
        var ends: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        let peer = try #require(PeerCredentials(ofSocket: ends[0]))
        #expect(peer.uid == geteuid())
        #expect(peer.gid == getegid())
        #expect(peer.pid == getpid())
        var groups = [gid_t](repeating: 0, count: 65_536)
        let count = getgroups(Int32(groups.count), &groups)
        #expect(Set(peer.groups) == Set(groups.prefix(Int(count))))
    }
}

@Suite("Varlink client") struct VarlinkClientTests {
    @Test("an error of the daemon comes with its code, hint and exit code")
    func errors() async throws {
        let bench = try await Bench()
        let client = try bench.client()
        let trouble = #expect(throws: VarlinkTrouble.self) { try client.call(.revoke, as: Text.self) }
        #expect(trouble?.exitCode == 5)
        #expect(trouble?.explanation == Explanation(code: "too-risky", summary: "no", hint: "do not"))
        #expect(try client.call(.status, as: Text.self) == Text(text: "Status"))
        await bench.stop()
    }

    @Test("a stream is taken reply by reply")
    func streams() async throws {
        let bench = try await Bench()
        var texts: [String] = []
        try bench.client().stream(.history, NoParameters(), as: Text.self) {
            texts.append($0.text)
            return true
        }
        #expect(texts == ["1", "2", "3", "end"])
        await bench.stop()
    }

    @Test("a daemon that says nothing is given up after the time")
    func silence() throws {
        // Listens and accepts nobody: the connection stands, and nothing comes.
        let path = "/tmp/edgecert-control-silent-\(getpid()).sock"
        let listening = try UnixSocket.listening(at: path, backlog: 1)
        defer { unlink(path) }
        let client = try VarlinkClient(path: path)
        let trouble = #expect(throws: VarlinkTrouble.self) {
            try client.call(.status, as: Text.self, patience: .milliseconds(1))
        }
        #expect(trouble == .silent(path: path, after: .milliseconds(1)))
        #expect(trouble?.exitCode == 69)
        withExtendedLifetime(listening) {}
    }

    @Test("a reply that is not what the method promises is said to be so")
    func unreadable() async throws {
        struct Other: Decodable { let number: Int }
        let bench = try await Bench()
        let client = try bench.client()
        let trouble = #expect(throws: VarlinkTrouble.self) { try client.call(.status, as: Other.self) }
        #expect(trouble == .unreadable(method: "Status", detail: "'number' is missing, or not of its type"))
        await bench.stop()
    }
}
