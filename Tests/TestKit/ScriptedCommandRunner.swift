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
    private let whileRunning = Mutex<(@Sendable (Call) -> CommandOutcome?)?>(nil)

    /// Called with each command while it runs; what it gives back is the outcome.
    public func during(_ hook: (@Sendable (Call) -> CommandOutcome?)?) { whileRunning.withLock { $0 = hook } }

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
        let hook = whileRunning.withLock { $0 }
        if let outcome = hook?(Call(command: command, environment: environment, timeout: timeout)) { return outcome }
        return state.withLock { state in
            state.calls.append(Call(command: command, environment: environment, timeout: timeout))
            return state.script.isEmpty ? otherwise : state.script.removeFirst()
        }
    }
}
