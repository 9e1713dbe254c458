import Domain

/// What a decider may know besides its own subject.
struct Scene {
    let zoneName: String
    let now: Timestamp
    /// The holds of the subject that a person has approved.
    var approved: Set<Reason> = []
    let surroundings: Surroundings

    func isApproved(_ reason: Reason) -> Bool { approved.contains(reason) }

    /// True where the looks may show how it was before a moment.
    func looksMayPredate(_ moment: Timestamp?) -> Bool { surroundings.draft.looksMayPredate(moment) }

    /// When the looks were made.
    var lookedAt: Timestamp { surroundings.draft.lookedAt }
    func nextLook(for moment: Timestamp?) -> Timestamp? { surroundings.draft.nextLook(for: moment) }

    func adoptable(for wish: PackWish) -> ObjectID? { surroundings.adoptable(for: wish) }
    /// One that is nobody's and that a key of the subject answers to; where one is given, only what was made after it: with
    /// a key of a later generation, and issued no earlier, for an operator's request is the same for every generation.
    func adoptable(
        for wish: ClientCertificateWish, of subject: Subject, after predecessor: ObjectRecord?
    ) -> ObjectID? {
        surroundings.adoptable(for: wish, of: subject, after: predecessor)
    }

    /// A pack with the very hosts of the wish that is there and stays, the subject's own before others'.
    func twin(of wish: PackWish, for subject: Subject) -> ObjectRecord? { surroundings.twin(of: wish, for: subject) }

    func isWished(_ subject: Subject) -> Bool { surroundings.isWished(subject) }

    /// A pack of ours that another name has and no wish of that name wants, and that would be bound to this wish if it were
    /// seen and could be read (S1, S3).
    func unbindable(for wish: PackWish, besides subject: Subject) -> ObjectRecord? {
        surroundings.unbindable(for: wish, besides: subject)
    }

    /// An order of another subject, whose name the wish may have had, that nobody answered: it may have made what is wished
    /// here (S3).
    func openOrder(of wish: PackWish) -> Operation? {
        surroundings.draft.operations.first { operation in
            guard case .pack(.order(let other)) = operation.action else { return false }
            return other.hosts.withoutBranding == wish.hosts.withoutBranding && other.authority == wish.authority
                && other.validityDays == wish.validityDays
        }
    }

    /// What speaks against an order, as preflight finds it.
    func finding(about wish: PackWish) -> String? {
        let findings = Preflight.findings(wish, zoneName: zoneName, now: now).filter { $0.weight == .refusing }
        guard !findings.isEmpty else { return nil }
        return findings.prefix(3).map { "\($0.key): \($0.text)" }.joined(separator: "; ")
    }
}

/// What else is in the zone. Put in order only when a wish has nothing of its own.
final class Surroundings {
    fileprivate let draft: PlanDraft
    private let keysInHand: [Subject: [ObjectID: Int]]
    private let keysLeft: [Subject: Int]
    private var zoneName: String { draft.zoneName }
    /// What was given to a wish already, in this plan.
    var claimed: Set<ObjectID> = []

    init(_ draft: PlanDraft, _ input: PlanInput) {
        (self.draft, keysInHand, keysLeft) = (draft, input.keysInHand, input.keysLeft)
    }

    /// The highest generation whose key nobody knows the use of; 0 for none.
    func lastKeyLeft(of subject: Subject) -> Int { keysLeft[subject] ?? 0 }

    private lazy var packs: [HostSet: [ObjectRecord]] = {
        var packs: [HostSet: [ObjectRecord]] = [:]
        for record in draft.objects.values where !record.stage.isOver && !isReleased(record) {
            if let pack = record.pack { packs[pack.hosts.withoutBranding, default: []].append(record) }
        }
        return packs
    }()

    private lazy var certificates = draft.objects.values.filter { record in
        record.clientCertificate != nil && !record.isOurs && record.stage == .serving && !isReleased(record)
    }

