import Domain

/// The time before something that failed is tried again: a minute, doubling with each failure in a row, up to an hour.
///
/// - Parameter failures: Failures in a row, at least 1; less is taken for 1.
func retryDelay(afterFailures failures: Int) -> Duration {
    .seconds(min(60 << min(max(failures, 1) - 1, 6), 3600))
}

extension SubjectRecord {
    /// True when this very action has failed before, and has not succeeded since.
    public func hasTried(_ action: Action) -> Bool {
        tries.map { $0.action == action.code && $0.object == action.object } ?? false
    }

    /// True when this very action has failed before, for now or for good: that it goes on failing is no news.
    public func hasFailed(_ action: Action) -> Bool { hasTried(action) || refusal?.wishKey == action.refusalKey }

    /// Once more without success.
    mutating func noteTry(of action: Action, reason: Reason, message: String, at now: Timestamp) {
        let count = hasTried(action) ? min(tries?.count ?? 0, 1000) + 1 : 1
        tries = Tries(
            action: action.code, object: action.object, count: count, at: now, reason: reason, message: message)
    }

    /// It was accepted. A re-check or a branding counts as a try until it is seen to have been made; having to ask for
    /// it again means that it was undone from outside (S18).
    mutating func noteSuccess(of action: Action, reason: Reason, at now: Timestamp) {
        guard action.isSeenInTraits else {
            tries = nil
            return
        }
        if hasTried(action) { noteUndoing(at: now) }
        noteTry(of: action, reason: reason, message: "accepted, and not seen to have been made", at: now)
    }

    /// Remembers that something of ours was undone from outside, the newest two (S18). However far they are apart: what
    /// somebody else applies once a month or a quarter would never be held otherwise, and the hold says both times.
    mutating func noteUndoing(at now: Timestamp) {
        undoneAt = Array((undoneAt + [now]).suffix(2))
    }
}

extension Action {
    var isSeenInTraits: Bool {
        switch self {
        case .pack(.recheck), .pack(.setBranding): true
        case .pack, .clientCertificate: false
        }
    }
}
