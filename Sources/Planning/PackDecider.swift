import Domain

/// What one wished pack needs, before anybody asks whether it may be done.
///
/// Each answer is a list of ways, the best first: when one is held, the next is tried.
struct PackDecider {
    let wish: PackWish
    let subject: Subject
    let record: SubjectRecord
    /// Ours, not over, the oldest first.
    let own: [ObjectRecord]
    let scene: Scene

    private var now: Timestamp { scene.now }

    func proposals() -> [Decision] {
        if let lost = own.first(where: { $0.missingSince != nil }) {
            return [.wait(because: lost.lossReason, "\(lost.id) is missing from one listing, not yet from two")]
        }
        let fitting = own.only { isMet($0) && isCandidate($0) }
        guard let current = fitting.min(by: { isBetter($0, $1) }) else { return absent() }
        let others = own.filter { $0.id != current.id }
        switch current.stage {
        case .underway(.validation) where methodDiffers(current): return recheck(current)
        case .underway: return discards(among: others) + [.wait(because: .providerWorking)]
        case .holding: return discards(among: others) + [.wait(because: .waitingForZone)]
        case .stalled(.validation) where methodDiffers(current): return recheck(current)
        case .stalled(.issuance): return failed(current)
        case .stalled: return [act(.restart(current.id), .stepStalled, current.sighting.status)]
        case .unread: return [.hold(because: .statusUnread, unreadDetail(current))]
        case .serving where current.hasEnded(at: now): return absent()
        default: return settled(current, others)
        }
    }

    // MARK: Which pack it is about

    private func isMet(_ object: ObjectRecord) -> Bool {
        object.pack.map { wish.isMet(by: $0, zoneName: scene.zoneName) } ?? false
    }

    private func isCandidate(_ object: ObjectRecord) -> Bool { rank(object) != nil && !isAskedToGo(object) }

    private func rank(_ object: ObjectRecord) -> Int? {
        switch object.stage {
        case .serving: object.hasEnded(at: now) ? 5 : 0
        case .underway, .holding: 1
        case .stalled(.deletion): nil
        case .stalled: 2
        case .unread: 3
        case .standby, .retiring, .leaving, .inactive, .expired, .revoked, .gone: nil
        }
    }

    private func isBetter(_ left: ObjectRecord, _ right: ObjectRecord) -> Bool {
        (rank(left) ?? 9, left.firstSeen, left.id) < (rank(right) ?? 9, right.firstSeen, right.id)
    }

    /// A removal that was accepted and is not to be seen yet; after a while it is asked for again.
    private func isAskedToGo(_ object: ObjectRecord) -> Bool {
        guard object.removedFor != nil, !object.stage.isDeparting else { return false }
        guard case .stalled = object.stage else { return scene.looksMayPredate(record.lastChangeAt) }
        return false
    }

    // MARK: Nothing that serves or comes to serve

    private func absent() -> [Decision] {
        if let going = own.first(where: { ($0.stage == .leaving || isAskedToGo($0)) && hasSameHosts($0) }) {
            return [.wait(because: .providerRemoving, "\(going.id), then a new one is ordered")]
        }
        if let stuck = own.first(where: { $0.stage == .stalled(.deletion) && hasSameHosts($0) }) {
            return [act(.delete(stuck.id), .removalStalled, stuck.sighting.status)]
        }
        if let id = scene.adoptable(for: wish) { return [act(.adopt(id), .adoptable, "an equal pack is there")] }
        return ordering()
    }

    private func ordering() -> [Decision] {
        if let refusal = record.refusal, refusal.reason == .sameHostSetRefused, refusal.wishKey == wish.wishKey,
            let twin = scene.twin(of: wish, for: subject)
        {
            return [refused(for: twin, refusal)]
        }
        // It may be what is wished, for all that can be said.
        if let unread = own.first(where: { $0.stage == .unread && (isMet($0) || $0.pack?.hosts.isEmpty ?? false) }) {
            return [.hold(because: .statusUnread, unreadDetail(unread))]
        }
        if let stray = scene.unbindable(for: wish, besides: subject) {
            let name = "\(stray.id), kept as \(stray.subject.name),"
            if stray.stage == .unread {
                let path = stray.subject.path(zoneName: scene.zoneName)
                let way =
                    scene.isWished(stray.subject)
                    ? "it has to be readable again, or to be deleted at Cloudflare"
                    : "'edgecertctl release \(path)' lets a new one be ordered"
                return [.hold(because: .statusUnread, "\(name) may be it and cannot be read; \(way)")]
            }
            return [.wait(because: stray.lossReason, "\(name) is missing from one listing, not yet from two")]
        }
        if let open = scene.openOrder(of: wish) {
            return [.wait(because: .operationOpen, "\(open.id) of \(open.subject.name) may have made it")]
        }
        if let finding = scene.finding(about: wish) {
            return [.hold(.pack(.order(wish)), because: .preflightFailed, finding)]
        }
        return [order()]
    }

