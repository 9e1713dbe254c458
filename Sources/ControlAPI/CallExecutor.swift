import Dispatch

/// Runs the answering of calls on one serial queue, apart from the sockets: reports are made one at a time, so that
/// their memory is bounded and nobody's long list takes a thread from the engine.
final class CallExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "io.edgecert.control.calls")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
