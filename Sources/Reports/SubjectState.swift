import Domain

/// How a subject stands, in one word for people. The raw value is part of the JSON. Never renamed.
public enum SubjectState: String, Codable, Hashable, Sendable, CaseIterable {
    case ok, moving, wrong, held, suspended, released, expired, unknown
}

/// Judges one subject from what is kept of it and the clock: the worst of all that is true of it is its state.
struct Judgement {
    let state: SubjectState
    let headline: String
    /// Something is on its way, whatever else is true.
    let isMoving: Bool
    /// A person should look: counts for the exit code 3.
    let isWrong: Bool
    /// The thing at Cloudflare that the row is about.
    let current: ObjectRecord?
    let isValid: Bool
    /// A validation of it waits for records that a person has to publish.
    let awaitsPublication: Bool

    init(_ record: SubjectRecord, _ objects: [ObjectRecord], _ context: ReportContext) {
        let now = context.now
        let present = objects.filter { !$0.sighting.stage.isOver && $0.missingSince == nil }
        let current = Self.current(of: objects, now)
        let isValid = present.contains { $0.isValid(at: now) }
        let episodes = context.episodes(of: record.subject)
        let trouble = episodes.filter { $0.condition != .suspended && $0.condition != .held }
        let suspension = record.isWished ? context.suspension(of: record.subject) : nil
        let ended = present.filter { $0.hasEnded(at: now) }
        let isStale = context.isStale(record.subject.zone)

        let moves = Self.isMoving(record, present)
        // Where changes are suspended, only what Cloudflare is at work on still moves.
        isMoving = moves && (suspension == nil || present.contains { $0.isOurs && $0.sighting.stage.isMoving })
        (self.current, self.isValid) = (current, isValid)
        awaitsPublication = present.contains { $0.awaitsPublication(at: now) }

        if !isValid, let end = ended.compactMap(\.sighting.traits.notAfter).max() ?? ended.first?.since {
            state = .expired
            headline = "expired \(ShortDuration.text(now - min(end, now))) ago"
        } else if let decision = record.decision, decision.isHeld {
            state = .held
            headline = Self.clause(decision.reason.words, decision.detail)
        } else if let worst = trouble.first {
            state = .wrong
            headline = Self.clause(worst.condition.words, worst.detail)
        } else if isStale || (record.isWished && record.decision == nil) || record.decision?.reason == .notSeen {
            state = .unknown
            headline = Self.unseen(record, current, context)
        } else if record.isWished, !isValid, record.decision?.reason == .modeForbids {
            state = .wrong
            headline = "nothing serves for it, and the mode in force does not allow the change"
        } else if let suspension {
            state = .suspended
            headline = "suspended until \(Moment(suspension.until).text) by \(suspension.by): \(suspension.reason)"
        } else if record.isWished, record.decision?.reason == .released {
            state = .released
            headline = Self.rest(record, current, isValid, now)
        } else if isMoving {
            state = .moving
            headline = Self.motion(record, current, now)
        } else {
            state = .ok
            headline = Self.rest(record, current, isValid, now)
        }
        switch state {
        case .ok, .moving, .suspended, .released: isWrong = false
        case .wrong, .held: isWrong = true
        case .expired, .unknown: isWrong = record.isWished || !trouble.isEmpty
        }
    }

    /// The valid one that lasts longest, else the newest that may come to serve, else the newest that is there.
    private static func current(of objects: [ObjectRecord], _ now: Timestamp) -> ObjectRecord? {
        func newest(_ some: [ObjectRecord]) -> ObjectRecord? {
            some.max { ($0.firstSeen, $0.id) < ($1.firstSeen, $1.id) }
        }
        let valid = objects.filter { $0.isValid(at: now) && $0.missingSince == nil }
        let longest = valid.max {
            let (left, right) = ($0.sighting.traits.notAfter ?? now, $1.sighting.traits.notAfter ?? now)
            return (left, $0.id) < (right, $1.id)
        }
        return longest ?? newest(objects.filter { $0.sighting.stage.isLive && $0.missingSince == nil })
            ?? newest(objects.filter { !$0.sighting.stage.isOver }) ?? newest(objects)
    }

