import Domain
import Engine

/// What people read.
extension Database {
    func history(_ filter: HistoryFilter) throws(StoreTrouble) -> [Transition] {
        let (clause, values) = filter.clause(time: "at")
        return try all(.transition, "\(clause) ORDER BY seq DESC LIMIT ?", values + [Value(max(0, filter.limit))])
            .reversed()
    }

    func checkpoint(of subject: Subject) throws(StoreTrouble) -> Checkpoint? {
        try first(.checkpoint, "WHERE zone = ? AND kind = ? AND name = ?", subject.values)
    }

    func operations(_ filter: HistoryFilter, openOnly: Bool) throws(StoreTrouble) -> [Operation] {
        let (clause, values) = filter.clause(
            time: "committed_at", openOnly ? ["state NOT IN ('accepted', 'failed', 'lost')"] : [])
        return try all(
            .operation, "\(clause) ORDER BY committed_at DESC, id DESC LIMIT ?",
            values + [Value(max(0, filter.limit))]
        ).reversed()
    }

    func openEpisodes() throws(StoreTrouble) -> [Episode] {
        try all(.episode, "WHERE resolved_at IS NULL ORDER BY rank, zone, kind, name, condition")
    }

    func suspensions() throws(StoreTrouble) -> [Suspension] {
        try all(.suspension, "ORDER BY rank, zone, kind, name")
    }

    func approvals(of subject: Subject) throws(StoreTrouble) -> [Approval] {
        try all(.approval, "WHERE zone = ? AND kind = ? AND name = ? ORDER BY reason", subject.values)
    }

    func zones() throws(StoreTrouble) -> [ZoneRecord] {
        try all(.zone, "ORDER BY id")
    }

    func audit(since: Timestamp?, limit: Int) throws(StoreTrouble) -> [AuditEntry] {
        try all(
            .auditEntry, "WHERE at >= ? ORDER BY seq DESC LIMIT ?",
            [Value(since ?? .distantPast), Value(max(0, limit))]
        ).reversed()
    }

    func note(_ key: NoteKey) throws(StoreTrouble) -> String? {
        try first("SELECT value FROM \(key.table) WHERE name = ?", [.text(key.rawValue)], of: key.table) {
            (row) throws(StoreTrouble) in try row.text(0)
        }
    }

    /// Operations by their place in time, so that no more of them is read than goes.
    func pruneSettled(before cutoff: Timestamp, limit: Int) throws(StoreTrouble) -> Int {
        try run(
            """
            DELETE FROM operations WHERE id IN (
                SELECT id FROM operations WHERE committed_at < ? AND state <> 'open' AND resolved_at < ?
                ORDER BY committed_at, id LIMIT ?)
            """, [Value(cutoff), Value(cutoff), Value(max(0, limit))])
        let count = changed
        guard count < limit else { return count }
        try run(
            """
            DELETE FROM episodes WHERE seq IN (
                SELECT seq FROM episodes WHERE resolved_at < ? ORDER BY resolved_at, seq LIMIT ?)
            """, [Value(cutoff), Value(limit - count)])
        return count + changed
    }

    /// Takes out the oldest lines of each subject's history that are older than `cutoff`. An old line that was written
    /// after a newer one (the clock had been set back) stays: what goes is a stretch without a gap.
    func prune(before cutoff: Timestamp, limit: Int) throws(StoreTrouble) -> Int {
        var stretches: [Subject: Stretch] = [:]
        var left = limit
        // In the order of writing, and no further than the last old line.
        let lines = try records(
            .transition,
            "NOT INDEXED WHERE seq <= (SELECT max(seq) FROM transitions WHERE at < ?) AND at < ? ORDER BY seq",
            [Value(cutoff), Value(cutoff)])
        while left > 0, let row = try lines.rows.next() {
            let (line, seq) = (try lines.shape.read(row), try row.integer(14))
            var stretch: Stretch
            if let begun = stretches[line.subject] {
                stretch = begun
            } else {
                stretch = try begin(line, keeping: cutoff)
            }
            if seq < stretch.end {
                stretch.checkpoint.absorb(line)
                stretch.upToSeq = seq
                left -= 1
            }
            stretches[line.subject] = stretch
        }
        var count = 0
        for stretch in stretches.values where stretch.upToSeq > 0 { count += try replace(stretch) }
        return count
    }

    /// The oldest lines of one subject, that a checkpoint is to take the place of.
    private struct Stretch {
        var checkpoint: Checkpoint
        /// The last line that goes; 0 before the first.
        var upToSeq: Int64 = 0
        /// The first line that is too new to go.
        var end: Int64
    }

    private func begin(_ line: Transition, keeping cutoff: Timestamp) throws(StoreTrouble) -> Stretch {
        let former = try checkpoint(of: line.subject)
        return Stretch(
            checkpoint: former ?? Checkpoint(subject: line.subject, upTo: line.at, count: 0, standing: [:]),
            end: try firstToKeep(of: line.subject, since: cutoff))
    }

    private func firstToKeep(of subject: Subject, since cutoff: Timestamp) throws(StoreTrouble) -> Int64 {
        try first(
            """
            SELECT coalesce(min(seq), 9223372036854775807) FROM transitions
            WHERE zone = ? AND kind = ? AND name = ? AND at >= ?
            """, subject.values + [Value(cutoff)], of: "transitions"
        ) { (row) throws(StoreTrouble) in try row.integer(0) } ?? .max
    }

    private func replace(_ stretch: Stretch) throws(StoreTrouble) -> Int {
        let checkpoint = stretch.checkpoint
        let standing = checkpoint.standing.sorted { $0.key < $1.key }.map { id, point in
            Packed.record(of: ["id": .text(id.text), "stage": .text(point.stage), "status": .text(point.status)])
        }
        // The checkpoint first: lines go only where one takes their place.
        try run(
            """
            INSERT INTO checkpoints (zone, kind, name, up_to_seq, up_to, count, standing) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (zone, kind, name) DO UPDATE SET up_to_seq = excluded.up_to_seq, up_to = excluded.up_to,
                count = excluded.count, standing = excluded.standing
            """,
            checkpoint.subject.values + [
                .integer(stretch.upToSeq), Value(checkpoint.upTo), Value(checkpoint.count),
                .text(PackedText.write(["objects": .list(standing)])),
            ])
        try run(
            "DELETE FROM transitions WHERE zone = ? AND kind = ? AND name = ? AND seq <= ?",
            checkpoint.subject.values + [.integer(stretch.upToSeq)])
        return changed
    }
}

extension HistoryFilter {
    /// The part of a statement after the table, and its values.
    fileprivate func clause(time: String, _ more: [String] = []) -> (String, [Value]) {
        var (terms, values) = (more, [Value]())
        if let subject {
            terms.append("zone = ? AND kind = ? AND name = ?")
            values += subject.values
        }
        if let zone {
            terms.append("zone = ?")
            values.append(.text(zone.text))
        }
        if let since {
            terms.append("\(time) >= ?")
            values.append(Value(since))
        }
        if let until {
            terms.append("\(time) < ?")
            values.append(Value(until))
        }
        return (terms.isEmpty ? "" : " WHERE " + terms.joined(separator: " AND "), values)
    }
}
