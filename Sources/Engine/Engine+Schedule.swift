import Domain

extension Engine {
    /// How soon a zone that only planned, because it was its first pass, is looked at again.
    static let afterPlanningOnly: Duration = .seconds(60)
    /// How often a zone that Cloudflare does not know, or knows by another name, is asked for: it may yet be made.
    static let unknownEvery: Duration = .hours(1)
    /// How soon after a failed look the name of a zone is asked for again.
    static let nameRetry: Duration = .minutes(5)
    /// Reloads are taken for the end of a trouble this often, at most: some machines reload every minute.
    static let mendingEvery: Duration = .minutes(15)
    /// A look more or less by this much does not matter to anybody; timers may be put together by it.
    static let leeway: Duration = .milliseconds(500)

    // MARK: Which zones there are

    /// Puts the settings in force: every zone of theirs has its due time (S12), and what left them is watched.
    ///
    /// - Returns: The names of the zones that were in the settings until now.
    @discardableResult func takeUp(_ settings: Settings) -> [String] {
        self.settings = settings
        let now = ports.clock.uptime()
        let records = knownZones()
        let found = zoneIDsByName() ?? namedInMind
        // What failed may succeed from now on: a reload is what people do when they have mended something.
        let isMending = lastMending.map { now - $0 >= Self.mendingEvery } ?? true
        if isMending, !zones.isEmpty { lastMending = now }  // a start mends nothing
        var present: Set<ZoneID> = []
        unnamed = unnamed.filter { entry in settings.zones.contains { $0.name == entry.key && $0.id == nil } }
        let keepers = keepers(of: settings, found, records)
        for wish in settings.zones {
            guard let id = wish.id ?? found[wish.name] else {
                if unnamed[wish.name] == nil {
                    unnamed[wish.name] = (wish, now)
                } else {
                    unnamed[wish.name]?.wish = wish
                }
                continue
            }
            guard keepers[id] == wish.name else { continue }
            present.insert(id)
            let old = zones[id]
            let isNew = old?.wish != wish
            let isFailing = old?.failures.isEmpty == false || gathered[.zoneUnknown]?[id.text] != nil
            let mayBeMended = isMending && isFailing
            var due = isNew ? firstDue(id, records?[id], count: settings.zones.count) : soonest(old?.due ?? now, now)
            if mayBeMended { due = min(due, now + spread(settings.zones.count) * phase(of: id)) }
            zones[id] = ZoneDuty(
                name: wish.name, wish: wish, due: due, summary: old?.summary,
                isHastened: old?.isHastened ?? false || (isNew || mayBeMended) && passes[id] != nil,
                failures: isNew ? [:] : old?.failures ?? [:])
        }
        guard let records else { return unmanage(besides: present) }
        var left: [String] = []
        for record in records.values where !present.contains(record.id) {
            // One that leaves the settings is passed over at once, so that nothing goes on saying that they want it.
            let old = zones[record.id]
            let hasJustLeft = old.map { $0.wish != nil } ?? record.isManaged
            let isNamed = unnamed[record.name] != nil || settings.zones.contains { $0.name == record.name }
            if hasJustLeft, !isNamed { left.append(record.name) }
            let due = hasJustLeft ? now : old?.due ?? firstDue(record.id, record, count: records.count)
            zones[record.id] = ZoneDuty(
                name: record.name, wish: nil, due: due, summary: old?.summary, failures: old?.failures ?? [:])
        }
        for id in zones.keys where !present.contains(id) && records[id] == nil { zones[id] = nil }
        forgetTroublesOfOthers()
        tellOfDoubles(keepers, found)
        return left.sorted()
    }

    /// The name that each zone is kept by: of several for one identifier the one that the zone is known by, else the first.
    /// The others are told, and nothing is done for them.
    private func keepers(
        of settings: Settings, _ found: [String: ZoneID], _ records: [ZoneID: ZoneRecord]?
    ) -> [ZoneID: String] {
        var keepers: [ZoneID: String] = [:]
        for wish in settings.zones {
            guard let id = wish.id ?? found[wish.name] else { continue }
            if keepers[id] == nil || (records?[id]?.name ?? zones[id]?.name) == wish.name { keepers[id] = wish.name }
        }
        return keepers
    }

    private func tellOfDoubles(_ keepers: [ZoneID: String], _ found: [String: ZoneID]) {
        var doubles: Set<String> = []
        for wish in settings.zones {
            guard let id = wish.id ?? found[wish.name], let keeper = keepers[id], keeper != wish.name else { continue }
            doubles.insert(wish.name)
            raise(
                .zoneUnknown, of: wish.name, "\(wish.name) has the id \(id) in the settings, which is that of \(keeper)"
            )
        }
        for name in self.doubles.subtracting(doubles) where unnamed[name] == nil { resolve(.zoneUnknown, of: name) }
        self.doubles = doubles
    }

