/// Where one thing at Cloudflare stands, in our words rather than Cloudflare's.
///
/// Each kind folds its own status words into these, in a table of its own. A word that this program does not know is
/// kept and never guessed at: such a thing is watched and left alone.
public enum Stage: Hashable, Sendable {
    /// Cloudflare is working on a step; we wait.
    case underway(Step)
    /// Cloudflare gave up on a step; it may be asked again.
    case stalled(Step)
    /// Ready, and waiting for its zone to become active. No deadline.
    case holding
    /// Deployed at the edge, or accepted there. Whether it is *valid* is a matter of the clock (S13), not of the stage.
    case serving
    /// Issued and not in production: backups and staging. Covers nothing.
    case standby
    /// Replaced by Cloudflare, kept until its successor serves. Covers nothing that may be counted on.
    case retiring
    /// Its removal or revocation has begun.
    case leaving
    /// Switched off, and still there.
    case inactive
    /// Past its end, in Cloudflare's own words.
    case expired
    /// Revoked. Never comes back unless a person asks for it (S8).
    case revoked
    /// Removed.
    case gone
    /// A status word newer than this program.
    case unread

    public enum Step: String, Hashable, Sendable, CaseIterable {
        case start, validation, issuance, deployment, deletion, revocation, reactivation
    }

    /// One word for the database, the journal and the tool. Never renamed.
    public var code: String {
        switch self {
        case .underway(let step): step.rawValue
        case .stalled(let step): "\(step.rawValue)-stalled"
        case .holding: "holding"
        case .serving: "serving"
        case .standby: "standby"
        case .retiring: "retiring"
        case .leaving: "leaving"
        case .inactive: "inactive"
        case .expired: "expired"
        case .revoked: "revoked"
        case .gone: "gone"
        case .unread: "unread"
        }
    }

    public init?(code: String) {
        guard let stage = Self.byCode[code] else { return nil }
        self = stage
    }

    private static let byCode = Dictionary(uniqueKeysWithValues: all.map { ($0.code, $0) })

    public static let all: [Stage] =
        Step.allCases.map(Stage.underway) + Step.allCases.map(Stage.stalled)
        + [.holding, .serving, .standby, .retiring, .leaving, .inactive, .expired, .revoked, .gone, .unread]

    /// True when nothing more will happen to it: it counts for nothing but history.
    public var isOver: Bool { self == .gone || self == .revoked }

    /// True while it may still come to serve without anyone's doing, or serves.
    public var isLive: Bool {
        switch self {
        case .underway, .holding, .serving: true
        case .stalled, .standby, .retiring, .leaving, .inactive, .expired, .revoked, .gone, .unread: false
        }
    }

    /// True when Cloudflare is at work and a look will soon show something else.
    public var isMoving: Bool {
        switch self {
        case .underway, .leaving: true
        case .stalled, .holding, .serving, .standby, .retiring, .inactive, .expired, .revoked, .gone, .unread: false
        }
    }
}

/// How a step from one status word to another is judged. The surprising is Cloudflare's business: it is recorded and
/// told, never trapped.
public enum Move: String, Hashable, Sendable {
    /// The same word again.
    case none
    /// Documented as the next step.
    case expected
    /// A way of documented steps leads there; the looks missed those between.
    case leap
    /// No documented way leads there.
    case surprising
}

/// A vocabulary of status words with the steps that are documented between them.
public protocol StatusVocabulary: Hashable, Sendable, CaseIterable, RawRepresentable where RawValue == String {
    var stage: Stage { get }
    /// The words that may follow this one directly.
    var successors: Set<Self> { get }
}

extension StatusVocabulary {
    /// Judges the move from this word to `next`.
    public func move(to next: Self) -> Move {
        if next == self { return .none }
        if successors.contains(next) { return .expected }
        return reachable.contains(next) ? .leap : .surprising
    }

    /// Every word that some way of documented steps leads to.
    private var reachable: Set<Self> {
        var found: Set<Self> = []
        var edge = successors
        while !edge.isEmpty {
            found.formUnion(edge)
            edge = Set(edge.flatMap(\.successors)).subtracting(found)
        }
        return found
    }
}
