import Domain
import Engine

/// An operation as the brakes count it.
struct Issuance {
    /// Of what it issues, or of what it restarts; nil where neither is known.
    var name: String?
    var effect: Action.Effect
    var reason: Reason
    /// The last moment at which it may have taken effect; nil while it is open, for it may have waited before it was sent.
    var tookEffect: Timestamp?
}

extension Shape<ZoneRecord> {
    static var zone: Self { Self(.zones, Row.zoneColumns) { (row) throws(StoreTrouble) in try row.zone() } }
}

extension Shape<SubjectRecord> {
    static var subject: Self {
        Self(.subjects, Row.subjectColumns) { (row) throws(StoreTrouble) in try row.subjectRecord() }
    }
}

extension Shape<ObjectRecord> {
    static var object: Self { Self(.objects, Row.objectColumns) { (row) throws(StoreTrouble) in try row.object() } }
}

extension Shape<Operation> {
    static var operation: Self {
        Self(.operations, Row.operationColumns) { (row) throws(StoreTrouble) in try row.operation() }
    }
}

extension Shape<Issuance> {
    static var issuance: Self {
        Self(.operations, Row.issuanceColumns) { (row) throws(StoreTrouble) in try row.issuance() }
    }
}

extension Shape<Episode> {
    static var episode: Self { Self(.episodes, Row.episodeColumns) { (row) throws(StoreTrouble) in try row.episode() } }
}

extension Shape<Approval> {
    static var approval: Self {
        Self(.approvals, Row.approvalColumns) { (row) throws(StoreTrouble) in try row.approval() }
    }
}

extension Shape<Suspension> {
    static var suspension: Self {
        Self(.suspensions, Row.suspensionColumns) { (row) throws(StoreTrouble) in try row.suspension() }
    }
}

extension Shape<Transition> {
    static var transition: Self {
        Self(.transitions, Row.transitionColumns) { (row) throws(StoreTrouble) in try row.transition() }
    }
}

extension Shape<Checkpoint> {
    static var checkpoint: Self {
        Self(.checkpoints, Row.checkpointColumns) { (row) throws(StoreTrouble) in try row.checkpoint() }
    }
}

extension Shape<AuditEntry> {
    static var auditEntry: Self {
        Self(.audit, Row.auditColumns) { (row) throws(StoreTrouble) in try row.auditEntry() }
    }
}

/// The columns, and what is made of them. Only the shapes above use these.
extension Row {
    fileprivate static let zoneColumns =
        "id, name, is_managed, last_complete_look, last_full_look, next_look, planned_under"

    fileprivate func zone() throws(StoreTrouble) -> ZoneRecord {
        ZoneRecord(
            id: ZoneID(try text(0)), name: try text(1), isManaged: try flag(2),
            lastCompleteLook: try optionalMoment(3), lastFullLook: try optionalMoment(4),
            nextLook: try optionalMoment(5), plannedUnder: try optionalText(6).map(PlannedUnder.init(text:)))
    }

    fileprivate static let subjectColumns =
        "zone, kind, name, is_wished, decided_since, last_change_at, last_generation, next_look, rest"

    fileprivate func subjectRecord() throws(StoreTrouble) -> SubjectRecord {
        var record = SubjectRecord(
            subject: try subject(0), isWished: try flag(3), decidedSince: try optionalMoment(4),
            lastChangeAt: try optionalMoment(5), lastGeneration: try count(6), nextLook: try optionalMoment(7))
        try packed(8) { (rest) throws(Unreadable) in
            if let decision = rest["decision"] { record.decision = try Decision(decision) }
            record.undoneAt = try rest.moments("undone_at")
            if let refusal = rest["refusal"] { record.refusal = try SubjectRecord.Refusal(refusal) }
            record.isReleased = try rest.optionalFlag("is_released") ?? false
            record.generationKey = try rest.optionalText("generation_key")
            if let tries = rest["tries"] { record.tries = try SubjectRecord.Tries(tries) }
        }
        return record
    }

    fileprivate static let objectColumns = """
        zone, kind, name, id, ownership, status, stage, since, first_seen, last_seen, serving_since, last_served_at, \
        missing_since, generation, delivered_at, command_succeeded_at, rung, traits, wish_key, removed_for
        """

    fileprivate func object() throws(StoreTrouble) -> ObjectRecord {
        let code = try text(6)
        guard let stage = Stage(code: code) else { throw broken(6, "is '\(code)', which is no stage") }
        var rung: ExpiryRung?
        if let number = try optionalInteger(16) {
            rung = ExpiryRung(rawValue: Int(clamping: number))
            if rung == nil { throw broken(16, "is \(number), which is no rung") }
        }
        let traits = try packed(17) { (packed) throws(Unreadable) in try Traits(packed) }
        var removedFor: Reason?
        if try optionalText(19) != nil { removedFor = try word(19) }
        return ObjectRecord(
            sighting: Sighting(id: ObjectID(try text(3)), status: try text(5), stage: stage, traits: traits),
            subject: try subject(0), ownership: try word(4), since: try moment(7), firstSeen: try moment(8),
            lastSeen: try moment(9), servingSince: try optionalMoment(10), lastServedAt: try optionalMoment(11),
            missingSince: try optionalMoment(12), generation: try optionalInteger(13).map(Int.init(clamping:)),
            deliveredAt: try optionalMoment(14), commandSucceededAt: try optionalMoment(15), rung: rung,
            wishKey: try optionalText(18), removedFor: removedFor)
    }