    /// What a person should read twice about settings that were taken up: a file that was cut off is often good TOML.
    func remark(onZonesLeft left: [String]) -> String? {
        let names = left.prefix(5).joined(separator: ", ") + (left.count > 5 ? " and \(left.count - 5) more" : "")
        if settings.zones.isEmpty {
            return "the settings name no zone" + (left.isEmpty ? "" : "; watched, and left alone from now on: \(names)")
        }
        return left.isEmpty ? nil : "in the settings no more, so watched, and left alone from now on: \(names)"
    }

    /// A shorter interval holds at once, also for zones that were put off for a longer one.
    private func soonest(_ due: Duration, _ now: Duration) -> Duration {
        min(due, now + max(settings.daemon.lookEvery, allowedInterval ?? .zero))
    }

    /// The database cannot be read just now: what left the settings is watched on.
    private func unmanage(besides present: Set<ZoneID>) -> [String] {
        let left = zones.filter { !present.contains($0.key) && $0.value.wish != nil }
        for id in left.keys { zones[id]?.wish = nil }
        return left.values.map(\.name).sorted()
    }

    /// The zones that were found by name, as they are in mind.
    private var namedInMind: [String: ZoneID] {
        let named = zones.filter { $0.value.wish != nil && $0.value.wish?.id == nil }
        return Dictionary(named.map { ($0.value.name, $0.key) }, uniquingKeysWith: { first, _ in first })
    }

