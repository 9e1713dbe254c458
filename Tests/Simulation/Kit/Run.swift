import CloudflareAPI
import CloudflareModel
import Domain
import Engine
import Glibc
import Keys
import StateStore
import TestKit

/// What was wrong: the invariant and the words.
public struct Violation: Hashable, Codable, Sendable {
    public var invariant: String
    public var words: String
    public var day: Double
}

/// One simulated run: a world, the daemon's lives in it, people, and mishaps, all out of one seed.
///
/// `@unchecked`: made and run on one thread.
final class Run: @unchecked Sendable {
    let seed: UInt64
    let days: Int
    let loop = RunLoop()
    let clock: SimClock
    let transport: InProcessTransport
    let keys: any KeyRoom
    /// The same, where it has no files.
    let keysInMemory: MemoryKeyRoom?
    let commands: ScriptedCommandRunner
    let chance: DiceChance
    let folder: String
    let setting: Setting
    var share: Double { memory.inForce.cloudflare.requestShare }
    var limits: ModelSettings.Limiter

    /// The settings on disk, and the last ones that could be read.
    var disk: Result<Settings, SettingsRefusal>
    var good: Settings
    var injector: Injector
    /// For particulars of what fires.
    var odds: Dice
    var people: Dice
    var memory: Memory
    var life: Life?
    var lives = 0
    var isBooting = false
    var isDeaf = false
    var diskFailsUntil: Duration = .zero - .days(1)
    var sleptAt: Duration = .zero
    var backups: [String] = []
    private var keyCopies: [String: MemoryKeyRoom.Copy] = [:]
    var checkers: [any Checker] = []
    var rows: Rows?
    var violations: [Violation] = []
    var lines: [String] = []
    let isTracing: Bool
    /// Where the power may be cut; nil where it stays.
    let power: Power?
    var totals = Totals()
    private var rowsVersion = -1
    private var lastSeq = 0
    private var pauses: [Int: (life: Int, resume: CheckedContinuation<Void, Never>)] = [:]
    private var lastPulse: Duration = .zero
    private var isProgressing = true
    /// Asked for its progress, the daemon has said no since then: a machine that wakes up may say so for a moment.
    private var stuckSince: Duration?
    let startedAt: Timestamp

    init(
        seed: UInt64, days: Int, limit: Int = .max, skipped: Set<Int> = [], isTracing: Bool, folder: String,
        more: [any Checker] = [], power: Power? = nil
    ) {
        (self.seed, self.days, self.isTracing, self.folder) = (seed, days, isTracing, folder)
        self.power = power
        keysInMemory = power == nil ? MemoryKeyRoom() : nil
        keys = keysInMemory ?? FileKeyRoom(stateDirectory: folder)
        setting = power == nil ? Setting(seed: seed, days: days) : .story
        clock = SimClock(start: Setting.start)
        startedAt = Setting.start
        let clock = clock
        let model: CloudflareModel
        do {
            model = try CloudflareModel(
                setting.scenario, signer: power?.authority ?? EchoSigner(), seed: seed, startingAt: Setting.start)
        } catch {
            preconditionFailure("the simulation's own scenario: \(error)")
        }
        transport = InProcessTransport(model, now: { clock.trueNow })
        limits = setting.scenario.settings.limiter
        let end = clock.up + .days(max(0, days - Self.calm(of: days)))
        injector = Injector(seed: seed, span: clock.up..<end, limit: limit, skipped: skipped)
        injector.isOver = power != nil
        odds = Dice(seed: seed, "odds")
        people = Dice(seed: seed, "people")
        chance = DiceChance(Dice(seed: seed, "chance"))
        var script = Dice(seed: seed, "commands")
        commands = ScriptedCommandRunner(
            (0..<6).map { _ in
                script.happens(0.3) ? .failed(exitStatus: 1, output: "no") : .succeeded(output: "done")
            })
        (disk, good) = (.success(setting.settings), setting.settings)
        memory = Memory(inForce: setting.settings, settingsChangedAt: Setting.start)
        checkers = allCheckers(self) + more
    }

