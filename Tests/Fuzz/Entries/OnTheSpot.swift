import Synchronization

/// Runs asynchronous work to its end on the thread that asks for it: a fuzzer calls and wants to see what happened when
/// the call returns. Nothing in the work may wait for another thread.
final class OnTheSpot: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    private final class Place<Result: Sendable>: Sendable {
        let result = Mutex<Result?>(nil)
    }

    func run<Result: Sendable>(_ work: @escaping @Sendable () async -> Result) -> Result {
        let place = Place<Result>()
        Task.detached(executorPreference: self) {
            let result = await work()
            place.result.withLock { $0 = result }
        }
        while let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
        guard let result = place.result.withLock({ $0 }) else {
            preconditionFailure("the work waits for another thread")
        }
        return result
    }
}
