import Domain

extension PlanDraft {
    /// Counts what went without our doing while it was wished (S18).
    ///
    /// A revocation is not counted: it holds the subject at once, as `revoked-outside`.
    mutating func countUndoings() {
        let asked = askedToGo()
        for id in departures.sorted() where !asked.contains(id) {
            guard let record = objects[id], record.removedFor == nil, record.isOurs, record.stage != .revoked,
                let wish = wishes[record.subject], !(record.stage == .leaving && record.clientCertificate != nil),
                !isReplaced(record, wish)
            else { continue }
            change(record.subject) { [now] in $0.noteUndoing(at: now) }
        }
        departures = []
    }

    /// What had a successor, or had ended, is no loss.
    private func isReplaced(_ record: ObjectRecord, _ wish: Wish) -> Bool {
        record.hasEnded(at: now) || !wish.isMet(by: record, zoneName: zoneName)
    }
}
