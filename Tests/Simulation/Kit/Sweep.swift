import Glibc
import Synchronization
import TestKit

/// Runs a seed on a thread of its own, and finds the shortest list of mishaps of one that fails.
public enum Sweep {
    /// One run on a thread of its own: the jobs of that thread, and of no other, are the run's.
    public static func run(
        seed: UInt64, days: Int, limit: Int = .max, skipped: Set<Int> = [], isTracing: Bool = false
    ) -> Outcome {
        run(seed: seed, days: days, limit: limit, skipped: skipped, isTracing: isTracing) { [] }
    }

    /// The same, held against more than the invariants.
    static func run(
        seed: UInt64, days: Int, limit: Int, skipped: Set<Int>, isTracing: Bool,
        _ more: @escaping @Sendable () -> [any Checker]
    ) -> Outcome {
        let box = Box()
        onThreads(1) {
            let run = Run(
                seed: seed, days: days, limit: limit, skipped: skipped, isTracing: isTracing, folder: folder(seed),
                more: more())
            box.put(run.go())
        }
        return box.take()
    }

    /// The name of a folder in memory, where there is one.
    static func folder(_ seed: UInt64) -> String {
        let base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
        return cleared("\(base)/edgecert-simulate-\(getpid())-\(number)")
    }

    /// What a process left that was killed and had the same number: its database would be another story's former life.
    static func cleared(_ path: String) -> String {
        Files.removeFolder(path)
        return path
    }
    private static let counter = Atomic<Int>(0)

    /// The shortest beginning of the list of mishaps that still fails, and of it what cannot be left out either.
    public static func shrink(_ outcome: Outcome, days: Int) -> (limit: Int, skipped: Set<Int>) {
        shrink(outcome, days: days, tries: 60) { [] }
    }

    static func shrink(
        _ outcome: Outcome, days: Int, tries: Int, _ more: @escaping @Sendable () -> [any Checker]
    ) -> (limit: Int, skipped: Set<Int>) {
        guard let wanted = outcome.violations.first?.invariant else { return (.max, []) }
        func fails(_ limit: Int, _ skipped: Set<Int>) -> Bool {
            let again = run(
                seed: outcome.seed, days: days, limit: limit, skipped: skipped, isTracing: false, more)
            return again.violations.first?.invariant == wanted
        }
        var (low, high) = (0, outcome.drawn)
        if fails(0, []) { return (0, []) }
        while high - low > 1 {
            let middle = (low + high) / 2
            if fails(middle, []) { high = middle } else { low = middle }
        }
        var skipped: Set<Int> = []
        for number in (0..<high).reversed().prefix(tries) where fails(high, skipped.union([number])) {
            skipped.insert(number)
        }
        return ((0..<high).last { !skipped.contains($0) }.map { $0 + 1 } ?? 0, skipped)
    }

    static func onThreads(_ count: Int, _ body: @escaping @Sendable () -> Void) {
        var threads: [pthread_t] = []
        for _ in 0..<count {
            var thread: pthread_t = 0
            let work = Unmanaged.passRetained(Work(body)).toOpaque()
            let result = pthread_create(
                &thread, nil,
                { work in
                    guard let work else { return nil }
                    Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body()
                    return nil
                }, work)
            precondition(result == 0, "no thread: \(result)")
            threads.append(thread)
        }
        for thread in threads { pthread_join(thread, nil) }
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    private final class Box: Sendable {
        private let held = Mutex<Outcome?>(nil)
        func put(_ outcome: Outcome) { held.withLock { $0 = outcome } }
        func take() -> Outcome {
            guard let outcome = held.withLock({ $0 }) else { preconditionFailure("the thread left no outcome") }
            return outcome
        }
    }
}
