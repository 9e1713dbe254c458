/// Why a decision is as it is. The raw value goes to the database, the journal and the tool, and is never renamed.
public enum Reason: String, Hashable, Sendable, CaseIterable {
    // Rest.
    case asWanted = "as-wanted"
    case notManaged = "not-managed"
    case discovered = "discovered"
    case released = "released"

    // Wait.
    case notSeen = "not-seen"
    case absenceUnproven = "absence-unproven"
    case providerWorking = "provider-working"
    case providerRemoving = "provider-removing"
    case waitingForZone = "waiting-for-zone"
    case operationOpen = "operation-open"
    case proving = "proving"
    case overlapRunning = "overlap-running"
    case changedRecently = "changed-recently"
    case clockSkewed = "clock-skewed"
    case planningOnly = "planning-only"
    case modeForbids = "mode-forbids"
    case renewalByCloudflare = "renewal-by-cloudflare"
    case retryLater = "retry-later"
    case suspended = "suspended"

    // Act.
    case adoptable = "adoptable"
    case missing = "missing"
    case expired = "expired"
    case wishChanged = "wish-changed"
    case methodChanged = "method-changed"
    case brandingChanged = "branding-changed"
    case stepStalled = "step-stalled"
    case superseded = "superseded"
    case noLongerWanted = "no-longer-wanted"
    case removalStalled = "removal-stalled"
    case renewalDue = "renewal-due"
    case undelivered = "undelivered"
    case commandDue = "command-due"
    case personAsked = "person-asked"

    // Hold.
    case sameHostSetRefused = "same-host-set-refused"
    case wouldUncover = "would-uncover"
    case nameLimit = "name-limit"
    case daemonLimit = "daemon-limit"
    case removalLimit = "removal-limit"
    case undoneOutside = "undone-outside"
    case revokedOutside = "revoked-outside"
    case statusUnread = "status-unread"
    case preflightFailed = "preflight-failed"
    case refused = "refused"
    case quotaExhausted = "quota-exhausted"
    case keyTrouble = "key-trouble"
    case stateUntrusted = "state-untrusted"
    case storeTrouble = "store-trouble"

    /// The verb of the tool that lifts a hold for this reason; nil when it lifts itself once its cause is mended.
    public var lift: Lift? {
        switch self {
        case .sameHostSetRefused, .wouldUncover, .nameLimit, .daemonLimit, .removalLimit, .stateUntrusted: .approve
        case .undoneOutside, .refused: .unhold
        case .revokedOutside: .approve
        default: nil
        }
    }

    public enum Lift: String, Hashable, Sendable {
        /// Do what was refused for safety, once.
        case approve
        /// Forget what led here, and decide anew.
        case unhold
    }
}
