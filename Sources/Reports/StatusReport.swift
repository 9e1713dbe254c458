import Domain
import Engine

/// What `edgecertctl status` shows.
public struct StatusReport: Codable, Hashable, Sendable {
    public var source: ReportSource
    public var at: Moment
    /// nil when the daemon does not answer.
    public var daemon: DaemonReport?
    public var zones: ZoneCounts
    public var subjects: SubjectCounts
    /// The worst first, at most 100 of them.
    public var troubles: [EpisodeRow]
    /// How many there are in all.
    public var troubleCount: Int
    public var suspensions: [SuspensionRow]
    /// Changes that were sent and of which nobody knows yet whether they were made.
    public var openOrders: Int
    public var headline: String

    public struct ZoneCounts: Codable, Hashable, Sendable {
        /// Those that the settings name.
        public var managed: Int
        public var unmanaged: Int
        /// Not seen completely for three intervals, or never.
        public var unseen: Int
        /// The managed zone whose sight is oldest, and how old that is.
        public var oldestSight: String?
        public var oldestSightSeconds: Int?
    }

    /// Of the subjects that the settings name, by state; and those that they do not name.
    public struct SubjectCounts: Codable, Hashable, Sendable {
        public var wished = 0
        public var ok = 0
        public var moving = 0
        public var wrong = 0
        public var held = 0
        public var suspended = 0
        /// Wished, and given out of hand by a person: nobody orders or renews them.
        public var released = 0
        public var expired = 0
        public var unknown = 0
        public var notWished = 0
        /// Of those, what a person should look at.
        public var notWishedWrong = 0
        /// Of the wished ones, those whose validation waits for what `records` lists.
        public var awaitingRecords = 0

        mutating func count(_ judged: Judgement, wished isWished: Bool) {
            guard isWished else {
                notWished += 1
                if judged.isWrong { notWishedWrong += 1 }
                return
            }
            wished += 1
            if judged.awaitsPublication { awaitingRecords += 1 }
            switch judged.state {
            case .ok: ok += 1
            case .moving: moving += 1
            case .wrong: wrong += 1
            case .held: held += 1
            case .suspended: suspended += 1
            case .released: released += 1
            case .expired: expired += 1
            case .unknown: unknown += 1
            }
        }

        public var needsEyes: Int { wrong + held + expired + unknown + notWishedWrong }
    }

    public var exitCode: ReportExit {
        guard let daemon else { return .notReachable }
        // Of a database that cannot be written no episode can be kept.
        return ReportExit(
            wrong: daemon.storeTrouble != nil || subjects.needsEyes > 0
                || troubles.contains { $0.condition != Episode.Condition.suspended.rawValue },
            moving: subjects.moving > 0)
    }
}

extension StatusReport.SubjectCounts {
    /// What was added later is 0 where a daemon from before does not tell it: it runs on until it is restarted.
    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        wished = try members.decode(Int.self, forKey: .wished)
        ok = try members.decode(Int.self, forKey: .ok)
        moving = try members.decode(Int.self, forKey: .moving)
        wrong = try members.decode(Int.self, forKey: .wrong)
        held = try members.decode(Int.self, forKey: .held)
        suspended = try members.decode(Int.self, forKey: .suspended)
        released = try members.decodeIfPresent(Int.self, forKey: .released) ?? 0
        expired = try members.decode(Int.self, forKey: .expired)
        unknown = try members.decode(Int.self, forKey: .unknown)
        notWished = try members.decode(Int.self, forKey: .notWished)
        notWishedWrong = try members.decode(Int.self, forKey: .notWishedWrong)
        awaitingRecords = try members.decodeIfPresent(Int.self, forKey: .awaitingRecords) ?? 0
    }
}

/// How the running daemon stands.
public struct DaemonReport: Codable, Hashable, Sendable {
    public var version: String
    public var startedAt: Moment
    public var mode: String
    public var zonesInPass: Int
    public var nextPass: Moment?
    /// The interval that the budget allows for settled zones.
    public var lookEverySeconds: Int
    /// Requests left to us in Cloudflare's present window; nil before the first answer.
    public var budgetLeft: Int?
    public var blockedUntil: Moment?
    /// How far this machine's clock is from the answers' dates.
    public var clockSkewSeconds: Int?
    public var settingsTrouble: String?
    public var stateTrouble: String?
    /// Why nothing can be written down: nothing is changed at Cloudflare, and what is shown grows old.
    public var storeTrouble: String?
    /// What to do about that.
    public var storeHint: String?

    public init(_ status: EngineStatus) {
        (version, startedAt) = (status.version, Moment(status.startedAt))
        (mode, zonesInPass) = (status.mode.rawValue, status.zonesInPass)
        nextPass = status.nextPass.map(Moment.init)
        lookEverySeconds = Int(clamping: status.lookEvery.wholeSeconds)
        (budgetLeft, blockedUntil) = (status.budgetLeft, status.blockedUntil.map(Moment.init))
        clockSkewSeconds = status.clockSkew.map { Int(clamping: $0.wholeSeconds) }
        (settingsTrouble, stateTrouble) = (status.settingsTrouble, status.stateTrouble)
        (storeTrouble, storeHint) = (status.storeTrouble, status.storeHint)
    }
}

/// One open trouble.
public struct EpisodeRow: Codable, Hashable, Sendable {
    /// `daemon`, a zone's name, or a subject's path.
    public var scope: String
    public var condition: String
    public var words: String
    public var detail: String
    public var raisedAt: Moment
    public var ageSeconds: Int

    init(_ episode: Episode, _ context: ReportContext) {
        scope = context.scopeText(episode.scope)
        (condition, words, detail) = (episode.condition.rawValue, episode.condition.words, episode.detail)
        raisedAt = Moment(episode.raisedAt)
        ageSeconds = Int(clamping: (context.now - episode.raisedAt).wholeSeconds)
    }
}

/// A person's word that a change which was held may be made, while it counts.
public struct ApprovalRow: Codable, Hashable, Sendable {
    /// What it lifts: the reason of the hold.
    public var reason: String
    public var by: String
    public var at: Moment
    /// From then on it counts no more.
    public var until: Moment

    init(_ approval: Approval) {
        (reason, by) = (approval.reason.rawValue, approval.by)
        (at, until) = (Moment(approval.at), Moment(approval.until))
    }

    /// `until … (in 3d) by …, for …`
    func words(at now: Moment) -> String { "until \(moment(until, at: now) ?? "") by \(by), for \(reason)" }
}

extension KeyedDecodingContainer {
    /// Taken before the general one wherever a report has such rows: a daemon from before there were any does not tell
    /// them.
    func decode(_ type: [ApprovalRow].Type, forKey key: Key) throws -> [ApprovalRow] {
        try decodeIfPresent(type, forKey: key) ?? []
    }
}

/// One stretch in which nothing is changed, because a person said so.
public struct SuspensionRow: Codable, Hashable, Sendable {
    /// `everything`, a zone's name, or a subject's path.
    public var scope: String
    public var reason: String
    public var by: String
    public var at: Moment
    public var until: Moment

    init(_ suspension: Suspension, _ context: ReportContext) {
        scope = context.scopeText(suspension.scope)
        (reason, by) = (suspension.reason, suspension.by)
        (at, until) = (Moment(suspension.at), Moment(suspension.until))
    }
}
