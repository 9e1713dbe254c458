import Domain

/// S9: the request budget is never exceeded; a 429 stops every call until the block is over.
///
/// Within the life of one process: never more than our share of Cloudflare's quota in one window, and no request from
/// the moment that a 429 reached the daemon until its end (5 minutes where it does not say, at most an hour). Across
/// restarts the block is checked by unit tests alone: here a crash may come before it is written down.
struct S09Budget: Checker {
    let invariant = "S9"
    private var life = -1
    private var sent: [Duration] = []
    private var blockedUntil: Duration = .zero
    /// What was let in at the very moment that the 429 came is on its way already.
    private var blockedAt: Duration = .zero

    mutating func judge(_ exchange: Exchange, _ memory: Memory) -> [String] {
        if exchange.life != life { (life, sent, blockedUntil, blockedAt) = (exchange.life, [], .zero, .zero) }
        if exchange.isAnswer {
            guard exchange.status == 429 else { return [] }
            let span: Duration = exchange.retryAfter.map { .seconds(max(1, min($0, 3600))) } ?? .minutes(5)
            blockedUntil = max(blockedUntil, exchange.up + span)
            blockedAt = exchange.up
            return []
        }
        sent.append(exchange.up)
        if let first = sent.firstIndex(where: { $0 > exchange.up - exchange.window }) { sent.removeFirst(first) }
        var complaints: [String] = []
        if exchange.up < blockedUntil, exchange.up > blockedAt {
            complaints.append("a request \((blockedUntil - exchange.up).wholeSeconds) s before the end of a block")
        }
        // Before the first answer it goes by the published limit.
        let most = max(1, Int(Double(exchange.quota) * exchange.share))
        if sent.count > most + 1 { complaints.append("\(sent.count) requests in a window, our share is \(most)") }
        return complaints
    }
}
