import ArgumentParser
import Glibc
import Simulation

/// Runs the real engine, planner, client and store against the model of Cloudflare, from seeds, and holds the
/// invariants of the design against what happens.
@main
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edgecert-simulate", abstract: "Prove the invariants by simulation; each run is its seed.")

    @Option(help: "How many seeds to run.") var seeds: UInt64 = 200
    @Option(help: "The first of them.") var first: UInt64 = 1
    @Option(help: "Simulated days of each run.") var days = 90
    @Option(help: "Processes that run seeds side by side.") var workers = 2
    @Option(help: "Run this seed alone.") var seed: UInt64?
    @Flag(help: "Print the trace of it.") var trace = false
    @Option(help: "Let only the first so many mishaps happen.") var limit: Int?
    @Option(help: "Mishaps to leave out, by their numbers, with commas.") var skip = ""
    @Flag(help: "Stop at the first violation: 'violation: S3 seed 17 …', exit code 1.") var untilViolation = false
    @Flag(help: .hidden) var outcomes = false
    @Flag(help: "Do not look for the shortest list of mishaps.") var noShrink = false

    func validate() throws {
        // Else nothing is run, and nothing found.
        guard seeds > 0, days > 0, workers > 0 else {
            throw ValidationError("--seeds, --days and --workers are 1 at least.")
        }
        guard !first.addingReportingOverflow(seeds).overflow else {
            throw ValidationError("--first and --seeds go past the last number of 64 bits.")
        }
    }

    func run() async throws {
        Alike.begin()
        Alike.keepDatabasesWithin()
        if let seed { return try one(seed) }
        if outcomes { return try tellOutcomes() }
        if !untilViolation { print("seeds \(first) to \(first + seeds - 1), \(days) days each") }
        let began = Self.clock()
        var totals = Totals()
        var failed: [Outcome] = []
        let processes = Processes(seeds: first..<(first + seeds), days: days, isFirstEnough: untilViolation)
        do {
            try await processes.run(workers) { outcome in
                totals += outcome.totals
                guard let violation = outcome.violations.first else { return true }
                print(
                    "violation: \(violation.invariant) seed \(outcome.seed) day \(Int(violation.day)): \(violation.words)"
                )
                fflush(nil)
                failed.append(outcome)
                return !untilViolation
            }
        } catch let lost as Processes.Lost {
            // Another code than a violation's: what was not seen is neither well nor ill.
            print("lost: \(lost)")
            throw ExitCode(3)
        }
        let seconds = max(0.001, Self.clock() - began)
        Self.say(totals, seconds)
        if !noShrink, !untilViolation, let worst = failed.first { Self.explain(worst, days) }
        if !failed.isEmpty { throw ExitCode(1) }
    }

    /// What a process of its own does for another one.
    private func tellOutcomes() throws {
        for seed in first..<(first + seeds) {
            print(try Processes.line(Sweep.run(seed: seed, days: days)))
            fflush(nil)
        }
    }

    private func one(_ seed: UInt64) throws {
        print("seed \(seed), \(days) days")
        let left = Set(skip.split(separator: ",").compactMap { Int($0) })
        let outcome = Sweep.run(seed: seed, days: days, limit: limit ?? .max, skipped: left, isTracing: trace)
        for line in outcome.trace { print(line) }
        for violation in outcome.violations {
            print("violation: \(violation.invariant) seed \(seed) day \(Int(violation.day)): \(violation.words)")
        }
        if outcome.violations.isEmpty { print("no violation; \(outcome.drawn) mishaps") }
        if !outcome.violations.isEmpty, limit == nil, !noShrink { Self.explain(outcome, days) }
        if !outcome.violations.isEmpty { throw ExitCode(1) }
    }

    private static func explain(_ outcome: Outcome, _ days: Int) {
        let (limit, skipped) = Sweep.shrink(outcome, days: days)
        let without = skipped.sorted().map(String.init).joined(separator: ",")
        let again = Sweep.run(seed: outcome.seed, days: days, limit: limit, skipped: skipped, isTracing: true)
        print("\nThe shortest list of mishaps of seed \(outcome.seed) that still fails:")
        for line in again.trace where line.contains(" *** ") { print("  \(line)") }
        print("The trace before it fails:")
        for line in again.trace.suffix(60) { print("  \(line)") }
        print(
            "again: edgecert-simulate --seed \(outcome.seed) --days \(days) --trace --limit \(limit)"
                + (without.isEmpty ? "" : " --skip \(without)"))
    }

    private static func say(_ totals: Totals, _ seconds: Double) {
        func figure(_ name: String, _ number: Int) { print("  \(name): \(number)") }
        print("\(totals.seeds) seeds in \(Int(seconds)) s")
        figure("zone-days", totals.zoneDays)
        figure("zone-days a second", Int(Double(totals.zoneDays) / seconds))
        figure("steps", totals.steps)
        figure("looks", totals.looks)
        figure("requests", totals.requests)
        figure("orders accepted", totals.orders)
        figure("removals accepted", totals.removals)
        figure("crashes", totals.crashes)
        figure("orderly stops", totals.stops)
        figure("people's commands", totals.commands)
        figure("pieces of news", totals.news)
        for (mishap, count) in totals.mishaps.sorted(by: { $0.key < $1.key }) { figure("mishap \(mishap)", count) }
        figure("violations", totals.violations)
    }

    private static func clock() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
