import Domain
import Engine

/// What plans are made from. None of it reads the history.
extension Database {
    func state(of zone: ZoneID, now: Timestamp) throws(StoreTrouble) -> ZoneState {
        let id = Value.text(zone.text)
        return ZoneState(
            zone: try first(.zone, "WHERE id = ?", [id]),
            subjects: try all(.subject, "WHERE zone = ? ORDER BY kind, name", [id]),
            objects: try objects(of: zone, overSince: now - .days(35)),
            openOperations: try all(
                .operation, "WHERE zone = ? AND state NOT IN ('accepted', 'failed', 'lost') ORDER BY committed_at, id",
                [id]),
            approvals: try all(.approval, "WHERE zone = ? ORDER BY kind, name, reason", [id]),
            suspensions: try all(
                .suspension, "WHERE rank NOT IN (1, 2) OR zone = ? ORDER BY rank, zone, kind, name", [id]),
            episodes: try all(
                .episode,
                "WHERE resolved_at IS NULL AND zone = ? AND rank > 0 ORDER BY rank, kind, name, condition", [id]))
    }

    /// All that are not over; of ours that are, those of late and the newest of each subject. Oldest first within a
    /// subject.
    private func objects(of zone: ZoneID, overSince: Timestamp) throws(StoreTrouble) -> [ObjectRecord] {
        let present = try all(.object, "WHERE zone = ? AND stage NOT IN ('gone', 'revoked')", [.text(zone.text)])
        let over = try all(
            .object,
            """
            AS one
            WHERE zone = ? AND stage IN ('gone', 'revoked') AND ownership <> 'foreign' AND (since >= ? OR NOT EXISTS (
                SELECT 1 FROM objects AS newer
                WHERE newer.zone = one.zone AND newer.kind = one.kind AND newer.name = one.name
                    AND newer.stage IN ('gone', 'revoked') AND newer.ownership <> 'foreign'
                    AND (newer.first_seen, newer.since, newer.id) > (one.first_seen, one.since, one.id)))
            """, [.text(zone.text), Value(overSince)])
        return (present + over).sorted {
            ($0.subject, $0.firstSeen, $0.since, $0.id) < ($1.subject, $1.firstSeen, $1.since, $1.id)
        }
    }

    func knownIDs(_ kind: SubjectKind, in zone: ZoneID) throws(StoreTrouble) -> Set<ObjectID> {
        Set(
            try all(
                "SELECT id FROM objects WHERE zone = ? AND kind = ?", [.text(zone.text), .text(kind.rawValue)],
                of: "objects"
            ) { (row) throws(StoreTrouble) in ObjectID(try row.text(0)) })
    }

    func unwantedOurs(outside zone: ZoneID) throws(StoreTrouble) -> Int {
        try first(
            """
            SELECT count(*) FROM subjects AS one
            WHERE is_wished = 0 AND zone <> ?
                AND EXISTS (
                    SELECT 1 FROM objects
                    WHERE zone = one.zone AND kind = one.kind AND name = one.name
                        AND stage NOT IN ('gone', 'revoked') AND ownership <> 'foreign')
                AND EXISTS (SELECT 1 FROM zones WHERE id = one.zone AND is_managed = 1)
            """, [.text(zone.text)], of: "subjects"
        ) { (row) throws(StoreTrouble) in try row.count(0) } ?? 0
    }

    /// What may have reached Cloudflare: all but the failed. See ``Ledger/counts(names:now:)``.
    func counts(names: Set<String>, now: Timestamp) throws(StoreTrouble) -> BrakeCounts {
        let (day, week) = (now - .days(1), now - .days(7))
        // The last moment at which it may have taken effect, for it may have waited before it was sent. The index is by
        // the commit: nothing waits for the whole day that is added.
        let moment = "CASE state WHEN 'open' THEN ? ELSE coalesce(resolved_at, committed_at) END"
        var counts = BrakeCounts()
        let issuances = try records(
            .issuance, "WHERE committed_at > ? AND is_issuance = 1 AND state <> 'failed' AND \(moment) > ?",
            [Value(week - .days(1)), Value(now), Value(week)])
        while let issuance = try issuances.next() {
            let isToday = (issuance.tookEffect ?? now) > day
            if issuance.effect == .create, isToday { counts.ordersInADay += 1 }
            guard issuance.reason != .renewalDue, let name = issuance.name, names.contains(name) else { continue }
            counts.issuances[name, default: .init(inADay: 0, inAWeek: 0)].inAWeek += 1
            if isToday { counts.issuances[name]?.inADay += 1 }
        }
        let removals = try rows(
            """
            SELECT zone, count(DISTINCT object) FROM operations
            WHERE committed_at > ? AND effect = ? AND reason = ? AND state NOT IN ('failed', 'lost') AND \(moment) > ?
            GROUP BY zone
            """,
            [
                Value(week - .days(1)), .text(Action.Effect.remove.rawValue), .text(Reason.noLongerWanted.rawValue),
                Value(now), Value(day),
            ],
            of: "operations")
        while let row = try removals.next() { counts.removalsInADay[ZoneID(try row.text(0))] = try row.count(1) }
        return counts
    }
}
