import Domain
public import PowerDisk
import SimulatorServer
import Synchronization

/// Tells the story again and again, with the power cut at another place each time.
public enum PowerCuts {
    /// Where the power is cut, and what chance does then.
    public struct Cut: Hashable, Sendable {
        public var seed: UInt64
        /// Instead of this call, counted from 1; nil for never.
        public var at: Int?
        /// And once more instead of the so-manieth call after that: the daemon is just mending what it found.
        public var again: Int?

        public init(seed: UInt64, at: Int?, again: Int? = nil) { (self.seed, self.at, self.again) = (seed, at, again) }
    }

    /// What came of one telling.
    public struct Outcome: Sendable {
        public var cut: Cut
        public var cuts = 0
        public var loss = Loss()
        /// How the database stood after each cut.
        public var standings: [String: Int] = [:]
        public var violations: [Violation] = []
        /// Calls in all that change or sync something, and of each kind.
        public var calls = 0
        public var counts: [String: Int] = [:]
        public var trace: [String] = []
    }

    /// One telling, on a thread of its own.
    public static func tell(
        _ cut: Cut, lie: PowerDisk.Lie = .none, isTracing: Bool = false
    ) -> Outcome {
        let told = Mutex(Outcome(cut: cut))
        Sweep.onThreads(1) {
            let outcome = tellHere(cut, lie, isTracing)
            told.withLock { $0 = outcome }
        }
        return told.withLock { $0 }
    }

    private static func tellHere(_ cut: Cut, _ lie: PowerDisk.Lie, _ isTracing: Bool) -> Outcome {
        let folder = Sweep.folder(cut.seed)
        let authority: ClientAuthority
        do { authority = try ClientAuthority(startingAt: Setting.start) } catch { preconditionFailure("\(error)") }
        let power = Power(cut, folder: folder, lie: lie, authority: authority)
        // Always the same world: so each place in the story is met, and is the same place in every telling.
        let run = Run(seed: 1, days: 1, isTracing: isTracing, folder: folder, power: power)
        power.disk.onCut = { [unowned run] in run.life?.die() }
        run.tellStory()
        return Outcome(
            cut: cut, cuts: power.cuts, loss: power.loss, standings: power.standings, violations: run.violations,
            calls: power.disk.calls, counts: power.disk.counts, trace: run.lines)
    }

    /// So many cuts, spread evenly over all calls of a telling that nothing happens to; every other one has a second.
    public static func plan(_ count: Int, calls: Int, first seed: UInt64 = 1) -> [Cut] {
        (0..<count).map { number in
            let at = count >= calls ? number % calls : number * calls / count
            var dice = Dice(seed: seed + UInt64(number), "again")
            let again = number.isMultiple(of: 2) ? nil : dice.within(1...40)
            return Cut(seed: seed + UInt64(number), at: at + 1, again: again)
        }
    }

    /// Tells all of them, over `workers` threads.
    public static func all(
        _ cuts: [Cut], lie: PowerDisk.Lie = .none, workers: Int, _ hear: @escaping @Sendable (Outcome) -> Void
    ) {
        let next = Atomic<Int>(0)
        Sweep.onThreads(workers) {
            while true {
                let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard number < cuts.count else { return }
                hear(tellHere(cuts[number], lie, false))
            }
        }
    }
}
