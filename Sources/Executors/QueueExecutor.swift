public import Dispatch

/// Runs an actor on a serial Dispatch queue, so that timers and sources aimed at the same queue are inside the actor.
///
/// The handler of a source whose target is ``queue`` may enter the actor with `assumeIsolated`, without a hop and
/// without a task. `DispatchSerialQueue` would do the same, but does not exist on Linux (Swift 6.3).
public final class QueueExecutor: SerialExecutor {
    /// The serial queue that every job of the actor runs on.
    public let queue: DispatchQueue

    /// Dispatch has threads for each quality of service, and hands what there is to do to them in turn; it makes one
    /// more whenever all are busy. Each keeps a stack, and what malloc laid aside for it: a queue that is often busy is
    /// best alone with its quality.
    ///
    /// - Parameter mayBlock: False for an actor that never waits for another process, nor long for anything else. It
    ///   runs on the threads that Swift's tasks have, whatever the quality: no more than there are processors.
    public init(label: String, qos: DispatchQoS = .default, mayBlock: Bool = true) {
        queue = mayBlock ? DispatchQueue(label: label, qos: qos) : DispatchQueue(label: label, target: .global())
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedSerialExecutor()
        queue.async { job.runSynchronously(on: executor) }
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    /// Ends the process when the caller is not on the queue: `assumeIsolated` has been called from the wrong place.
    public func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}
