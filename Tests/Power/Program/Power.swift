import ArgumentParser
import Glibc
import PowerDisk
import Simulation
import Synchronization

/// Cuts the power under the real engine, store and key room while they work through a story with the model of
/// Cloudflare, and holds what the disk has kept, and what becomes of it, against the invariants of the design.
@main
struct Power: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edgecert-power", abstract: "Prove that nothing is lost or doubled when the power goes.")

    enum Liar: String, ExpressibleByArgument { case none, logs, folders, files }

    @Option(help: "How many cuts, each in a telling of its own; every other telling has a second one.") var cuts = 2000
    @Option(help: "The seed of the first.") var first: UInt64 = 1
    @Option(help: "Threads; each has a telling of its own.") var workers = 2
    @Option(help: "A disk that does not sync 'logs', 'folders' or 'files', and says it has.") var lie = Liar.none
    @Option(help: "One telling with this seed.") var seed: UInt64?
    @Option(help: "The call that its power is cut instead of.") var at: Int?
    @Option(help: "And the so-manieth call after that.") var again: Int?
    @Flag(help: "Print its trace.") var trace = false

    private var kind: PowerDisk.Lie {
        switch lie {
        case .none: .none
        case .logs: .logs
        case .folders: .folders
        case .files: .files
        }
    }

    func run() throws {
        Alike.begin()
        if let seed { return try one(PowerCuts.Cut(seed: seed, at: at, again: again)) }
        let whole = PowerCuts.tell(PowerCuts.Cut(seed: 0, at: nil))
        print("calls of a telling without a cut: \(whole.calls)")
        for (kind, count) in whole.counts.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
            print("  \(kind): \(count)")
        }
        guard whole.violations.isEmpty else {
            for violation in whole.violations { print("violation: \(violation.invariant): \(violation.words)") }
            throw ExitCode(1)
        }
        let table = Mutex(Table())
        PowerCuts.all(PowerCuts.plan(cuts, calls: whole.calls, first: first), lie: kind, workers: workers) { outcome in
            table.withLock { $0.add(outcome) }
        }
        let violations = table.withLock { table in
            table.say()
            return table.violations
        }
        if violations > 0 { throw ExitCode(1) }
    }

    private func one(_ cut: PowerCuts.Cut) throws {
        let outcome = PowerCuts.tell(cut, lie: kind, isTracing: trace)
        for line in outcome.trace { print(line) }
        for violation in outcome.violations { print("violation: \(violation.invariant): \(violation.words)") }
        print("\(outcome.cuts) cuts, \(outcome.calls) calls, \(outcome.violations.count) violations")
        if !outcome.violations.isEmpty { throw ExitCode(1) }
    }
}

/// What all tellings came to.
struct Table {
    private var tellings = 0
    private var cuts = 0
    private var loss = Loss()
    private var standings: [String: Int] = [:]
    private(set) var violations = 0

    mutating func add(_ outcome: PowerCuts.Outcome) {
        tellings += 1
        if tellings.isMultiple(of: 100) {
            print("after \(tellings) tellings: \(violations) violations")
            fflush(nil)
        }
        cuts += outcome.cuts
        loss += outcome.loss
        standings.merge(outcome.standings, uniquingKeysWith: +)
        guard let worst = outcome.violations.first else { return }
        violations += 1
        let cut = outcome.cut
        let again = cut.again.map { " --again \($0)" } ?? ""
        print("violation: \(worst.invariant): \(worst.words)")
        print("  edgecert-power --seed \(cut.seed) --at \(cut.at ?? 0)\(again) --trace")
        fflush(nil)
    }

    func say() {
        print("\(tellings) tellings, \(cuts) cuts")
        print("  writes not synced: \(loss.unsynced), of them gone \(loss.dropped), torn \(loss.torn)")
        print("  names not synced: \(loss.unsyncedNames), of them gone \(loss.droppedNames)")
        for (standing, count) in standings.sorted(by: { $0.key < $1.key }) { print("  \(standing): \(count)") }
        print("  violations: \(violations)")
    }
}
