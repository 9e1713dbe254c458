import Domain
import Glibc
import Testing

@testable import ControlAPI

private let show = #"{"method":"io.edgecert.Control.Show","parameters":{"subject":"main"}}"# + "\0"

@Suite("Varlink server") struct VarlinkServerTests {
    @Test("a call is answered, and the next one on the same connection too")
    func answers() async throws {
        let bench = try await Bench()
        var caller = try bench.caller()
        caller.send(show)
        #expect(try caller.reply() == #"{"parameters":{"text":"main"}}"#)
        caller.send(show + show)
        #expect(try caller.reply() == #"{"parameters":{"text":"main"}}"#)
        #expect(try caller.reply() == #"{"parameters":{"text":"main"}}"#)
        await bench.stop()
    }

    @Test("a call may come byte by byte")
    func pieces() async throws {
        let bench = try await Bench()
        var caller = try bench.caller()
        for byte in show.utf8 { caller.send([byte]) }
        #expect(try caller.reply() == #"{"parameters":{"text":"main"}}"#)
        await bench.stop()
    }

    @Test("an answer that was on its way when the server stopped was lost")
    func lastAnswer() async throws {
        let gate = Gate()
        let bench = try await Bench(gate)
        var caller = try bench.caller()
        caller.send(show)
        await gate.isAsked.first { _ in true }
        let end = Task {
            await bench.server.finishCalls(within: .seconds(3600))
            await bench.stop()
        }
        for _ in 0..<2000 { await Task.yield() }  // a server that does not wait is gone by now
        gate.open.finish()
        #expect(try caller.reply() == #"{"parameters":{"text":"late"}}"#)
        await end.value
        #expect(try caller.reply() == nil)
    }

    @Test("a call that is never answered, or a stream, does not keep the server from its end", .timeLimit(.minutes(1)))
    func noLastAnswer() async throws {
        let gate = Gate()
        let bench = try await Bench(gate)
        let caller = try bench.caller()
        caller.send(show)
        await gate.isAsked.first { _ in true }
        await bench.server.finishCalls(within: .zero)
        await bench.stop()
        gate.open.finish()
    }

