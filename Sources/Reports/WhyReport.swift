import Domain
import Engine

/// What `edgecertctl why` shows: the last decision about one subject, what it was made from, and what comes next.
public struct WhyReport: Codable, Hashable, Sendable {
    public var source: ReportSource
    public var at: Moment
    public var row: SubjectRow
    /// nil when no pass has decided about it yet.
    public var decision: DecisionDetail?
    /// What lifts the hold; nil when nothing is held, or the hold lifts itself.
    public var lift: Lift?
    public var troubles: [EpisodeRow]
    public var suspension: SuspensionRow?
    /// What a person approved of it, and was not used yet.
    public var approvals: [ApprovalRow]
    /// A refusal by Cloudflare that the same request would meet again.
    public var refusal: Refusal?
    /// When what was done here was undone from outside; the newest two.
    public var undoneAt: [Moment]
    public var lastChangeAt: Moment?
    /// When something last served for it.
    public var lastServedAt: Moment?
    /// The newest five changes that were asked of Cloudflare for it.
    public var orders: [OrderRow]
    public var nextLook: Moment?

    public struct Lift: Codable, Hashable, Sendable {
        /// To be typed as it is.
        public var command: String
        public var meaning: String
    }

    public struct Refusal: Codable, Hashable, Sendable {
        public var reason: String
        public var message: String
        public var at: Moment
    }

    public var exitCode: ReportExit { ReportExit(wrong: row.wrong, moving: row.moving) }
}

/// One decision with everything that it was made from.
public struct DecisionDetail: Codable, Hashable, Sendable {
    /// `act`, `wait`, `rest` or `hold`.
    public var verdict: String
    public var reason: String
    /// What the reason means.
    public var words: String
    public var detail: String
    /// What is done, or would be.
    public var action: String?
    public var actionWords: String?
    /// The moment at which the clock alone changes the decision.
    public var until: Moment?
    /// Since when it has been decided so.
    public var since: Moment?
    public var inputs: [Input]

    public struct Input: Codable, Hashable, Sendable {
        public var name: String
        public var value: String
    }

    init(_ decision: Decision, since: Timestamp?) {
        (verdict, reason) = (decision.word, decision.reason.rawValue)
        (words, detail) = (decision.reason.words, decision.detail)
        let action: Action? =
            switch decision.verdict {
            case .act(let action): action
            case .hold(let wouldBe): wouldBe
            case .wait, .rest: nil
            }
        (self.action, actionWords) = (action?.code, action?.words)
        (until, self.since) = (decision.until.map(Moment.init), since.map(Moment.init))
        inputs = decision.inputs.map { Input(name: $0.name, value: $0.value) }
    }
}
