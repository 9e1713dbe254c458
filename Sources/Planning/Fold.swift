import Domain

/// What was seen becomes what is known. A look that failed changes nothing (S1).
extension PlanDraft {
    /// A thing that Cloudflare made for us may be missing from its listings for this long: no listing proves its absence
    /// sooner (S3).
    static let listingLag: Duration = .minutes(10)
    /// The least time between two listings that are to prove an absence.
    static let leastProof: Duration = .seconds(60)
    /// More doubts than this are not settled one by one.
    private static let mostDoubts = 10

    mutating func fold(_ input: PlanInput) {
        clockSkew = input.obstacles.clockSkew
        for kind in SubjectKind.allCases {
            guard case .complete(let sightings, let scope)? = input.looks[kind] else { continue }
            let known = objects.values
            var isSeen = [Bool](repeating: false, count: known.count)
            var strangers: Set<ObjectID> = []
            var changed: [Sighting] = []
            for sighting in sightings where sighting.kind == kind {
                guard let place = objects.place(of: sighting.id) else {
                    if strangers.insert(sighting.id).inserted { changed.append(sighting) }
                    continue
                }
                guard !isSeen[place] else { continue }
                isSeen[place] = true
                guard known[place].sighting == sighting else {
                    changed.append(sighting)
                    continue
                }
                if !isSettled(known[place]) { see(known[place].sighting.inOrder, known[place]) }
            }
            // What leaves a trace does so in an order of its own, not in the listing's.
            for sighting in changed.sorted(by: { $0.id < $1.id }) { see(sighting) }
            foldLacking(known, isSeen, kind, scope, input)
        }
    }

    // MARK: Seen

    /// True when another look at a thing that looks as it did can add nothing to its record: nearly always.
    private func isSettled(_ record: ObjectRecord) -> Bool {
        let isServing = record.sighting.stage == .serving
        return record.missingSince == nil && record.isBefore(now)
            && (isServing
                ? record.lastServedAt != nil && (record.servingSince != nil || !isClockTrusted)
                : record.servingSince == nil)
    }

    mutating func see(_ sighting: Sighting) {
        let fresh = sighting.inOrder
        guard let known = objects[fresh.id] else { return appear(fresh) }
        see(fresh, known)
    }

    private mutating func see(_ seen: Sighting, _ old: ObjectRecord) {
        var record = old
        guard record.sighting.kind == seen.kind else { return }  // an identifier of the other kind: not the same thing
        // That it is still there is true all the same.
        let isOld =
            isStale(seen, about: record) || isFromBeforeReissue(seen, of: record)
            || isFromBeforeRestart(seen, of: record)
        let fresh = isOld ? record.sighting : seen.completed(from: record.sighting)
        if record.missingSince != nil { record.missingSince = nil }
        if isClockTrusted, !record.isBefore(now) { record.keepBefore(now) }
        if record.sighting != fresh { show(fresh, &record, old) }
        keepService(&record, since: old)
        guard record != old else { return }
        record.lastSeen = now
        set(record)
    }

    /// It does not look as it did: a move, a new certificate, or what is no news.
    private mutating func show(_ fresh: Sighting, _ record: inout ObjectRecord, _ old: ObjectRecord) {
        record.sighting = fresh
        if old.sighting.stage != fresh.stage || old.sighting.status != fresh.status { move(&record, from: old) }
        // Another end than the one that was told of, also where the answer in between told of none.
        if isClockTrusted, let told = record.rung, let end = fresh.traits.notAfter, end != old.sighting.traits.notAfter,
            end - now > told.remaining
        {
            record.rung = nil
        }
        // What serves now has proven nothing yet, whatever was seen in between (S5).
        if record.servingSince != nil, Self.hasOtherCertificate(fresh, than: old.sighting) {
            (record.servingSince, record.lastServedAt) = (nil, trueNow)
        }
        guard let replaced = Self.replacement(of: old.sighting, by: fresh) else { return }
        record.rung = nil
        write(
            Transition(
                subject: record.subject, object: record.id, at: now, event: .certificateReplaced,
                from: .init(old.sighting), to: .init(fresh), detail: replaced), as: .notice)
    }

    /// A listing may be older than the answer, or the other listing, that showed a thing to go because we asked for it.
    /// Only one that goes on showing it at work says that this did not happen, or was taken back.
    private func isStale(_ fresh: Sighting, about record: ObjectRecord) -> Bool {
        record.removedFor != nil && record.sighting.stage.isDeparting && !fresh.stage.isDeparting
            && isLately(self.record(of: record.subject).lastChangeAt)
    }

