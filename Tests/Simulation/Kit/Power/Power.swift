import CloudflareModel
import Domain
import Engine
import Glibc
import PowerDisk
import SimulatorServer
import StateStore
import TestKit

/// The disk of a run whose power is cut, when that happens, and what has to be there afterwards.
final class Power {
    let disk: PowerDisk
    let authority: ClientAuthority
    var dice: Dice
    /// How many calls after the first cut the second one comes; nil for no other.
    var again: Int?
    let attic: String
    let copy: String
    private(set) var cuts = 0
    private(set) var loss = Loss()
    private(set) var standings: [String: Int] = [:]
    /// The history as commits that came back have left it, and each operation's state.
    private var lines: [[String?]] = []
    private var operations: [String: String] = [:]

    init(_ cut: PowerCuts.Cut, folder: String, lie: PowerDisk.Lie, authority: ClientAuthority) {
        (attic, copy, self.authority, again) = (folder + ".attic", folder + ".copy", authority, cut.again)
        dice = Dice(seed: cut.seed, "power")
        mkdir(folder, 0o700)
        mkdir(copy, 0o700)
        disk = PowerDisk(root: folder, attic: attic, lie: lie)
        disk.cutAt = cut.at
    }

    func noteCommit(_ rows: Rows?) {
        guard let rows else { return }
        lines += Self.history(rows, after: lines.count)
        operations.merge(Self.states(rows)) { $1 }
    }

    /// Of every operation, by its identifier.
    private static func states(_ rows: Rows) -> [String: String] {
        Dictionary(rows.ask("SELECT id, state FROM operations").map { ($0[0] ?? "", $0[1] ?? "") }) { $1 }
    }

    private static func history(_ rows: Rows, after count: Int) -> [[String?]] {
        rows.ask("SELECT \(TransitionRow.columns) FROM transitions ORDER BY seq LIMIT -1 OFFSET \(count)")
    }

    /// The disk loses what it loses, and is looked at before the daemon does.
    /// - Returns: What is wrong: the invariant and the words.
    func comeBack(spent: Set<String>) -> [(String, String)] {
        cuts += 1
        var wrong = disk.leaks().map { ("harness", $0) }
        loss += disk.restore(by: &dice)
        if let again {
            disk.cutAt = disk.calls + again
            self.again = nil
        }
        Files.removeFolder(copy)
        mkdir(copy, 0o700)
        guard Files.copy("\(disk.root)/edgecert.db", to: "\(copy)/edgecert.db") else {
            standings["no database yet", default: 0] += 1
            if !spent.isEmpty { wrong.append(("S3", "something was sent, and there is no database")) }
            if !operations.isEmpty || !lines.isEmpty { wrong.append(("S14", "the database is gone")) }
            return wrong
        }
        _ = Files.copy("\(disk.root)/edgecert.db-wal", to: "\(copy)/edgecert.db-wal")
        guard let rows = Rows("\(copy)/edgecert.db") else { return wrong + [("database", "it does not open")] }
        wrong += integrity(rows) + once(rows, spent) + history(rows)
        wrong += KeyFolder(state: disk.root).check(delivered: Self.delivered(rows))
        return wrong
    }

    private func integrity(_ rows: Rows) -> [(String, String)] {
        let verdict = rows.ask("PRAGMA integrity_check")
        if verdict != [["ok"]] { return [("database", "integrity_check: \(verdict)")] }
        let orphans = rows.ask("PRAGMA foreign_key_check")
        return orphans.isEmpty ? [] : [("database", "foreign_key_check: \(orphans)")]
    }

    /// S3: whatever Cloudflare has done for us is known here; so is what a commit that came back has written.
    private func once(_ rows: Rows, _ spent: Set<String>) -> [(String, String)] {
        let kept = Self.states(rows)
        var wrong: [(String, String)] = []
        for id in spent.sorted() where kept[id] == nil {
            wrong.append(("S3", "operation \(id) was sent and had its effect, and is not in the database"))
        }
        for (id, state) in operations.sorted(by: { $0.key < $1.key }) where kept[id] != state {
            // What was under way at the cut may be there or not.
            let isLater = ["accepted", "failed", "lost"].contains(kept[id] ?? "") && state == "open"
            if !isLater { wrong.append(("S3", "operation \(id) was \(state), and is \(kept[id] ?? "gone")")) }
        }
        let open = kept.filter { !["accepted", "failed", "lost"].contains($0.value) }.keys
        let standing =
            open.isEmpty
            ? "nothing open" : open.contains(where: spent.contains) ? "open, had arrived" : "open, never arrived"
        standings[standing, default: 0] += 1
        return wrong
    }

    /// S14: nothing that was written is missing or another, and each object's lines are one chain.
    private func history(_ rows: Rows) -> [(String, String)] {
        let all = Self.history(rows, after: 0)
        var wrong: [(String, String)] = []
        if !all.starts(with: lines) {
            wrong.append(("S14", "\(lines.count) lines were committed, and of \(all.count) the first are not those"))
        }
        var checker = S14History()
        wrong += checker.check(all.compactMap(TransitionRow.init)).map { (checker.invariant, $0) }
        lines = all
        operations.merge(Self.states(rows)) { $1 }
        return wrong
    }

    private static func delivered(_ rows: Rows) -> [Int] {
        rows.ask("SELECT generation FROM objects WHERE delivered_at IS NOT NULL")
            .compactMap { $0[0].flatMap { Int($0) } }
    }
}

extension Run {
    var isWithoutPower: Bool { power?.disk.isCut ?? false }

    /// Once everything that was under way has ended: the disk as it was left, and a new daemon on it.
    func restorePower() {
        guard let power, power.disk.isCut else { return }
        trace { "the power is gone, at call \(power.disk.calls)" }
        crashQuietly()
        rows = nil
        loop.drain()
        for (invariant, words) in power.comeBack(spent: spent) { complain(invariant, words) }
        for entry in transport.withModel({ model, _ in model.ledger.effects }) {
            guard case .clientCertificateCreated(let id, _, _, let request, _) = entry.effect else { continue }
            if !KeyFolder(state: folder).has(request) { complain("S3", "the key of \(id) is lost") }
        }
        bootLater(.seconds(power.dice.within(1...30)))
    }

    /// A power cut is never taken for a broken, missing or foreign database.
    func checkOpening(_ outcome: OpenOutcome) {
        guard power != nil else { return }
        switch outcome {
        case .existing: break
        case .created(let signs): if !signs.isEmpty || !spent.isEmpty { complain("S17", "begun anew beside \(signs)") }
        default: complain("S17", "opened as \(outcome)")
        }
    }
}
