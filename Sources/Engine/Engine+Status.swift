import Domain

extension Engine {
    /// How the daemon stands.
    public func status() async -> EngineStatus {
        noticeStoreTrouble()
        let budget = await ports.budget.snapshot()
        let totals = totals()
        let now = ports.clock.uptime()
        let next = zones.filter { passes[$0.key] == nil }.map(\.value.due).min()
        return EngineStatus(
            version: Edgecert.version, startedAt: startedAt, mode: settings.daemon.mode,
            zones: zones.count + unnamed.count,
            subjects: totals.subjects, moving: totals.moving, wrong: totals.wrong, zonesInPass: passes.count,
            nextPass: next.map { ports.clock.now() + max(.zero, $0 - now) }, lookEvery: await lookEvery(),
            budgetLeft: budget.left, blockedUntil: budget.blockedFor.map { ports.clock.now() + $0 },
            clockSkew: budget.skew, settingsTrouble: settingsTrouble, stateTrouble: stateTrouble,
            storeTrouble: storeTrouble?.explanation.summary, storeHint: storeTrouble?.explanation.hint,
            line: await statusLine())
    }

    /// Between two looks nothing is written, so a database that was removed meanwhile would be called good, and one that
    /// was put back would be missed for hours. An empty commit proves the place and the lock, but neither room nor a
    /// sound file.
    private func noticeStoreTrouble() {
        guard !isStopping else { return }
        switch storeTrouble {
        case .unwritable?, .corrupt?: return
        default: break
        }
        do throws(StoreTrouble) {
            try ports.ledger.commit([])
            if storeTrouble != nil {
                storeIsWell()
                wake()
            }
        } catch { note(error) }
    }

    private func totals() -> ZoneDuty.Summary {
        var total = zones.values.compactMap(\.summary).reduce(into: ZoneDuty.Summary()) {
            $0.subjects += $1.subjects
            $0.moving += $1.moving
            $0.wrong += $1.wrong
        }
        total.wrong += daemonEpisodes.count
        return total
    }

    /// One line that a person can read: `2 zones, 5 subjects, 1 moving, 0 wrong; 588 requests left; a look every 15 min`.
    func statusLine() async -> String {
        let totals = totals()
        let budget = await ports.budget.snapshot()
        let unseen = zones.values.count { $0.summary == nil } + unnamed.count
        var parts = ["\(counted(zones.count + unnamed.count, "zone")), \(counted(totals.subjects, "subject"))"]
        parts.append("\(totals.moving) moving, \(totals.wrong) wrong")
        if unseen > 0 { parts.append("\(counted(unseen, "zone")) not looked at yet") }
        let blocked = budget.blockedFor.map { "blocked by Cloudflare for \($0.wholeSeconds) s" }
        parts.append(blocked ?? "\(counted(budget.left, "request")) left")
        parts.append("a look every \(Self.words(await lookEvery()))")
        if settingsTrouble != nil { parts.append("SETTINGS REFUSED, the last good ones are in force") }
        if stateTrouble != nil { parts.append("STATE NOT TRUSTED, only looking") }
        if storeTrouble != nil { parts.append("DATABASE CANNOT BE WRITTEN, only looking") }
        return "\(settings.daemon.mode.rawValue): " + parts.joined(separator: "; ")
    }

    /// Tells the service manager, when the line has changed.
    func tellStatus() {
        Task {
            let line = await self.statusLine()
            guard line != self.lastStatusLine else { return }
            self.lastStatusLine = line
            self.ports.supervisor.tell(.status(line))
        }
    }

    private static func words(_ span: Duration) -> String {
        let seconds = span.wholeSeconds
        return seconds % 60 == 0 ? "\(seconds / 60) min" : "\(seconds) s"
    }
}
