import Domain
import Engine
import Synchronization

/// Runs nothing: writes down what it was asked to run, and answers from a script.
public final class ScriptedCommandRunner: CommandRunner {
    public struct Call: Hashable, Sendable {
        public var command: [String]
        public var environment: [String: String]
        public var timeout: Duration
    }

    private let state: Mutex<(calls: [Call], script: [CommandOutcome])>
    private let otherwise: CommandOutcome

    /// - Parameters:
    ///   - script: The outcomes of the first calls, in order.
    ///   - otherwise: The outcome of every call past the script.
    public init(_ script: [CommandOutcome] = [], otherwise: CommandOutcome = .succeeded(output: "")) {
        state = Mutex(([], script))
        self.otherwise = otherwise
    }

    /// What was asked so far, in order.
    public var calls: [Call] { state.withLock { $0.calls } }

    /// Adds outcomes for the next calls that the script does not yet cover.
    public func then(_ outcomes: CommandOutcome...) { state.withLock { $0.script += outcomes } }

    public func run(
        _ command: [String], environment: [String: String], timeout: Duration
    ) async -> CommandOutcome {
        state.withLock { state in
            state.calls.append(Call(command: command, environment: environment, timeout: timeout))
            return state.script.isEmpty ? otherwise : state.script.removeFirst()
        }
    }
}
