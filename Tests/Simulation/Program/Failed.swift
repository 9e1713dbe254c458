import Simulation
import Synchronization

/// The outcomes that failed.
final class Failed: Sendable {
    private let held = Mutex<[Outcome]>([])
    func add(_ outcome: Outcome) { held.withLock { $0.append(outcome) } }
    var all: [Outcome] { held.withLock { $0 } }
}
