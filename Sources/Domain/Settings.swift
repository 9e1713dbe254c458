/// Everything that an operator can set, with its defaults. Read from TOML by the module SettingsFile.
public struct Settings: Hashable, Sendable {
    public var daemon = DaemonSettings()
    public var cloudflare = CloudflareSettings()
    public var limits = LimitSettings()
    public var deadlines = DeadlineSettings()
    /// In order of name.
    public var zones: [ZoneWish] = []

    public init() {}
}

public struct DaemonSettings: Hashable, Sendable {
    /// The mode of every zone that does not set a stricter one.
    public var mode = Mode.observe
    /// A settled zone is looked at this often, at best. At least a minute.
    public var lookEvery: Duration = .minutes(15)
    /// Zones that are looked at side by side. 1 to 64.
    public var zonesInParallel = 4
    /// Where the database and the keys are. Under systemd the unit's StateDirectory, and not set.
    public var stateDirectory = "/var/lib/edgecertd"
    /// Where the control socket is made when systemd hands none over.
    public var controlSocket = "/run/edgecertd/control.sock"
    /// Transitions older than this are pruned, leaving a checkpoint; nil (the default) keeps all.
    public var keepHistory: Duration?

    public init() {}
}

public struct CloudflareSettings: Hashable, Sendable {
    /// https, or http on loopback.
    public var baseURL = "https://api.cloudflare.com/client/v4"
    /// Read when no credential `cloudflare-token` is handed over. Not for use under systemd.
    public var tokenFile: String?
    /// The share of Cloudflare's limit that is taken; the rest is for people. Above 0, at most 1.
    public var requestShare = 0.5
    /// The time for the connection to stand.
    public var connectTimeout: Duration = .seconds(10)
    /// The time for a whole answer.
    public var requestTimeout: Duration = .seconds(60)
    /// An answer that is longer is refused. 8 MiB: a page of 50 packs with 50 hosts each stays well below 1 MiB.
    public var answerLimitBytes = 8 << 20
    /// PEM of the authorities to trust in place of the system's; for the simulator's TLS.
    public var trustedRootsFile: String?
    /// Take the time from the simulator's fast clock. Loopback only.
    public var followSimulatorClock = false

    public init() {}
}

/// The brakes of S4 to S7. All of them are counted in the database.
public struct LimitSettings: Hashable, Sendable {
    /// Orders and restarts of one host set or common name in 24 hours (S6).
    public var ordersPerNameADay = 3
    /// The same in 7 days (S6).
    public var ordersPerNameAWeek = 5
    /// Orders of the whole daemon in 24 hours (S6).
    public var ordersADay = 50
    /// The share of a zone's subjects that may be removed in 24 hours (S7): above max(1, share) all removals are held.
    public var removalsPerZoneShare = 0.1
    /// Removals of the whole daemon in 24 hours (S7).
    public var removalsADay = 3

    public init() {}
}

/// How long a stage may last before it is an episode : overdue, and told.
public struct DeadlineSettings: Hashable, Sendable {
    public var initializing: Duration = .minutes(15)
    public var validation: Duration = .hours(24)
    public var issuance: Duration = .hours(4)
    public var deployment: Duration = .minutes(30)
    /// Deletion and revocation.
    public var removal: Duration = .hours(1)

    public init() {}
}
