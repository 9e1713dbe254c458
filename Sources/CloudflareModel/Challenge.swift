import Domain

/// The proof that an authority asks for: one or more records for every host, with tokens that lapse.
struct Challenge: Sendable {
    var records: [Record]
    let beganAt: Timestamp
    /// The records cannot be read before.
    var visibleFrom: Timestamp
    /// The tokens are good until then.
    var lapsesAt: Timestamp
    /// Checks that were made so far.
    var checks = 0
    var nextCheck: Timestamp

    enum Record: Hashable, Sendable {
        case txt(name: String, value: String)
        case http(url: String, body: String)
        case email(host: String, addresses: [String])

        /// What somebody has to publish, and under which name. Mail is approved under `email:` and the host.
        var publication: (name: String, value: String) {
            switch self {
            case .txt(let name, let value): (name, value)
            case .http(let url, let body): (url, body)
            case .email(let host, _): ("email:\(host)", "approved")
            }
        }
    }

    init(hosts: [String], authority: String, method: String, at moment: Timestamp, chance: inout SplitMix64) {
        records = Self.records(hosts: hosts, authority: authority, method: method, chance: &chance)
        (beganAt, visibleFrom) = (moment, moment)
        lapsesAt = moment + Self.tokenLife(of: authority)
        nextCheck = moment + Self.wait(afterChecks: 0)
    }

    /// Lets the old tokens lapse and makes new ones, which can be read a little later.
    mutating func renew(
        hosts: [String], authority: String, method: String, at moment: Timestamp, visibleFrom: Timestamp,
        chance: inout SplitMix64
    ) {
        records = Self.records(hosts: hosts, authority: authority, method: method, chance: &chance)
        (self.visibleFrom, lapsesAt) = (visibleFrom, moment + Self.tokenLife(of: authority))
    }

    /// 7 days for Let's Encrypt, 14 for the others (Cloudflare's page on certificate authorities, as of 2026-11).
    static func tokenLife(of authority: String) -> Duration { .days(authority == "lets_encrypt" ? 7 : 14) }

    /// The time from one check to the next, as Cloudflare's table has it: about a minute for the first ten, then four
    /// minutes growing by 15 % to four hours.
    ///
    /// - SeeAlso: "Validation backoff schedule" in Cloudflare's SSL documentation, as of 2026-11.
    static func wait(afterChecks checks: Int) -> Duration {
        let firstTen: [Int64] = [60, 63, 66, 69, 72, 76, 80, 84, 88, 93]
        if checks < 10 { return .seconds(firstTen[max(0, checks)]) }
        guard checks < 40 else { return .seconds(14_400) }
        var seconds = 60.0
        for _ in 0..<checks { seconds *= 1.15 }
        return .seconds(Int64(seconds))
    }

    private static func records(
        hosts: [String], authority: String, method: String, chance: inout SplitMix64
    ) -> [Record] {
        // SSL.com signs an RSA and an ECDSA certificate, and wants a token for each.
        let tokens = authority == "ssl_com" ? 2 : 1
        return hosts.filter { !HostSet.isBranding($0) }.flatMap { host in
            let name = host.hasPrefix("*.") ? String(host.dropFirst(2)) : host
            switch method {
            case "http":
                return [
                    Record.http(
                        url: "http://\(name)/.well-known/pki-validation/ca3-\(chance.hex(digits: 32)).txt",
                        body: "ca3-\(chance.hex(digits: 32))")
                ]
            case "email":
                let addresses = ["admin", "administrator", "hostmaster", "postmaster", "webmaster"]
                return [Record.email(host: host, addresses: addresses.map { "\($0)@\(name)" })]
            default:
                return (0..<tokens).map { _ in
                    Record.txt(name: "_acme-challenge.\(name)", value: chance.token(length: 43))
                }
            }
        }
    }
}

extension CloudflareModel {
    /// The time from one check of a validation to the next, for whoever wants to know when to look.
    public static func validationWait(afterChecks checks: Int) -> Duration { Challenge.wait(afterChecks: checks) }
}
