import Domain

extension PlanDraft {
    /// How often something that stays wrong is told again, at most.
    static let reminderInterval: Duration = .days(1)

    private struct Identity: Hashable {
        var scope: Episode.Scope
        var condition: Episode.Condition
    }

    /// Raises what is newly wrong, reminds of what still is, resolves what is well again. What an episode is known by
    /// is its scope and condition, never its text.
    mutating func keepEpisodes(_ input: PlanInput) {
        var findings: [Identity: Conditions.Finding] = [:]
        for finding in Conditions(self, input).findings() {
            let identity = Identity(scope: finding.scope, condition: finding.condition)
            findings[identity] = findings[identity] ?? finding
        }
        let isFrozen = input.obstacles.clockSkew != nil
        let spokesmen = spokesmen(of: findings)
        var kept: [Episode] = []
        for var episode in episodes where episode.resolvedAt == nil {
            let identity = Identity(scope: episode.scope, condition: episode.condition)
            let finding = findings.removeValue(forKey: identity)
            if let finding {
                remind(&episode, finding, as: spokesmen[episode.scope])
            } else if isOurs(episode), !(isFrozen && Conditions.clockConditions.contains(episode.condition)) {
                resolve(episode)
                continue
            }
            kept.append(episode)
        }
        let raised = findings.values.filter { !(isFrozen && Conditions.clockConditions.contains($0.condition)) }
            .sorted { ($0.scope.sortKey, $0.condition.rawValue) < ($1.scope.sortKey, $1.condition.rawValue) }
        for finding in raised {
            let episode = Episode(
                scope: finding.scope, condition: finding.condition, detail: finding.detail, raisedAt: now, lastTold: now
            )
            kept.append(episode)
            tell(episode, .episodeRaised, finding.priority)
        }
        episodes = kept
    }

    /// What reminds of all that stays wrong with one subject.
    private struct Spokesman {
        var condition: Episode.Condition
        /// That of the worst of them.
        var priority: News.Priority
    }

    /// Reminders are due for a subject once nothing of it was told for a day. One condition speaks for all: the cause
    /// before what it leads to, then the worst.
    private func spokesmen(of findings: [Identity: Conditions.Finding]) -> [Episode.Scope: Spokesman] {
        var standing: [Episode.Scope: [(episode: Episode, priority: News.Priority)]] = [:]
        for episode in episodes where episode.resolvedAt == nil {
            let finding = findings[Identity(scope: episode.scope, condition: episode.condition)]
            if let finding { standing[episode.scope, default: []].append((episode, finding.priority)) }
        }
        return standing.compactMapValues { open in
            let isDue = open.allSatisfy { (now - $0.episode.lastTold).magnitude >= Self.reminderInterval }
            guard isDue, let worst = open.map(\.priority.rawValue).min().flatMap(News.Priority.init) else { return nil }
            func rank(_ one: (episode: Episode, priority: News.Priority)) -> (Int, Int, String) {
                let condition = one.episode.condition
                return (condition == .uncovered ? 1 : 0, one.priority.rawValue, condition.rawValue)
            }
            return open.min { rank($0) < rank($1) }.map { Spokesman(condition: $0.episode.condition, priority: worst) }
        }
    }

    private mutating func remind(_ episode: inout Episode, _ finding: Conditions.Finding, as spokesman: Spokesman?) {
        let old = episode
        // Kept as it is now for whoever asks, also where it is not told.
        episode.detail = finding.detail
        if spokesman != nil { episode.lastTold = now }
        if let spokesman, spokesman.condition == episode.condition {
            tell(episode, .episodeReminder, spokesman.priority)
        } else if episode != old {
            episodeChanges.append(episode)
        }
    }

    private mutating func resolve(_ episode: Episode) {
        var closed = episode
        closed.resolvedAt = now
        tell(closed, .episodeResolved, .notice)
    }

    private mutating func tell(_ episode: Episode, _ kind: News.Kind, _ priority: News.Priority) {
        episodeChanges.append(episode)
        var subject: Subject?
        if case .subject(let one) = episode.scope { subject = one }
        news.append(
            News(
                kind, priority, about: subject, zoneName: zoneName,
                [
                    .init(.condition, episode.condition.rawValue), .init(.detail, episode.detail),
                    .init(.since, episode.raisedAt.rfc3339),
                ]))
    }

    private func isOurs(_ episode: Episode) -> Bool {
        switch episode.scope {
        case .daemon: false
        case .zone: Conditions.zoneConditions.contains(episode.condition)
        case .subject: Conditions.subjectConditions.contains(episode.condition)
        }
    }
}

extension Episode.Scope {
    fileprivate var sortKey: String {
        switch self {
        case .daemon: ""
        case .zone(let zone): zone.text
        case .subject(let subject): "\(subject.zone) \(subject.kind.rawValue) \(subject.name)"
        }
    }
}
