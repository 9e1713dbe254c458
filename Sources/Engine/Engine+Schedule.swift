import Domain

extension Engine {
    /// How soon a zone that only planned, because it was its first pass, is looked at again.
    static let afterPlanningOnly: Duration = .seconds(60)
    /// How soon after a failed look the name of a zone is asked for again.
    static let nameRetry: Duration = .minutes(5)
    /// A look more or less by this much does not matter to anybody; timers may be put together by it.
    static let leeway: Duration = .milliseconds(500)

    // MARK: Which zones there are

    /// Puts the settings in force: every zone of theirs has its due time (S12), and what left them is watched.
    func takeUp(_ settings: Settings) {
        self.settings = settings
        let now = ports.clock.uptime()
        let records = knownZones()
        let found = zoneIDsByName()
        var present: Set<ZoneID> = []
        unnamed = unnamed.filter { entry in settings.zones.contains { $0.name == entry.key && $0.id == nil } }
        for wish in settings.zones {
            guard let id = wish.id ?? found[wish.name] else {
                if unnamed[wish.name] == nil {
                    unnamed[wish.name] = (wish, now)
                } else {
                    unnamed[wish.name]?.wish = wish
                }
                continue
            }
            present.insert(id)
            let old = zones[id]
            let due = old?.wish == wish ? (old?.due ?? now) : firstDue(id, records[id], count: settings.zones.count)
            zones[id] = ZoneDuty(name: wish.name, wish: wish, due: due, summary: old?.summary)
        }
        for record in records.values where !present.contains(record.id) {
            // One that leaves the settings is passed over at once, so that nothing goes on saying that they want it.
            let old = zones[record.id]
            let hasJustLeft = old.map { $0.wish != nil } ?? record.isManaged
            let due = hasJustLeft ? now : old?.due ?? firstDue(record.id, record, count: records.count)
            zones[record.id] = ZoneDuty(name: record.name, wish: nil, due: due, summary: zones[record.id]?.summary)
        }
        for id in zones.keys where !present.contains(id) && records[id] == nil { zones[id] = nil }
    }

    private func knownZones() -> [ZoneID: ZoneRecord] {
        do throws(StoreTrouble) {
            return Dictionary(try ports.ledger.zones().map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        } catch {
            note(error)
            return [:]
        }
    }

    /// A zone that was settled and is overdue after a restart is spread over a while, so that a restart brings no herd;
    /// a new or changed one is due at once.
    private func firstDue(_ id: ZoneID, _ record: ZoneRecord?, count: Int) -> Duration {
        let now = ports.clock.uptime()
        guard zones[id] == nil, let record, record.plannedUnder == era, let nextLook = record.nextLook else {
            return now
        }
        let wait = nextLook - ports.clock.now()
        if wait > .zero { return now + min(wait, settings.daemon.lookEvery) }
        let spread = min(settings.daemon.lookEvery, .milliseconds(Int64(count) * 100))
        return now + spread * phase(of: id)
    }

    // MARK: When

    /// Starts every pass that is due and has room, and sets the alarm for the next. To be called when the clock was set.
    public func wake() {
        guard isStarted, !isStopping else { return }
        watchClock()
        let now = ports.clock.uptime()
        for name in unnamed.keys.sorted() where (unnamed[name]?.due ?? .zero) <= now { startNaming(name) }
        let due = zones.filter { $0.value.due <= now && passes[$0.key] == nil }
            .sorted { ($0.value.due, $0.key) < ($1.value.due, $1.key) }
        for (zone, _) in due.prefix(max(0, settings.daemon.zonesInParallel - passes.count)) { startPass(over: zone) }
        setAlarm()
    }

    private func setAlarm() {
        alarm?.cancel()
        alarm = nil
        let now = ports.clock.uptime()
        let hasRoom = passes.count < settings.daemon.zonesInParallel
        let next = zones.filter { passes[$0.key] == nil && hasRoom }.map(\.value.due) + unnamed.values.map(\.due)
        guard let soonest = next.min() else { return }
        alarm = ports.timers.once(after: max(.milliseconds(10), soonest - now), leeway: Self.leeway) { [weak self] in
            Task { [weak self] in await self?.wake() }
        }
    }

    private func startPass(over zone: ZoneID) {
        let task = Task {
            _ = await self.pass(over: zone, .scheduled)
            self.wake()
            self.tellStatus()
        }
        passes[zone] = PassMark(step: .working, since: ports.clock.uptime(), task: task)
    }

    /// Makes a zone due now: a person asked, or the settings changed.
    func hasten(_ scope: Suspension.Scope) {
        let now = ports.clock.uptime()
        for id in zones.keys where scope.touches(id) { zones[id]?.due = now }
        wake()
    }

    /// Zones whose pass is over are due again at `moment`, at the latest when the budget allows for settled ones.
    func setDue(_ zone: ZoneID, at moment: Timestamp) {
        let wait = moment - ports.clock.now()
        let bounded = min(max(wait, .seconds(1)), max(settings.daemon.lookEvery, .seconds(1)) * 4)
        zones[zone]?.due = ports.clock.uptime() + bounded
    }

    /// How often settled zones are looked at: as set, or slower when the budget does not allow it.
    func lookEvery() async -> Duration {
        let kinds = zones.values.reduce(0) { $0 + ($1.wish?.kinds.count ?? 1) }
        let rate = await ports.budget.snapshot().rate * 0.75  // what settled zones may use of our share
        guard rate > 0 else { return settings.daemon.lookEvery }
        return max(settings.daemon.lookEvery, .milliseconds(Int64(Double(kinds) / rate * 1000)))
    }

    // MARK: Clock

    /// A step of the wall clock is told and noted; timers run on a clock that it does not move, so nothing storms.
    private func watchClock() {
        let offset = Self.offset(of: ports.clock)
        let step = offset - wallOffset
        guard abs(step.wholeMilliseconds) > 5_000 + skewTolerance.wholeMilliseconds / 4 else {
            wallOffset = offset
            return
        }
        wallOffset = offset
        ports.news.tell(News(.clockStepped, .warning, [.init(.detail, "by \(step.wholeSeconds) s")]))
    }

    // MARK: Turns within a zone

    /// Waits until no pass is under way over `zone`, and takes its place.
    func takeTurn(_ zone: ZoneID) async {
        while passes[zone] != nil { await withCheckedContinuation { queues[zone, default: []].append($0) } }
        passes[zone] = PassMark(step: .working, since: ports.clock.uptime(), task: nil)
    }

    func giveTurn(_ zone: ZoneID) {
        passes[zone] = nil
        for waiter in queues.removeValue(forKey: zone) ?? [] { waiter.resume() }
        if passes.isEmpty {
            let waiters = idle
            idle = []
            for waiter in waiters { waiter.resume() }
        }
    }

    func mark(_ zone: ZoneID, _ step: PassMark.Step) {
        passes[zone]?.step = step
        passes[zone]?.since = ports.clock.uptime()
    }
}

extension Suspension.Scope {
    func touches(_ zone: ZoneID) -> Bool {
        switch self {
        case .all: true
        case .zone(let one): one == zone
        case .subject(let subject): subject.zone == zone
        }
    }
}
