import CloudflareAPI
import CloudflareModel
import Glibc
import HTTPTransport
import SimulatorServer
import TestKit
import Testing

/// Certificates are checked, always: a server whose root is not trusted is told nothing.
@Suite("trusted roots") struct TrustedRoots {
    @Test("a root that is not trusted ends the connection before anything is sent")
    func untrusted() async throws {
        signal(SIGPIPE, SIG_IGN)
        let (server, other) = (try await Self.server(), try await Self.server())
        let foreign = try RootsFile(try #require(other.rootPEM))
        for roots in [nil, foreign.path] {
            let transport = try CurlTransport(trustedRootsFile: roots)
            do throws(TransportTrouble) {
                _ = try await transport.send(
                    HTTPRequest(method: .post, baseURL: server.origin, target: "/client/v4/zones", body: []))
                Issue.record("was answered")
            } catch {
                guard case .neverSent(.tls, _) = error else {
                    Issue.record("\(error)")
                    continue
                }
            }
            await transport.close()
        }
        #expect(server.simulator.withWorld { $0.model.ledger.total } == 0)
        foreign.remove()
        await server.stop()
        await other.stop()
    }

    private static func server() async throws -> SimulatorServer {
        let simulator = try Simulator(clock: SimulatorClock(startingAt: ManualClock.start))
        return try await SimulatorServer.start(simulator, withTLS: true)
    }
}
