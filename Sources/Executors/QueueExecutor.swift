public import Dispatch

/// Runs an actor on a serial Dispatch queue, so that timers and sources aimed at the same queue are inside the actor.
///
/// The handler of a source whose target is ``queue`` may enter the actor with `assumeIsolated`, without a hop and
/// without a task. `DispatchSerialQueue` would do the same, but does not exist on Linux (Swift 6.3).
public final class QueueExecutor: SerialExecutor {
    /// The serial queue that every job of the actor runs on.
    public let queue: DispatchQueue

    /// - Parameter threads: Whose threads it runs on, no more than there are processors: of a `global` queue that nobody
    ///   else uses, or that is shared with those who never wait (Swift's tasks have those of `.global()`). nil for a
    ///   queue that is seldom busy and may wait: for such, Dispatch makes a thread whenever none is idle, and where there
    ///   is much to do none of them ever ends. Each keeps its stack, and what malloc has laid aside for it.
    public init(label: String, threads: DispatchQueue? = nil) {
        queue = DispatchQueue(label: label, target: threads)
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
