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
    /// What an earlier run has left behind is known.
    var isStateRead = false
    var storeTrouble: StoreTrouble?
    /// The zone whose passes find out, a minute apart, whether the state can be written again.
    var storeProbe: ZoneID?
    /// The others whose passes came to nothing since then.
    var zonesPutOff: Set<ZoneID> = []
    /// When settings that were taken up last made failing zones due, in ``Clock/uptime()``.
    var lastMending: Duration?

    var zones: [ZoneID: ZoneDuty] = [:]
    /// Zones of the settings whose identifier is not known yet, and when to ask for it again.
    var unnamed: [String: (wish: ZoneWish, due: Duration)] = [:]
    /// Names of the settings whose identifier is another name's there too: nothing is done for them.
    var doubles: Set<String> = []
    var passes: [ZoneID: PassMark] = [:]
    var queues: [ZoneID: [CheckedContinuation<Void, Never>]] = [:]
    /// Names of zones that Cloudflare is being asked for.
    var naming: Set<String> = []
    /// What is wrong just now with several things under one condition of the daemon, each by its key.
    var gathered: [Episode.Condition: [String: String]] = [:]
    /// When the daemon next looks after itself: its token, and the length of its history.
    var careDue: [Care: Duration] = [:]
    /// The interval that the budget last allowed for settled zones; nil before it was asked.
    var allowedInterval: Duration?
    /// Open troubles of the daemon itself, as last told.
    var daemonEpisodes: [Episode.Condition: Episode] = [:]
    /// Those that the database could not take, as they stand by now.
    var unwritten: [Episode.Condition: Episode] = [:]
    /// Keys made by this process that no committed operation has used.
    var freshKeys: [Subject: FreshKey] = [:]
    var alarm: (any TimerHandle)?
    /// Since memory was last given back.
    var work: Work
    var isStarted = false
    var isStopping = false
    /// True once a stop has waited long enough for what is still under way.
    var hasGivenUp = false
    var lastStatusLine = ""
    var wallOffset: Duration
    var idle: [CheckedContinuation<Void, Never>] = []
    /// People who wait for a pass; each is answered once, by the pass or by a stop.
    var awaited: [Int: (continuation: CheckedContinuation<PassResult, Never>, task: Task<Void, Never>?)] = [:]
    var lastAwaited = 0

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
        /// Called in a lull after some work: what was needed for that alone can go. nil where nothing can be given back.
        public var giveMemoryBack: (@Sendable () -> Void)?

        public init(
            ledger: any Ledger, provider: @escaping @Sendable (Mode) -> Provider, budget: RequestBudget,
            keys: any KeyRoom, commands: any CommandRunner, clock: any Clock, timers: any Timers, chance: any Chance,
            news: any NewsSink, supervisor: any Supervisor, settings: any SettingsSource,
            onCorruption: @escaping @Sendable (StoreTrouble) -> Void, giveMemoryBack: (@Sendable () -> Void)? = nil
        ) {
            (self.ledger, self.provider, self.budget, self.keys) = (ledger, provider, budget, keys)
            (self.commands, self.clock, self.timers, self.chance) = (commands, clock, timers, chance)
            (self.news, self.supervisor, self.settings) = (news, supervisor, settings)
            (self.onCorruption, self.giveMemoryBack) = (onCorruption, giveMemoryBack)
        }
    }

    /// What one zone's pass is doing, and since when, so that a stuck one is told from a waiting one (S12).
    struct PassMark {
        /// Asking can be broken off at any time; a change that was sent is waited for.
        enum Step { case asking, changing, working }
        var step: Step
        var since: Duration
        /// What the step may take besides the time that every step may: an operator's command has its own.
        var allowance: Duration = .zero
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
        work = Work(since: ports.clock.uptime())
    }

    // MARK: Life

    /// Takes up the zones and begins. Cloudflare need not answer for this.
    public func start() {
        precondition(!isStarted)
        isStarted = true
        readState()
        resolve(.settingsRefused)  // with refused ones it would not have come this far
        let left = takeUp(settings)
        beginCare()
        ports.supervisor.tell(.ready)
        ports.news.tell(
            News(.started, .notice, [.init(.version, Edgecert.version), .init(.mode, settings.daemon.mode.rawValue)]))
        if let remark = remark(onZonesLeft: left) { tellSettings(remark) }
        wake()
        tellStatus()
    }

    /// How long a stop waits for what is under way before it breaks it off, and before it goes without it. Both are well
    /// within the 30 s that the unit gives (`TimeoutStopSec`).
    static let stopPatience: (breakOff: Duration, giveUp: Duration) = (.seconds(18), .seconds(24))

    /// Ends: nobody is let into the budget any more, looks are dropped, changes that were sent are waited for and
    /// written down, for a while. What was not sent is left as if it had never been planned; what was sent and not
    /// answered in that time stays open, for the next start to find out (S3).
    public func stop() async {
        guard !isStopping else { return }
        isStopping = true
        ports.supervisor.tell(.stopping)
        ports.news.tell(News(.stopping, .notice))
        alarm?.cancel()
        work.lull?.cancel()
        work.lull = nil
        answerPeople()
        await ports.budget.close()
        breakOff { $0.step == .asking }
        let (timers, patience) = (ports.timers, Self.stopPatience)
        let ends = [
            timers.once(after: patience.breakOff, leeway: Self.leeway) { Task { await self.breakOff { _ in true } } },
            timers.once(after: patience.giveUp, leeway: Self.leeway) { Task { await self.giveUp() } },
        ]
        while !passes.isEmpty, !hasGivenUp { await withCheckedContinuation { idle.append($0) } }
        for end in ends { end.cancel() }
    }

    private func breakOff(_ isMeant: (PassMark) -> Bool) {
        for mark in passes.values where isMeant(mark) { mark.task?.cancel() }
    }

    private func giveUp() {
        hasGivenUp = true
        let waiters = idle
        idle = []
        for waiter in waiters { waiter.resume() }
    }

    /// True while the loop is doing what it should: for the watchdog. Waiting for the network, for the budget or for
    /// a command is progress; a pass that sits longer than all its time-outs together is not, nor is a zone that is
    /// long due while there is room for its pass.
    public func isMakingProgress() async -> Bool {
        if isStopping { return true }
        let now = ports.clock.uptime()
        // A simulator's fast clock passes hours of its own within one answer; its tolerance says how fast it is.
        let slack = (skewTolerance - .seconds(60)) * 30
        let patience = settings.cloudflare.requestTimeout * 3 + .minutes(15) + slack
        for (zone, mark) in passes where now - mark.since > patience + mark.allowance {
            // A long listing has many pages, and each of them is let in by the budget.
            guard await ports.budget.isServing(zone, since: now - patience) else { return false }
        }
        let room = passes.count < settings.daemon.zonesInParallel
        return !room || !zones.contains { now - $0.value.due > .minutes(10) + slack && passes[$0.key] == nil }
    }

    /// What was left behind by an earlier run. Once, and until then nothing is trusted: a note that could not be read is
    /// not one that is not there.
    func readState() {
        guard !isStateRead else { return }
        do throws(StoreTrouble) {
            let note = try ports.ledger.note(.untrusted)
            for episode in try ports.ledger.openEpisodes() where episode.scope == .daemon {
                daemonEpisodes[episode.condition] = daemonEpisodes[episode.condition] ?? episode
            }
            (stateTrouble, isStateRead) = (note, true)
        } catch {
            stateTrouble = error.explanation.summary
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
