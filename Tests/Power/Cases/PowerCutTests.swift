import PowerDisk
import Simulation
import Synchronization
import Testing

@Suite("Power cuts in the story of two certificates") struct PowerCutTests {
    @Test("lose nothing that was committed, order nothing twice, and end as wanted (S3, S14)")
    func slice() {
        let whole = PowerCuts.tell(PowerCuts.Cut(seed: 0, at: nil))
        #expect(whole.violations == [])
        #expect(whole.calls > 1000)
        let all = Mutex<(cuts: Int, loss: Loss)>((0, Loss()))
        PowerCuts.all(PowerCuts.plan(24, calls: whole.calls), workers: 2) { outcome in
            #expect(outcome.violations == [], "\(outcome.cut)")
            all.withLock {
                $0.cuts += outcome.cuts
                $0.loss += outcome.loss
            }
        }
        let (cuts, loss) = all.withLock { $0 }
        #expect(cuts > 30)
        #expect(loss.dropped > 0 && loss.torn > 0, "\(loss)")
    }

    @Test(
        "are found out where the disk lies about a sync", arguments: [PowerDisk.Lie.logs, .folders, .files])
    func lies(_ lie: PowerDisk.Lie) {
        let expected = [PowerDisk.Lie.logs: "S3", .folders: "S3", .files: "keys"][lie] ?? ""
        let found = PowerCuts.plan(12, calls: 1100).lazy.map { PowerCuts.tell($0, lie: lie).violations.first }
            .contains { $0?.invariant == expected }
        #expect(found)
    }
}
