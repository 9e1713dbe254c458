import CloudflareModel
import Domain
import NIOCore
import NIOPosix
import NIOSSL
import SimulatorServer
import Synchronization

/// A client that sends bytes and keeps what comes back until the connection ends.
struct Wire {
    var server: SimulatorServer
    var token: String

    struct Received: Sendable {
        var text: String
        /// The connection ended with an error: a reset, or TLS cut short.
        var isBroken: Bool
        var status: Int? { text.split(separator: " ").dropFirst().first.flatMap { Int($0) } }
        var body: String { text.components(after: "\r\n\r\n") ?? "" }
        var json: JSONValue? {
            do throws(JSONTrouble) { return try JSONValue(reading: body.utf8) } catch { return nil }
        }
    }

    /// A simulator of its own for each test, standing still unless it is said otherwise.
    static func open(
        _ scenario: Scenario = .standard, speed: Double = 0, withTLS: Bool = false,
        _ body: (Wire) async throws -> Void
    ) async throws {
        let clock = SimulatorClock(startingAt: Timestamp(unixSeconds: 1_800_000_000), speed: speed)
        let simulator = try Simulator(scenario, seed: 1, clock: clock)
        let server = try await SimulatorServer.start(simulator, withTLS: withTLS)
        let token = simulator.withWorld { $0.model.secrets[0].secret.reveal { $0 } }
        do {
            try await body(Wire(server: server, token: token))
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    func send(_ method: String, _ target: String, body: String = "") async throws -> Received {
        try await exchange(request(method, target, body: body))
    }

    func request(_ method: String, _ target: String, body: String = "", isLast: Bool = true) -> String {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: localhost", "Authorization: Bearer \(token)"]
        if !body.isEmpty { lines += ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"] }
        if isLast { lines.append("Connection: close") }
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    /// - Parameter root: The root to trust for TLS; nil for the server's own.
    func exchange(_ text: String, root: String? = nil) async throws -> Received {
        let received = ReceivedBytes()
        var context: NIOSSLContext?
        if let pem = root ?? server.rootPEM {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)))
            context = try NIOSSLContext(configuration: configuration)
        }
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(.seconds(10))
            .channelInitializer { [context] channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(
                            try NIOSSLClientHandler(context: context, serverHostname: "localhost"))
                    }
                    try channel.pipeline.syncOperations.addHandler(received)
                }
            }
            .connect(host: server.address.host, port: server.address.port).get()
        do { try await channel.writeAndFlush(ByteBuffer(string: text)) } catch { received.noteTrouble() }
        do { try await channel.closeFuture.get() } catch { received.noteTrouble() }
        return received.result
    }
}

/// Holds what came, also across the test's and the connection's threads.
private final class ReceivedBytes: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let state = Mutex<(text: String, isBroken: Bool)>(("", false))

    var result: Wire.Received { state.withLock { Wire.Received(text: $0.text, isBroken: $0.isBroken) } }
    func noteTrouble() { state.withLock { $0.isBroken = true } }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        state.withLock { $0.text += String(buffer: buffer) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        noteTrouble()
        context.close(promise: nil)
    }
}

extension String {
    /// What follows the first place of a mark; nil where it is not.
    func components(after mark: String) -> String? {
        let (bytes, mark) = (Array(utf8), Array(mark.utf8))
        for start in bytes.indices where bytes[start...].starts(with: mark) {
            return String(decoding: bytes[(start + mark.count)...], as: UTF8.self)
        }
        return nil
    }
}
