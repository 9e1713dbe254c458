import Domain
import Planning

/// Keeps every zone as the settings want it: looks, plans, writes down, acts, writes down, and says when to look again.
///
/// The engine decides nothing itself (that is ``Planner``) and touches nothing itself (that is what its ports are for).
/// It is one actor on one serial executor that it is given: passes over different zones interleave only where one waits
/// for a port, and two passes over one zone never do.
public actor Engine {
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    nonisolated let executor: any SerialExecutor

    let ports: Ports
    let planner = Planner()
    /// The program and the database that plans are made under; the first pass of a zone under another only plans.
    let era: String
    let startedAt: Timestamp
    /// How far answers' dates may be from our clock (S11): 60 s, more only for a simulator's fast clock.
    let skewTolerance: Duration

    var settings: Settings
    var settingsTrouble: String?
    var stateTrouble: String?
    var storeTrouble: StoreTrouble?

    var zones: [ZoneID: ZoneDuty] = [:]
    /// Zones of the settings whose identifier is not known yet, and when to ask for it again.
    var unnamed: [String: (wish: ZoneWish, due: Duration)] = [:]
    var passes: [ZoneID: PassMark] = [:]
    var queues: [ZoneID: [CheckedContinuation<Void, Never>]] = [:]
    /// Open troubles of the daemon itself, as last told.
    var daemonEpisodes: [Episode.Condition: Episode] = [:]
    var alarm: (any TimerHandle)?
    var isStarted = false
    var isStopping = false
    var lastStatusLine = ""
    var wallOffset: Duration
    var idle: [CheckedContinuation<Void, Never>] = []

    /// Everything that the engine is handed.
    public struct Ports: Sendable {
        public var ledger: any Ledger
        /// Makes what a mode leaves in our hands.
        public var provider: @Sendable (Mode) -> Provider
        public var budget: RequestBudget
        public var keys: any KeyRoom
        public var commands: any CommandRunner
        public var clock: any Clock
        public var timers: any Timers
        public var chance: any Chance
        public var news: any NewsSink
        public var supervisor: any Supervisor
        public var settings: any SettingsSource
        /// Called when the database turns out to be broken: the process ends, and its next start sets the file aside.
        public var onCorruption: @Sendable (StoreTrouble) -> Void

        public init(
            ledger: any Ledger, provider: @escaping @Sendable (Mode) -> Provider, budget: RequestBudget,
            keys: any KeyRoom, commands: any CommandRunner, clock: any Clock, timers: any Timers, chance: any Chance,
            news: any NewsSink, supervisor: any Supervisor, settings: any SettingsSource,
            onCorruption: @escaping @Sendable (StoreTrouble) -> Void
        ) {
            (self.ledger, self.provider, self.budget, self.keys) = (ledger, provider, budget, keys)
            (self.commands, self.clock, self.timers, self.chance) = (commands, clock, timers, chance)
            (self.news, self.supervisor, self.settings) = (news, supervisor, settings)
            self.onCorruption = onCorruption
        }
    }

    /// What one zone's pass is doing, and since when, so that a stuck one is told from a waiting one (S12).
    struct PassMark {
        enum Step { case asking, working }
        var step: Step
        var since: Duration
        var task: Task<Void, Never>?
    }

    /// - Parameters:
    ///   - era: Text that changes with the program's version and with the database's identity.
    ///   - settings: The settings in force; already read, so that a daemon with bad ones never comes this far.
    public init(
        executor: any SerialExecutor, ports: Ports, settings: Settings, era: String,
        skewTolerance: Duration = .seconds(60)
    ) {
        (self.executor, self.ports, self.settings, self.era) = (executor, ports, settings, era)
        self.skewTolerance = skewTolerance
        startedAt = ports.clock.now()
        wallOffset = Self.offset(of: ports.clock)
    }

    // MARK: Life

    /// Takes up the zones and begins. Cloudflare need not answer for this.
    public func start() {
        precondition(!isStarted)
        isStarted = true
        readState()
        takeUp(settings)
        ports.supervisor.tell(.ready)
        ports.news.tell(
            News(.started, .notice, [.init(.version, Edgecert.version), .init(.mode, settings.daemon.mode.rawValue)]))
        wake()
        tellStatus()
    }

    /// Ends: nobody is let into the budget any more, looks are dropped, changes that were sent are waited for and
    /// written down. What was not sent is left as if it had never been planned.
    public func stop() async {
        guard !isStopping else { return }
        isStopping = true
        ports.supervisor.tell(.stopping)
        ports.news.tell(News(.stopping, .notice))
        alarm?.cancel()
        await ports.budget.close()
        for mark in passes.values where mark.step == .asking { mark.task?.cancel() }
        while !passes.isEmpty { await withCheckedContinuation { idle.append($0) } }
    }

    /// True while the loop is doing what it should: for the watchdog. Waiting for the network, for the budget or for
    /// a command is progress; a pass that sits longer than all its time-outs together is not, nor is a zone that is
    /// long due while there is room for its pass.
    public func isMakingProgress() async -> Bool {
        let now = ports.clock.uptime()
        let budget = await ports.budget.snapshot()
        if budget.waiting > 0 || budget.blockedFor != nil { return true }
        let patience = settings.cloudflare.requestTimeout * 3 + .minutes(15)
        if passes.values.contains(where: { now - $0.since > patience }) { return false }
        let room = passes.count < settings.daemon.zonesInParallel
        let overdue = zones.contains { now - $0.value.due > .minutes(10) && passes[$0.key] == nil }
        return isStopping || !(room && overdue)
    }

    /// What was left behind by an earlier run.
    private func readState() {
        do throws(StoreTrouble) {
            stateTrouble = try ports.ledger.note(.untrusted)
            for episode in try ports.ledger.openEpisodes() where episode.scope == .daemon {
                daemonEpisodes[episode.condition] = episode
            }
        } catch {
            note(error)
        }
        if let stateTrouble {
            raise(.stateUntrusted, stateTrouble)
        } else {
            resolve(.stateUntrusted)
        }
    }

    static func offset(of clock: any Clock) -> Duration {
        (clock.now() - Timestamp(unixMilliseconds: 0)) - clock.uptime()
    }
}