    private static func isMoving(_ record: SubjectRecord, _ present: [ObjectRecord]) -> Bool {
        guard let decision = record.decision else { return false }
        switch decision.verdict {
        case .act: return true
        case .hold: return false
        case .rest: return record.isWished && present.contains { $0.isOurs && $0.sighting.stage.isMoving }
        case .wait:
            switch decision.reason {
            case .modeForbids, .suspended, .notSeen, .clockSkewed, .renewalByCloudflare: return false
            default: return true
            }
        }
    }

    private static func clause(_ words: String, _ detail: String) -> String {
        detail.isEmpty ? words : "\(words): \(detail)"
    }

    private static func unseen(_ record: SubjectRecord, _ current: ObjectRecord?, _ context: ReportContext) -> String {
        guard let seen = context.zones[record.subject.zone]?.lastCompleteLook else { return "not looked at yet" }
        let span = context.now - seen
        // A clock that was set back leaves looks in the future.
        let age = span < .zero ? "at \(Moment(seen).text)" : "\(ShortDuration.text(span)) ago"
        guard let current else { return "its zone was last seen completely \(age)" }
        return "its zone was last seen completely \(age); it was \(current.sighting.shownStatus) then"
    }

    private static func motion(_ record: SubjectRecord, _ current: ObjectRecord?, _ now: Timestamp) -> String {
        if let action = record.decision?.action { return action.words }
        let reason = record.decision?.reason ?? .providerWorking
        guard let current, current.sighting.stage.isMoving else {
            return clause(reason.words, record.decision?.detail ?? "")
        }
        let moves = "\(current.sighting.shownStatus) for \(ShortDuration.text(now - current.since))"
        if current.awaitsPublication(at: now) {
            return "\(moves): 'edgecertctl records' lists what to publish"
        }
        return record.decision?.verdict == .rest ? moves : "\(moves): \(reason.words)"
    }

    private static func rest(
        _ record: SubjectRecord, _ current: ObjectRecord?, _ isValid: Bool, _ now: Timestamp
    ) -> String {
        var parts: [String] = []
        if isValid, let end = current?.sighting.traits.notAfter {
            parts.append("valid for \(ShortDuration.text(end - now))")
        } else if let current {
            parts.append(current.sighting.shownStatus)
        }
        // What was found and never wished has no decision of its own.
        let reason = record.decision?.reason ?? .discovered
        if reason != .asWanted { parts.append(reason.words) }
        if parts.isEmpty, let detail = record.decision?.detail, !detail.isEmpty { return detail }
        return parts.isEmpty ? "as wanted" : parts.joined(separator: ", ")
    }
}

extension ObjectRecord {
    /// Where Cloudflare publishes by itself, most validations are over within five minutes: after these a person is
    /// waited for.
    ///
    /// - SeeAlso: <https://developers.cloudflare.com/ssl/edge-certificates/changing-dcv-method/validation-backoff-schedule/>,
    ///   as of 2026-11.
    private static var automaticValidation: Duration { .minutes(5) }

    /// True while a validation waits for records that nobody but a person seems to publish.
    func awaitsPublication(at now: Timestamp) -> Bool {
        guard isOurs, missingSince == nil, recordsAwaited > 0 else { return false }
        return sighting.stage == .stalled(.validation) || now - since > Self.automaticValidation
    }

    /// True past its end, by the clock or in Cloudflare's own words.
    func hasEnded(at now: Timestamp) -> Bool {
        if sighting.stage == .expired { return true }
        guard sighting.stage == .serving, let end = sighting.traits.notAfter else { return false }
        return end <= now
    }
}

extension Sighting {
    /// Cloudflare's own word, or ours where it had none.
    var shownStatus: String { status.isEmpty ? stage.code : status }
}