    /// The same of a pack that is issued anew, and no longer serves, because we changed it: a listing from before would
    /// make it look as if it had served all the while (S5).
    private func isFromBeforeReissue(_ fresh: Sighting, of record: ObjectRecord) -> Bool {
        guard record.pack != nil, fresh.stage == .serving else { return false }
        switch record.sighting.stage {
        case .underway, .stalled, .holding: break
        case .serving, .standby, .retiring, .leaving, .inactive, .expired, .revoked, .gone, .unread: return false
        }
        return isLately(record.lastServedAt) && isLately(self.record(of: record.subject).lastChangeAt)
    }

    /// The same of a pack that we began anew: it would be begun once more, which is one issuance more (S6), or refused.
    private func isFromBeforeRestart(_ fresh: Sighting, of record: ObjectRecord) -> Bool {
        guard record.pack != nil, case .underway = record.sighting.stage, case .stalled = fresh.stage,
            let asked = self.record(of: record.subject).lastChangeAt, record.firstSeen < asked, record.since >= asked
        else { return false }
        return isLately(asked)
    }

    /// By Cloudflare's time or by ours: some moments are kept by the one, some by the other.
    private func isLately(_ moment: Timestamp?) -> Bool {
        looksMayPredate(moment) || looksMayPredate(moment, skew: clockSkew ?? .zero)
    }

    private mutating func appear(_ fresh: Sighting) {
        // What was over before it was ever seen is no news, unless it may be what an open operation made (S3).
        guard !fresh.stage.isOver || mayBeMade(fresh) else { return }
        let subject = Subject(zone: zone, kind: fresh.kind, name: fresh.id.text)
        var record = ObjectRecord(
            sighting: fresh, subject: subject, ownership: .foreign, since: now, firstSeen: now, lastSeen: now)
        keepService(&record)
        if let notAfter = fresh.traits.notAfter, notAfter <= trueNow { record.rung = .expired }  // long over: no news
        set(record)
        if subjects[subject] == nil { set(SubjectRecord(subject: subject, isWished: false)) }
        write(
            Transition(subject: subject, object: fresh.id, at: now, event: .appeared, to: .init(fresh)), as: .info)
    }

    private mutating func move(_ record: inout ObjectRecord, from old: ObjectRecord) {
        record.since = now
        keepService(&record, since: old)
        let verdict = old.sighting.move(to: record.sighting)
        if record.isOurs, !old.sighting.stage.isDeparting, record.sighting.stage.isDeparting {
            departures.append(record.id)
        }
        // Seen at work again after its removal: what was asked for did not happen, or was taken back.
        if old.sighting.stage.isDeparting, !record.sighting.stage.isDeparting { record.removedFor = nil }
        write(
            Transition(
                subject: record.subject, object: record.id, at: now, event: .moved, from: .init(old.sighting),
                to: .init(record.sighting), move: verdict),
            as: verdict == .surprising && record.isOurs ? .warning : record.isOurs ? .notice : .info)
    }

    /// Where one of them tells of none, nothing is known.
    private static func hasOtherCertificate(_ fresh: Sighting, than old: Sighting) -> Bool {
        guard case .pack(let was) = old.traits, case .pack(let now) = fresh.traits else { return false }
        guard let wasUntil = was.notAfter, let nowUntil = now.notAfter else { return false }
        return wasUntil != nowUntil || was.certificates.map(\.id) != now.certificates.map(\.id)
    }

    /// Proof that a pack's certificate was replaced: other certificates, or a later end. Nil when there is none.
    private static func replacement(of old: Sighting, by fresh: Sighting) -> String? {
        guard case .pack(let was) = old.traits, case .pack(let now) = fresh.traits else { return nil }
        guard !was.certificates.isEmpty, !now.certificates.isEmpty else { return nil }
        let isOther = was.certificates.map(\.id) != now.certificates.map(\.id)
        let isLater = (now.notAfter ?? .distantPast) > (was.notAfter ?? .distantPast)
        guard isOther || isLater else { return nil }
        return "valid until \(now.notAfter?.shown ?? "an end that is not told")"
    }