    private func knownZones() -> [ZoneID: ZoneRecord]? {
        do throws(StoreTrouble) {
            return Dictionary(try ports.ledger.zones().map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        } catch {
            note(error)
            return nil
        }
    }

    /// A zone that was settled and is overdue after a restart is spread over a while, so that a restart brings no herd;
    /// a new or changed one is due at once.
    private func firstDue(_ id: ZoneID, _ record: ZoneRecord?, count: Int) -> Duration {
        let now = ports.clock.uptime()
        guard zones[id] == nil, let record, record.plannedUnder?.era == era, let nextLook = record.nextLook else {
            return now
        }
        let wait = nextLook - ports.clock.now()
        // What could not be seen for long may be seen now: a restart is what people do when they have mended something.
        let sight = record.lastCompleteLook.map { ports.clock.now() - $0 }
        let isSeen = sight.map { $0 <= max(settings.daemon.lookEvery * 5 / 4, .hours(4)) } ?? false
        if wait > .zero, isSeen { return now + min(wait, settings.daemon.lookEvery) }
        let place = spread(count) * phase(of: id)
        return now + (wait > .zero ? min(wait, place) : place)
    }

    /// Over so long a time, at most, what is due at once is spread.
    private func spread(_ count: Int) -> Duration {
        min(settings.daemon.lookEvery, .milliseconds(Int64(count) * 100))
    }

    // MARK: When

    /// Starts every pass that is due and has room, and sets the alarm for the next. To be called when the clock was set.
    public func wake() {
        guard isStarted, !isStopping else { return }
        watchClock()
        let now = ports.clock.uptime()
        for name in unnamed.keys.sorted() where (unnamed[name]?.due ?? .zero) <= now { startNaming(name) }
        takeCare(now)
        while passes.count < settings.daemon.zonesInParallel, let zone = firstDue(at: now) { startPass(over: zone) }
        setAlarm()
    }

    /// Where there is not room for all, what moves does not wait behind what is settled. Asked for as often as there is
    /// room, which is seldom more than once: a sort of all that are due would copy each with its wish.
    private func firstDue(at now: Duration) -> ZoneID? {
        zones.lazy.filter { $0.value.due <= now && self.passes[$0.key] == nil }
            .min { ($0.value.rank, $0.value.due, $0.key) < ($1.value.rank, $1.value.due, $1.key) }?.key
    }

    private func setAlarm() {
        alarm?.cancel()
        alarm = nil
        let now = ports.clock.uptime()
        let hasRoom = passes.count < settings.daemon.zonesInParallel
        let next = hasRoom ? zones.lazy.filter { self.passes[$0.key] == nil }.map(\.value.due).min() : nil
        let others = unnamed.values.map(\.due) + careDue.values
        guard let soonest = ([next].compactMap { $0 } + others).min() else { return }
        alarm = ports.timers.once(after: max(.milliseconds(10), soonest - now), leeway: Self.leeway) { [weak self] in
            Task { [weak self] in await self?.wake() }
        }
    }

    private func startPass(over zone: ZoneID) {
        let task = Task {
            _ = await self.pass(over: zone, .scheduled)
            self.tellStatus()
        }
        passes[zone] = PassMark(step: .working, since: ports.clock.uptime(), task: task)
    }

    /// Makes a zone due now: a person asked, or the settings changed.
    func hasten(_ scope: Suspension.Scope) {
        let now = ports.clock.uptime()
        for id in zones.keys where scope.touches(id) {
            zones[id]?.due = now
            zones[id]?.isHastened = passes[id] != nil
        }
        wake()
    }

    /// Zones whose pass is over are due again at `moment`, at the latest when the budget allows for settled ones.
    func setDue(_ zone: ZoneID, at moment: Timestamp) {
        let interval = max(settings.daemon.lookEvery, allowedInterval ?? .zero, .seconds(1))
        setDue(zone, in: min(max(moment - ports.clock.now(), .seconds(1)), interval * 2))
    }

    /// The same after a time; at once when somebody has asked for that while its pass was under way.
    func setDue(_ zone: ZoneID, in wait: Duration) {
        let isHastened = zones[zone]?.isHastened ?? false
        zones[zone]?.due = ports.clock.uptime() + (isHastened ? .zero : wait)
    }

    // MARK: While the state cannot be written

    /// Nothing comes of a pass that cannot be written down: one zone finds out whether that is over, and the others cost no
    /// more requests than settled ones.
    func putOff(_ zone: ZoneID) {
        if storeProbe.map({ zones[$0] == nil }) ?? true { storeProbe = zone }
        if storeProbe != zone { zonesPutOff.insert(zone) }
        let settled = max(settings.daemon.lookEvery, allowedInterval ?? .zero, .minutes(1))
        setDue(zone, in: storeProbe == zone ? .minutes(1) : settled)
    }

    /// It can be written again: those whose passes came to nothing are looked at without waiting for their turn, but not
    /// the one that found out. Where one commit fails and the next does not, nothing is looked at in a circle.
    func callBackPutOff() {
        let (back, now) = (zonesPutOff, ports.clock.uptime())
        (zonesPutOff, storeProbe) = ([], nil)
        for id in back {
            guard let duty = zones[id] else { continue }
            let isInMotion = (duty.summary?.moving ?? 1) > 0
            zones[id]?.due = min(duty.due, isInMotion ? now : now + .minutes(1))
        }
        // What found it out may have been no pass, after which the alarm is set anyway.
        if !back.isEmpty { setAlarm() }
    }

    /// A probe whose pass ended with nothing to write has not found out anything.
    func passEndedUnwritten(_ zone: ZoneID) {
        if storeProbe == zone, storeTrouble != nil { storeProbe = nil }
    }

    /// How often settled zones are looked at: as set, or slower when the budget does not allow it.
    func lookEvery() async -> Duration {
        let kinds = zones.values.reduce(0) { $0 + ($1.wish?.kinds.count ?? 1) }
        let rate = await ports.budget.snapshot().rate * 0.75  // what settled zones may use of our share
        let needed = rate > 0 ? Duration.milliseconds(Int64(min(Double(kinds) / rate * 1000, 1e12))) : .zero
        let allowed = max(settings.daemon.lookEvery, needed)
        allowedInterval = allowed
        return allowed
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
        guard passes[zone] != nil else {
            passes[zone] = PassMark(step: .working, since: ports.clock.uptime(), task: nil)
            return
        }
        await withCheckedContinuation { queues[zone, default: []].append($0) }  // it is handed over
    }

    /// Hands the turn to whoever waits for it, or else lets the schedule go on.
    func giveTurn(_ zone: ZoneID) {
        if var queue = queues.removeValue(forKey: zone) {
            let next = queue.removeFirst()
            if !queue.isEmpty { queues[zone] = queue }
            passes[zone] = PassMark(step: .working, since: ports.clock.uptime(), task: nil)
            return next.resume()
        }
        passes[zone] = nil
        // An alarm may have rung for this zone meanwhile, or for others when there was no room.
        wake()
        passHasEnded()
        if passes.isEmpty {
            let waiters = idle
            idle = []
            for waiter in waiters { waiter.resume() }
        }
    }

    func mark(_ zone: ZoneID, _ step: PassMark.Step, allowance: Duration = .zero) {
        passes[zone]?.step = step
        passes[zone]?.since = ports.clock.uptime()
        passes[zone]?.allowance = allowance
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
