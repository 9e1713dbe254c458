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
        var kept: [Episode] = []
        for var episode in episodes where episode.resolvedAt == nil {
            let identity = Identity(scope: episode.scope, condition: episode.condition)
            let finding = findings.removeValue(forKey: identity)
            if let finding {
                remind(&episode, finding)
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

    private mutating func remind(_ episode: inout Episode, _ finding: Conditions.Finding) {
        guard (now - episode.lastTold).magnitude >= Self.reminderInterval else { return }
        (episode.lastTold, episode.detail) = (now, finding.detail)
        tell(episode, .episodeReminder, finding.priority)
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
