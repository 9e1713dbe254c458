import Domain
import Engine

extension Database {
    /// Writes one change. Within a transaction.
    func write(_ change: Change) throws(StoreTrouble) {
        switch change {
        case .zone(let record): try write(record)
        case .subject(let record): try write(record)
        case .object(let record): try write(record)
        case .operation(let operation): try write(operation)
        case .episode(let episode): try write(episode)
        case .transition(let transition): try append(transition)
        case .audit(let entry): try append(entry)
        case .approval(let approval):
            try run(
                "INSERT OR REPLACE INTO approvals (zone, kind, name, reason, at, by) VALUES (?, ?, ?, ?, ?, ?)",
                approval.subject.values + [.text(approval.reason.rawValue), Value(approval.at), .text(approval.by)])
        case .approvalUsed(let subject, let reason):
            try run(
                "DELETE FROM approvals WHERE zone = ? AND kind = ? AND name = ? AND reason = ?",
                subject.values + [.text(reason.rawValue)])
        case .suspension(let suspension):
            try run(
                """
                INSERT OR REPLACE INTO suspensions (rank, zone, kind, name, reason, until, by, at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
                suspension.scope.values + [
                    .text(suspension.reason), Value(suspension.until), .text(suspension.by), Value(suspension.at),
                ])
        case .resumption(let scope):
            try run("DELETE FROM suspensions WHERE rank = ? AND zone = ? AND kind = ? AND name = ?", scope.values)
        case .note(let key, let text?):
            try run(
                "INSERT OR REPLACE INTO \(key.table) (name, value) VALUES (?, ?)", [.text(key.rawValue), .text(text)])
        case .note(let key, nil): try run("DELETE FROM \(key.table) WHERE name = ?", [.text(key.rawValue)])
        }
    }

    private func write(_ record: ZoneRecord) throws(StoreTrouble) {
        try run(
            """
            INSERT OR REPLACE INTO zones
                (id, name, is_managed, last_complete_look, last_full_look, next_look, planned_under)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(record.id.text), .text(record.name), Value(record.isManaged), Value(record.lastCompleteLook),
                Value(record.lastFullLook), Value(record.nextLook), Value(record.plannedUnder?.text),
            ])
    }

    private func write(_ record: SubjectRecord) throws(StoreTrouble) {
        try run(
            """
            INSERT INTO subjects
                (zone, kind, name, is_wished, verdict, reason, decided_since, last_change_at, last_generation,
                 next_look, rest)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (zone, kind, name) DO UPDATE SET
                is_wished = excluded.is_wished, verdict = excluded.verdict, reason = excluded.reason,
                decided_since = excluded.decided_since, last_change_at = excluded.last_change_at,
                last_generation = excluded.last_generation, next_look = excluded.next_look, rest = excluded.rest
            """,
            record.subject.values + [
                Value(record.isWished), Value(record.decision?.word), Value(record.decision?.reason.rawValue),
                Value(record.decidedSince), Value(record.lastChangeAt), Value(record.lastGeneration),
                Value(record.nextLook),
                .text(
                    PackedText.write([
                        "decision": record.decision?.packed,
                        "undone_at": record.undoneAt.isEmpty ? nil : .list(record.undoneAt.map(Packed.init)),
                        "refusal": record.refusal?.packed, "is_released": record.isReleased ? .flag(true) : nil,
                        "generation_key": record.generationKey.map(Packed.text), "tries": record.tries?.packed,
                    ])),
            ])
    }

    func forgetApprovals() throws(StoreTrouble) { try run("DELETE FROM approvals", []) }

    private func write(_ record: ObjectRecord) throws(StoreTrouble) {
        let sighting = record.sighting
        try run(
            """
            INSERT INTO objects
                (zone, kind, id, name, ownership, status, stage, since, first_seen, last_seen, serving_since,
                 last_served_at, missing_since, generation, delivered_at, command_succeeded_at, rung, not_after,
                 issuance_name, wish_key, removed_for, traits)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (zone, kind, id) DO UPDATE SET
                name = excluded.name, ownership = excluded.ownership, status = excluded.status,
                stage = excluded.stage, since = excluded.since, first_seen = excluded.first_seen,
                last_seen = excluded.last_seen, serving_since = excluded.serving_since,
                last_served_at = excluded.last_served_at, missing_since = excluded.missing_since,
                generation = excluded.generation, delivered_at = excluded.delivered_at,
                command_succeeded_at = excluded.command_succeeded_at, rung = excluded.rung,
                not_after = excluded.not_after, issuance_name = excluded.issuance_name,
                wish_key = excluded.wish_key, removed_for = excluded.removed_for, traits = excluded.traits
            """,
            [
                .text(record.subject.zone.text), .text(record.subject.kind.rawValue), .text(record.id.text),
                .text(record.subject.name), .text(record.ownership.rawValue), .text(sighting.status),
                .text(sighting.stage.code), Value(record.since), Value(record.firstSeen), Value(record.lastSeen),
                Value(record.servingSince), Value(record.lastServedAt), Value(record.missingSince),
                Value(record.generation), Value(record.deliveredAt), Value(record.commandSucceededAt),
                Value(record.rung?.rawValue), Value(sighting.traits.notAfter), .text(sighting.traits.name),
                Value(record.wishKey), Value(record.removedFor?.rawValue), .text(sighting.traits.text),
            ])
    }

