import Domain

/// How the model behaves where Cloudflare's behaviour varies, is not published, or has to be hurried for a test.
public struct ModelSettings: Hashable, Sendable {
    public var pace = Pace()
    public var timeouts = Timeouts()
    public var limiter = Limiter()
    /// Listings show the zone as it was this long ago; a GET by identifier shows it as it is.
    public var listLag: Duration = .zero
    /// Is added to the header `Date`: an answer from a machine whose clock is wrong. May be negative.
    public var dateSkew: Duration = .zero
    /// An order with the host set of a live pack is refused.
    public var refusesDuplicates = true
    /// A restart is accepted only from `validation_timed_out`, as the API reference says. Otherwise also from
    /// `initializing_timed_out` and `deployment_timed_out`, as the troubleshooting pages have it.
    public var restartsStrictly = false
    /// A revoked client certificate can be reactivated. The API reference and the product pages disagree.
    public var reactivatesRevoked = true
    /// Requests for reading that the ledger remembers; older ones are only counted.
    public var ledgerReads = 100_000

    public init() {}

    /// How long things take. A free zone with Google as authority was measured for the defaults (FACTS as of 2026-11):
    /// validation begins after 4 to 16 s, a pack is active after 27 s, or after 148 to 233 s with names that are new.
    public struct Pace: Hashable, Sendable {
        public var initializing: ClosedRange<Duration> = .seconds(4) ... .seconds(16)
        /// From order to service, names validated within ``nameMemory``.
        public var knownNames: ClosedRange<Duration> = .seconds(26) ... .seconds(28)
        /// From order to service, at least one new name.
        public var newNames: ClosedRange<Duration> = .seconds(148) ... .seconds(233)
        /// From the begin of a validation until its records can be read.
        public var records: ClosedRange<Duration> = .seconds(2) ... .seconds(5)
        public var issuance: ClosedRange<Duration> = .seconds(2) ... .seconds(4)
        public var deployment: ClosedRange<Duration> = .seconds(2) ... .seconds(4)
        public var deletion: ClosedRange<Duration> = .seconds(420) ... .seconds(600)
        public var revocation: ClosedRange<Duration> = .seconds(5) ... .seconds(20)
        public var reactivation: ClosedRange<Duration> = .seconds(5) ... .seconds(20)
        public var nameMemory: Duration = .days(7)
        public init() {}

        /// Every step takes one second: for tests that are not about time.
        public static var immediate: Pace {
            var pace = Pace()
            let one: ClosedRange<Duration> = .seconds(1) ... .seconds(1)
            (pace.initializing, pace.records, pace.issuance, pace.deployment) = (one, one, one, one)
            (pace.knownNames, pace.newNames) = (.seconds(4) ... .seconds(4), .seconds(4) ... .seconds(4))
            (pace.deletion, pace.revocation, pace.reactivation) = (one, one, one)
            return pace
        }
    }

    /// When Cloudflare gives up on a step. None of these is published.
    public struct Timeouts: Hashable, Sendable {
        public var initializing: Duration = .hours(1)
        /// nil for the life of the authority's tokens: 7 days for Let's Encrypt, 14 for the others.
        public var validation: Duration?
        public var issuance: Duration = .hours(4)
        public var deployment: Duration = .hours(1)
        public var deletion: Duration = .hours(1)
        public init() {}
    }

    /// The request limit of each token.
    ///
    /// - SeeAlso: <https://developers.cloudflare.com/fundamentals/api/reference/limits/>, as of 2026-04.
    public struct Limiter: Hashable, Sendable {
        public var isOn = true
        public var quota = 1200
        public var window: Duration = .minutes(5)
        /// How long every call is refused once the quota is passed.
        public var block: Duration = .minutes(5)
        /// 429 answers carry `Retry-After`. Cloudflare's do not always.
        public var sendsRetryAfter = true
        public init() {}
    }
}

extension ModelSettings {
    /// Takes over the members that are there; the others stay as they are.
    public mutating func apply(_ fields: inout Fields) throws(ScenarioTrouble) {
        if var inner = try fields.object("pace") { try pace.apply(&inner) }
        if var inner = try fields.object("timeouts") { try timeouts.apply(&inner) }
        if var inner = try fields.object("limiter") { try limiter.apply(&inner) }
        listLag = try fields.duration("list_lag") ?? listLag
        if let seconds = try fields.integer("date_skew_seconds", in: -86_400_000...86_400_000) {
            dateSkew = .seconds(seconds)
        }
        refusesDuplicates = try fields.flag("refuse_duplicates") ?? refusesDuplicates
        restartsStrictly = try fields.flag("strict_restart") ?? restartsStrictly
        reactivatesRevoked = try fields.flag("reactivate_revoked") ?? reactivatesRevoked
        ledgerReads = try fields.integer("ledger_reads", in: 0...10_000_000) ?? ledgerReads
        try fields.finish()
    }
}

extension ModelSettings.Pace {
    mutating func apply(_ fields: inout Fields) throws(ScenarioTrouble) {
        if try fields.flag("immediate") == true { self = .immediate }
        initializing = try fields.durations("initializing") ?? initializing
        knownNames = try fields.durations("known_names") ?? knownNames
        newNames = try fields.durations("new_names") ?? newNames
        records = try fields.durations("records") ?? records
        issuance = try fields.durations("issuance") ?? issuance
        deployment = try fields.durations("deployment") ?? deployment
        deletion = try fields.durations("deletion") ?? deletion
        revocation = try fields.durations("revocation") ?? revocation
        reactivation = try fields.durations("reactivation") ?? reactivation
        nameMemory = try fields.duration("name_memory") ?? nameMemory
        try fields.finish()
    }
}

extension ModelSettings.Timeouts {
    mutating func apply(_ fields: inout Fields) throws(ScenarioTrouble) {
        initializing = try fields.duration("initializing") ?? initializing
        validation = try fields.duration("validation") ?? validation
        issuance = try fields.duration("issuance") ?? issuance
        deployment = try fields.duration("deployment") ?? deployment
        deletion = try fields.duration("deletion") ?? deletion
        try fields.finish()
    }
}

extension ModelSettings.Limiter {
    mutating func apply(_ fields: inout Fields) throws(ScenarioTrouble) {
        isOn = try fields.flag("on") ?? isOn
        quota = try fields.integer("quota", in: 1...1_000_000_000) ?? quota
        window = try fields.duration("window") ?? window
        block = try fields.duration("block") ?? block
        sendsRetryAfter = try fields.flag("retry_after") ?? sendsRetryAfter
        try fields.finish()
    }
}
