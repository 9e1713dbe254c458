import Domain

/// What the daemon looks after besides zones: each in small pieces, and none of it ahead of a zone.
enum Care: Hashable, CaseIterable {
    /// Whether the token is still good, and when it ends.
    case token
    /// Lines of the history that are older than the settings keep (S14).
    case history
}

extension Engine {
    static let careEvery: Duration = .days(1)
    /// How soon the token is asked about again when that was not answered.
    static let tokenRetry: Duration = .hours(1)
    /// A token's end is told this long before.
    static let tokenWarning: Duration = .days(14)
    /// Lines that are pruned in one go: a few milliseconds, during which nothing else is done.
    static let prunedAtOnce = 500
    /// Resolved operations and troubles that are over are kept this long at least, whatever is set: the brakes count a
    /// week of them (S6), and nothing else reads them.
    static let settledKept: Duration = .days(36)
    static let tokenKey = "token"

    func beginCare() {
        let now = ports.clock.uptime()
        careDue = [.token: now + .seconds(5), .history: now + .minutes(10)]
    }

    /// Begins what is due.
    func takeCare(_ now: Duration) {
        for care in Care.allCases where (careDue[care] ?? .distant) <= now {
            careDue[care] = now + Self.careEvery
            Task {
                switch care {
                case .token: await self.checkToken()
                case .history: await self.prune()
                }
            }
        }
    }

    /// Asks for the token's status and end, where users' tokens are known and then where the zones' account knows its
    /// own. No answer, or none that knows the token, tells nothing of it: whether it is accepted the looks find out.
    func checkToken() async {
        let facts: TokenFacts
        do throws(ProviderTrouble) {
            facts = try await ports.provider(.observe).looking.token(seeing: settings.zones)
        } catch {
            if error.isDenial {
                resolve(.tokenRefused, of: Self.tokenKey)
                resolve(.tokenExpiring)
            } else {
                careDue[.token] = ports.clock.uptime() + Self.tokenRetry
            }
            return
        }
        let end = facts.expiresOn
        if facts.status == "active" {
            resolve(.tokenRefused, of: Self.tokenKey)
        } else {
            raise(.tokenRefused, of: Self.tokenKey, "Cloudflare says that the token is \(facts.status)")
        }
        if let end, end - ports.clock.now() <= Self.tokenWarning {
            raise(.tokenExpiring, "the token ends at \(end.shown); put a new one in its place and reload")
        } else {
            resolve(.tokenExpiring)
        }
    }

    /// Prunes a piece of what is older than is to be kept. Not by a clock that nobody has confirmed: what a clock that
    /// is ahead prunes is gone.
    func prune() async {
        guard let keep = settings.daemon.keepHistory, storeTrouble == nil else { return }
        let isConfirmed = await ports.budget.snapshot().skew != nil
        guard isConfirmed, await skew() == nil else {
            careDue[.history] = ports.clock.uptime() + .hours(1)
            return
        }
        do throws(StoreTrouble) {
            let now = ports.clock.now()
            var count = try ports.ledger.prune(before: now - keep, limit: Self.prunedAtOnce)
            if count < Self.prunedAtOnce {
                count += try ports.ledger.pruneSettled(
                    before: now - max(keep, Self.settledKept), limit: Self.prunedAtOnce - count)
            }
            guard count >= Self.prunedAtOnce else { return }
            careDue[.history] = ports.clock.uptime() + .seconds(10)
            wake()
        } catch {
            note(error)
        }
    }
}

extension Duration {
    fileprivate static let distant: Duration = .seconds(Int64.max)
}