    // MARK: The whole

    /// The days at the end in which nothing goes wrong.
    private static func calm(of days: Int) -> Int { min(14, max(2, days / 2)) }

    func go() -> Outcome {
        defer {
            crashQuietly()
            loop.end()
            rows = nil
            removeFolder()
        }
        mkdir(folder, 0o700)
        boot()
        beginPeople()
        beginPublishing()
        let calm = Self.calm(of: days)
        live(until: .days(days - calm))
        if violations.isEmpty {
            endMishaps()
            live(until: .days(days) - .days(min(3, calm - 1)))
            if violations.isEmpty { checkWishes() }
            let quiet = Quiet(self)
            live(until: .days(days))
            if violations.isEmpty { quiet.check(self) }
        }
        if violations.isEmpty { checkFile() }
        totals.zoneDays = setting.scenario.zones.count * days
        totals.seeds = 1
        for (mishap, count) in injector.counts { totals.mishaps[mishap.rawValue, default: 0] += count }
        totals.violations = violations.isEmpty ? 0 : 1
        return Outcome(
            seed: seed, violations: violations, drawn: injector.drawn, totals: totals, trace: lines)
    }

    func live(until day: Duration) {
        let end = .seconds(1000) + day
        loop.drain()
        restorePower()
        while violations.isEmpty, clock.step(until: end) {
            loop.drain()
            restorePower()
            observe()
        }
    }

    // MARK: Judging

    func complain(_ invariant: String, _ words: String) {
        let day = Double((clock.trueNow - startedAt).wholeSeconds) / 86_400
        violations.append(Violation(invariant: invariant, words: words, day: day))
        trace { "VIOLATION \(invariant): \(words)" }
    }

    private func eachChecker(_ ask: (inout any Checker) -> [String]) {
        for place in checkers.indices {
            for words in ask(&checkers[place]) { complain(checkers[place].invariant, words) }
        }
    }

    func note(_ exchange: Exchange) {
        if !exchange.isAnswer {
            totals.requests += 1
            injector.countRequest()
        }
        let memory = memory
        eachChecker { $0.judge(exchange, memory) }
    }

    func judge(
        _ effect: LedgerEntry.Effect, zone: ZoneID, packs: [PackFacts], certificates: [ClientCertificateFacts],
        operations: [OperationRow]
    ) {
        refresh()
        var deed = Deed(
            effect: effect, at: clock.trueNow, up: clock.up, wall: clock.now(), zone: zone, packs: packs,
            certificates: certificates, operation: nil, object: ObjectID(""))
        switch effect {
        case .orderAccepted(let pack, _, let hosts):
            deed.object = pack
            // Of several that are open for the same hosts and authority the one that was sent last, or the newest that has
            // had no effect yet.
            let fitting = operations.filter {
                $0.effect == "create" && $0.zone == zone.text && $0.issuanceName == hosts.withoutBranding.key
            }
            let authority = facts(of: zone).0.first { $0.id == pack }?.authority ?? "?"
            let same = fitting.filter { $0.action.contains(authority) }
            let likely = same.isEmpty ? fitting : same
            let unspent = likely.filter { !spent.contains($0.id) }
            deed.operation = unspent.first { $0.id == sent[zone] } ?? unspent.first ?? likely.first
            totals.orders += 1
        case .clientCertificateCreated(let id, _, _, let request, _):
            deed.object = id
            deed.operation = operations.first { $0.effect == "create" && $0.requestDER == request }
            totals.orders += 1
        case .restarted(let id), .rebranded(let id, _), .rechecked(let id, _), .reactivationBegun(let id):
            deed.object = id
            deed.operation = operations.first { $0.effect == "change" && $0.object == id.text }
        case .packDeletionBegun(let id, _), .revocationBegun(let id, _):
            deed.object = id
            deed.operation = operations.first { $0.effect == "remove" && $0.object == id.text }
            totals.removals += 1
        }
        trace { "Cloudflare \(deed.words)" }
        defer { if let id = deed.operation?.id { spent.insert(id) } }
        let (memory, rows) = (memory, rows)
        eachChecker { $0.judge(deed, memory, rows) }
        if deed.isCreation { self.memory.made[deed.object] = deed.operation?.subject ?? "?" }
        if case .packDeletionBegun = effect, let pack = packs.first(where: { $0.id == deed.object }) {
            // Its hosts were given up, by approval or because another covers them.
            let others = packs.filter { $0.id != pack.id && $0.status == "active" }
            for host in pack.hosts.names where !others.contains(where: { $0.hosts.covers(host) }) {
                self.memory.served[zone]?[host] = nil
            }
        }
    }

