import Domain

/// Counts the requests of each token in windows of fixed length, and refuses every call for a while after too many.
struct RequestLimiter: Sendable {
    private var windows: [String: Window] = [:]

    private struct Window: Sendable {
        var begunAt: Timestamp
        var used = 0
        var blockedUntil: Timestamp?
    }

    struct Verdict: Hashable, Sendable {
        var isRefused: Bool
        var left: Int
        /// Until the window, or the block, is over. Rounded up.
        var secondsLeft: Int64
    }

    mutating func admit(_ client: String, at moment: Timestamp, rules: ModelSettings.Limiter) -> Verdict {
        var window = windows[client] ?? Window(begunAt: moment)
        defer { windows[client] = window }
        if let until = window.blockedUntil {
            if moment < until, until - moment <= rules.block {
                return Verdict(isRefused: true, left: 0, secondsLeft: Self.seconds(until - moment))
            }
            window = Window(begunAt: moment)
        }
        if moment - window.begunAt >= rules.window || moment < window.begunAt { window = Window(begunAt: moment) }
        window.used += 1
        guard window.used <= rules.quota else {
            window.blockedUntil = moment + rules.block
            return Verdict(isRefused: true, left: 0, secondsLeft: Self.seconds(rules.block))
        }
        let rest = window.begunAt + rules.window - moment
        return Verdict(isRefused: false, left: rules.quota - window.used, secondsLeft: Self.seconds(rest))
    }

    /// Forgets what was counted: the tests' and the operator's way out of a block.
    mutating func reset() { windows = [:] }

    private static func seconds(_ span: Duration) -> Int64 { (span.wholeMilliseconds + 999) / 1000 }
}
