public import Dispatch

/// Runs an actor on a serial Dispatch queue, so that timers and sources aimed at the same queue are inside the actor.
///
/// The handler of a source whose target is ``queue`` may enter the actor with `assumeIsolated`, without a hop and
/// without a task. `DispatchSerialQueue` would do the same, but does not exist on Linux (Swift 6.3).
public final class QueueExecutor: SerialExecutor {
    /// The serial queue that every job of the actor runs on.
    public let queue: DispatchQueue

    public init(label: String, qos: DispatchQoS = .default) { queue = DispatchQueue(label: label, qos: qos) }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedSerialExecutor()
        queue.async { job.runSynchronously(on: executor) }
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    /// Ends the process when the caller is not on the queue: `assumeIsolated` has been called from the wrong place.
    public func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}
