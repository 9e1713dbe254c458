import Domain

/// One line of `edgecertctl list`. Members that are nil are left out of the JSON.
public struct SubjectRow: Codable, Hashable, Sendable {
    /// `example.com/certificate_pack/main`
    public var path: String
    public var zone: String
    public var zoneID: String
    public var kind: String
    public var name: String
    public var state: SubjectState
    public var headline: String
    /// The settings name it.
    public var wished: Bool
    /// At least one thing at Cloudflare for it was ordered here or adopted.
    public var ours: Bool
    /// Something is on its way.
    public var moving: Bool
    /// A person should look.
    public var wrong: Bool
    /// A certificate serves and has not ended, by the clock at `at` of the report.
    public var valid: Bool
    /// Cloudflare's own word and ours.
    public var status: String?
    public var stage: String?
    /// Since when it has this status.
    public var since: Moment?
    public var notAfter: Moment?
    /// Negative after the end.
    public var remainingSeconds: Int?
    /// The hosts of a pack, or the common name.
    public var names: [String]
    public var authority: String?
    /// `act`, `wait`, `rest` or `hold`, and why.
    public var decision: String?
    public var reason: String?
    /// When its zone was last seen completely; nil when never.
    public var seenAt: Moment?
    /// How old that sight is.
    public var seenSecondsAgo: Int?
    public var nextLook: Moment?

    init(_ record: SubjectRecord, _ objects: [ObjectRecord], _ context: ReportContext) {
        let judged = Judgement(record, objects, context)
        let (subject, current) = (record.subject, judged.current)
        let zoneRecord = context.zones[subject.zone]
        path = context.path(subject)
        (zone, zoneID) = (context.zoneName(subject.zone), subject.zone.text)
        (kind, name) = (subject.kind.rawValue, subject.name)
        (state, headline) = (judged.state, judged.headline)
        wished = record.isWished
        ours = objects.contains { $0.isOurs }
        (moving, wrong, valid) = (judged.isMoving, judged.isWrong, judged.isValid)
        status = current?.sighting.shownStatus
        stage = current?.sighting.stage.code
        since = (current?.since).map(Moment.init)
        notAfter = (current?.sighting.traits.notAfter).map(Moment.init)
        remainingSeconds = notAfter.map { Int(clamping: ($0.timestamp - context.now).wholeSeconds) }
        names = current?.sighting.traits.names ?? []
        if case .pack(let pack)? = current?.sighting.traits { authority = pack.authority }
        (decision, reason) = (record.decision?.word, record.decision?.reason.rawValue)
        seenAt = (zoneRecord?.lastCompleteLook).map(Moment.init)
        seenSecondsAgo = seenAt.map { Int(clamping: (context.now - $0.timestamp).wholeSeconds) }
        nextLook = (record.nextLook ?? zoneRecord?.nextLook).map(Moment.init)
    }
}

extension Traits {
    /// The hosts of a pack, or the common name alone.
    var names: [String] {
        switch self {
        case .pack(let pack): pack.hosts.names
        case .clientCertificate(let certificate): [certificate.commonName]
        }
    }
}

/// What `list` is asked to leave out.
public struct RowFilter: Hashable, Sendable {
    /// Only what ends within this time, or has ended.
    public var expiringWithin: Duration?
    public var movingOnly: Bool
    public var wrongOnly: Bool

    public init(expiringWithin: Duration? = nil, movingOnly: Bool = false, wrongOnly: Bool = false) {
        (self.expiringWithin, self.movingOnly, self.wrongOnly) = (expiringWithin, movingOnly, wrongOnly)
    }

    func passes(_ row: SubjectRow) -> Bool {
        if let expiringWithin {
            guard let left = row.remainingSeconds, Int64(left) <= expiringWithin.wholeSeconds else { return false }
            if row.stage == Stage.revoked.code || row.stage == Stage.gone.code { return false }
        }
        // Both words together mean either: what needs a person's eye or patience.
        if movingOnly || wrongOnly { return movingOnly && row.moving || wrongOnly && row.wrong }
        return true
    }
}

/// What `edgecertctl list` shows.
public struct ListReport: Codable, Hashable, Sendable {
    public var source: ReportSource
    public var at: Moment
    public var rows: [SubjectRow]
    /// More subjects passed the filter than are here.
    public var truncated: Bool

    public init(source: ReportSource, at: Moment, rows: [SubjectRow], truncated: Bool) {
        (self.source, self.at, self.rows, self.truncated) = (source, at, rows, truncated)
    }

    public var exitCode: ReportExit {
        ReportExit(wrong: rows.contains(where: \.wrong), moving: rows.contains(where: \.moving))
    }
}

/// What a report says to a program that reads only the exit code.
public enum ReportExit: Int32, Hashable, Sendable {
    case asWanted = 0
    case wrong = 3
    case moving = 4
    case notReachable = 69

    init(wrong: Bool, moving: Bool) { self = wrong ? .wrong : moving ? .moving : .asWanted }
}