    /// Notes since when a thing serves, and when it last did. A wrong clock begins no service: its time would prove the
    /// thing as soon as the clock is right again (S5).
    mutating func keepService(_ record: inout ObjectRecord, since old: ObjectRecord? = nil) {
        if record.sighting.stage == .serving {
            if isClockTrusted { record.servingSince = record.servingSince ?? now }
            record.lastServedAt = record.lastServedAt ?? trueNow
        } else if record.servingSince != nil || old?.sighting.stage == .serving {
            record.servingSince = nil
            record.lastServedAt = trueNow
        }
        // A pack that is issued anew serves what it had (S4): so it may have done before it came here, or while nobody
        // looked. One that waits for its zone to become active does not: nothing serves there.
        guard record.lastServedAt == nil, record.stage != .holding, let notAfter = record.pack?.notAfter,
            notAfter > trueNow
        else { return }
        if record.stage == .retiring || record.stage.progress != nil && !isFirstIssuance(of: record, since: old) {
            record.lastServedAt = trueNow
        }
    }

    /// Before it is issued a pack has no certificate, and then none for long that no look has shown: of two one may be
    /// there before the other. Where it is not the first it was begun anew: by us, or by others after it had served.
    private func isFirstIssuance(of record: ObjectRecord, since old: ObjectRecord?) -> Bool {
        guard let progress = record.stage.progress, let pack = record.pack,
            old != nil || record.ownership == .ordered || mayBeMade(record.sighting)
        else { return false }
        if let asked = self.record(of: record.subject).lastChangeAt, isLately(asked), record.firstSeen < asked {
            return true
        }
        let isBack = old?.stage.progress.map { $0 > progress } ?? true
        let known = isBack ? [] : old?.pack?.certificates.map(\.id) ?? []
        guard known.allSatisfy({ id in pack.certificates.contains { $0.id == id } }) else { return false }
        return pack.certificates.allSatisfy { certificate in
            known.contains(certificate.id)
                || progress > .ordered && looksMayPredate(certificate.uploadedOn, skew: clockSkew ?? .zero)
        }
    }

    // MARK: Lacking

    /// What a complete listing lacks is gone only when a second one agrees, or a GET says so (S1).
    private mutating func foldLacking(
        _ before: [ObjectRecord], _ isSeen: [Bool], _ kind: SubjectKind, _ scope: ListScope, _ input: PlanInput
    ) {
        var known = 0
        var lacking: [ObjectID] = []
        for (record, isSeen) in zip(before, isSeen)
        where record.sighting.kind == kind && !record.sighting.stage.isOver {
            known += 1
            // What was first seen after the listing began is no loss; what was first seen in the future, by a clock that
            // was set back since, is.
            let mayBeNewer = record.firstSeen >= input.lookedAt ?? .distantFuture && record.firstSeen <= now
            if !isSeen, !mayBeNewer { lacking.append(record.id) }
        }
        // A listing that lost most of a zone at once is more likely wrong than right, and so are GETs beside it.
        let isShrunk = lacking.count > 1 && lacking.count * 2 > known
        for id in lacking.sorted() { lack(id, scope, isShrunk: isShrunk, input) }
    }

    private mutating func lack(_ id: ObjectID, _ scope: ListScope, isShrunk: Bool, _ input: PlanInput) {
        guard var record = objects[id] else { return }
        let mayLag = record.isOurs && looksMayPredate(record.firstSeen)
        switch input.answers[id] {
        case .some(.some(let sighting)): return see(sighting)
        case .some(.none) where !mayLag && !isShrunk: return vanish(record)
        case .some(.none), .none: break
        }
        // At Cloudflare's time: set right, a clock would make a proof of two looks that were seconds apart.
        guard let since = record.missingSince, since <= trueNow else {
            record.missingSince = trueNow
            set(record)
            return doubt(id, scope)
        }
        // From look to look: a pass that has to wait for its requests plans again with the looks that it has.
        let isProof = scope == .all && lookedAt - since >= input.proofDistance && !mayLag && isClockTrusted
        if isProof { vanish(record) } else { doubt(id, scope) }
    }

    /// The list of what can still change lacks revoked certificates by rights: there only a GET can tell. Elsewhere a
    /// second look is waited for: a GET in the same minute would share whatever made the first one wrong.
    private mutating func doubt(_ id: ObjectID, _ scope: ListScope) {
        guard scope == .changeable, doubtful.count < Self.mostDoubts else { return }
        doubtful.append(id)
    }

