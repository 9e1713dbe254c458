import Domain

/// What a person may ask of the running daemon. Every one of them is written to the audit with the person's uid.
public enum PersonCommand: Hashable, Sendable {
    /// Look, plan and act now, ahead of the schedule.
    case reconcile(Suspension.Scope)
    /// Look and plan; nothing is done by it.
    case plan(Suspension.Scope)
    /// `replacing` also takes what is not as wished: it is replaced, and then removed.
    case adopt(ObjectID, as: Subject, replacing: Bool = false)
    case release(Subject)
    case approve(Subject)
    /// Trust a state that was set aside and begun anew, or restored.
    case approveState
    case unhold(Subject)
    case suspend(Suspension.Scope, reason: String, until: Timestamp)
    case resume(Suspension.Scope)
    /// Client certificates alone. The certificate's identifier, or nil for the one in use.
    case revoke(Subject, ObjectID?, reason: String)
    case reactivate(Subject, ObjectID?)
    case reload

    /// The verb of the tool. Never renamed.
    public var verb: String {
        switch self {
        case .reconcile: "reconcile"
        case .plan: "plan"
        case .adopt: "adopt"
        case .release: "release"
        case .approve, .approveState: "approve"
        case .unhold: "unhold"
        case .suspend: "suspend"
        case .resume: "resume"
        case .revoke: "revoke"
        case .reactivate: "reactivate"
        case .reload: "reload"
        }
    }
}

/// What came of a person's command.
public struct CommandReply: Hashable, Sendable {
    /// One sentence each, for people.
    public var lines: [String]
    /// What is to be done about each subject, where the command made a plan.
    public var planned: [PlannedEntry]

    public struct PlannedEntry: Hashable, Sendable {
        public var subject: Subject
        public var zoneName: String
        public var decision: Decision
        public init(subject: Subject, zoneName: String, decision: Decision) {
            (self.subject, self.zoneName, self.decision) = (subject, zoneName, decision)
        }
    }

    public init(lines: [String] = [], planned: [PlannedEntry] = []) { (self.lines, self.planned) = (lines, planned) }
}

/// Why a person's command was not carried out: one case for each exit code of the tool.
public enum CommandTrouble: Error, Hashable, Sendable {
    /// The command itself is at fault: no such subject, nothing held, an end in the past.
    case unfit(code: String, summary: String, hint: String?)
    /// It would be unsafe.
    case unsafe(code: String, summary: String, hint: String?)
    /// Cloudflare, the disk or the settings stood in the way.
    case trouble(Explanation)
}

extension CommandTrouble: Explained {
    public var explanation: Explanation {
        switch self {
        case .unfit(let code, let summary, let hint), .unsafe(let code, let summary, let hint):
            Explanation(code: code, summary: summary, hint: hint)
        case .trouble(let explanation): explanation
        }
    }
}

/// How the running daemon stands, for `status` and the service manager's line.
public struct EngineStatus: Hashable, Sendable {
    public var version: String
    public var startedAt: Timestamp
    public var mode: Mode
    public var zones: Int
    public var subjects: Int
    public var moving: Int
    /// Open episodes.
    public var wrong: Int
    public var zonesInPass: Int
    public var nextPass: Timestamp?
    /// The interval that the budget allows for settled zones; at least the set one.
    public var lookEvery: Duration
    /// Requests left to us in Cloudflare's present window; nil before the first answer.
    public var budgetLeft: Int?
    /// Until when Cloudflare refuses every call of the token.
    public var blockedUntil: Timestamp?
    /// How far the local clock is from the answers' dates; nil before the first answer.
    public var clockSkew: Duration?
    /// Why the last reload was refused; nil while the settings in force are those on disk.
    public var settingsTrouble: String?
    /// Why the state is not trusted; nil when it is.
    public var stateTrouble: String?
    /// Why nothing can be written down just now, and so nothing is changed; nil when all is well.
    public var storeTrouble: String?
    /// What to do about it.
    public var storeHint: String?
    /// The line for `STATUS=`.
    public var line: String

    public init(
        version: String, startedAt: Timestamp, mode: Mode, zones: Int, subjects: Int, moving: Int, wrong: Int,
        zonesInPass: Int, nextPass: Timestamp?, lookEvery: Duration, budgetLeft: Int?, blockedUntil: Timestamp?,
        clockSkew: Duration?, settingsTrouble: String?, stateTrouble: String?, storeTrouble: String?,
        storeHint: String? = nil, line: String
    ) {
        (self.version, self.startedAt, self.mode, self.zones) = (version, startedAt, mode, zones)
        (self.subjects, self.moving, self.wrong, self.zonesInPass) = (subjects, moving, wrong, zonesInPass)
        (self.nextPass, self.lookEvery, self.budgetLeft) = (nextPass, lookEvery, budgetLeft)
        (self.blockedUntil, self.clockSkew, self.settingsTrouble) = (blockedUntil, clockSkew, settingsTrouble)
        (self.stateTrouble, self.storeTrouble, self.storeHint) = (stateTrouble, storeTrouble, storeHint)
        self.line = line
    }
}