    /// What a database that was put back says already is no news: it is where its lines go on from.
    private func takeUp(putBack rows: Rows) {
        isPutBack = false
        refresh()
        pending = []
        for place in checkers.indices { checkers[place].noteRestore(rows) }
    }

    /// Reads what was written since the last time.
    private func refresh() {
        guard let rows else { return }
        let version = rows.version
        guard version != rowsVersion else { return }
        rowsVersion = version
        let fresh = rows.ask(
            "SELECT \(TransitionRow.columns) FROM transitions WHERE seq > CAST(? AS INTEGER) ORDER BY seq",
            ["\(lastSeq)"]
        ).compactMap(TransitionRow.init)
        for line in fresh {
            lastSeq = max(lastSeq, line.seq)
            guard let object = line.object.map(ObjectID.init) else { continue }
            if line.event == "adopted" {
                memory.adopted.insert(object)
                memory.released.remove(object)
            }
            if line.event == "released" { memory.released.insert(object) }
            // Told of the old subject first and then of the new one. What a database that was put back does not know may be
            // adopted by another subject.
            // Of two equal orders that were open at once nobody can tell which one made the one pack that is found.
            if ["bound", "adopted", "operation-accepted"].contains(line.event), memory.made[object] != nil {
                memory.made[object] = "\(line.zone)/\(line.kind)/\(line.name)"
            }
        }
        pending += fresh
    }
    private var pending: [TransitionRow] = []
    private var isPutBack = false
    /// What the daemon says that it sent last, by zone: only to tell equal operations apart.
    var sent: [ZoneID: String] = [:]
    /// Operations that have had an effect.
    private(set) var spent: Set<String> = []

    private func observe() {
        totals.steps += 1
        if clock.up - lastPulse > .hours(1) || stuckSince != nil {
            lastPulse = clock.up
            askForProgress()
        }
        refresh()
        let isUp = life.map { !$0.isStopping } ?? false
        let witness = Witness(
            memory: memory, rows: rows, isWritten: !pending.isEmpty, newTransitions: pending, now: clock.trueNow,
            up: clock.up, wall: clock.now(), isUp: isUp, isMakingProgress: isProgressing,
            timers: life.map { clock.count(of: $0.number) } ?? 0)
        pending = []
        eachChecker { $0.check(witness) }
    }

    private func askForProgress() {
        guard let life, !life.isStopping else {
            (isProgressing, stuckSince) = (true, nil)
            return
        }
        Task { [self] in
            guard await life.engine.isMakingProgress() else {
                stuckSince = stuckSince ?? clock.up
                isProgressing = clock.up - (stuckSince ?? clock.up) < .minutes(10)
                return
            }
            (isProgressing, stuckSince) = (true, nil)
        }
        loop.drain()
    }

    func openOperations() -> [OperationRow] {
        rows?.ask(
            "SELECT \(OperationRow.columns) FROM operations WHERE state = 'open' ORDER BY committed_at DESC, name"
        )
        .compactMap(OperationRow.init) ?? []
    }

    func facts(of zone: ZoneID) -> ([PackFacts], [ClientCertificateFacts]) {
        transport.withModel { model, now in
            (model.packs(in: zone, at: now), model.clientCertificates(in: zone, at: now))
        }
    }

