/// S14: the history of a thing has no gap and is only appended to.
///
/// Numbers only grow; for each thing the point that a line starts from is the one that the last line left it at. Lines
/// without points start anew; what was put back goes on from the points that its things have in it, for of its lines
/// some were pruned.
struct S14History: Checker {
    let invariant = "S14"
    private var lastSeq = 0
    private var points: [String: String] = [:]
    private var last: [String: Int] = [:]

    mutating func check(_ witness: Witness) -> [String] { check(witness.newTransitions) }

    /// - Parameter lines: What was written since the last time.
    mutating func check(_ lines: [TransitionRow]) -> [String] {
        var complaints: [String] = []
        for line in lines {
            if line.seq <= lastSeq { complaints.append("line \(line.seq) was written after line \(lastSeq)") }
            lastSeq = max(lastSeq, line.seq)
            guard let object = line.object, line.from != " " || line.to != " " else { continue }
            let key = "\(line.zone)/\(line.kind)/\(object)"
            // The second line of one look (a new certificate beside a new status) tells the same step again.
            let isTwin = line.event == "certificate-replaced" && points[key] == line.to
            // A thing that was over is not kept in mind for ever: when it comes back it appears anew.
            let isBack =
                line.event == "appeared" && ["revoked", "gone"].contains { points[key]?.hasPrefix($0) ?? false }
            if let point = points[key], point != line.from, line.event != "operation-failed", !isTwin, !isBack {
                complaints.append(
                    "line \(line.seq) (\(line.event)) of \(object) starts from '\(line.from)', line \(last[key] ?? 0) left it "
                        + "at '\(point)'")
            }
            points[key] = line.event == "vanished" ? nil : line.to
            last[key] = line.seq
        }
        return complaints
    }

    mutating func noteRestore(_ rows: Rows) {
        (lastSeq, points, last) = (0, [:], [:])
        for row in rows.ask("SELECT zone, kind, id, stage || ' ' || status FROM objects WHERE stage <> 'gone'") {
            points[row[..<3].map { $0 ?? "" }.joined(separator: "/")] = row[3]
        }
    }
}
