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
        var climbed: [ObjectRecord] = []
        for var record in ending {
            guard let notAfter = record.notAfter else { continue }
            if record.isOurs, isOutlasted(record) { continue }
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

    /// True where another one that ends later is in its place: no host loses by its end, and nobody reads it from its files
    /// any more. Only then is its end no news (S13).
    ///
    /// A pack that is no longer what is wished may be outlasted by several, also of other subjects.
    func isOutlasted(_ record: ObjectRecord) -> Bool {
        guard let end = record.notAfter else { return false }
        let later = objects.values.filter { other in
            other.isOurs && other.id != record.id && other.removedFor == nil && other.mayServe
                && other.sighting.kind == record.sighting.kind && other.notAfter.map { $0 > end } ?? false
        }
        let own = later.filter { $0.subject == record.subject }
        guard let pack = record.pack else {
            guard let deliveredAt = record.deliveredAt else { return !own.isEmpty }
            return own.contains { $0.deliveredAt.map { $0 >= deliveredAt } ?? false }
        }
        let hosts = pack.hosts.withoutBranding.names
        if own.contains(where: { other in hosts.allSatisfy { other.pack?.hosts.covers($0) ?? false } }) { return true }
        if wishes[record.subject]?.isMet(by: record, zoneName: zoneName) ?? false { return false }
        return hosts.allSatisfy { host in later.contains { $0.pack?.hosts.covers(host) ?? false } }
    }

    /// When rungs will be reached by what is ours within an interval, by its kind, one for each thing at most: with a long
    /// interval between looks an end would be told when it is past.
    func nextRungs(_ lookEvery: Duration) -> [(at: Timestamp, kind: SubjectKind)] {
        let near = objects.values.compactMap { record in
            nextRung(of: record, within: lookEvery).map { (record: record, at: $0) }
        }
        return near.filter { !isOutlasted($0.record) }.map { ($0.at, $0.record.sighting.kind) }
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
    /// Backups, staging and what is on its way out are nobody's cover: their end is no news.
    fileprivate var isOnLadder: Bool {
        switch stage {
        case .serving, .underway, .holding, .stalled, .expired: removedFor == nil && missingSince == nil
        case .standby, .retiring, .leaving, .inactive, .revoked, .gone, .unread: false
        }
    }
}