    func live(in zone: ZoneID) -> Set<String> {
        let (packs, certificates) = facts(of: zone)
        return Set(packs.filter { $0.status != "pending_deletion" && $0.status != "deleted" }.map(\.id.text))
            .union(certificates.filter { $0.status == "active" }.map(\.id.text))
    }

    /// What is over is shown as gone or revoked, whatever the clock says.
    func shownValid(_ wall: Timestamp) -> [(id: String, notAfter: Timestamp?)] {
        guard let store = life?.store else { return [] }
        var shown: [(String, Timestamp?)] = []
        do {
            try store.forEachSubject(SubjectFilter()) { _, objects in
                for one in objects where one.isValid(at: wall) {
                    shown.append((one.id.text, one.sighting.traits.notAfter))
                }
            }
        } catch {
            return []
        }
        return shown
    }

    /// What the zone was planned under when it was looked at: what comes of that very look is not planned for yet.
    func notePlanned(_ zone: ZoneID) {
        memory.planned[zone] = rows?.ask("SELECT planned_under FROM zones WHERE id = ?", [zone.text]).first?[0]
    }

    func noteHonest(_ zone: ZoneID, _ target: String) {
        let isPacks = target.dropFirst("/zones/".utf8.count + zone.text.utf8.count).hasPrefix("/ssl/")
        let kind = isPacks ? "certificate_pack" : "client_certificate"
        memory.honestLook["\(zone)/\(kind)"] = clock.trueNow - setting.scenario.settings.listLag
        totals.looks += 1
        guard kind == "certificate_pack" else { return }
        let packs = transport.withModel { model, now in model.packs(in: zone, at: now) }
        for pack in packs where pack.serves(at: clock.trueNow) && memory.isOurs(pack.id) {
            for host in pack.hosts.names { memory.served[zone, default: [:]][host] = clock.trueNow }
        }
    }

    func hear(_ news: News) {
        totals.news += 1
        trace { "news \(news.kind.rawValue) \(news.subject?.name ?? "") \(news.fields.map(\.value))" }
        eachChecker { checker in
            checker.hear {
                ([news.kind.rawValue, news.subject?.name ?? "", news.zoneName ?? ""] + news.fields.map(\.value))
                    .joined(separator: " ")
            }
        }
    }

    // MARK: Mishaps

    func fires(_ mishap: Mishap, _ words: @autoclosure () -> String, times factor: Double = 1) -> Bool {
        guard injector.fires(mishap, at: clock.up, times: factor) else { return false }
        trace { "*** \(injector.drawn - 1) \(mishap.rawValue) \(words())" }
        return true
    }

    func trace(_ words: () -> String) {
        guard isTracing else { return }
        lines.append("\(clock.trueNow.rfc3339) \(words())")
    }

    func hinder() { memory.hinderedAt = clock.trueNow }

    func storeTrouble() -> StoreTrouble? {
        if clock.up < diskFailsUntil {
            hinder()
            return .unwritable(path: "simulated", detail: "database or disk is full (SQLite 13)")
        }
        if fires(.storeBusy, "commit") {
            hinder()
            return .busy(path: "simulated")
        }
        if fires(.storeFails, "commit") {
            hinder()
            return .unwritable(path: "simulated", detail: "disk I/O error (SQLite 10)")
        }
        // Not again for a day: a disk that is full for weeks shows little but that a zone is asked for each minute.
        if clock.up >= diskFailsUntil + .days(1), fires(.storeFull, "commit") {
            hinder()
            diskFailsUntil = clock.up + .seconds(odds.within(0...20_000))
            return .unwritable(path: "simulated", detail: "database or disk is full (SQLite 13)")
        }
        return nil
    }