    private mutating func vanish(_ old: ObjectRecord) {
        var record = old
        record.sighting.stage = .gone
        record.sighting.status = ""
        record.missingSince = nil
        record.since = now
        keepService(&record, since: old)
        if record.isOurs, !old.sighting.stage.isDeparting { departures.append(record.id) }
        set(record)
        let unanswered = operations.first { $0.action.effect == .remove && $0.action.object == record.id }
        let reason = record.removedFor ?? unanswered?.reason
        write(
            Transition(
                subject: record.subject, object: record.id, at: now, event: .vanished, from: .init(old.sighting),
                to: .init(record.sighting), detail: reason.map { "removed by us: \($0.rawValue)" } ?? ""),
            as: record.isOurs && reason == nil ? .warning : .info)
    }
}

extension PlanInput {
    /// The least time between two listings that together prove an absence: a poll.
    var proofDistance: Duration {
        let isMoving = state.objects.contains { $0.isOurs && $0.sighting.stage.isMoving }
        return isMoving ? PlanDraft.leastProof : max(lookEvery, PlanDraft.leastProof)
    }
}

extension ObjectRecord {
    /// False when a moment of it is still to come.
    fileprivate func isBefore(_ now: Timestamp) -> Bool {
        max(
            since, servingSince ?? now, lastServedAt ?? now, deliveredAt ?? now, commandSucceededAt ?? now) <= now
    }

    /// A clock that was ahead and was set back leaves moments of the future behind: they are taken for now, or nothing
    /// that waits for time to pass since them would go on before they come.
    fileprivate mutating func keepBefore(_ now: Timestamp) {
        since = min(since, now)
        servingSince = servingSince.map { min($0, now) }
        lastServedAt = lastServedAt.map { min($0, now) }
        deliveredAt = deliveredAt.map { min($0, now) }
        commandSucceededAt = commandSucceededAt.map { min($0, now) }
    }
}

extension Stage {
    fileprivate enum Progress: Comparable { case ordered, validated, issued }

    /// How far a pack is that is on its way to serve, or stuck there; nil for any other.
    fileprivate var progress: Progress? {
        switch self {
        case .underway(.start), .underway(.validation), .stalled(.start), .stalled(.validation): .ordered
        case .underway(.issuance), .stalled(.issuance): .validated
        case .underway(.deployment), .stalled(.deployment), .holding: .issued
        case .underway, .stalled, .serving, .standby, .retiring, .leaving, .inactive, .expired, .revoked, .gone,
            .unread:
            nil
        }
    }
}

extension Sighting {
    /// A pack whose hosts or authority cannot be read has those that it had: these never change, nor does what else it was
    /// ordered with. Taken for another one, it would be ordered again (S1).
    func completed(from known: Sighting) -> Sighting {
        guard case .pack(var pack) = traits, case .pack(let was) = known.traits else { return self }
        let isAuthorityRead = pack.authority.flatMap(CertificateAuthority.init) != nil
        let areHostsRead = stage != .unread || !pack.hosts.isEmpty
        if isAuthorityRead, areHostsRead { return self }
        if !isAuthorityRead { pack.authority = was.authority }
        if !areHostsRead {
            pack.hosts = was.hosts
            pack.validityDays = pack.validityDays ?? was.validityDays
            if pack.type.isEmpty { pack.type = was.type }
        }
        var sighting = self
        sighting.traits = .pack(pack)
        return sighting
    }

    /// The same with its lists in an order of their own, so that a listing's order is never a change.
    var inOrder: Sighting {
        guard case .pack(let listed) = traits, listed.certificates.count > 1 else { return self }
        var pack = listed
        pack.certificates.sort { $0.id < $1.id }
        var sighting = self
        sighting.traits = .pack(pack)
        return sighting
    }

    /// Judges the move by the vocabulary of the kind. A word that is not in it makes the move a surprise.
    func move(to next: Sighting) -> Move {
        if stage == next.stage, status == next.status { return .none }
        guard stage != .gone || !status.isEmpty else { return .surprising }  // back from where nothing comes back
        switch traits.kind {
        case .certificatePack: return Self.move(PackStatus.self, status, next.status)
        case .clientCertificate: return Self.move(ClientCertificateStatus.self, status, next.status)
        }
    }

    private static func move<Word: StatusVocabulary>(_: Word.Type, _ from: String, _ to: String) -> Move {
        guard let from = Word(rawValue: from), let to = Word(rawValue: to) else { return .surprising }
        return from.move(to: to)
    }
}

extension Stage {
    /// True once it goes or is gone.
    var isDeparting: Bool { self == .leaving || isOver }
}

extension Duration {
    /// How far two moments are apart, whichever is earlier.
    public var magnitude: Duration { self < .zero ? .zero - self : self }
}
