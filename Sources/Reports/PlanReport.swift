import Domain
import Engine

/// What a person's command came to: the reply to all methods that change something, and to `Plan`.
public struct CommandReport: Codable, Hashable, Sendable {
    public var at: Moment
    /// One sentence each, for people.
    public var lines: [String]
    /// What is to be done about each subject, where the command made a plan.
    public var planned: [PlannedRow]

    public init(_ reply: CommandReply, at now: Timestamp) {
        (at, lines) = (Moment(now), reply.lines)
        planned = reply.planned.map(PlannedRow.init)
    }

    /// For `plan` and `reconcile`: 69 when something could not be looked at, 3 when something is held, 4 when something
    /// is or would be done, 0 when all is as wanted.
    public var exitCode: ReportExit {
        if planned.contains(where: { $0.decision.reason == Reason.notSeen.rawValue }) { return .notReachable }
        return ReportExit(
            wrong: planned.contains { $0.decision.verdict == "hold" },
            moving: planned.contains { $0.decision.verdict == "act" })
    }
}

/// One subject of a plan.
public struct PlannedRow: Codable, Hashable, Sendable {
    public var path: String
    public var decision: DecisionDetail
    /// What it means for Cloudflare: `local` (nothing is asked), `create`, `change` or `remove`.
    public var effect: String?

    init(_ entry: CommandReply.PlannedEntry) {
        path = entry.subject.path(zoneName: entry.zoneName)
        decision = DecisionDetail(entry.decision, since: nil)
        effect = entry.decision.action?.effect.rawValue
    }
}

/// One line of `edgecertctl watch`.
public struct WatchLine: Codable, Hashable, Sendable {
    public var at: Moment
    /// The kind of news; empty for the first line, which says that the stream stands.
    public var kind: String
    public var message: String
    /// As syslog has them: 0 to 7.
    public var priority: Int
    public var path: String?
    public var zone: String?
    /// By the journal's names without the prefix `EDGECERT_`.
    public var fields: [String: String]
    /// News that this reader was too slow for, since the line before.
    public var lost: Int?

    public init(_ news: News, at now: Timestamp, lost: Int = 0) {
        (at, kind, message) = (Moment(now), news.kind.rawValue, news.kind.message)
        priority = news.priority.rawValue
        zone = news.zoneName
        path = news.subject.map { $0.path(zoneName: news.zoneName ?? $0.zone.text) }
        fields = Dictionary(news.fields.map { ($0.name.rawValue, $0.value) }) { _, last in last }
        self.lost = lost > 0 ? lost : nil
    }

    /// The first line of a stream.
    public static func opening(at now: Timestamp) -> WatchLine {
        var line = WatchLine(News(.started, .info), at: now)
        (line.kind, line.message) = ("", "watching")
        return line
    }
}
