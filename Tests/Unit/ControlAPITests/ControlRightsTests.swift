import Domain
import Glibc
import Testing

@testable import ControlAPI

@Suite("Who may ask for what") struct ControlRightsTests {
    static let rights = ControlRights(daemonUID: 990, adminGroup: 991)

    @Test(
        "who may change something",
        arguments: [
            (PeerCredentials(uid: 0, gid: 0), true),
            (PeerCredentials(uid: 990, gid: 990), true),
            (PeerCredentials(uid: 1000, gid: 991), true),
            (PeerCredentials(uid: 1000, gid: 1000, groups: [4, 991]), true),
            (PeerCredentials(uid: 1000, gid: 1000, groups: [4, 990]), false),
            (PeerCredentials(uid: 1000, gid: 1000), false),
            (PeerCredentials(uid: 991, gid: 1000), false),
            (PeerCredentials(uid: 65_534, gid: 65_534), false),
        ])
    func changes(peer: PeerCredentials, may: Bool) {
        for method in ControlMethod.allCases {
            #expect(Self.rights.permits(method, to: peer) == (may || !method.changes), "\(method)")
        }
    }

    @Test("without the group on the machine only root and the daemon's user change anything")
    func noGroup() {
        let rights = ControlRights(daemonUID: 990, adminGroup: nil)
        #expect(rights.permits(.reload, to: PeerCredentials(uid: 0, gid: 0)))
        #expect(!rights.permits(.reload, to: PeerCredentials(uid: 1000, gid: 0, groups: [0])))
    }

    @Test("what reads is listed, all else takes rights")
    func readingMethods() {
        let reading = ControlMethod.allCases.filter { !$0.changes }.map(\.rawValue)
        #expect(
            reading == ["Status", "List", "Show", "Why", "History", "Orders", "Records", "Audit", "Watch", "Plan"])
    }

    @Test("a caller without rights is told so, and how to get them, and nothing is done")
    func refused() async throws {
        let refusal = ControlTrouble.notPermitted(.reload, to: PeerCredentials(uid: 1000, gid: 1000))
        #expect(refusal.explanation.hint?.contains("edgecert-admin") == true)
        #expect(refusal.exitCode == 1)
    }

    @Test(
        "over the socket a caller without rights reads, and changes nothing",
        .enabled(if: geteuid() != 0, "SKIPPED: root may do everything; run it as another user"))
    func overTheSocket() async throws {
        let bench = try await Bench(rights: ControlRights(daemonUID: geteuid() &+ 1, adminGroup: nil))
        let client = try bench.client()
        #expect(try client.call(.status, as: Text.self) == Text(text: "Status"))
        let trouble = #expect(throws: VarlinkTrouble.self) { try client.call(.reload, as: Text.self) }
        #expect(trouble?.explanation.code == "control-not-permitted")
        await bench.stop()
    }

    @Test("unknown groups and users are no error")
    func accounts() {
        #expect(Accounts.groupID(named: "no-such-group-here") == nil)
        #expect(Accounts.groupID(named: "root") == 0)
        #expect(Accounts.person(uid: 0) == "uid 0 (root)")
        #expect(Accounts.person(uid: 3_999_999_999) == "uid 3999999999")
    }
}

@Suite("Message framing") struct MessageFramingTests {
    @Test("messages come out whole, however they come in", arguments: 1...7)
    func pieces(size: Int) throws {
        let bytes = Array("abc\0de\0fghij\0rest".utf8)
        var framing = MessageFraming(limit: 10)
        var found: [String] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            framing.append(bytes[start..<min(start + size, bytes.count)])
            while let message = try framing.next() { found.append(String(decoding: message, as: UTF8.self)) }
        }
        #expect(found == ["abc", "de", "fghij"])
        #expect(framing.count == 4)
    }

    @Test("a message of the limit passes, one byte more does not")
    func limit() throws {
        var framing = MessageFraming(limit: 4)
        framing.append(Array("1234\0".utf8))
        #expect(try framing.next()?.count == 4)
        framing.append(Array("12345\0".utf8))
        #expect(throws: MessageFraming.Trouble.tooLong) { try framing.next() }
    }
}
