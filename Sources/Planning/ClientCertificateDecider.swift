import Domain

/// What one wished client certificate needs, before anybody asks whether it may be done.
struct ClientCertificateDecider {
    let wish: ClientCertificateWish
    let subject: Subject
    let record: SubjectRecord
    /// Ours, also what is over, the oldest first.
    let all: [ObjectRecord]
    let scene: Scene

    private var now: Timestamp { scene.now }
    private var own: [ObjectRecord] { all.filter { !$0.stage.isOver } }

    func proposals() -> [Decision] {
        let own = own
        if let lost = own.first(where: { $0.missingSince != nil }) {
            return [
                .wait(because: lost.lossReason, "\(lost.id) is missing from a listing, and not known to be revoked")
            ]
        }
        if let revoked = revokedOutside, !scene.isApproved(.revokedOutside) {
            let held = hold(for: revoked)
            // An earlier database knows nothing of the successor that is there already: nothing has to be made then. What a
            // person had revoked is another matter: the key may have leaked.
            return [revoked.removedFor == nil ? adoption(after: revoked) ?? held : held]
        }
        guard let current = own.filter(isCandidate).max(by: isOlderGeneration) else { return [absent()] }
        let others = own.filter { $0.id != current.id }
        switch current.stage {
        case .unread: return [.hold(because: .statusUnread, unreadDetail(current))]
        case .underway: return [.wait(because: .providerWorking)]
        default: return serving(current, others)
        }
    }

    // MARK: Which certificate it is about

    private func isCandidate(_ object: ObjectRecord) -> Bool {
        switch object.stage {
        case .serving, .underway, .unread: object.removedFor == nil && wish.isMet(by: object)
        default: false
        }
    }

    private func isOlderGeneration(_ left: ObjectRecord, _ right: ObjectRecord) -> Bool {
        (left.generation ?? 0, left.firstSeen, left.id) < (right.generation ?? 0, right.firstSeen, right.id)
    }

    /// The newest, where it was revoked, and not because another took its place: nothing new is made before a person says
    /// so (S8). Where an older one took its place it is that one's turn. Not where another one of its generation serves, as
    /// it may with an operator's request.
    private var revokedOutside: ObjectRecord? {
        guard let newest = all.filter({ $0.removedFor != .superseded }).max(by: isOlderGeneration) else { return nil }
        switch newest.removedFor {
        case .noLongerWanted: return nil
        case nil where newest.stage != .revoked && newest.stage != .leaving: return nil
        default: break
        }
        let hasTwin = own.contains { one in
            one.stage == .serving && isCandidate(one) && one.generation ?? 0 >= newest.generation ?? 0
        }
        return hasTwin || newest.hasEnded(at: now) ? nil : newest
    }

    private func hold(for newest: ObjectRecord) -> Decision {
        let path = subject.path(zoneName: scene.zoneName)
        let who = newest.removedFor == nil ? "not by edgecert" : "because a person asked"
        return .hold(
            .clientCertificate(.create(wish, generation: nextGeneration)), because: .revokedOutside,
            "\(newest.id) was revoked \(who); 'edgecertctl approve \(path)' makes a new one, 'edgecertctl reactivate' brings "
                + "it back")
    }

    // MARK: None

    private func absent() -> Decision {
        // A person's approval means something newer than what was revoked.
        if let adoption = adoption(after: revokedOutside) { return adoption }
        let old = own.last { $0.stage == .serving }
        return create(old == nil ? .missing : .wishChanged, old.map { "in place of \($0.id)" } ?? "")
    }

    private func adoption(after predecessor: ObjectRecord?) -> Decision? {
        scene.adoptable(for: wish, of: subject, after: predecessor)
            .map { act(.adopt($0), .adoptable, "its key is in hand") }
    }

    private var newest: ObjectRecord? { all.max(by: isOlderGeneration) }

    private func create(_ reason: Reason, _ detail: String) -> Decision {
        act(.create(wish, generation: nextGeneration), reason, detail)
    }

    /// In place of one that ends: what is there already of a later generation, or a new one.
    private func replace(_ reason: Reason, _ detail: String) -> Decision {
        adoption(after: newest) ?? create(reason, detail)
    }

    /// The next one; or the newest again when nothing came of it and it was made for the same, so that keys of failed
    /// attempts do not pile up. Not where the key room says that it was made for something else after all.
    private var nextGeneration: Int {
        let (used, left) = (newest?.generation ?? 0, scene.surroundings.lastKeyLeft(of: subject))
        let last = max(record.lastGeneration, used, left)
        let isUnspent = last == record.lastGeneration && last > max(used, left)
        if isUnspent, record.generationKey == wish.requestKey { return last }
        return last == .max ? last : last + 1
    }

    // MARK: One

    private func serving(_ current: ObjectRecord, _ others: [ObjectRecord]) -> [Decision] {
        if current.hasEnded(at: now) { return [replace(.expired, "in place of \(current.id)")] }
        if let generation = current.generation, !isInPlace(current) {
            return [act(.deliver(current.id, generation: generation), .undelivered, "")]
        }
        if let generation = current.generation, !wish.command.isEmpty, current.commandSucceededAt == nil {
            return [act(.runCommand(current.id, generation: generation), .commandDue, "")]
        }
        if let traits = current.clientCertificate, let notAfter = traits.notAfter {
            let due = notAfter - wish.renewalLead(of: traits)
            if due <= now { return [replace(.renewalDue, "\(current.id) ends at \(notAfter.shown)")] }
        }
        return predecessors(of: current, others)
    }

    /// Delivered, and nothing else since: what was delivered last is what is read.
    private func isInPlace(_ current: ObjectRecord) -> Bool {
        guard let deliveredAt = current.deliveredAt else { return false }
        return !all.contains { other in
            guard other.id != current.id, let at = other.deliveredAt else { return false }
            return at > deliveredAt || (at == deliveredAt && isOlderGeneration(current, other))
        }
    }

    private func predecessors(of current: ObjectRecord, _ others: [ObjectRecord]) -> [Decision] {
        let going = others.first { $0.stage == .leaving || $0.removedFor != nil }
        let removable = others.filter { $0.stage == .serving && ($0.removedFor == nil || isStale) }
        if !removable.isEmpty {
            let proof = wish.proof(of: current, at: now)
            guard let proof, proof <= now else {
                return [.wait(because: .overlapRunning, "\(removable.count) older to be revoked then", until: proof)]
            }
            return removable.map { act(.revoke($0.id), .superseded, "") }
        }
        if let going { return [.wait(because: .providerRemoving, going.id.text)] }
        if let unread = others.first(where: { $0.stage == .unread }) {
            return [.hold(because: .statusUnread, unreadDetail(unread))]
        }
        return [.rest(because: .asWanted)]
    }

    /// A revocation that was accepted, and after a while is not to be seen.
    private var isStale: Bool { !scene.looksMayPredate(record.lastChangeAt) }

    private func act(_ action: ClientCertificateAction, _ reason: Reason, _ detail: String) -> Decision {
        .act(.clientCertificate(action), because: reason, detail)
    }
}
