import Domain

/// The end of a certificate comes nearer: each rung is told once, for what is ours and for what was only discovered.
extension PlanDraft {
    mutating func climbExpiryLadder(_ input: PlanInput) {
        // A clock that is known to be wrong would tell of ends that are not near (S11).
        guard input.obstacles.clockSkew == nil else { return }
        forgetOtherEnds()
        let ending = objects.values.filter { record in
            record.isOnLadder && record.notAfter.map { $0 - now <= ExpiryRung.days28.remaining } ?? false
        }
        guard !ending.isEmpty else { return }
        let serving = serving(for: ending)
        var climbed: [ObjectRecord] = []
        for var record in ending {
            guard let notAfter = record.notAfter else { continue }
            if record.isOurs, record.isOutlasted(by: serving[record.subject] ?? []) { continue }
            let quiet = ExpiryLadder.quiet(for: record, wishes[record.subject], input.lookEvery)
            guard notAfter - now <= quiet, let rung = ExpiryRung.reached(with: notAfter - now) else { continue }
            if let told = record.rung, told >= rung { continue }
            record.rung = rung
            climbed.append(record)
        }
        for record in climbed.sorted(by: isOlder) {
            set(record)
            news.append(ExpiryLadder.news(of: record, zoneName: zoneName))
        }
    }

    /// A rung that was told of another end, or by a clock that was ahead: the one that comes is told again. Not for a clock
    /// that was set back a little at the rung itself.
    private mutating func forgetOtherEnds() {
        for var record in objects.values {
            guard let told = record.rung, let end = record.notAfter, end - now > told.remaining + .hours(1) else {
                continue
            }
            record.rung = nil
            set(record)
        }
    }

    /// What serves of ours for the subjects of some things.
    private func serving(for records: [ObjectRecord]) -> [Subject: [ObjectRecord]] {
        let subjects = Set(records.map(\.subject))
        let serving = objects.values.filter { $0.isOurs && $0.stage == .serving && subjects.contains($0.subject) }
        return Dictionary(grouping: serving, by: \.subject)
    }

    /// When rungs will be reached by what is ours within an interval, by its kind, one for each thing at most: with a long
    /// interval between looks an end would be told when it is past.
    func nextRungs(_ lookEvery: Duration) -> [(at: Timestamp, kind: SubjectKind)] {
        let near = objects.values.compactMap { record in
            nextRung(of: record, within: lookEvery).map { (record: record, at: $0) }
        }
        guard !near.isEmpty else { return [] }  // nearly always
        let serving = serving(for: near.map(\.record))
        return near.filter { !$0.record.isOutlasted(by: serving[$0.record.subject] ?? []) }
            .map { ($0.at, $0.record.sighting.kind) }
    }

    private func nextRung(of record: ObjectRecord, within lookEvery: Duration) -> Timestamp? {
        guard record.isOurs, record.isOnLadder, let notAfter = record.notAfter else { return nil }
        let left = notAfter - now
        guard left <= lookEvery + ExpiryRung.days28.remaining else { return nil }
        let quiet = ExpiryLadder.quiet(for: record, wishes[record.subject], lookEvery)
        let next = ExpiryRung.allCases.lazy.map { min($0.remaining, quiet) }.first { $0 < left }
        return next.flatMap { left - $0 <= lookEvery ? notAfter - $0 : nil }
    }
}

enum ExpiryLadder {
    /// The life left above which nothing is said: the renewal is still to come, or has just begun.
    static func quiet(for record: ObjectRecord, _ wish: Wish?, _ lookEvery: Duration) -> Duration {
        if let renewal = CloudflareRenewal(of: record) { return renewal.quiet }
        if record.isOurs, case .clientCertificate(let wish)? = wish, let traits = record.clientCertificate {
            // It becomes due between two looks, and is carried out in a few more: only past that it is late.
            let lead = wish.renewalLead(of: traits)
            return lead - min(lead / 2, max(.hours(1), lookEvery * 3))
        }
        guard let traits = record.clientCertificate, let issued = traits.issuedOn, let end = traits.notAfter,
            issued < end
        else { return ExpiryRung.days28.remaining }
        return min(ExpiryRung.days28.remaining, (end - issued) / 3)
    }

    static func news(of record: ObjectRecord, zoneName: String) -> News {
        let rung = record.rung ?? .days28
        let urgent: News.Priority = rung >= .day1 ? .error : .warning
        return News(
            .expiryRung, record.isOurs ? urgent : rung >= .day1 ? .warning : .notice, about: record.subject,
            zoneName: zoneName,
            [
                .init(.object, record.id.text), .init(.rung, rung.code),
                .init(.notAfter, record.notAfter?.rfc3339 ?? ""),
            ])
    }
}

extension ObjectRecord {
    /// True where another one of the subject serves that ends later and is in its place: no host loses by its end, and
    /// nobody reads it from its files any more. Only then is its end no news (S13).
    func isOutlasted(by others: [ObjectRecord]) -> Bool {
        guard let end = notAfter else { return false }
        return others.contains { other in
            guard other.id != id, other.stage == .serving, other.removedFor == nil, let later = other.notAfter,
                later > end
            else { return false }
            if let pack, let cover = other.pack?.hosts {
                return pack.hosts.withoutBranding.names.allSatisfy { cover.covers($0) }
            }
            guard let deliveredAt else { return true }
            return other.deliveredAt.map { $0 >= deliveredAt } ?? false
        }
    }

    /// Backups, staging and what is on its way out are nobody's cover: their end is no news.
    fileprivate var isOnLadder: Bool {
        switch stage {
        case .serving, .underway, .holding, .stalled, .expired: removedFor == nil && missingSince == nil
        case .standby, .retiring, .leaving, .inactive, .revoked, .gone, .unread: false
        }
    }
}
