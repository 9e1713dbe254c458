import Domain

/// What can go wrong between us and Cloudflare: one case for each thing that is done differently about it.
public enum ProviderTrouble: Error, Hashable, Sendable {
    /// The request never left this machine whole: name resolution, connection or TLS failed. It had no effect.
    case notSent(ProviderAnswer)
    /// No answer, a 5xx, or an answer that cannot be read. The request may have been carried out.
    case unanswered(ProviderAnswer)
    /// Over the limit. The same request will do, after this time. It had no effect.
    case limited(retryAfter: Duration, ProviderAnswer)
    /// The token is not accepted, or may not do this.
    case tokenRefused(ProviderAnswer)
    /// There is no such thing.
    case notFound(ProviderAnswer)
    /// Cloudflare is at work on the thing: the same request will do, or be needless, in a while.
    case busy(ProviderAnswer)
    /// It is so already.
    case alreadySo(ProviderAnswer)
    /// A live pack has the very same hosts.
    case duplicateHosts(ProviderAnswer)
    /// No place is left for one more.
    case quotaExhausted(ProviderAnswer)
    /// Several things answer to the name.
    case ambiguous(ProviderAnswer)
    /// The same request will be refused again.
    case refused(ProviderAnswer)
    /// Our own last look held it back when its turn had come. Nothing was sent.
    case withheld(Objection)

    public var answer: ProviderAnswer {
        switch self {
        case .notSent(let answer), .unanswered(let answer), .limited(_, let answer), .tokenRefused(let answer),
            .notFound(let answer), .busy(let answer), .alreadySo(let answer), .duplicateHosts(let answer),
            .quotaExhausted(let answer), .ambiguous(let answer), .refused(let answer):
            answer
        case .withheld(let objection): ProviderAnswer(endpoint: "", message: objection.message)
        }
    }

    /// True when the request may have been carried out although no good answer came.
    public var mayHaveTakenEffect: Bool {
        guard case .unanswered = self else { return false }
        return true
    }
}

/// What is kept of an answer for people, verbatim: nothing is decided by its text.
public struct ProviderAnswer: Hashable, Sendable {
    /// Method and path without identifiers' values or query: `POST /zones/{zone}/ssl/certificate_packs/order`.
    public var endpoint: String
    /// nil when no answer came.
    public var httpStatus: Int?
    /// Cloudflare's first error code; nil when there was none.
    public var code: Int?
    /// Cloudflare's messages, joined, or what went wrong on the way. At most 1,000 characters.
    public var message: String
    public var ray: String?

    public init(endpoint: String, httpStatus: Int? = nil, code: Int? = nil, message: String, ray: String? = nil) {
        (self.endpoint, self.httpStatus, self.code, self.message, self.ray) = (endpoint, httpStatus, code, message, ray)
    }
}

extension ProviderTrouble: Explained {
    public var explanation: Explanation {
        switch self {
        case .notSent(let answer):
            Explanation(
                code: "cloudflare-not-reached", summary: "Cloudflare was not reached: \(answer.message)",
                hint:
                    "check name resolution, the proxy variables and the way out of this machine; where a certificate is "
                    + "at fault its clock, its trusted roots (cloudflare.trusted_roots_file), and who opens TLS on the way"
            )
        case .unanswered(let answer):
            Explanation(
                code: "cloudflare-unanswered", summary: "no good answer to \(answer.endpoint): \(answer.message)")
        case .limited(let delay, _):
            Explanation(
                code: "cloudflare-limited",
                summary: "over Cloudflare's request limit for another \(delay.wholeSeconds) s",
                hint:
                    "the limit is shared by everything of the token's user; lower cloudflare.request_share, or look less often"
            )
        case .tokenRefused(let answer):
            Explanation(
                code: "cloudflare-token",
                summary: "Cloudflare did not accept the token for \(answer.endpoint): \(answer.text)",
                hint: "it needs 'SSL and Certificates: Edit' and 'Zone: Read' for this zone, and must not have expired")
        case .notFound(let answer):
            Explanation(code: "cloudflare-not-found", summary: "Cloudflare knows no such thing: \(answer.text)")
        case .busy(let answer):
            Explanation(code: "cloudflare-busy", summary: "Cloudflare is still at work on it: \(answer.text)")
        case .alreadySo(let answer):
            Explanation(code: "cloudflare-already-so", summary: "it is so already: \(answer.text)")
        case .duplicateHosts(let answer):
            Explanation(
                code: "cloudflare-duplicate-hosts", summary: "a live pack has the very same hosts: \(answer.text)",
                hint: "'edgecertctl approve' removes the old pack first, as long as every host is otherwise covered")
        case .quotaExhausted(let answer):
            Explanation(
                code: "cloudflare-quota", summary: "no place is left: \(answer.text)",
                hint: "remove what is not needed at Cloudflare, or have the quota raised")
        case .ambiguous(let answer):
            Explanation(
                code: "cloudflare-ambiguous", summary: answer.message, hint: "give the zone's id in the settings")
        case .refused(let answer):
            Explanation(code: "cloudflare-refused", summary: "Cloudflare refused \(answer.endpoint): \(answer.text)")
        case .withheld(let objection): Explanation(code: objection.code, summary: objection.message)
        }
    }
}

extension ProviderAnswer {
    /// `message (code 1450, HTTP 400)`.
    public var text: String {
        let numbers = [code.map { "code \($0)" }, httpStatus.map { "HTTP \($0)" }].compactMap { $0 }
        return numbers.isEmpty ? message : "\(message) (\(numbers.joined(separator: ", ")))"
    }
}
