import CMalloc
import Clockwork
import CloudflareAPI
import ControlAPI
import Dispatch
import Domain
import Engine
import Executors
import Glibc
import HTTPTransport
import Keys
import Reports
import StateStore
import SystemdLink

/// How the process ends.
enum ExitCode: Int32 {
    case stopped = 0
    case failed = 1
    /// EX_CONFIG of sysexits.h: starting again would fail in the same way, and the unit does not try.
    case unusableSettings = 78
}

/// Introduces the parts to each other, and takes them apart again.
struct Daemon {
    let engine: Engine
    let server: VarlinkServer
    let transport: CurlTransport
    let ledger: SQLiteLedger
    let journal: JournalSink
    let supervisor: SystemdSupervisor
    let clockWatch: ClockStepWatch?

    /// Runs until a signal ends it.
    static func run(_ launch: Launch) async -> ExitCode {
        let journal = JournalSink(way: .ofThisProcess())
        do {
            let daemon = try await build(launch, journal)
            return await daemon.live()
        } catch {
            journal.flush()
            Complaint(error).print()
            return error.exitCode
        }
    }

    /// Why the daemon does not come up.
    enum StartTrouble: Error {
        case settings(SettingsRefusal)
        case other(any Explained)

        var exitCode: ExitCode {
            switch self {
            case .settings: .unusableSettings
            case .other: .failed
            }
        }
    }

    // MARK: Coming up

    private static func build(_ launch: Launch, _ journal: JournalSink) async throws(StartTrouble) -> Daemon {
        let disk = DiskSettings(launch, credentials: .ofThisProcess())
        let settings: Settings
        do throws(SettingsRefusal) { settings = try disk.read() } catch { throw .settings(error) }
        let transport: CurlTransport
        do throws(HTTPTransportTrouble) {
            transport = try CurlTransport(trustedRootsFile: settings.cloudflare.trustedRootsFile)
        } catch { throw .other(error) }

        let pace = try await Pace(settings.cloudflare, transport)
        let news = NewsFan(onward: journal, clock: pace.clock)
        if let speed = pace.simulatorSpeed {
            news.tell(
                News(.simulatorClock, .warning, [.init(.detail, "it runs at \(speed) times the pace of a real one")]))
        }
        let folder = launch.stateDirectory(settings)
        let opened: SQLiteLedger.Opened
        let reading: any LedgerReading & PageKeeper
        do throws(StoreTrouble) {
            opened = try SQLiteLedger.open(inFolder: folder, now: pace.clock.now())
            reading = try opened.ledger.openReading()
        } catch { throw .other(error) }
        tell(opened.outcome, to: news)

        // Nobody else has these threads, so that the engine may wait for the disk.
        let executor = QueueExecutor(label: "edgecert.engine", threads: .global(qos: .userInitiated))
        let timers = DispatchTimers(clock: pace.clock, queue: executor.queue, speed: pace.speed)
        let budget = RequestBudget(
            executor: executor, clock: pace.clock, timers: timers, share: settings.cloudflare.requestShare,
            blockedUntil: try blockedUntil(opened.ledger))
        let client = CloudflareClient(
            options: .init(settings.cloudflare, version: Edgecert.version), token: { disk.token }, transport: transport,
            gate: budget)
        let supervisor = SystemdSupervisor()
        let ports = Engine.Ports(
            ledger: opened.ledger,
            provider: { Provider(mode: $0, looking: client, creating: client, changing: client, removing: client) },
            budget: budget, keys: FileKeyRoom(stateDirectory: folder), commands: SubprocessRunner(), clock: pace.clock,
            timers: timers, chance: SystemChance(), news: news, supervisor: supervisor, settings: disk,
            onCorruption: { trouble in
                // What cannot be written the next start could not set aside, and would end in the same way. The engine
                // tells of it, and looks on at the zones that it can read.
                guard !opened.ledger.staysReadOnly() else { return }
                // The ledger has marked the file: the next start looks at every page of it, and sets it aside.
                Complaint(.other(trouble)).print()
                journal.flush()
                Glibc.exit(ExitCode.failed.rawValue)
            },
            giveMemoryBack: {
                opened.ledger.letPagesGo()
                reading.letPagesGo()
                edgecert_give_memory_back()
            })
        let engine = Engine(
            executor: executor, ports: ports, settings: settings,
            era: opened.era(version: Edgecert.version, chance: SystemChance()),
            skewTolerance: pace.skewTolerance)
        await remember(budget, in: engine)
        let clockWatch: ClockStepWatch?
        do throws(ClockTrouble) {
            clockWatch = try pace.follow(timers, executor.queue) { Task { await engine.wake() } }
        } catch { throw .other(error) }
        let desk = ControlDesk(
            engine: engine, ledger: reading, fan: news, clock: pace.clock,
            onCorruption: { trouble in
                opened.ledger.doubt(trouble)
                ports.onCorruption(trouble)
            })
        let server = VarlinkServer(version: Edgecert.version, handler: desk)
        try await listen(
            server, launch.controlSocket ?? settings.daemon.controlSocket, isAsked: launch.controlSocket != nil)
        return Daemon(
            engine: engine, server: server, transport: transport, ledger: opened.ledger, journal: journal,
            supervisor: supervisor, clockWatch: clockWatch)
    }

