import CloudflareModel
import Domain
import Synchronization

/// The model with its clock, behind one lock: what the server's connections and a test in the same process share.
public final class Simulator: Sendable {
    public struct World: Sendable {
        public var model: CloudflareModel
        public var clock: SimulatorClock
        /// The root of the client certificates in PEM.
        public let clientRootPEM: String
    }

    private let world: Mutex<World>

    public init(_ scenario: Scenario = .standard, seed: UInt64 = 1, clock: SimulatorClock) throws(SimulatorTrouble) {
        let authority = try ClientAuthority(startingAt: clock.now())
        let pem = try authority.rootPEM()
        do throws(ScenarioTrouble) {
            let model = try CloudflareModel(scenario, signer: authority, seed: seed, startingAt: clock.now())
            world = Mutex(World(model: model, clock: clock, clientRootPEM: pem))
        } catch {
            throw .scenario(.init(error.explanation.summary))
        }
    }

    /// Answers a request to Cloudflare's API, or to the control path `/sim/`.
    public func reply(to request: ModelRequest) -> ModelReply {
        world.withLock { world in
            if request.path == "/sim" || request.path.hasPrefix("/sim/") {
                return ControlDesk(request: request).reply(&world)
            }
            return world.model.reply(to: request, at: world.clock.now())
        }
    }

    /// Looks at the world, or changes it, while no request is being answered.
    public func withWorld<Result: Sendable>(_ body: (inout sending World) throws -> sending Result) rethrows -> Result {
        try world.withLock { world in try body(&world) }
    }
}