    private func order() -> Decision {
        let ended = own.first { isMet($0) && ($0.stage == .expired || $0.hasEnded(at: now)) }
        if let ended { return act(.order(wish), .expired, "in place of \(ended.id)") }
        if let old = own.last(where: { $0.stage.isLive || $0.stage.isStalled }) {
            return act(.order(wish), isMet(old) ? .stepStalled : .wishChanged, "in place of \(old.id)")
        }
        return act(.order(wish), .missing, "")
    }

    private func hasSameHosts(_ object: ObjectRecord) -> Bool {
        object.pack.map { wish.hasHosts(of: $0, zoneName: scene.zoneName) } ?? false
    }

    /// Cloudflare takes no second pack with the hosts of a live one. The old one goes first only when a person says so.
    private func refused(for twin: ObjectRecord, _ refusal: SubjectRecord.Refusal) -> Decision {
        let path = subject.path(zoneName: scene.zoneName)
        guard twin.isOurs, twin.subject == subject else {
            // Nothing is approved here: 'unhold' orders it once more.
            return .hold(
                .pack(.order(wish)), because: .refused,
                "\(refusal.message); the pack \(twin.id) has the very same hosts and is "
                    + (twin.isOurs
                        ? "kept as \(twin.subject.name)"
                        : "not ours; 'edgecertctl adopt --replace \(twin.id) \(path)' takes it over, to be replaced"))
        }
        if scene.isApproved(.sameHostSetRefused) {
            return act(.delete(twin.id), .sameHostSetRefused, "approved; then the new one is ordered")
        }
        return .hold(
            .pack(.delete(twin.id)), because: .sameHostSetRefused,
            "\(refusal.message); \(twin.id) is kept; 'edgecertctl approve \(path)' deletes it first, as long as every host "
                + "is otherwise covered, and then orders the new one")
    }

    /// Cloudflare gave up on issuing it. What never served is removed; what did is kept until a new one serves.
    private func failed(_ current: ObjectRecord) -> [Decision] {
        guard current.lastServedAt == nil else { return ordering() }
        return [
            act(.delete(current.id), .stepStalled, "\(current.sighting.status); it never served, a new one is ordered")
        ]
    }

    // MARK: One that serves

    private func settled(_ current: ObjectRecord, _ others: [ObjectRecord]) -> [Decision] {
        if let branding = current.pack?.branding, branding != wish.branding {
            return [act(.setBranding(current.id, wish.branding), .brandingChanged, "")]
        }
        if methodDiffers(current) { return recheck(current) }
        let removable = others.filter { isRemovable($0) }
        if !removable.isEmpty {
            // Seen at work when it is proven, and not only before.
            let proof = current.proof(at: now)
            guard let proof, proof <= scene.lookedAt else {
                let wait = Decision.wait(
                    because: .proving, "\(removable.count) older to go then", until: scene.nextLook(for: proof))
                return discards(among: others) + [wait]
            }
            return removals(removable)
        }
        if let going = others.first(where: { $0.stage == .leaving || isAskedToGo($0) }) {
            return [.wait(because: .providerRemoving, going.id.text)]
        }
        if let unread = others.first(where: { $0.stage == .unread }) {
            return [.hold(because: .statusUnread, unreadDetail(unread))]
        }
        guard let window = CloudflareRenewal(of: current), window.begins <= now else {
            return [.rest(because: .asWanted)]
        }
        return [.wait(because: .renewalByCloudflare, "valid until \(window.notAfter.shown)", until: window.isDueBy)]
    }

    private func isRemovable(_ object: ObjectRecord) -> Bool {
        switch object.stage {
        case .leaving, .unread, .standby, .retiring, .revoked, .gone: false
        case .serving, .underway, .stalled, .holding, .inactive, .expired: !isAskedToGo(object)
        }
    }

    /// What does not serve goes first: it costs nobody anything.
    private func removals(_ objects: [ObjectRecord]) -> [Decision] {
        objects.sorted { ($0.mayServe ? 1 : 0, $0.firstSeen, $0.id) < ($1.mayServe ? 1 : 0, $1.firstSeen, $1.id) }.map {
            act(.delete($0.id), $0.stage == .stalled(.deletion) ? .removalStalled : .superseded, "")
        }
    }

    /// What was ordered on the way and never served need not wait for its successor.
    private func discards(among others: [ObjectRecord]) -> [Decision] {
        removals(others.filter { isRemovable($0) && $0.lastServedAt == nil && !$0.mayServe })
    }

    // MARK: Frame

    private func methodDiffers(_ object: ObjectRecord) -> Bool {
        object.pack?.method.map { $0 != wish.method.rawValue } ?? false
    }

    private func recheck(_ object: ObjectRecord) -> [Decision] {
        [act(.recheck(object.id, wish.method), .methodChanged, "it is \(object.pack?.method ?? "unknown")")]
    }

    private func act(_ action: PackAction, _ reason: Reason, _ detail: String) -> Decision {
        .act(.pack(action), because: reason, detail)
    }
}
