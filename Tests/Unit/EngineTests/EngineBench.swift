import CloudflareAPI
import CloudflareModel
import Domain
import Executors
import Planning
import Synchronization
import TestKit

@testable import Engine

/// The real engine with everything behind its ports in this process: the client over the model of Cloudflare, a ledger
/// in memory, a clock that stands still. Nothing waits, nothing is sent anywhere.
final class EngineBench: Sendable {
    static let zone = ZoneID("023e105f4ecef8ad9ca31a8372d0c353")
    static let secret = "bench-token-0123456789abcdefghijklmnopqrst"

    let clock = ManualClock()
    let cloudflare: InProcessTransport
    let wire: TappedTransport
    let ledger = MemoryLedger()
    let keys = MemoryKeyRoom()
    let commands = ScriptedCommandRunner()
    let heard = Heard()
    let source: SettingsOnTable
    let engine: Engine

    init(
        _ wishes: [Wish], mode: Mode = .enforce, era: String = "1", ledger: MemoryLedger? = nil,
        conduct: ZoneConduct = ZoneConduct(),
        tokenOf owner: TokenSeed.Owner = .user,
        model settings: ModelSettings = ModelSettings(), packs: [PackSeed] = [], more zones: [ZoneSeed] = [],
        giveMemoryBack: (@Sendable () -> Void)? = nil
    ) async throws {
        var scenario = Scenario(
            tokens: [TokenSeed(label: "bench", secret: Secret(Self.secret), owner: owner)],
            zones: [ZoneSeed(name: "example.com", id: Self.zone, conduct: conduct, packs: packs)] + zones)
        scenario.settings = settings
        let clock = clock
        cloudflare = InProcessTransport(
            try CloudflareModel(scenario, signer: EchoSigner(), startingAt: clock.now()), now: { clock.now() })
        wire = TappedTransport(cloudflare)
        source = SettingsOnTable(Self.settings(wishes, mode))
        engine = Self.engine(
            clock, wire, ledger ?? self.ledger, keys, commands, heard, source, era: era, giveMemoryBack: giveMemoryBack)
        await engine.begin()
    }

    static func settings(_ wishes: [Wish], _ mode: Mode = .enforce) -> Settings {
        var settings = Settings()
        settings.daemon.mode = mode
        settings.zones = [ZoneWish(name: "example.com", id: zone, mode: mode, wishes: wishes)]
        return settings
    }

    private static func engine(
        _ clock: ManualClock, _ wire: TappedTransport, _ ledger: MemoryLedger, _ keys: MemoryKeyRoom,
        _ commands: ScriptedCommandRunner, _ heard: Heard, _ source: SettingsOnTable, era: String,
        seed: UInt64 = 7, giveMemoryBack: (@Sendable () -> Void)? = nil
    ) -> Engine {
        let executor = QueueExecutor(label: "bench.engine")
        let settings = source.settings
        let budget = RequestBudget(
            executor: executor, clock: clock, timers: clock, share: settings.cloudflare.requestShare,
            blockedUntil: ledger.blockedUntil)
        let client = CloudflareClient(
            options: .init(settings.cloudflare, version: "bench"), token: { Secret(secret) }, transport: wire,
            gate: budget)
        return Engine(
            executor: executor,
            ports: Engine.Ports(
                ledger: ledger,
                provider: { Provider(mode: $0, looking: client, creating: client, changing: client, removing: client) },
                budget: budget, keys: keys, commands: commands, clock: clock, timers: clock,
                chance: SeededChance(seed: seed), news: heard, supervisor: heard, settings: source,
                onCorruption: { _ in }, giveMemoryBack: giveMemoryBack), settings: settings, era: era)
    }

    /// The same disk, keys and Cloudflare, and a new process: what a crash or a restart leaves; or another database.
    func restarted(over other: MemoryLedger? = nil, era: String = "1") async -> Engine {
        let engine = Self.engine(
            clock, wire, other ?? ledger, keys, commands, heard, source, era: era,
            seed: UInt64(ledger.commits.count) + 100)
        await engine.begin()
        return engine
    }

    /// Lets time pass, with every pass made when it is due.
    func run(for span: Duration, _ other: Engine? = nil) async {
        let engine = other ?? engine
        let end = clock.uptime() + span
        while let next = await engine.nextDue(), next.due <= end {
            clock.advance(by: max(.zero, next.due - clock.uptime()))
            _ = await engine.pass(over: next.zone, .scheduled)
        }
        clock.advance(by: max(.zero, end - clock.uptime()))
    }

    func subject(_ name: String = "main", _ kind: SubjectKind = .certificatePack) -> Subject {
        Subject(zone: Self.zone, kind: kind, name: name)
    }

    func decision(_ name: String = "main", _ kind: SubjectKind = .certificatePack) throws -> Decision? {
        try ledger.state(of: Self.zone, now: clock.now()).subjects.first { $0.subject == subject(name, kind) }?.decision
    }

    func objects() throws -> [ObjectRecord] { try ledger.state(of: Self.zone, now: clock.now()).objects }
}

extension MemoryLedger {
    /// As the daemon reads it when it starts.
    fileprivate var blockedUntil: Timestamp? {
        do { return try note(.blockedUntil).flatMap { Timestamp(cloudflare: $0) } } catch { return nil }
    }
}

extension Engine {
    /// As ``start()``, with nothing that goes on by itself: the test makes each pass.
    func begin() async {
        await ports.budget.onBlock { [weak self] until in Task { [weak self] in await self?.rememberBlock(until) } }
        takeUp(settings)
    }

    /// Waits until every pass and command is over, while time stands still.
    func settled() async {
        for _ in 0..<3 { await Task.yield() }
        while !passes.isEmpty { await Task.yield() }
    }

    func nextDue() -> (zone: ZoneID, due: Duration)? {
        zones.map { (zone: $0.key, due: $0.value.due) }.min { ($0.due, $0.zone) < ($1.due, $1.zone) }
    }
}

/// What the engine said, in order.
final class Heard: NewsSink, Supervisor {
    private let all = Mutex<(news: [News], notices: [Notice])>(([], []))
    var news: [News] { all.withLock { $0.news } }
    var notices: [Notice] { all.withLock { $0.notices } }
    func tell(_ news: News) { all.withLock { $0.news.append(news) } }
    func tell(_ notice: Notice) { all.withLock { $0.notices.append(notice) } }
    func forget() { all.withLock { $0 = ([], []) } }
    func count(_ kind: News.Kind) -> Int { news.count { $0.kind == kind } }

    /// How often a trouble was told as new.
    func raised(_ condition: Episode.Condition) -> Int {
        news.count { news in
            news.kind == .episodeRaised && news.fields.contains { $0.value == condition.rawValue }
        }
    }
}

/// Settings that a test lays out.
final class SettingsOnTable: SettingsSource {
    private let held: Mutex<Result<Settings, SettingsRefusal>>
    init(_ settings: Settings) { held = Mutex(.success(settings)) }
    func put(_ settings: Settings) { held.withLock { $0 = .success(settings) } }
    func spoil(_ errors: String...) { held.withLock { $0 = .failure(SettingsRefusal(errors: errors)) } }
    func load() async throws(SettingsRefusal) -> Settings { try held.withLock { $0 }.get() }
    var settings: Settings {
        if case .success(let settings) = held.withLock({ $0 }) { settings } else { Settings() }
    }
}

extension InProcessTransport {
    func change<Result: Sendable>(_ body: (inout CloudflareModel) throws -> Result) rethrows -> Result {
        try withModel { model, _ in try body(&model) }
    }

    var ledger: RequestLedger { withModel { model, _ in model.ledger } }
}
