import Domain

/// What is ours and wished no more: pending, and removed in the last 24 hours (S7).
struct RemovalCount {
    let isOver: Bool
    let summary: String

    init(_ input: PlanInput, _ draft: PlanDraft, leaving: Set<ObjectID>, elsewhere: Int) {
        var (pending, subjects) = (0, draft.wishes.count)
        for (subject, objects) in draft.bySubject where draft.wishes[subject] == nil {
            let present = objects.filter { $0.isOurs && !$0.stage.isOver }
            if !present.isEmpty { subjects += 1 }
            // What was asked to go is among those counted as removed.
            if present.contains(where: { $0.removedFor == nil && $0.stage != .leaving && !leaving.contains($0.id) }) {
                pending += 1
            }
        }
        let inZone = pending + (input.counts.removalsInADay[input.zone] ?? 0)
        let inAll = pending + elsewhere + input.counts.removalsInADay.values.reduce(0, +)
        let share = Int(Double(subjects) * min(max(input.limits.removalsPerZoneShare, 0), 1))
        isOver = inZone > max(1, share) || inAll > input.limits.removalsADay
        summary =
            "\(inZone) of \(subjects) subjects of the zone (\(inAll) of the whole daemon) are wished no more or were "
            + "removed in 24 hours, at most \(max(1, share)) (\(input.limits.removalsADay)) may go"
    }
}

extension ObjectRecord {
    /// The time for which a replacement must have served before its predecessor goes (S5).
    static let proving: Duration = .minutes(10)

    /// The moment from which a pack counts as proven; nil while it does not serve.
    func proof(at now: Timestamp) -> Timestamp? {
        guard stage == .serving, missingSince == nil, removedFor == nil, !hasEnded(at: now), let servingSince else {
            return nil
        }
        return min(servingSince, now) + Self.proving
    }
}

extension ClientCertificateWish {
    /// The moment from which a certificate counts as proven: in place, its command done, and the overlap over (S5).
    func proof(of record: ObjectRecord, at now: Timestamp) -> Timestamp? {
        guard record.stage == .serving, record.missingSince == nil, record.removedFor == nil,
            !record.hasEnded(at: now), let deliveredAt = record.deliveredAt
        else { return nil }
        guard !command.isEmpty else { return min(deliveredAt, now) + max(overlap, .zero) }
        return record.commandSucceededAt.map { min(max($0, deliveredAt), now) + max(overlap, .zero) }
    }
}