    private static func tell(_ outcome: OpenOutcome, to news: any NewsSink) {
        switch outcome {
        // The engine tells of a state that is not trusted, and of a file that cannot be written, as long as it is so.
        case .existing, .created, .readOnly: break
        case .quarantined(let path, let detail):
            news.tell(News(.databaseQuarantined, .critical, [.init(.file, path), .init(.detail, detail)]))
        case .migrated(let from, let to, let backup):
            news.tell(
                News(.databaseMigrated, .notice, [.init(.from, "\(from)"), .init(.to, "\(to)"), .init(.file, backup)]))
        case .restored(let copiedAt):
            let detail = copiedAt.map { "it is a copy of \($0.shown)" } ?? "it is another file than before"
            news.tell(News(.databaseRestored, .warning, [.init(.detail, detail)]))
        }
    }

    private static func blockedUntil(_ ledger: SQLiteLedger) throws(StartTrouble) -> Timestamp? {
        do throws(StoreTrouble) {
            return try ledger.note(.blockedUntil).flatMap { Timestamp(cloudflare: $0) }
        } catch {
            guard case .corrupt = error else { return nil }  // the engine meets the same at its first reading
            // The ledger has marked the file. The engine never reads this row, and would go on until some later start.
            guard ledger.isReadOnly else { throw .other(error) }
            // Where nothing can be marked nor set aside each start would end here, and nobody would look any more.
            Complaint(.other(error)).print()
            return nil
        }
    }

    /// A block outlives a restart.
    private static func remember(_ budget: RequestBudget, in engine: Engine) async {
        await budget.onBlock { until in Task { await engine.rememberBlock(until) } }
    }

    private static func listen(
        _ server: VarlinkServer, _ path: String, isAsked: Bool
    ) async throws(StartTrouble) {
        do {
            if !isAsked, let passed = try PassedSockets.take() {
                try await server.serve(listeningSocket: passed)
            } else {
                try await server.serve(path: path)
            }
        } catch let trouble as any Explained {
            throw .other(trouble)
        } catch {
            throw .other(UnknownTrouble(text: "\(error)"))
        }
    }

    // MARK: Living

    /// How long answers that are on their way when the engine has stopped may take to go out.
    private static let lastAnswers: Duration = .seconds(2)

    private func live() async -> ExitCode {
        let (signals, arrivals) = AsyncStream.makeStream(of: CInt.self, bufferingPolicy: .bufferingNewest(16))
        let watch = SignalWatch(queue: DispatchQueue(label: "edgecert.signals")) { arrivals.yield($0) }
        let watchdog = feedWatchdog()
        await engine.start()
        for await signal in signals {
            if signal != SIGHUP { break }
            await engine.reloadBySignal()
        }
        withExtendedLifetime(watch) {}
        await engine.stop()
        await server.finishCalls(within: Self.lastAnswers)
        await server.stop()
        await transport.close()
        watchdog?.cancel()
        do throws(StoreTrouble) { try ledger.close() } catch { Complaint(.other(error)).print() }
        supervisor.flush()
        journal.flush()
        return .stopped
    }

    /// Asks the engine, in real time, whether it makes progress, and feeds the watchdog only then: an engine whose
    /// executor is stuck does not answer.
    private func feedWatchdog() -> (any DispatchSourceTimer)? {
        guard let interval = supervisor.watchdogInterval else { return nil }
        let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "edgecert.watchdog"))
        let milliseconds = max(100, Int(clamping: interval.wholeMilliseconds / 3))
        timer.schedule(
            deadline: .now(), repeating: .milliseconds(milliseconds), leeway: .milliseconds(milliseconds / 10))
        let (engine, supervisor) = (engine, supervisor)
        timer.setEventHandler { @Sendable in
            Task { if await engine.isMakingProgress() { supervisor.tell(.alive) } }
        }
        timer.activate()
        return timer
    }
}

extension Engine: PersonDesk {}

/// An error of a kind that nobody thought of.
private struct UnknownTrouble: Explained {
    let text: String
    var explanation: Explanation { Explanation(code: "unknown", summary: text) }
}

/// What a person reads on standard error when the daemon does not come up.
struct Complaint {
    private let lines: [String]

    init(_ trouble: Daemon.StartTrouble) {
        switch trouble {
        case .settings(let refusal): lines = refusal.errors + ["edgecertd: error: the settings cannot be used"]
        case .other(let other):
            let explanation = other.explanation
            lines =
                ["edgecertd: error: \(explanation.summary)"]
                + (explanation.hint.map { ["edgecertd: hint: \($0)"] } ?? [])
        }
    }

    func print() {
        for line in lines { StandardError.write("<3>\(line)\n") }
    }
}