    fileprivate static let operationColumns = """
        id, zone, kind, name, reason, committed_at, asked_by, action, request_pem, request_der, baseline, state, \
        lacked_since, resolved_at, made, error_code, error_message
        """

    fileprivate func operation() throws(StoreTrouble) -> Operation {
        let action = try packed(7) { (packed) throws(Unreadable) in try Action(try packed.need("action")) }
        let baseline = try packed(10) { (packed) throws(Unreadable) in try packed.texts("ids") }
        var request: SigningRequest?
        if let pem = try optionalText(8) { request = SigningRequest(pem: pem, der: try text(9)) }
        return Operation(
            id: OperationID(try text(0)), subject: try subject(1), action: action, reason: try word(4),
            request: request, baseline: Set(baseline.map(ObjectID.init)), committedAt: try moment(5),
            state: try operationState(), askedBy: try optionalText(6))
    }

    private func operationState() throws(StoreTrouble) -> Operation.State {
        switch try text(11) {
        case "open": .open(lackedSince: try optionalMoment(12))
        case "accepted": .accepted(at: try moment(13), object: try optionalText(14).map(ObjectID.init))
        case "failed": .failed(at: try moment(13), code: try text(15), message: try text(16))
        case "lost": .lost(at: try moment(13))
        case let word: throw broken(11, "is '\(word)', which is no state of an operation")
        }
    }

    fileprivate static let issuanceColumns = """
        id, coalesce(issuance_name, (
            SELECT issuance_name FROM objects
            WHERE zone = operations.zone AND kind = operations.kind AND id = operations.object)) AS issuance_name,
        effect, reason, iif(state = 'open', NULL, coalesce(resolved_at, committed_at)) AS took_effect
        """

    fileprivate func issuance() throws(StoreTrouble) -> Issuance {
        Issuance(
            name: try optionalText(1), effect: try word(2), reason: try word(3), tookEffect: try optionalMoment(4))
    }

    fileprivate static let episodeColumns =
        "zone, kind, name, rank, condition, detail, raised_at, last_told, resolved_at"

    fileprivate func episode() throws(StoreTrouble) -> Episode {
        Episode(
            scope: try episodeScope(0), condition: try word(4), detail: try text(5), raisedAt: try moment(6),
            lastTold: try moment(7), resolvedAt: try optionalMoment(8))
    }

    fileprivate static let approvalColumns = "zone, kind, name, reason, at, by"

    fileprivate func approval() throws(StoreTrouble) -> Approval {
        Approval(subject: try subject(0), reason: try word(3), at: try moment(4), by: try text(5))
    }

    fileprivate static let suspensionColumns = "zone, kind, name, rank, reason, until, by, at"

    fileprivate func suspension() throws(StoreTrouble) -> Suspension {
        Suspension(
            scope: try suspensionScope(0), reason: try text(4), until: try moment(5), by: try text(6),
            at: try moment(7))
    }

    fileprivate static let transitionColumns = """
        zone, kind, name, object, at, event, from_stage, from_status, to_stage, to_status, move, reason, operation, \
        detail, seq
        """

    fileprivate func transition() throws(StoreTrouble) -> Transition {
        var reason: Reason?
        if try optionalText(11) != nil { reason = try word(11) }
        return Transition(
            subject: try subject(0), object: try optionalText(3).map(ObjectID.init), at: try moment(4),
            event: try word(5), from: .init(stage: try text(6), status: try text(7)),
            to: .init(stage: try text(8), status: try text(9)), move: try word(10), reason: reason,
            operation: try optionalText(12).map(OperationID.init), detail: try text(13))
    }

    fileprivate static let checkpointColumns = "zone, kind, name, up_to, count, standing"

    fileprivate func checkpoint() throws(StoreTrouble) -> Checkpoint {
        let standing = try packed(5) { (packed) throws(Unreadable) in
            var standing: [ObjectID: Transition.Point] = [:]
            for item in try packed.list("objects") {
                standing[ObjectID(try item.text("id"))] = .init(
                    stage: try item.text("stage"), status: try item.text("status"))
            }
            return standing
        }
        let count = try integer(4)
        guard (0..<1 << 53).contains(count) else { throw broken(4, "is \(count), which counts no lines") }
        return Checkpoint(
            subject: try subject(0), upTo: try moment(3), count: Int(clamping: count), standing: standing)
    }

    fileprivate static let auditColumns = "person, verb, target, at, detail, outcome"

    fileprivate func auditEntry() throws(StoreTrouble) -> AuditEntry {
        AuditEntry(
            at: try moment(3), person: try text(0), verb: try text(1), target: try text(2), detail: try text(4),
            outcome: try text(5))
    }
}

extension SubjectRecord.Refusal {
    fileprivate init(_ packed: Packed) throws(Unreadable) {
        self.init(
            reason: try packed.word("reason"), message: try packed.text("message"), at: try packed.moment("at"),
            wishKey: try packed.text("wish_key"))
    }
}

extension SubjectRecord.Tries {
    fileprivate init(_ packed: Packed) throws(Unreadable) {
        self.init(
            action: try packed.text("action"), object: try packed.optionalText("object").map(ObjectID.init),
            count: Int(clamping: try packed.number("count")), at: try packed.moment("at"),
            reason: try packed.word("reason"), message: try packed.text("message"))
    }
}
