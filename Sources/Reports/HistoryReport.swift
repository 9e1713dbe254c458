import Domain
import Engine

/// What `edgecertctl history` shows, the newest last.
public struct HistoryReport: Codable, Hashable, Sendable {
    public var source: ReportSource
    public var at: Moment
    public var rows: [TransitionRow]
    /// There may be older rows than these: the limit was reached.
    public var truncated: Bool
    /// What was pruned before the first row; only where one subject was asked for.
    public var pruned: Pruned?

    public struct Pruned: Codable, Hashable, Sendable {
        /// The time of the newest line that was taken out, and how many were.
        public var upTo: Moment
        public var count: Int
    }
}

/// One line of a subject's history.
public struct TransitionRow: Codable, Hashable, Sendable {
    public var at: Moment
    public var path: String
    public var event: String
    public var object: String?
    /// Stage and Cloudflare's word before and after; left out where there was nothing.
    public var fromStage: String?
    public var fromStatus: String?
    public var toStage: String?
    public var toStatus: String?
    /// `none`, `expected`, `leap` or `surprising`.
    public var move: String
    public var reason: String?
    public var order: String?
    public var detail: String

    init(_ transition: Transition, _ context: ReportContext) {
        at = Moment(transition.at)
        path = context.path(transition.subject)
        (event, object) = (transition.event.rawValue, transition.object?.text)
        (fromStage, fromStatus) = (transition.from.stage.orNil, transition.from.status.orNil)
        (toStage, toStatus) = (transition.to.stage.orNil, transition.to.status.orNil)
        (move, reason) = (transition.move.rawValue, transition.reason?.rawValue)
        (order, detail) = (transition.operation?.text, transition.detail)
    }
}

/// What `edgecertctl orders` shows, the newest last.
public struct OrdersReport: Codable, Hashable, Sendable {
    public var source: ReportSource
    public var at: Moment
    public var rows: [OrderRow]
    public var truncated: Bool
}

/// One change that was asked of Cloudflare.
public struct OrderRow: Codable, Hashable, Sendable {
    public var id: String
    public var at: Moment
    public var path: String
    public var action: String
    public var words: String
    public var reason: String
    /// `open`, `accepted`, `failed` or `lost`.
    public var state: String
    public var resolvedAt: Moment?
    /// What it made or changed.
    public var object: String?
    /// Cloudflare's code and message, where it was refused.
    public var code: String?
    public var message: String?
    /// While it is open: the first complete look after it that lacks what it should have made.
    public var lackedSince: Moment?
    /// The person who asked for it; left out where the daemon decided.
    public var askedBy: String?

    init(_ operation: Operation, _ context: ReportContext) {
        (id, at) = (operation.id.text, Moment(operation.committedAt))
        path = context.path(operation.subject)
        (action, words) = (operation.action.code, operation.action.words)
        (reason, state) = (operation.reason.rawValue, operation.state.code)
        object = operation.action.object?.text
        askedBy = operation.askedBy
        switch operation.state {
        case .open(let since): lackedSince = since.map(Moment.init)
        case .accepted(let moment, let made): (resolvedAt, object) = (Moment(moment), made?.text ?? object)
        case .failed(let moment, let code, let message):
            (resolvedAt, self.code, self.message) = (Moment(moment), code, message)
        case .lost(let moment): resolvedAt = Moment(moment)
        }
    }
}

/// What `edgecertctl audit` shows: what people asked for, the newest last.
public struct AuditReport: Codable, Hashable, Sendable {
    public var source: ReportSource
    public var at: Moment
    public var rows: [AuditRow]
    public var truncated: Bool
}

public struct AuditRow: Codable, Hashable, Sendable {
    public var at: Moment
    public var person: String
    public var verb: String
    public var target: String
    public var detail: String
    public var outcome: String

    init(_ entry: AuditEntry) {
        at = Moment(entry.at)
        (person, verb, target) = (entry.person, entry.verb, entry.target)
        (detail, outcome) = (entry.detail, entry.outcome)
    }
}

extension String {
    fileprivate var orNil: String? { isEmpty ? nil : self }
}
