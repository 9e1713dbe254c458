import CloudflareAPI
import Domain
import Engine
import Planning
import StateStore

/// One life of the daemon's process, from its start to a stop or a crash. From its death on nothing that its code still
/// does has any effect: its timers are gone, its disk and its connection refuse.
///
/// `@unchecked`: reached on the run's one thread alone.
final class Life: @unchecked Sendable {
    let number: Int
    unowned let run: Run
    let timers: LifeTimers
    let store: SQLiteLedger
    private(set) var engine: Engine!  // set once, before anybody else has the life
    private(set) var budget: RequestBudget!  // the same
    var isDead = false
    var isStopping = false

    init(_ number: Int, _ run: Run, _ opened: SQLiteLedger.Opened, _ settings: Settings) {
        (self.number, self.run, store) = (number, run, opened.ledger)
        timers = LifeTimers(run.clock, owner: number)
        let ledger = LifeLedger(self)
        budget = RequestBudget(
            executor: run.loop, clock: run.clock, timers: timers, share: settings.cloudflare.requestShare,
            blockedUntil: Self.blockedUntil(opened.ledger))
        let client = CloudflareClient(
            options: .init(settings.cloudflare, version: "simulated"), token: { Secret(Setting.secret) },
            transport: Wire(self), gate: budget)
        engine = Engine(
            executor: run.loop,
            ports: Engine.Ports(
                ledger: ledger,
                provider: { Provider(mode: $0, looking: client, creating: client, changing: client, removing: client) },
                budget: budget, keys: LifeKeys(self), commands: LifeCommands(self), clock: run.clock, timers: timers,
                chance: run.chance, news: LifeVoice(self), supervisor: LifeVoice(self), settings: LifeSettings(self),
                onCorruption: { [unowned self] trouble in self.run.complain("store", "taken for corrupt: \(trouble)") }),
            settings: settings, era: opened.era(version: Edgecert.version, chance: run.chance))
    }

    func die() {
        isDead = true
        timers.isDead = true
    }

    func start() {
        let (engine, budget) = (engine!, budget!)  // set by the initialiser
        Task {
            await budget.onBlock { until in Task { await engine.rememberBlock(until) } }
            await engine.start()
        }
    }

    private static func blockedUntil(_ ledger: SQLiteLedger) -> Timestamp? {
        do { return try ledger.note(.blockedUntil).flatMap { Timestamp(cloudflare: $0) } } catch { return nil }
    }
}

/// What the process says: the journal and the service manager.
struct LifeVoice: NewsSink, Supervisor {
    unowned let life: Life
    init(_ life: Life) { self.life = life }

    func tell(_ news: News) {
        if news.kind == .operationSent, let zone = news.subject?.zone {
            life.run.sent[zone] = news.fields.first { $0.name == .operation }?.value
        }
        // The journal's socket may be gone; the outbox that waits for it is no part of a run.
        guard !life.isDead, !life.run.isDeaf else { return }
        life.run.hear(news)
        life.run.mayCrash("with the news", times: 0.2)
    }

    func tell(_ notice: Notice) {}
}

/// The settings on the machine's disk.
struct LifeSettings: SettingsSource {
    unowned let life: Life
    init(_ life: Life) { self.life = life }

    func load() async throws(SettingsRefusal) -> Settings {
        if !life.isDead { life.run.mayCrash("at the settings", times: Run.rarity) }
        let settings = try life.run.disk.get()
        if !life.isDead { life.run.takenUp(settings) }
        return settings
    }
}

/// The store as it is: with a disk that is full, fails or is held by another, and a process that may end at each commit.
struct LifeLedger: Ledger {
    let life: Life
    init(_ life: Life) { self.life = life }

    private func alive() throws(StoreTrouble) -> SQLiteLedger {
        if life.isDead { throw .unwritable(path: "simulated", detail: "the process is gone") }
        return life.store
    }

    /// For everything but a commit: the process may end there as well.
    private func reached() throws(StoreTrouble) -> SQLiteLedger {
        _ = try alive()
        life.run.mayCrash("at the database", times: 0.1)
        return try alive()
    }

    func commit(_ changes: [Change]) throws(StoreTrouble) {
        let store = try alive()
        let run = life.run
        if let trouble = run.storeTrouble() { throw trouble }
        if run.fires(.crash, "before a commit of \(changes.count)") {
            run.crash()
            _ = try alive()
        }
        try store.commit(changes)
        run.power?.noteCommit(run.rows)
        run.trace { "commit \(changes.count)" }
        if run.fires(.crash, "after a commit of \(changes.count)") {
            run.crash()
            _ = try alive()
        }
    }

    func state(of zone: ZoneID, now: Timestamp) throws(StoreTrouble) -> ZoneState {
        let store = try reached()
        if life.run.fires(.storeFails, "reading", times: 0.1) {
            life.run.hinder()
            throw .unwritable(path: "simulated", detail: "disk I/O error (SQLite 10)")
        }
        return try store.state(of: zone, now: now)
    }

    func counts(names: Set<String>, now: Timestamp) throws(StoreTrouble) -> BrakeCounts {
        try reached().counts(names: names, now: now)
    }
    func knownIDs(_ kind: SubjectKind, in zone: ZoneID) throws(StoreTrouble) -> Set<ObjectID> {
        try reached().knownIDs(kind, in: zone)
    }
    func unwantedOurs(outside zone: ZoneID) throws(StoreTrouble) -> Int { try reached().unwantedOurs(outside: zone) }
    func prune(before cutoff: Timestamp, limit: Int) throws(StoreTrouble) -> Int {
        try reached().prune(before: cutoff, limit: limit)
    }
    func pruneSettled(before cutoff: Timestamp, limit: Int) throws(StoreTrouble) -> Int {
        try reached().pruneSettled(before: cutoff, limit: limit)
    }
    func zones() throws(StoreTrouble) -> [ZoneRecord] { try reached().zones() }
    func forEachSubject(
        _ filter: SubjectFilter, _ body: (SubjectRecord, [ObjectRecord]) -> Void
    ) throws(StoreTrouble) { try reached().forEachSubject(filter, body) }
    func history(_ filter: HistoryFilter) throws(StoreTrouble) -> [Transition] { try reached().history(filter) }
    func checkpoint(of subject: Subject) throws(StoreTrouble) -> Checkpoint? { try reached().checkpoint(of: subject) }
    func operations(_ filter: HistoryFilter, openOnly: Bool) throws(StoreTrouble) -> [Operation] {
        try reached().operations(filter, openOnly: openOnly)
    }
    func openEpisodes() throws(StoreTrouble) -> [Episode] { try reached().openEpisodes() }
    func suspensions() throws(StoreTrouble) -> [Suspension] { try reached().suspensions() }
    func approvals(of subject: Subject) throws(StoreTrouble) -> [Approval] { try reached().approvals(of: subject) }
    func audit(since: Timestamp?, limit: Int) throws(StoreTrouble) -> [AuditEntry] {
        try reached().audit(since: since, limit: limit)
    }
    func note(_ key: NoteKey) throws(StoreTrouble) -> String? { try reached().note(key) }
}