    /// Others get their turn while a request is on its way.
    func interleave() {
        if fires(.reloadInPass, "") {
            edit()
            reload()
        }
        if fires(.stopInPass, "") { stop() }
        if fires(.burst5xx, "for a while") {
            hinder()
            let rule = transport.withModel { model, _ in
                model.add(
                    FaultRule([.serverErrorBefore(status: 503), .serverErrorAfter(status: 500)], probability: 0.7))
            }
            _ = clock.at(clock.up + .seconds(odds.within(60...20_000)), owner: 0) { [self] in
                hinder()
                transport.withModel { model, _ in model.removeFaults(rule) }
            }
        }
        if fires(.tokenRefused, "for a while") {
            hinder()
            setToken(isGood: false)
            _ = clock.at(clock.up + .seconds(odds.within(60...90_000)), owner: 0) { [self] in
                hinder()
                setToken(isGood: true)
            }
        }
    }

    func setToken(isGood: Bool) {
        transport.withModel { model, _ in
            do {
                try model.changeToken(
                    Setting.tokenLabel,
                    permissions: isGood ? Set(TokenSeed.Permission.allCases) : [.zoneRead])
            } catch { preconditionFailure("\(error)") }
        }
    }

    /// Waits, and others get their turn; ends at once when the process does.
    func pause(_ life: Life, _ span: Duration) async {
        await withCheckedContinuation { continuation in
            var number = 0
            number = clock.at(clock.up + span, owner: 0) { [self] in
                pauses.removeValue(forKey: number)?.resume.resume()
            }
            pauses[number] = (life.number, continuation)
        }
    }

    // MARK: Lives

    func boot() {
        guard life == nil else { return }
        guard case .success(let settings) = disk else {
            trace { "the daemon does not start: its settings are bad" }
            return  // whoever mends them starts it
        }
        do throws(StoreTrouble) {
            let opened = try SQLiteLedger.open(inFolder: folder, now: clock.now())
            lives += 1
            trace { "the daemon starts, life \(lives): \(opened.outcome)" }
            if rows?.reads(opened.ledger.path) != true { rows = Rows(opened.ledger.path) }
            rowsVersion = -1
            if isPutBack, let rows { takeUp(putBack: rows) }
            let life = Life(lives, self, opened, settings)
            self.life = life
            takenUp(settings)
            memory.upSince = clock.up
            guard !isWithoutPower else { return life.die() }
            checkOpening(opened.outcome)
            life.start()
        } catch {
            if isWithoutPower { return }
            complain("store", "it does not open: \(error)")
        }
    }

    func bootLater(_ span: Duration) {
        _ = clock.at(clock.up + span, owner: 0) { [self] in boot() }
    }

    func takenUp(_ settings: Settings) {
        if settings != memory.inForce { memory.settingsChangedAt = clock.trueNow }
        memory.inForce = settings
    }

    /// How much likelier the process is to end at what is rare: there are a hundred requests for each key.
    static let rarity = 5.0

    /// A place where the process may end.
    func mayCrash(_ words: @autoclosure () -> String, times factor: Double = 1) {
        if fires(.crash, words(), times: factor) { crash() }
    }

    /// Everything in memory is gone.
    func crash() {
        guard life != nil else { return }
        trace { "the daemon is gone" }
        totals.crashes += 1
        crashQuietly()
        bootLater(.seconds(odds.happens(0.8) ? odds.within(1...30) : odds.within(600...40_000)))
    }

    func crashQuietly() {
        guard let old = life else { return }
        old.die()
        clock.cancelAll(of: old.number)
        life = nil
        memory.upSince = nil
        do { try old.store.close() } catch { trace { "closing: \(error)" } }
        for (number, pause) in pauses.sorted(by: { $0.key < $1.key }) where pause.life == old.number {
            clock.cancel(number)
            pauses[number] = nil
            pause.resume.resume()
        }
        let (budget, engine) = (old.budget!, old.engine!)  // set by its initialiser
        Task {
            _ = engine
            await budget.close()
        }
        loopSoon()
    }

