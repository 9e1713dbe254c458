import Dispatch

/// Runs the answering of calls on one serial queue, apart from the sockets: reports are made one at a time, so that
/// their memory is bounded and nobody's long list takes a thread from the engine.
final class CallExecutor: TaskExecutor {
    // Of a quality that no other such queue has: a stream of news keeps it busy whenever the journal and the sockets are,
    // and Dispatch would make more threads for them all.
    private let queue = DispatchQueue(label: "io.edgecert.control.calls", qos: .userInitiated)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