    @Test("with 'more' all replies but the last say that others follow")
    func streams() async throws {
        let bench = try await Bench()
        var caller = try bench.caller()
        caller.send(#"{"method":"io.edgecert.Control.History","more":true}"# + "\0")
        for number in 1...3 {
            #expect(try caller.reply() == #"{"parameters":{"text":"\#(number)"},"continues":true}"#)
        }
        #expect(try caller.reply() == #"{"parameters":{"text":"end"}}"#)
        await bench.stop()
    }

    @Test("a oneway call is carried out and not answered")
    func oneway() async throws {
        let bench = try await Bench()
        var caller = try bench.caller()
        caller.send(#"{"method":"io.edgecert.Control.Status","oneway":true}"# + "\0" + show)
        #expect(try caller.reply() == #"{"parameters":{"text":"main"}}"#)
        await bench.stop()
    }

    @Test(
        "what cannot be answered gets the error that the protocol has for it",
        arguments: [
            (
                #"{"method":"io.edgecert.Control.Nothing"}"#,
                #"{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"Nothing"}}"#
            ),
            (
                #"{"method":"org.varlink.service.Nothing"}"#,
                #"{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"Nothing"}}"#
            ),
            (
                #"{"method":"org.example.Other.Show"}"#,
                #"{"error":"org.varlink.service.InterfaceNotFound","parameters":{"interface":"org.example.Other"}}"#
            ),
            (
                #"{"method":"Show"}"#,
                #"{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"Show"}}"#
            ),
            (
                #"{"method":"io.edgecert.Control.Show","parameters":{"subject":7}}"#,
                #"{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"subject"}}"#
            ),
            (
                #"{"method":"io.edgecert.Control.Show"}"#,
                #"{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"subject"}}"#
            ),
            (
                #"{"method":"io.edgecert.Control.Show","upgrade":true}"#,
                #"{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"upgrade"}}"#
            ),
            (
                #"{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"a.b"}}"#,
                #"{"error":"org.varlink.service.InterfaceNotFound","parameters":{"interface":"a.b"}}"#
            ),
            (
                #"{"method":"io.edgecert.Control.Revoke"}"#,
                #"{"error":"io.edgecert.Control.Unsafe","parameters":{"code":"too-risky","exitCode":5,"#
                    + #""hint":"do not","summary":"no"}}"#
            ),
        ])
    func errors(call: String, reply: String) async throws {
        let bench = try await Bench()
        var caller = try bench.caller()
        caller.send(call + "\0")
        #expect(try caller.reply() == reply)
        caller.send(show)
        #expect(try caller.reply() == #"{"parameters":{"text":"main"}}"#)
        await bench.stop()
    }

    @Test("the service says what it is and what its interfaces look like")
    func describes() async throws {
        let bench = try await Bench()
        var caller = try bench.caller()
        caller.send(#"{"method":"org.varlink.service.GetInfo"}"# + "\0")
        let info = try #require(try caller.reply())
        #expect(info.contains(#""interfaces":["org.varlink.service","io.edgecert.Control"]"#))
        #expect(info.contains(#""version":"1.2.3""#))
        for name in [ControlInterface.name, ControlInterface.serviceName] {
            caller.send(
                #"{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"\#(name)"}}"#
                    + "\0")
            #expect(try #require(try caller.reply()).contains("interface \(name)"))
        }
        await bench.stop()
    }

    @Test(
        "what is no call ends its connection, and no other",
        arguments: [
            "\0", "\0\0\0\0\0\0\0\0", "hello\0", "[]\0", "{}\0", "{\"method\":7}\0",
            "{\"method\":\"x\",\"more\":\"y\"}\0",
            "\u{1}\u{2}\0", "{\"method\":\"io.edgecert.Control.Show\"\0",
            String(repeating: "[", count: 100_000) + "\0",
            String(repeating: "{\"a\":", count: 100_000) + "\0",
        ])
    func malformed(bytes: String) async throws {
        let bench = try await Bench()
        var other = try bench.caller()
        let caller = try bench.caller()
        caller.send(bytes)
        caller.waitForEnd()
        other.send(show)
        #expect(try other.reply() == #"{"parameters":{"text":"main"}}"#)
        await bench.stop()
    }

    @Test("invalid UTF-8 ends the connection")
    func invalidText() async throws {
        let bench = try await Bench()
        let caller = try bench.caller()
        caller.send(Array(#"{"method":""#.utf8) + [0xff, 0xfe, 0xc0] + Array("\"}".utf8) + [0])
        var piece = [UInt8](repeating: 0, count: 4096)
        let count = recv(caller.descriptor.number, &piece, piece.count, 0)
        // Either the reader of JSON refuses it, or there is no method of that name.
        if count > 0 { #expect(String(decoding: piece[..<count], as: UTF8.self).contains("MethodNotFound")) }
        await bench.stop()
    }

    @Test("a call of more than the limit ends its connection, whole or not", arguments: [true, false])
    func oversized(isWhole: Bool) async throws {
        let bench = try await Bench()
        let caller = try bench.caller()
        let long = #"{"method":"io.edgecert.Control.Show","parameters":{"subject":""#
        caller.send(Array(long.utf8) + [UInt8](repeating: 97, count: 1 << 20) + Array((isWhole ? "\"}}\0" : "").utf8))
        caller.waitForEnd()
        await bench.stop()
    }

    @Test("a call just below the limit is answered")
    func large() async throws {
        let bench = try await Bench()
        var caller = try bench.caller()
        let subject = String(repeating: "a", count: (1 << 20) - 100)
        caller.send(#"{"method":"io.edgecert.Control.Show","parameters":{"subject":"\#(subject)"}}"# + "\0")
        #expect(try #require(try caller.reply()).utf8.count > (1 << 20) - 100)
        await bench.stop()
    }

    @Test("a half-sent call ends its connection when its time is up, and not before")
    func halfSent() async throws {
        let bench = try await Bench()
        var caller = try bench.caller()
        caller.send(show)
        #expect(try caller.reply() != nil)
        caller.send(String(show.dropLast(5)))
        // A reply to another caller, connected later, says that the bytes above have been taken.
        var other = try bench.caller()
        other.send(show)
        #expect(try other.reply() != nil)
        await bench.pass(.seconds(9))
        #expect(await bench.server.connectionCount == 2)
        await bench.pass(.seconds(1))
        try #require(await bench.server.connectionCount == 1)
        caller.waitForEnd()
        await bench.stop()
    }

    @Test("a connection without a call is closed after a while")
    func idle() async throws {
        let bench = try await Bench()
        var caller = try bench.caller()
        caller.send(show)
        #expect(try caller.reply() != nil)
        await bench.pass(.seconds(119))
        #expect(await bench.server.connectionCount == 1)
        await bench.pass(.seconds(1))
        try #require(await bench.server.connectionCount == 0)
        caller.waitForEnd()
        await bench.stop()
    }

    @Test("a reader that is stuck makes its stream wait, loses its connection in the end, and hinders nobody")
    func stuckReader() async throws {
        let bench = try await Bench()
        let stuck = try bench.caller()
        stuck.send(#"{"method":"io.edgecert.Control.Watch","more":true}"# + "\0")
        var other = try bench.caller()
        for _ in 0..<20 {
            other.send(show)
            #expect(try other.reply() == #"{"parameters":{"text":"main"}}"#)
        }
        while await bench.server.unreadBytes < ControlLimits().unreadBytes { await Task.yield() }
        #expect(await bench.server.unreadBytes < ControlLimits().unreadBytes + (64 << 10))
        await bench.pass(.seconds(30))
        other.send(show)
        #expect(try other.reply() == #"{"parameters":{"text":"main"}}"#)
        try #require(await bench.server.connectionCount == 1)
        stuck.waitForEnd()
        await bench.stop()
    }

    @Test("a caller that asked and asked, and read nothing, filled the daemon's memory with replies")
    func repliesNobodyReads() async throws {
        let bench = try await Bench()
        var greedy = try bench.caller()
        let ask =
            #"{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"io.edgecert.Control"}}"#
        greedy.send(String(repeating: ask + "\0", count: 2000))
        while await bench.server.unreadBytes <= ControlLimits().unreadBytes { await Task.yield() }
        var other = try bench.caller()
        for _ in 0..<20 {
            other.send(show)
            #expect(try other.reply() == #"{"parameters":{"text":"main"}}"#)
        }
        #expect(await bench.server.unreadBytes < ControlLimits().unreadBytes + (64 << 10))
        // None of the calls is forgotten.
        for _ in 0..<2000 { #expect(try greedy.reply()?.hasPrefix(#"{"parameters":{"description":"#) == true) }
        await bench.stop()
    }

    @Test("a thousand calls in one piece took a thousand times as long as one in a piece of its own")
    func manyInOnePiece() throws {
        func seconds(_ count: Int) throws -> Double {
            var framing = MessageFraming(limit: 16)
            framing.append([UInt8](repeating: 0, count: count).flatMap { [97, $0] })
            var (start, end) = (timespec(), timespec())
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start)
            for _ in 0..<count { #expect(try framing.next() == [97]) }
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end)
            return Double(end.tv_sec - start.tv_sec) + Double(end.tv_nsec - start.tv_nsec) / 1e9
        }
        let (few, many) = (try seconds(20_000), try seconds(160_000))
        #expect(many < few * 24, "\(few) s for 20,000 and \(many) s for 160,000")
    }

    @Test("a slow reader gets all of a long reply")
    func slowReader() async throws {
        let bench = try await Bench()
        let client = try bench.client()
        let reply = try client.call(.audit, as: Text.self)
        #expect(reply.text.utf8.count == 3 << 20)
        await bench.stop()
    }

    @Test("a reply above the limit becomes an error")
    func longReply() async throws {
        var limits = ControlLimits()
        limits.replyBytes = 1 << 20
        let bench = try await Bench(limits: limits)
        var caller = try bench.caller()
        caller.send(#"{"method":"io.edgecert.Control.Audit"}"# + "\0")
        #expect(try #require(try caller.reply()).contains("control-reply-size"))
        await bench.stop()
    }

    @Test("calls that are heaped up while one is in flight end their connection")
    func flood() async throws {
        let bench = try await Bench()
        let caller = try bench.caller()
        caller.send(#"{"method":"io.edgecert.Control.Watch","more":true}"# + "\0")
        let piece = Array(String(repeating: show, count: 1000).utf8)
        var sent = 0
        while caller.send(piece) { sent += piece.count }
        #expect(sent < 64 << 20)
        await bench.stop()
    }

    @Test("of a hundred callers as many are served as there are places, and later ones when some have left")
    func manyCallers() async throws {
        let bench = try await Bench()
        var descriptors: [Descriptor] = []
        for _ in 0..<100 { descriptors.append(try bench.caller().descriptor) }
        for descriptor in descriptors[64...] {
            var byte: UInt8 = 0
            #expect(recv(descriptor.number, &byte, 1, 0) == 0)
        }
        #expect(await bench.server.connectionCount == 64)
        descriptors = []
        while await bench.server.connectionCount > 0 { await Task.yield() }
        var caller = try bench.caller()
        caller.send(show)
        #expect(try caller.reply() != nil)
        await bench.stop()
    }

    @Test("readers cannot take the places that are kept for administrators")
    func reservedPlaces() async throws {
        // Nobody is an administrator but a user that this process is not.
        guard geteuid() != 0 else {
            let rights = ControlRights(daemonUID: 1, adminGroup: nil)
            #expect(rights.isAdministrator(PeerCredentials(uid: 0, gid: 0)))
            return
        }
        let bench = try await Bench(rights: ControlRights(daemonUID: geteuid() + 1, adminGroup: nil))
        var callers: [Descriptor] = []
        for _ in 0..<64 { callers.append(try bench.caller().descriptor) }
        while await bench.server.connectionCount < 56 { await Task.yield() }
        #expect(await bench.server.connectionCount == 56)
        await bench.stop()
    }

    @Test("a caller that leaves in the middle of a stream ends it")
    func leaves() async throws {
        let bench = try await Bench()
        do {
            var caller = try bench.caller()
            caller.send(#"{"method":"io.edgecert.Control.Watch","more":true}"# + "\0")
            #expect(try caller.reply() != nil)
        }
        while await bench.server.connectionCount > 0 { await Task.yield() }
        await bench.stop()
    }

    @Test("a caller that only stops sending is still answered")
    func halfClosed() async throws {
        let bench = try await Bench()
        var caller = try bench.caller()
        caller.send(#"{"method":"io.edgecert.Control.Audit"}"# + "\0")
        shutdown(caller.descriptor.number, Int32(SHUT_WR))
        #expect(try #require(try caller.reply()).utf8.count > 3 << 20)
        #expect(try caller.reply() == nil)
        await bench.stop()
    }

    @Test("a caller that has stopped sending and leaves before it has read its answer is let go")
    func halfClosedAndGone() async throws {
        let bench = try await Bench()
        do {
            let caller = try bench.caller()
            caller.send(#"{"method":"io.edgecert.Control.Audit"}"# + "\0")
            shutdown(caller.descriptor.number, Int32(SHUT_WR))
            while await bench.server.unreadBytes == 0 { await Task.yield() }
        }
        while await bench.server.connectionCount > 0 { await Task.yield() }
        await bench.stop()
    }

    @Test("stopping ends every connection and removes the socket")
    func stops() async throws {
        let bench = try await Bench()
        let caller = try bench.caller()
        caller.send(#"{"method":"io.edgecert.Control.Watch","more":true}"# + "\0")
        await bench.stop()
        caller.waitForEnd()
        #expect(throws: VarlinkTrouble.socket(.missing(bench.path))) { try VarlinkClient(path: bench.path) }
    }
}