    /// What the dead one still has to do is done before time goes on, by the loop that runs already or by this one.
    private func loopSoon() { if violations.isEmpty, !isDraining { loop.drain() } }
    private var isDraining: Bool { loop.isDraining }

    /// An orderly stop, as systemd asks for it.
    func stop(_ then: (@Sendable () -> Void)? = nil, down: Duration = .seconds(5)) {
        guard let life, !life.isStopping else { return }
        trace { "the daemon is asked to stop" }
        totals.stops += 1
        life.isStopping = true
        let asked = clock.up
        Task { [self] in
            await life.engine.stop()
            guard !life.isDead else { return }
            if clock.up - asked > .seconds(30), sleptAt < asked { complain("S12", "it took too long to stop") }
            trace { "the daemon has stopped" }
            crashQuietly()
            then?()
            bootLater(down)
        }
        _ = clock.at(clock.up + .seconds(31), owner: 0) { [self] in
            guard !life.isDead, sleptAt < asked else { return }
            complain("S12", "it had not stopped after 30 s")
        }
    }

    func reload() { command(.reload, "settings") }

    /// A person's command.
    func command(_ command: PersonCommand, _ target: String) {
        guard let life, !life.isStopping else { return }
        totals.commands += 1
        memory.commands.append((clock.trueNow, command.verb, target))
        trace { "a person: \(command.verb) \(target)" }
        Task { [self] in
            do throws(CommandTrouble) {
                let reply = try await life.engine.perform(command, by: "uid 1000 (ops)")
                trace { "answer: \(reply.lines)" }
            } catch {
                trace { "answer: \(error.explanation.code)" }
            }
        }
    }

    func noteBackup(_ copy: String) {
        backups.append(copy)
        keyCopies[copy] = keysInMemory?.copy()
    }

    func restore(_ copy: String) {
        for suffix in ["-wal", "-shm"] { unlink("\(folder)/edgecert.db\(suffix)") }
        rows = nil
        guard Files.copy(copy, to: "\(folder)/edgecert.db") else { return }
        trace { "the database was put back from \(copy.split(separator: "/").last ?? "")" }
        if let keys = keyCopies[copy], people.happens(0.6) {
            let isOver = people.happens(0.5)
            keysInMemory?.putBack(keys, over: isOver)
            trace { "and so were the keys\(isOver ? ", over those that are there" : "")" }
        }
        memory.restoredAt = clock.trueNow
        (memory.adopted, memory.released, lastSeq, isPutBack) = ([], [], 0, true)
    }

    private func checkFile() {
        for name in ["edgecert.db", "edgecert.db-wal"] where Files.contains(Setting.secret, in: "\(folder)/\(name)") {
            complain("S15", "the token is in \(name)")
        }
    }

    private func removeFolder() { Files.removeFolder(folder) }
}

/// What a run came to.
public struct Outcome: Codable, Sendable {
    public var seed: UInt64
    public var violations: [Violation]
    /// Mishaps that were drawn, also those past the limit.
    public var drawn: Int
    public var totals: Totals
    public var trace: [String]
}

/// Numbers over one or many runs.
public struct Totals: Codable, Sendable {
    public var seeds = 0
    public var zoneDays = 0
    public var steps = 0
    public var looks = 0
    public var requests = 0
    public var orders = 0
    public var removals = 0
    public var crashes = 0
    public var stops = 0
    public var commands = 0
    public var news = 0
    public var violations = 0
    public var mishaps: [String: Int] = [:]

    public init() {}

    public static func += (left: inout Totals, right: Totals) {
        left.seeds += right.seeds
        left.zoneDays += right.zoneDays
        left.steps += right.steps
        left.looks += right.looks
        left.requests += right.requests
        left.orders += right.orders
        left.removals += right.removals
        left.crashes += right.crashes
        left.stops += right.stops
        left.commands += right.commands
        left.news += right.news
        left.violations += right.violations
        left.mishaps.merge(right.mishaps, uniquingKeysWith: +)
    }
}