    private func write(_ operation: Operation) throws(StoreTrouble) {
        let state = operation.state.columns
        let baseline = operation.isOpen ? operation.baseline.sorted() : []
        try run(
            """
            INSERT OR REPLACE INTO operations
                (id, zone, kind, name, effect, object, issuance_name, is_issuance, reason, committed_at, state,
                 lacked_since, resolved_at, made, error_code, error_message, asked_by, action, request_pem,
                 request_der, baseline)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [.text(operation.id.text)] + operation.subject.values + [
                .text(operation.action.effect.rawValue), Value(operation.action.object?.text),
                Value(operation.issuanceName), Value(operation.action.countsAsIssuance),
                .text(operation.reason.rawValue), Value(operation.committedAt), .text(operation.state.code),
            ] + state + [
                Value(operation.askedBy), .text(PackedText.write(["action": operation.action.packed])),
                Value(operation.request?.pem), Value(operation.request?.der),
                .text(PackedText.write(["ids": .texts(baseline.map(\.text))])),
            ])
    }

    private func write(_ episode: Episode) throws(StoreTrouble) {
        // The open one of this scope and condition is brought up to date or closed; closed ones stay for good.
        try run(
            """
            UPDATE episodes SET detail = ?, raised_at = ?, last_told = ?, resolved_at = ?
            WHERE rank = ? AND zone = ? AND kind = ? AND name = ? AND condition = ? AND resolved_at IS NULL
            """,
            [.text(episode.detail), Value(episode.raisedAt), Value(episode.lastTold), Value(episode.resolvedAt)]
                + episode.scope.values + [.text(episode.condition.rawValue)])
        guard changed == 0, episode.resolvedAt == nil else { return }
        try run(
            """
            INSERT INTO episodes (detail, raised_at, last_told, resolved_at, rank, zone, kind, name, condition)
            VALUES (?, ?, ?, NULL, ?, ?, ?, ?, ?)
            """,
            [.text(episode.detail), Value(episode.raisedAt), Value(episode.lastTold)] + episode.scope.values + [
                .text(episode.condition.rawValue)
            ])
    }

    private func append(_ line: Transition) throws(StoreTrouble) {
        try run(
            """
            INSERT INTO transitions
                (zone, kind, name, object, at, event, from_stage, from_status, to_stage, to_status, move, reason,
                 operation, detail)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            line.subject.values + [
                Value(line.object?.text), Value(line.at), .text(line.event.rawValue), .text(line.from.stage),
                .text(line.from.status), .text(line.to.stage), .text(line.to.status), .text(line.move.rawValue),
                Value(line.reason?.rawValue), Value(line.operation?.text), .text(line.detail),
            ])
    }

    func append(_ entry: AuditEntry) throws(StoreTrouble) {
        try run(
            "INSERT INTO audit (at, person, verb, target, detail, outcome) VALUES (?, ?, ?, ?, ?, ?)",
            [
                Value(entry.at), .text(entry.person), .text(entry.verb), .text(entry.target), .text(entry.detail),
                .text(entry.outcome),
            ])
    }
}

extension Subject {
    /// Zone, kind and name, as every table has them.
    var values: [Value] { [.text(zone.text), .text(kind.rawValue), .text(name)] }
}

extension NoteKey {
    /// What is kept of the request budget has a table of its own.
    var table: String {
        switch self {
        case .blockedUntil: "budget"
        case .era, .untrusted, .zoneIDs: "notes"
        }
    }
}

extension SubjectRecord.Refusal {
    fileprivate var packed: Packed {
        .record(of: [
            "reason": .text(reason.rawValue), "message": .text(message), "at": Packed(at), "wish_key": .text(wishKey),
        ])
    }
}

extension SubjectRecord.Tries {
    fileprivate var packed: Packed {
        .record(of: [
            "action": .text(action), "object": object.map { .text($0.text) }, "count": .number(Int64(count)),
            "at": Packed(at), "reason": .text(reason.rawValue), "message": .text(message),
        ])
    }
}

extension Operation.State {
    /// `lacked_since`, `resolved_at`, `made`, `error_code`, `error_message`.
    fileprivate var columns: [Value] {
        switch self {
        case .open(let lackedSince): [Value(lackedSince), .null, .null, .null, .null]
        case .accepted(let moment, let object): [.null, Value(moment), Value(object?.text), .null, .null]
        case .failed(let moment, let code, let message): [.null, Value(moment), .null, .text(code), .text(message)]
        case .lost(let moment): [.null, Value(moment), .null, .null, .null]
        }
    }
}
