/// One reason why an order would be refused, or turn out other than meant, known before it is sent.
public struct Finding: Hashable, Sendable {
    /// One word for the journal and for programs. The raw value is never renamed.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        case apexMissing = "apex-missing"
        case tooManyHosts = "too-many-hosts"
        case wildcardDepth = "wildcard-depth"
        case wildcardOverHTTP = "wildcard-over-http"
        case hostOutsideZone = "host-outside-zone"
        case validityNotOffered = "validity-not-offered"
        case methodNotOffered = "method-not-offered"
        case punycodeNotOffered = "punycode-not-offered"
        case tooManyLevels = "too-many-levels"
        case enterpriseOnly = "enterprise-only"
        case brandingNotOffered = "branding-not-offered"
        case validityPastCalendar = "validity-past-calendar"
        case quotaUsedUp = "quota-used-up"
        case commonNameUnfit = "common-name-unfit"
        case validityUnfit = "validity-unfit"
    }

    public enum Weight: Hashable, Sendable {
        /// The order would fail, or must not be made.
        case refusing
        /// It may fail: what it depends on cannot be seen from here.
        case doubtful
    }

    public var code: Code
    public var weight: Weight
    /// The key of the wish that is concerned, as the settings write it: `hosts`, `validity_days`.
    public var key: String
    public var found: String
    public var allowed: String
    public var hint: String

    public init(
        _ code: Code, _ weight: Weight = .refusing, key: String, found: String, allowed: String, hint: String
    ) {
        (self.code, self.weight, self.key) = (code, weight, key)
        (self.found, self.allowed, self.hint) = (found, allowed, hint)
    }

    /// One clause: what is wrong, and what is allowed.
    public var text: String { "found \(found); allowed is \(allowed)" }
}
