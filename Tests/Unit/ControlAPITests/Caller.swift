import Domain
import Glibc
import Synchronization

@testable import ControlAPI

/// A caller that writes any bytes at all, as no well-meant client would.
struct Caller: ~Copyable {
    let descriptor: Descriptor
    private var incoming = MessageFraming(limit: 64 << 20)

    init(_ path: String) throws { descriptor = try UnixSocket.connected(to: path) }

    func send(_ text: String) { send(Array(text.utf8)) }

    /// Stops where the server has ended the connection: that it does is what tests ask.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// The next reply as text; nil when the server ended the connection.
    mutating func reply() throws -> String? {
        while true {
            if let message = try incoming.next() { return String(decoding: message, as: UTF8.self) }
            var piece = [UInt8](repeating: 0, count: 64 << 10)
            let count = recv(descriptor.number, &piece, piece.count, 0)
            guard count > 0 else { return nil }
            incoming.append(piece[..<count])
        }
    }

    /// Comes back when the server has ended the connection; what it had written first is thrown away.
    func waitForEnd() {
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while recv(descriptor.number, &piece, piece.count, 0) > 0 {}
    }
}

/// A server on a socket of its own, and the time that it goes by.
final class Bench: Sendable {
    let server: VarlinkServer
    let path: String
    private let folder: String
    private let elapsed = Elapsed()

    init(
        _ handler: any ControlHandler = Echo(), limits: ControlLimits = ControlLimits(),
        rights: ControlRights = ControlRights(daemonUID: geteuid(), adminGroup: nil)
    ) async throws {
        var template = Array("/tmp/edgecert-control-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw SocketTrouble.system(path: "/tmp", step: "mkdtemp", number: errno)
        }
        folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        path = "\(folder)/control.sock"
        let clock = elapsed
        server = VarlinkServer(
            version: "1.2.3", handler: handler, limits: limits, patience: Patience { clock.now }, rights: { rights })
        try await server.serve(path: path)
    }

    func caller() throws -> Caller { try Caller(path) }
    func client() throws -> VarlinkClient { try VarlinkClient(path: path) }

    /// Lets time pass, and has the server look at it.
    func pass(_ span: Duration) async {
        elapsed.add(span)
        await server.sweep()
    }

    func stop() async {
        await server.stop()
        rmdir(folder)
    }
}

final class Elapsed: Sendable {
    private let span = Mutex(Duration.seconds(1000))
    var now: Duration { span.withLock { $0 } }
    func add(_ more: Duration) { span.withLock { $0 += more } }
}

struct Text: Codable, Equatable { var text: String }

/// Answers with what it is asked; streams what it is asked to stream.
struct Echo: ControlHandler {
    struct Asked: Codable { var text: String }

    func answer(_ call: ControlCall, _ stream: ControlStream) async throws(ControlTrouble) -> ControlPayload {
        switch call.method {
        case .show: return try ControlPayload(Text(text: call.parameters(SubjectParameters.self).subject))
        case .status, .reload: return try ControlPayload(Text(text: call.method.rawValue))
        case .history:
            for number in 1...3 { try await stream.next(ControlPayload(Text(text: "\(number)"))) }
            return try ControlPayload(Text(text: "end"))
        case .watch:
            // As much as the caller takes, and then some.
            let piece = String(repeating: "x", count: 32 << 10)
            while true { try await stream.next(ControlPayload(Text(text: piece))) }
        case .audit: return try ControlPayload(Text(text: String(repeating: "y", count: 3 << 20)))
        default:
            throw .told(.unsafe, Explanation(code: "too-risky", summary: "no", hint: "do not"), exitCode: 5)
        }
    }
}

/// Answers when it is let to.
struct Gate: ControlHandler {
    let isAsked: AsyncStream<Void>
    let open: AsyncStream<Void>.Continuation
    private let asked: AsyncStream<Void>.Continuation
    private let opening: AsyncStream<Void>

    init() {
        (isAsked, asked) = AsyncStream.makeStream()
        (opening, open) = AsyncStream.makeStream()
    }

    func answer(_ call: ControlCall, _ stream: ControlStream) async throws(ControlTrouble) -> ControlPayload {
        asked.yield()
        for await _ in opening {}
        return try ControlPayload(Text(text: "late"))
    }
}
