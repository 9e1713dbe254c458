/// One thing worth telling: an entry of the journal. The message is fixed text for its kind; facts are fields.
public struct News: Hashable, Sendable {
    public var kind: Kind
    public var priority: Priority
    public var subject: Subject?
    /// The zone's name, as people know it.
    public var zoneName: String?
    /// By name without the prefix `EDGECERT_`; names are A–Z, 0–9 and `_`.
    public var fields: [Field]

    public struct Field: Hashable, Sendable {
        public var name: Name
        public var value: String
        public init(_ name: Name, _ value: String) { (self.name, self.value) = (name, value) }

        /// The fields of a journal entry; written with the prefix `EDGECERT_`. Never renamed.
        public enum Name: String, Hashable, Sendable, CaseIterable {
            case zoneID = "ZONE_ID"
            case object = "OBJECT"
            case from = "FROM"
            case to = "TO"
            case fromStatus = "FROM_STATUS"
            case toStatus = "TO_STATUS"
            case event = "EVENT"
            case move = "MOVE"
            case reason = "REASON"
            case detail = "DETAIL"
            case operation = "OPERATION"
            case action = "ACTION"
            case condition = "CONDITION"
            case rung = "RUNG"
            case notAfter = "NOT_AFTER"
            case since = "SINCE"
            case ray = "CF_RAY"
            case errorCode = "ERROR_CODE"
            case errorMessage = "ERROR_MESSAGE"
            case httpStatus = "HTTP_STATUS"
            case hint = "HINT"
            case output = "OUTPUT"
            case exitStatus = "EXIT_STATUS"
            case file = "FILE"
            case line = "LINE"
            case person = "PERSON"
            case mode = "MODE"
            case version = "VERSION"
        }
    }

    /// As syslog has them.
    public enum Priority: Int, Hashable, Sendable, CaseIterable {
        case emergency, alert, critical, error, warning, notice, info, debug
    }

    /// The kinds of news; each has one message text, one MESSAGE_ID and one catalog entry. Never renamed.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case started, stopping
        case settingsLoaded = "settings-loaded"
        case settingsRefused = "settings-refused"
        case transition, decision
        case operationSent = "operation-sent"
        case operationAccepted = "operation-accepted"
        case operationRefused = "operation-refused"
        case operationUnanswered = "operation-unanswered"
        case operationLost = "operation-lost"
        case episodeRaised = "episode-raised"
        case episodeReminder = "episode-reminder"
        case episodeResolved = "episode-resolved"
        case expiryRung = "expiry-rung"
        case delivered
        case commandOutput = "command-output"
        case commandFailed = "command-failed"
        case personActed = "person-acted"
        case simulatorClock = "simulator-clock"
        case clockStepped = "clock-stepped"
        case databaseQuarantined = "database-quarantined"
        case databaseMigrated = "database-migrated"
        case databaseRestored = "database-restored"
    }

    public init(
        _ kind: Kind, _ priority: Priority, about subject: Subject? = nil, zoneName: String? = nil,
        _ fields: [Field] = []
    ) {
        (self.kind, self.priority, self.subject, self.zoneName, self.fields) = (
            kind, priority, subject, zoneName, fields
        )
    }
}

extension News.Kind {
    /// The text of the entry. Fixed: what differs from one to the next is in the fields.
    public var message: String {
        switch self {
        case .started: "edgecertd started"
        case .stopping: "edgecertd is stopping"
        case .settingsLoaded: "settings loaded"
        case .settingsRefused: "settings refused, the last good ones stay in force"
        case .transition: "a certificate changed"
        case .decision: "a decision changed"
        case .operationSent: "a change is asked of Cloudflare"
        case .operationAccepted: "Cloudflare accepted a change"
        case .operationRefused: "Cloudflare refused a change"
        case .operationUnanswered: "no answer to a change, the next looks will tell whether it was made"
        case .operationLost: "a change never reached Cloudflare"
        case .episodeRaised: "something is wrong"
        case .episodeReminder: "something is still wrong"
        case .episodeResolved: "something is well again"
        case .expiryRung: "a certificate is nearer to its end"
        case .delivered: "key and certificate are in place"
        case .commandOutput: "the command after a change has run"
        case .commandFailed: "the command after a change has failed"
        case .personActed: "a person asked for something"
        case .simulatorClock: "time is taken from a simulator, this is not production"
        case .clockStepped: "the clock was stepped"
        case .databaseQuarantined: "the database was corrupt and has been set aside"
        case .databaseMigrated: "the database was brought to a new schema"
        case .databaseRestored: "a copy stands in the place of the database, the first passes only plan"
        }
    }
}
