import Domain
import Planning

/// Troubles of the daemon itself: each raised once, told again once a day, and resolved when it is over.
extension Engine {
    static let remindEvery: Duration = .days(1)

    func raise(_ condition: Episode.Condition, _ detail: String) {
        let now = ports.clock.now()
        if var open = daemonEpisodes[condition] {
            guard (now - open.lastTold).magnitude >= Self.remindEvery else { return }
            (open.lastTold, open.detail) = (now, detail)
            keep(open, .episodeReminder)
        } else {
            keep(
                Episode(scope: .daemon, condition: condition, detail: detail, raisedAt: now, lastTold: now),
                .episodeRaised)
        }
    }

    func resolve(_ condition: Episode.Condition) {
        guard var open = daemonEpisodes[condition] else { return }
        open.resolvedAt = ports.clock.now()
        keep(open, .episodeResolved)
    }

    /// One of several things that are wrong under one condition: they are one trouble until the last of them is well.
    func raise(_ condition: Episode.Condition, of key: String, _ detail: String) {
        let isNew = gathered[condition]?[key] == nil
        gathered[condition, default: [:]][key] = detail
        if isNew { showGathered(condition) }
        raise(condition, gatheredDetail(condition))
    }

    func resolve(_ condition: Episode.Condition, of key: String) {
        let wasThere = gathered[condition]?.removeValue(forKey: key) != nil
        if gathered[condition]?.isEmpty ?? true { resolve(condition) } else if wasThere { showGathered(condition) }
    }

    private func gatheredDetail(_ condition: Episode.Condition) -> String {
        let all = (gathered[condition] ?? [:]).values.sorted()
        return all.prefix(5).joined(separator: "; ") + (all.count > 5 ? "; \(all.count - 5) more" : "")
    }

    /// Another one came or went: whoever asks is shown what is wrong now. It is told again once a day, as one trouble.
    private func showGathered(_ condition: Episode.Condition) {
        guard var open = daemonEpisodes[condition] else { return }
        open.detail = gatheredDetail(condition)
        daemonEpisodes[condition] = open
        do throws(StoreTrouble) { try ports.ledger.commit([.episode(open)]) } catch { unwritten[condition] = open }
    }

    /// A suspension of everything is told once a day for as long as it is in force, so that it is not forgotten.
    private func nagAboutSuspension() {
        let now = ports.clock.now()
        do throws(StoreTrouble) {
            let all = try ports.ledger.suspensions()
            guard let one = all.first(where: { $0.scope == .all && $0.until > now }) else { return resolve(.suspended) }
            raise(.suspended, "everything is suspended until \(one.until.shown) by \(one.by): \(one.reason)")
        } catch {
            note(error)
        }
    }

    /// What was wrong with a zone that is kept no more is nobody's trouble.
    func forgetTroublesOfOthers() {
        for (condition, troubles) in gathered {
            for key in troubles.keys where !isKept(key) { resolve(condition, of: key) }
        }
    }

    /// Keys begin with a zone's identifier or are a zone's name; those of other things stay.
    private func isKept(_ key: String) -> Bool {
        if key == Self.tokenKey || unnamed[key] != nil || doubles.contains(key) { return true }
        return key.split(separator: " ").first.map { zones[ZoneID(String($0))] != nil } ?? false
    }

    private func keep(_ episode: Episode, _ kind: News.Kind) {
        // What is broken off by a stop is no trouble; what is one is found again by the next start.
        guard !isStopping else { return }
        daemonEpisodes[episode.condition] = episode.resolvedAt == nil ? episode : nil
        let priority: News.Priority = episode.resolvedAt == nil ? .error : .notice
        ports.news.tell(
            News(
                kind, priority,
                [
                    .init(.condition, episode.condition.rawValue), .init(.detail, episode.detail),
                    .init(.since, episode.raisedAt.rfc3339),
                ]))
        do throws(StoreTrouble) {
            try ports.ledger.commit([.episode(episode)])
            unwritten[episode.condition] = nil
        } catch {
            unwritten[episode.condition] = episode
            // It has been told; a database that cannot be written is a trouble of its own, raised once.
            if episode.condition != .storeUnwritable { note(error) }
        }
    }

    /// What could not be written of the daemon's own troubles, as it stands by now: else one that is over would stay open
    /// in the database for as long as the process lives.
    func writeUnwritten() {
        guard !unwritten.isEmpty else { return }
        let episodes = unwritten.values.sorted { $0.condition.rawValue < $1.condition.rawValue }
        do throws(StoreTrouble) {
            try ports.ledger.commit(episodes.map(Change.episode))
            unwritten = [:]
        } catch {
            // With the next commit, then.
        }
    }

    /// A database that fails: nothing is changed at Cloudflare while it does, looks go on, one episode.
    func note(_ trouble: StoreTrouble) {
        storeTrouble = trouble
        raise(.storeUnwritable, trouble.explanation.summary)
        if case .corrupt = trouble { ports.onCorruption(trouble) }
    }

    /// What the last answers said of the connection: too many requests, a clock that is off.
    func judgeConnection() async {
        nagAboutSuspension()
        let budget = await ports.budget.snapshot()
        if let span = budget.blockedFor {
            raise(.rateLimited, "every call of the token is refused for another \(span.wholeSeconds) s")
        } else {
            resolve(.rateLimited)
        }
        if let skew = await skew() {
            raise(
                .clockSkewed,
                "Cloudflare's clock is \(skew.wholeSeconds.magnitude) s \(skew > .zero ? "ahead of" : "behind") this "
                    + "machine's; nothing is changed until they agree"
            )
        } else if budget.skew != nil {
            resolve(.clockSkewed)
        }
    }
}
