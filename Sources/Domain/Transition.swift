/// One line of a subject's history: a status that changed, a thing that appeared or went, a change of hands.
public struct Transition: Hashable, Sendable {
    public var subject: Subject
    public var object: ObjectID?
    public var at: Timestamp
    public var event: Event
    /// Stage code and Cloudflare's word before; empty where there was nothing.
    public var from: Point
    public var to: Point
    public var move: Move
    public var reason: Reason?
    public var operation: OperationID?
    public var detail: String

    public struct Point: Hashable, Sendable {
        public var stage: String
        public var status: String
        public init(stage: String, status: String) { (self.stage, self.status) = (stage, status) }
        public init(_ sighting: Sighting) { self.init(stage: sighting.stage.code, status: sighting.status) }
        public static let nothing = Point(stage: "", status: "")
    }

    /// What happened. The raw value is written to the database and the journal and is never renamed.
    public enum Event: String, Hashable, Sendable, CaseIterable {
        case appeared, moved, vanished, adopted, released, bound
        case certificateReplaced = "certificate-replaced"
        case decided, delivered
        case approvalLapsed = "approval-lapsed"
        case commandSucceeded = "command-succeeded"
        case operationAccepted = "operation-accepted"
        case operationFailed = "operation-failed"
        case operationLost = "operation-lost"
    }

    public init(
        subject: Subject, object: ObjectID? = nil, at: Timestamp, event: Event, from: Point = .nothing,
        to: Point = .nothing, move: Move = .none, reason: Reason? = nil, operation: OperationID? = nil,
        detail: String = ""
    ) {
        (self.subject, self.object, self.at, self.event, self.from, self.to) = (subject, object, at, event, from, to)
        (self.move, self.reason, self.operation, self.detail) = (move, reason, operation, detail)
    }
}

/// One trouble from raise to resolve, however often it is seen. Its identity is scope and condition, never its text.
public struct Episode: Hashable, Sendable {
    public var scope: Scope
    public var condition: Condition
    public var detail: String
    public var raisedAt: Timestamp
    public var lastTold: Timestamp
    public var resolvedAt: Timestamp?

    public enum Scope: Hashable, Sendable {
        case daemon
        case zone(ZoneID)
        case subject(Subject)
    }

    /// The kinds of trouble. The raw value is written to the database and the journal and is never renamed.
    public enum Condition: String, Hashable, Sendable, CaseIterable {
        /// A stage has lasted longer than its deadline.
        case overdue
        /// Cloudflare gave up on a step.
        case stalled
        /// A subject is held.
        case held
        /// Less than 28 days are left and nothing is renewing it.
        case expiring
        case expired
        /// Cloudflare should have renewed it by now.
        case renewalOverdue = "renewal-overdue"
        /// Wished, and nothing serves for it.
        case uncovered
        case commandFailed = "command-failed"
        case keyTrouble = "key-trouble"
        /// A change is tried again and again, and does not come about.
        case failing
        case statusUnread = "status-unread"
        case suspended
        /// A zone was not seen completely for three of its intervals (S16).
        case zoneUnseen = "zone-unseen"
        case zoneUnknown = "zone-unknown"
        case clockSkewed = "clock-skewed"
        case tokenRefused = "token-refused"
        case tokenExpiring = "token-expiring"
        case rateLimited = "rate-limited"
        case settingsRefused = "settings-refused"
        case storeUnwritable = "store-unwritable"
        case stateUntrusted = "state-untrusted"
    }

    public init(
        scope: Scope, condition: Condition, detail: String, raisedAt: Timestamp, lastTold: Timestamp,
        resolvedAt: Timestamp? = nil
    ) {
        (self.scope, self.condition, self.detail) = (scope, condition, detail)
        (self.raisedAt, self.lastTold, self.resolvedAt) = (raisedAt, lastTold, resolvedAt)
    }
}
