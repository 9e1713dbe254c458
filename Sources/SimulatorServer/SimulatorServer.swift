import CloudflareModel
import Domain
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The simulator behind HTTP/1.1 on loopback, with TLS when asked.
///
/// One event loop serves all connections, so requests take effect one after the other in the order in which they are
/// complete. A body over 1 MiB is answered with 413.
public final class SimulatorServer: Sendable {
    public let simulator: Simulator
    /// With the port that was really taken.
    public let address: LoopbackAddress
    /// The root that a client has to trust, in PEM; nil without TLS.
    public let rootPEM: String?

    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel

    private init(
        simulator: Simulator, address: LoopbackAddress, rootPEM: String?, group: MultiThreadedEventLoopGroup,
        channel: any Channel
    ) {
        (self.simulator, self.address, self.rootPEM) = (simulator, address, rootPEM)
        (self.group, self.channel) = (group, channel)
    }

    /// `http://127.0.0.1:8787`: the API is at `/client/v4` beneath it, the control path at `/sim`.
    public var origin: String { "\(rootPEM == nil ? "http" : "https")://\(address)" }

    /// Listens, and returns as soon as connections are accepted.
    public static func start(
        _ simulator: Simulator, at address: LoopbackAddress = LoopbackAddress(port: 0), withTLS: Bool = false
    ) async throws(SimulatorTrouble) -> SimulatorServer {
        let identity = withTLS ? try ServerIdentity() : nil
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Self.furnish(channel, simulator: simulator, context: identity?.context)
                }
            }
        do {
            let channel = try await bootstrap.bind(host: address.host, port: address.port).get()
            let port = channel.localAddress?.port ?? address.port
            let host = LoopbackAddress.Host(rawValue: address.host) ?? .ipv4
            return SimulatorServer(
                simulator: simulator, address: LoopbackAddress(host: host, port: port), rootPEM: identity?.rootPEM,
                group: group, channel: channel)
        } catch {
            let fault = "\(error)"
            await Self.end(group)
            throw .notListening("\(address): \(fault)")
        }
    }

    /// Stops listening and closes every connection.
    public func stop() async {
        await Self.end(group)
    }

    private static func end(_ group: MultiThreadedEventLoopGroup) async {
        // The group closes its channels first; what is left to say at this point has nobody to hear it.
        do { try await group.shutdownGracefully() } catch { assertionFailure("\(error)") }
    }

    private static func furnish(_ channel: any Channel, simulator: Simulator, context: NIOSSLContext?) throws {
        let pipeline = channel.pipeline.syncOperations
        let breaker = ConnectionBreaker()
        try pipeline.addHandler(breaker)
        if let context { try pipeline.addHandler(NIOSSLServerHandler(context: context)) }
        try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: true, withErrorHandling: true)
        try pipeline.addHandler(RequestHandler(simulator: simulator, breaker: breaker))
    }
}
