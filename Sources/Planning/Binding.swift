import Domain

/// Which wish a thing of ours answers to, when the settings have changed names.
extension PlanDraft {
    /// Marks what is wished, and binds things whose wish was renamed to the wish's new name.
    mutating func bind(_ input: PlanInput) {
        var orphans: [Subject] = []
        var known = 0
        for record in before.subjects where record.isWished {
            if wishes[record.subject] == nil { orphans.append(record.subject) } else { known += 1 }
        }
        if known < wishes.count {
            for subject in wishes.keys.filter({ subjects.read($0) { $0.isWished } != true }).sorted() {
                change(subject) { $0.isWished = true }
            }
        }
        for subject in orphans { change(subject) { $0.isWished = false } }
        guard !wishes.isEmpty else { return }
        group()
        var ours = bySubject
        if case .complete? = input.looks[.certificatePack] { rebindPacks(&ours) }
        guard case .complete? = input.looks[.clientCertificate] else { return }
        let hasOrphans = ours.contains { subject, records in
            subject.kind == .clientCertificate && wishes[subject] == nil && records.contains(where: \.isOurs)
        }
        guard hasOrphans else { return }
        for subject in wishes.keys.filter({ $0.kind == .clientCertificate }).sorted() {
            if case .clientCertificate(let wish)? = wishes[subject] { rebind(wish, subject, &ours) }
        }
    }

    // MARK: Packs

    /// A live pack that its own wish does not want, or that has none, goes to a wish that wants it and has no such pack.
    private mutating func rebindPacks(_ ours: inout [Subject: [ObjectRecord]]) {
        var strays: [HostSet: [ObjectRecord]] = [:]
        for standing in standings where standing.subject.kind == .certificatePack {
            keepAgain(standing, &ours)
            for record in standing.things where record.isOurs && isBindable(record) && !meets(standing.wish, record) {
                guard let pack = record.pack, !hasOpenOperation(standing.subject) else { continue }
                strays[pack.hosts.withoutBranding, default: []].append(record)
            }
        }
        guard !strays.isEmpty else { return }
        for subject in wishes.keys.sorted() {
            guard case .pack(let wish)? = wishes[subject] else { continue }
            let hasOne = ours[subject]?.contains { $0.isOurs && isBindable($0) && meets(.pack(wish), $0) } ?? false
            guard !hasOne else { continue }
            let fitting = wish.hostKeys(zoneName: zoneName).flatMap { strays[$0] ?? [] }.filter { record in
                objects[record.id]?.subject == record.subject && meets(.pack(wish), record)
            }
            guard let stray = fitting.min(by: isOlder) else { continue }
            let old = stray.subject
            let moved = wishes[old] == nil ? (ours[old] ?? []).filter(\.isOurs) : [stray]
            move(moved, from: old, to: subject, takesCounters: wishes[old] == nil, &ours)
        }
    }

    /// The removal of a pack was accepted, a day later is not to be seen, and the pack is wished again: it is kept like any
    /// other, and has to prove itself anew. Where another one meets the wish, one of both is to go.
    private mutating func keepAgain(_ standing: Standing, _ ours: inout [Subject: [ObjectRecord]]) {
        guard standing.things.contains(where: { $0.removedFor != nil && $0.isOurs && $0.stage.isLive }) else { return }
        let meeting = standing.things.filter { $0.isOurs && $0.stage.isLive && meets(standing.wish, $0) }
        guard meeting.count == 1, var kept = meeting.first, kept.removedFor != nil, kept.missingSince == nil,
            isClockTrusted, !hasOpenOperation(standing.subject),
            let last = record(of: standing.subject).lastChangeAt, now - last >= .days(1)
        else { return }
        kept.removedFor = nil
        if kept.servingSince != nil { kept.servingSince = now }
        set(kept)
        ours[standing.subject] = ours[standing.subject]?.map { $0.id == kept.id ? kept : $0 }
        write(
            Transition(
                subject: standing.subject, object: kept.id, at: now, event: .bound, from: .init(kept.sighting),
                to: .init(kept.sighting), detail: "kept again: its removal was accepted, and not made"), as: .notice)
    }

    private func isBindable(_ record: ObjectRecord) -> Bool {
        record.stage.isLive && record.missingSince == nil && record.removedFor == nil
    }

    private func meets(_ wish: Wish?, _ record: ObjectRecord) -> Bool {
        guard case .pack(let wish)? = wish, let pack = record.pack else { return false }
        return wish.isMet(by: pack, zoneName: zoneName)
    }

    // MARK: Client certificates

    /// The keys of a renamed certificate stay in the folder of its old name. It is kept and counts as the predecessor, so
    /// that a new one is made, delivered under the new name and proven, before it goes (S5).
    private mutating func rebind(
        _ wish: ClientCertificateWish, _ subject: Subject, _ ours: inout [Subject: [ObjectRecord]]
    ) {
        guard ours[subject]?.contains(where: { $0.isOurs && !$0.stage.isOver }) != true else { return }
        let strays = ours.filter { other, _ in
            other.kind == .clientCertificate && wishes[other] == nil && !hasOpenOperation(other)
        }.flatMap { _, records in
            records.filter { record in
                record.isOurs && record.stage == .serving
                    && record.clientCertificate.map { wish.isMet(by: $0) } ?? false
            }
        }
        guard let stray = strays.min(by: isOlder) else { return }
        let old = stray.subject
        let moved = (ours[old] ?? []).filter(\.isOurs).map { record in
            var record = record
            (record.deliveredAt, record.commandSucceededAt, record.wishKey) = (nil, nil, "")
            return record
        }
        move(moved, from: old, to: subject, takesCounters: true, &ours)
    }

    // MARK: Both

    private func hasOpenOperation(_ subject: Subject) -> Bool { operations.contains { $0.subject == subject } }

    private mutating func move(
        _ records: [ObjectRecord], from old: Subject, to new: Subject, takesCounters: Bool,
        _ ours: inout [Subject: [ObjectRecord]]
    ) {
        if takesCounters {
            let past = record(of: old)
            change(new) { record in
                record.lastChangeAt = [record.lastChangeAt, past.lastChangeAt].compactMap { $0 }.max()
                record.undoneAt = Array((record.undoneAt + past.undoneAt).sorted().suffix(2))
                if past.lastGeneration > record.lastGeneration {
                    (record.lastGeneration, record.generationKey) = (past.lastGeneration, nil)
                }
            }
        }
        ours[old]?.removeAll { one in records.contains { $0.id == one.id } }
        for record in records.sorted(by: isOlder) {
            var bound = record
            bound.subject = new
            set(bound)
            ours[new, default: []].append(bound)
            for (subject, detail) in [(old, "now kept as \(new.name)"), (new, "kept as \(old.name) before")] {
                write(
                    Transition(
                        subject: subject, object: bound.id, at: now, event: .bound, from: .init(bound.sighting),
                        to: .init(bound.sighting), detail: detail), as: .notice)
            }
        }
    }
}