    private func isReleased(_ record: ObjectRecord) -> Bool { draft.subjects[record.subject]?.isReleased ?? false }

    /// An advanced pack that equals the wish and is nobody's; the one that serves longest before the others.
    func adoptable(for wish: PackWish) -> ObjectID? {
        fitting(wish).filter { record in
            !record.isOurs && record.stage.isLive && record.missingSince == nil && !claimed.contains(record.id)
                && record.pack.map { wish.isMet(by: $0, zoneName: zoneName, strictly: true) } ?? false
        }.min { left, right in
            let (leftEnd, rightEnd) = (left.notAfter ?? .distantPast, right.notAfter ?? .distantPast)
            if left.stage != right.stage, left.stage == .serving || right.stage == .serving {
                return left.stage == .serving
            }
            return leftEnd != rightEnd ? leftEnd > rightEnd : left.id < right.id
        }?.id
    }

    func adoptable(
        for wish: ClientCertificateWish, of subject: Subject, after predecessor: ObjectRecord?
    ) -> ObjectID? {
        guard let inHand = keysInHand[subject] else { return nil }
        return certificates.filter { record in
            guard record.missingSince == nil, !claimed.contains(record.id), let generation = inHand[record.id],
                let traits = record.clientCertificate, wish.isMet(by: traits)
            else { return false }
            guard let predecessor else { return true }
            let before = predecessor.clientCertificate?.issuedOn
            return generation > predecessor.generation ?? 0
                && traits.issuedOn ?? .distantFuture >= before ?? .distantPast
        }.max { ($0.notAfter ?? .distantPast, $0.id) < ($1.notAfter ?? .distantPast, $1.id) }?.id
    }

    func twin(of wish: PackWish, for subject: Subject) -> ObjectRecord? {
        fitting(wish).filter { !$0.stage.isDeparting && $0.stage != .expired }
            .min { left, right in
                let (isLeft, isRight) = (
                    left.isOurs && left.subject == subject, right.isOurs && right.subject == subject
                )
                return isLeft != isRight ? isLeft : isOlder(left, right)
            }
    }

    func isWished(_ subject: Subject) -> Bool { draft.wishes[subject] != nil }

    func unbindable(for wish: PackWish, besides subject: Subject) -> ObjectRecord? {
        fitting(wish).filter { record in
            guard record.isOurs, record.subject != subject, record.removedFor == nil, !record.stage.isDeparting,
                record.missingSince != nil || record.stage == .unread, let pack = record.pack,
                wish.isMet(by: pack, zoneName: zoneName)
            else { return false }
            guard case .pack(let own)? = draft.wishes[record.subject] else { return true }
            return !own.isMet(by: pack, zoneName: zoneName)
        }.min(by: isOlder)
    }

    private func fitting(_ wish: PackWish) -> [ObjectRecord] {
        wish.hostKeys(zoneName: zoneName).flatMap { packs[$0] ?? [] }
    }
}

/// When Cloudflare renews a pack by itself.
///
/// - SeeAlso: <https://developers.cloudflare.com/ssl/reference/certificate-validity-periods/>, as of 2026-11.
struct CloudflareRenewal {
    let notAfter: Timestamp
    /// The life that is left when it begins.
    private let window: Duration
    /// The life that is left when it should have been done.
    let quiet: Duration

    var begins: Timestamp { notAfter - window }
    /// Past this it should have been done.
    var isDueBy: Timestamp { notAfter - quiet }

    /// nil for what Cloudflare does not renew, and while there is nothing to renew.
    init?(of record: ObjectRecord) {
        guard let pack = record.pack, pack.isAdvanced || pack.type == "universal", let notAfter = pack.notAfter else {
            return nil
        }
        let (window, grace): (Duration, Duration) =
            switch pack.validityDays ?? 90 {
            case ..<22: (.days(3), .hours(12))
            case ..<60: (.days(7), .days(1))
            default: (.days(30), .days(3))
            }
        (self.notAfter, self.window, quiet) = (notAfter, window, window - grace)
    }
}
