import CSimulationHooks

/// Every job of a simulated run, in the order in which it was enqueued, on one thread.
///
/// It is the executor of the engine and of the request budget, and stands in for the global executor on the thread that
/// it was made on: what is enqueued there comes here.
///
/// `@unchecked`: made, filled and drained on one and the same thread, the run's.
final class RunLoop: SerialExecutor, @unchecked Sendable {
    private enum Job {
        case ours(UnownedJob)
        case global(UnsafeMutableRawPointer)
    }

    private var jobs: [Job] = []
    private var next = 0
    /// Jobs run so far.
    private(set) var count = 0
    private(set) var isDraining = false

    init() {
        edgecert_take_jobs(
            { context, job in
                guard let context, let job else { return }
                Unmanaged<RunLoop>.fromOpaque(context).takeUnretainedValue().jobs.append(.global(job))
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// To be called on the same thread before the loop goes.
    func end() { edgecert_take_jobs(nil, nil) }

    func enqueue(_ job: consuming ExecutorJob) { jobs.append(.ours(UnownedJob(job))) }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    /// Everything runs on one thread: whoever asks is on it.
    func checkIsolated() {}

    /// Runs what there is, and what comes of it, until nothing is left.
    func drain() {
        isDraining = true
        defer { isDraining = false }
        while next < jobs.count {
            let job = jobs[next]
            next += 1
            count += 1
            if next > 4096 {
                jobs.removeFirst(next)
                next = 0
            }
            switch job {
            case .ours(let job): job.runSynchronously(on: asUnownedSerialExecutor())
            case .global(let job): edgecert_run_job(job)
            }
        }
        jobs.removeAll(keepingCapacity: true)
        next = 0
    }
}
