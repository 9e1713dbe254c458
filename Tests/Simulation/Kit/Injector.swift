import Domain

/// What may go wrong, or be done by somebody, in a run.
enum Mishap: String, CaseIterable {
    // On the way to Cloudflare and back.
    case unsent
    case lostBefore = "lost-before"
    case lostAfter = "lost-after"
    case slow
    case limited
    case limitedBare = "limited-bare"
    case burst5xx = "5xx-burst"
    case errorAfter = "5xx-after"
    case truncated
    case emptyBody = "empty-body"
    case html, unsuccessful
    case duplicated
    case shortPage = "short-page"
    case reordered, stale, empty
    case unknownStatus = "unknown-status"
    case unknownField = "unknown-field"
    case unreadableHosts = "unreadable-hosts"
    case tokenRefused = "token-refused"
    case notFound = "not-found"
    // On the machine.
    case clockStep = "clock-step"
    case clockLeap = "clock-leap"
    case sleep
    case storeBusy = "store-busy"
    case storeFull = "store-full"
    case storeFails = "store-ioerr"
    case keysFail = "keys-fail"
    case crash
    case reloadInPass = "reload-in-pass"
    case stopInPass = "stop-in-pass"
    case restart
    case deaf
    // People.
    case edit
    case badSettings = "bad-settings"
    case dashboard, command, backup, restore
    // The world around the zones.
    case conduct

    /// How likely it is to be on in a run, and the chances of which one is drawn for that run.
    var odds: (on: Double, fires: [Double]) {
        switch self {
        case .crash: (0.5, [0.002, 0.01, 0.05])
        case .reloadInPass, .stopInPass: (0.3, [0.003, 0.02])
        case .slow: (0.4, [0.02, 0.2])
        case .burst5xx, .tokenRefused: (0.3, [0.003, 0.01])
        case .storeBusy, .storeFull, .storeFails: (0.25, [0.002, 0.01, 0.05])
        case .keysFail: (0.3, [0.05, 0.3])
        case .notFound: (0.3, [0.1, 0.5])
        case .clockStep, .clockLeap: (0.25, [0.02, 0.06])
        case .sleep: (0.3, [0.03, 0.1])
        case .restart: (0.5, [0.03, 0.1])
        case .deaf: (0.2, [0.05])
        case .edit: (0.8, [0.05, 0.15, 0.4])
        case .badSettings: (0.25, [0.03])
        case .dashboard: (0.4, [0.03, 0.1])
        case .command: (0.6, [0.1, 0.4])
        case .backup: (0.4, [0.05])
        case .restore: (0.6, [0.02])
        case .conduct: (0.5, [0.05])
        default: (0.3, [0.003, 0.02, 0.1])
        }
    }

    /// How often it may happen in one run. What makes more requests happens more often for it, and without an end a few
    /// such runs took longer than all others and showed nothing new.
    var most: Int {
        switch self {
        case .crash: 300
        case .reloadInPass, .stopInPass: 80
        // Each lasts for hours, in which every zone is asked for in vain time and again.
        case .burst5xx, .tokenRefused: 25
        default: .max
        }
    }
}

/// Decides when something goes wrong: two-level chances (on in this run; then fires), and a limit for finding the
/// shortest list of mishaps that still fails.
struct Injector {
    /// Only the first so many fire.
    var limit: Int
    /// These, counted from 0, do not fire.
    var skipped: Set<Int>
    private var dice: Dice
    private var chances: [Mishap: Double] = [:]
    /// Drawn so far, whether or not they fired.
    private(set) var drawn = 0
    private var drawnOf: [Mishap: Int] = [:]
    private(set) var counts: [Mishap: Int] = [:]
    /// Nothing goes wrong from here on, whatever was drawn.
    var isOver = false
    /// When things go wrong, the earliest first. What a run shows is shown in some hundreds of requests about an order, a
    /// renewal or an expiry, and the calm between costs little: runs that had mishaps all along took three quarters of the
    /// time of all, with one more of everything.
    private var spells: [Spell] = []
    /// Requests, and the uptime, until the present spell is over: enough of both for people to have their turns.
    private var left = 0
    private var ends: Duration = .zero

    private struct Spell {
        var begins: Duration
        var requests: Int
        var hours: Int
    }

    /// - Parameter span: From the uptime at which the run begins to the one from which on nothing goes wrong.
    init(seed: UInt64, span: Range<Duration>, limit: Int, skipped: Set<Int>) {
        (self.limit, self.skipped) = (limit, skipped)
        dice = Dice(seed: seed, "mishaps")
        // A tenth of the runs has no mishaps but people's, to see the plain way often enough.
        let isCalm = dice.happens(0.1)
        for mishap in Mishap.allCases {
            let (on, fires) = mishap.odds
            let isOn = dice.happens(on)
            let chance = dice.pick(fires) ?? 0
            if isOn, !isCalm || mishap == .edit || mishap == .command { chances[mishap] = chance }
        }
        spells = Self.spells(in: span, &dice)
    }

    /// One run in eight has a single long one. Most have the first orders in one, and the others anywhere.
    private static func spells(in span: Range<Duration>, _ dice: inout Dice) -> [Spell] {
        if dice.happens(0.125) {
            return [Spell(begins: span.lowerBound, requests: dice.within(800...2500), hours: 240)]
        }
        let hours = max(1, Int((span.upperBound - span.lowerBound).wholeSeconds / 3600))
        var spells = [Spell(begins: span.lowerBound, requests: dice.within(100...500), hours: dice.within(6...60))]
        if dice.happens(0.3) { spells.removeAll() }
        for _ in 0..<dice.within(spells.isEmpty ? 1...2 : 0...2) {
            let begins = span.lowerBound + .hours(dice.below(hours))
            spells.append(Spell(begins: begins, requests: dice.within(100...500), hours: dice.within(6...60)))
        }
        return spells.sorted { $0.begins < $1.begins }
    }

    /// True while nothing goes wrong: people rest then as well.
    mutating func isCalm(at up: Duration) -> Bool {
        while let spell = spells.first, spell.begins <= up {
            spells.removeFirst()
            left += spell.requests
            ends = max(ends, spell.begins + .hours(spell.hours))
        }
        return isOver || left == 0 && up >= ends
    }

    /// A request was made.
    mutating func countRequest() { left = max(0, left - 1) }

    /// True when it happens now. Draws the same number whatever the limit is.
    mutating func fires(_ mishap: Mishap, at up: Duration, times factor: Double = 1) -> Bool {
        guard !isCalm(at: up), let chance = chances[mishap], drawnOf[mishap, default: 0] < mishap.most
        else { return false }
        guard dice.happens(min(1, chance * factor)) else { return false }
        let number = drawn
        drawn += 1
        drawnOf[mishap, default: 0] += 1
        guard number < limit, !skipped.contains(number) else { return false }
        counts[mishap, default: 0] += 1
        return true
    }
}
