import Domain

/// The request budget of one token: the only way to Cloudflare, for every zone and every person (S9).
///
/// It takes a share of what Cloudflare announces and leaves the rest to people and their other tools. Before the first
/// answer it goes by the published limit. A 429 stops everything until the block is over. When the budget is short,
/// people go first, then changes, then zones in motion, then settled zones; among equals the zone that was let in
/// longest ago.
public actor RequestBudget: RequestGate {
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private nonisolated let executor: any SerialExecutor
    private let clock: any Clock
    private let timers: any Timers
    private var share: Double

    /// Requests in a window and the window's length, as last announced; of several windows the one that lets the fewest
    /// through in the long run.
    private var quota = publishedQuota
    private var window = publishedWindow
    /// When we sent what, in the present window, oldest first.
    private var sent: [Duration] = []
    /// What the announced remainders leave us of our share of each window, until it resets; none when nothing valid is
    /// announced.
    private var announced: [Remainder] = []
    private var inFlight = 0
    private var blockedUntil: Duration?
    /// When the last 429 came.
    private var lastBlockAt: Duration?
    /// What the last answer said the time was, and when it came.
    private var lastDate: (date: Timestamp, at: Duration)?
    private var waiting: [Waiter] = []
    private var lastTurn: [ZoneID: (turn: UInt64, at: Duration)] = [:]
    private var turns: UInt64 = 0
    private var alarm: (any TimerHandle)?
    private var isClosed = false
    private var blockListener: (@Sendable (Timestamp?) -> Void)?

    /// 1,200 requests in 5 minutes for each user or token.
    ///
    /// - SeeAlso: <https://developers.cloudflare.com/fundamentals/api/reference/limits/>, as of 2026-04.
    static let publishedQuota = 1200
    static let publishedWindow: Duration = .minutes(5)
    /// Over the limit, every call is refused for this long; taken when a 429 does not say. Same source.
    static let publishedBlock: Duration = .minutes(5)
    /// How long a person is kept waiting before being told of a block.
    static let patienceOfPersons: Duration = .seconds(10)
    /// An answer's word is not taken for a longer block than this: a mistake in a header must not silence a day.
    static let longestBlock: Duration = .hours(1)
    /// More windows than this are not looked at.
    static let mostWindows = 8
    /// Numbers in headers are taken up to here, so that no arithmetic on them can overflow.
    static let largestQuota = 10_000_000

    private struct Remainder {
        var left: Int
        let whole: Int
        let resetsAt: Duration
    }

    private struct Waiter {
        let priority: RequestPriority
        let zone: ZoneID?
        let arrival: UInt64
        let patience: Duration?
        let continuation: CheckedContinuation<Result<Void, ProviderTrouble>, Never>
    }

    /// - Parameter blockedUntil: A block that was known before a restart.
    public init(
        executor: any SerialExecutor, clock: any Clock, timers: any Timers, share: Double,
        blockedUntil: Timestamp? = nil
    ) {
        (self.executor, self.clock, self.timers, self.share) = (executor, clock, timers, share)
        if let blockedUntil, blockedUntil > clock.now() {
            self.blockedUntil = clock.uptime() + min(blockedUntil - clock.now(), Self.longestBlock)
        }
    }

    /// Called with each new block, and with nil when one is over, so that it outlives a restart.
    public func onBlock(_ listener: @escaping @Sendable (Timestamp?) -> Void) { blockListener = listener }

    public func setShare(_ share: Double) {
        self.share = share
        admit()
    }

    /// Lets nobody in any more; who waits is told so.
    public func close() {
        isClosed = true
        let told = waiting
        waiting = []
        alarm?.cancel()
        for waiter in told { waiter.continuation.resume(returning: .failure(Self.stopping)) }
    }

    private static let stopping = ProviderTrouble.notSent(
        ProviderAnswer(endpoint: "", message: "edgecertd is stopping"))

    // MARK: RequestGate

    public func enter(_ priority: RequestPriority, zone: ZoneID?) async throws(ProviderTrouble) {
        if isClosed { throw Self.stopping }
        turns += 1
        let arrival = turns
        let patience = priority == .person ? clock.uptime() + Self.patienceOfPersons : nil
        let answer: Result<Void, ProviderTrouble> = await withCheckedContinuation { continuation in
            waiting.append(
                Waiter(priority: priority, zone: zone, arrival: arrival, patience: patience, continuation: continuation)
            )
            admit()
        }
        try answer.get()
    }

    public func note(_ signal: ReplySignal) {
        inFlight = max(0, inFlight - 1)
        let now = clock.uptime()
        if let date = signal.date { lastDate = (date, now) }
        if let slowest = Self.slowest(signal.windows) {
            if let announcedQuota = slowest.quota, announcedQuota > 0 {
                quota = min(announcedQuota, Self.largestQuota)
            }
            if let length = slowest.length, length > .zero { window = min(length, Self.longestBlock) }
        }
        let remainders = signal.windows.prefix(Self.mostWindows).compactMap { remainder(of: $0, now) }
        if !remainders.isEmpty { announced = remainders }
        if signal.httpStatus == 429 {
            let span = min(max(signal.retryAfter ?? Self.publishedBlock, .seconds(1)), Self.longestBlock)
            let until = max(blockedUntil ?? .zero, now + span)
            (blockedUntil, lastBlockAt) = (until, now)
            blockListener?(clock.now() + (until - now))
        }
        admit()
    }

    private func remainder(of window: RateWindow, _ now: Duration) -> Remainder? {
        guard let left = window.remaining, let resetsAfter = window.resetsAfter else { return nil }
        return Remainder(
            left: max(0, shared(left) - inFlight), whole: window.quota.map { max(1, shared($0)) } ?? ours,
            resetsAt: now + min(max(resetsAfter, .zero), Self.longestBlock))
    }

    // MARK: What others may know

    public struct Snapshot: Hashable, Sendable {
        /// Requests that could be sent right now.
        public var left: Int
        public var waiting: Int
        public var inFlight: Int
        /// nil when no block is on.
        public var blockedFor: Duration?
        /// When the last block was met, by ``Clock/uptime()``; nil when there was none.
        public var lastBlockAt: Duration?
        /// The answers' date less our own: the last answer's, carried on by a clock that is never stepped, so that a step
        /// of our own shows at once. nil before the first answer.
        public var skew: Duration?
        /// Requests a second that can be kept up.
        public var rate: Double
    }

    public func snapshot() -> Snapshot {
        let now = clock.uptime()
        forgetOld(now)
        let blockedFor = blockedUntil.map { $0 - now }.flatMap { $0 > .zero ? $0 : nil }
        let seconds = max(1, Double(window.wholeMilliseconds) / 1000)
        let skew = lastDate.map { ($0.date + (now - $0.at)) - clock.now() }
        return Snapshot(
            left: blockedFor == nil ? max(0, left(now)) : 0, waiting: waiting.count, inFlight: inFlight,
            blockedFor: blockedFor, lastBlockAt: lastBlockAt, skew: skew, rate: Double(ours) / seconds)
    }

    /// True while a call for the zone waits to be let in, or when one was let in after `moment` of ``Clock/uptime()``.
    public func isServing(_ zone: ZoneID, since moment: Duration) -> Bool {
        waiting.contains { $0.zone == zone } || lastTurn[zone].map { $0.at > moment } ?? false
    }

    // MARK: Turns

    /// Our share of a window.
    private var ours: Int { max(1, shared(quota)) }

    private func shared(_ count: Int) -> Int { Int(Double(min(max(0, count), Self.largestQuota)) * bounded(share)) }

    private func bounded(_ share: Double) -> Double { share > 0 ? min(share, 1) : 0 }

    private func left(_ now: Duration) -> Int {
        announced.filter { $0.resetsAt > now }.map(\.left).reduce(ours - sent.count, min)
    }

    private func forgetOld(_ now: Duration) {
        let cutoff = now - window
        if let first = sent.firstIndex(where: { $0 > cutoff }) {
            sent.removeFirst(first)
        } else {
            sent.removeAll(keepingCapacity: true)
        }
        if let until = blockedUntil, until <= now {
            blockedUntil = nil
            blockListener?(nil)
        }
    }

    /// What is kept back of a share for those who go before: a settled zone may use three quarters of it, a person all.
    private func reserve(before priority: RequestPriority, of whole: Int) -> Int {
        switch priority {
        case .person: 0
        case .change: whole / 20
        case .moving: whole / 8
        case .settled: whole / 4
        }
    }

    private func mayGo(_ priority: RequestPriority, _ now: Duration) -> Bool {
        ours - sent.count > reserve(before: priority, of: ours)
            && announced.allSatisfy { $0.resetsAt <= now || $0.left > reserve(before: priority, of: $0.whole) }
    }

    /// Lets in whoever may go, in turn, and sets the alarm for the rest.
    private func admit() {
        let now = clock.uptime()
        forgetOld(now)
        refuseImpatient(now)
        while blockedUntil == nil, let next = nextTurn(now) {
            let waiter = waiting.remove(at: next)
            sent.append(now)
            inFlight += 1
            for place in announced.indices { announced[place].left -= 1 }
            turns += 1
            if let zone = waiter.zone { remember(zone) }
            waiter.continuation.resume(returning: .success(()))
        }
        setAlarm(now)
    }

    private func nextTurn(_ now: Duration) -> Int? {
        let candidates = waiting.indices.filter { mayGo(waiting[$0].priority, now) }
        return candidates.min { order(of: waiting[$0]) < order(of: waiting[$1]) }
    }

    private func order(of waiter: Waiter) -> (Int, UInt64, UInt64) {
        (waiter.priority.rawValue, waiter.zone.flatMap { lastTurn[$0]?.turn } ?? 0, waiter.arrival)
    }

    private func remember(_ zone: ZoneID) {
        if lastTurn.count > 20_000 { lastTurn.removeAll() }  // all are equal again; nobody is left out
        lastTurn[zone] = (turns, clock.uptime())
    }

    private func refuseImpatient(_ now: Duration) {
        guard let until = blockedUntil else { return }
        let trouble = ProviderTrouble.limited(
            retryAfter: until - now, ProviderAnswer(endpoint: "", message: "every call of the token is blocked for now")
        )
        let impatient = waiting.indices.filter { waiting[$0].patience.map { until > $0 } ?? false }
        for index in impatient.reversed() {
            waiting.remove(at: index).continuation.resume(returning: .failure(trouble))
        }
    }

    private func setAlarm(_ now: Duration) {
        alarm?.cancel()
        alarm = nil
        guard !waiting.isEmpty, !isClosed else { return }
        var moments: [Duration] = []
        if let blockedUntil { moments.append(blockedUntil) }
        if let oldest = sent.first { moments.append(oldest + window) }
        moments += announced.map(\.resetsAt)
        guard let soonest = moments.filter({ $0 > now }).min() else { return }
        alarm = timers.once(after: soonest - now, leeway: .milliseconds(50)) { [weak self] in
            Task { [weak self] in await self?.admit() }
        }
    }

    /// Of several announced windows the one that lets the fewest through in the long run; one that does not say how long it
    /// is stands behind the others.
    private static func slowest(_ windows: [RateWindow]) -> RateWindow? {
        func rate(_ window: RateWindow) -> Double {
            guard let quota = window.quota, quota > 0, let length = window.length, length > .zero else {
                return .infinity
            }
            return Double(quota) / max(0.001, Double(length.wholeMilliseconds) / 1000)
        }
        return windows.min { (rate($0), $0.remaining ?? .max) < (rate($1), $1.remaining ?? .max) }
    }
}
