import Domain
import Engine

/// Every answer that is not good, and what it is to us: one table, asked once, by endpoint family, HTTP status and
/// code. The same code means different things in different services, and the text of a message decides nothing.
enum TroubleTable {
    enum Reaction: Hashable, Sendable {
        case limited, tokenRefused, notFound, busy, alreadySo, duplicateHosts, quotaExhausted, refused, unanswered
    }

    /// nil stands for any.
    struct Key: Hashable, Sendable {
        var family: Call.Family?
        var status: Int?
        var code: Int
        init(_ family: Call.Family?, _ status: Int?, _ code: Int) {
            (self.family, self.status, self.code) = (family, status, code)
        }
    }

    /// Found in public answers and documents up to 2026-11, but for those marked as assumed: no public source has the
    /// number, `edgecert-sim` uses it, and a real answer with another number is `refused`, which is safe.
    static let reactions: [Key: Reaction] = [
        // Over the request limit: 971 today, the others in earlier years. 10502 counts failed authentications.
        Key(nil, nil, 971): .limited,
        Key(nil, nil, 10_100): .limited,
        Key(nil, nil, 10_300): .limited,
        Key(nil, nil, 10_429): .limited,
        Key(nil, nil, 10_502): .limited,
        // The token: not accepted, lacking the right, missing, or malformed (6103 and 6111 stand beneath a 6003).
        Key(nil, nil, 10_000): .tokenRefused,
        Key(nil, nil, 9109): .tokenRefused,
        Key(nil, nil, 9106): .tokenRefused,
        Key(nil, nil, 6103): .tokenRefused,
        Key(nil, nil, 6111): .tokenRefused,
        // No such route: an identifier is malformed, or the base URL is not Cloudflare's. Never "there is no such thing".
        Key(nil, nil, 7003): .refused,
        Key(nil, nil, 7000): .refused,
        // Certificate packs. 1406 is answered while a deletion is under way, and means something else elsewhere.
        Key(.packs, 404, 1408): .notFound,
        Key(.verification, 404, 1408): .notFound,
        Key(.packs, 400, 1406): .busy,
        Key(.verification, 400, 1406): .busy,
        Key(.packs, 400, 2005): .quotaExhausted,
        Key(.packs, 400, 1416): .duplicateHosts,  // assumed
        // Client certificates. 1415 was seen with both statuses.
        Key(.clientCertificates, 404, 1415): .notFound,
        Key(.clientCertificates, 400, 1415): .notFound,
        Key(.clientCertificates, 400, 1407): .alreadySo,
        Key(.clientCertificates, 400, 1445): .quotaExhausted,  // assumed
    ]

    /// What an answer that is not good is to us. The first of its codes that the table knows decides; the most
    /// particular row wins.
    static func reaction(to reply: Reply) -> Reaction {
        if reply.status == 429 { return .limited }
        if reply.status >= 500 { return .unanswered }
        // Not Cloudflare's own words: a proxy, a captive portal, half an answer. Nobody knows what became of the request.
        guard reply.isEnvelope else { return .unanswered }
        let codes = reply.errors.compactMap(\.code)
        for code in codes {
            if let reaction = reaction(to: code, of: reply.call.family, status: reply.status) { return reaction }
        }
        return reaction(toStatus: reply.status, method: reply.call.method, family: reply.call.family, codes: codes)
    }

    private static func reaction(to code: Int, of family: Call.Family, status: Int) -> Reaction? {
        reactions[Key(family, status, code)] ?? reactions[Key(nil, nil, code)]
    }

    /// For answers with no code that is known.
    private static func reaction(
        toStatus status: Int, method: HTTPRequest.Method, family: Call.Family, codes: [Int]
    ) -> Reaction {
        switch status {
        case 401, 403: .tokenRefused
        case 408: .unanswered
        // What was to be deleted is not there. For a look a bare 404 proves nothing (S1): it needs the code.
        case 404 where method == .delete: .notFound
        // A pack that is deleted and not yet swept away: seen without any code, for a minute or two.
        case 400 where method == .delete && family == .packs && codes.isEmpty: .busy
        case 400..<500: .refused
        // 2xx that denies its success: with a reason it is a refusal; without one nobody knows.
        case 200..<300: codes.isEmpty ? .unanswered : .refused
        default: .unanswered
        }
    }
}

extension ProviderTrouble {
    /// The trouble that an answer is which is not good.
    init(_ reply: Reply, signal: ReplySignal) {
        let answer = reply.answer()
        self =
            switch TroubleTable.reaction(to: reply) {
            case .limited: .limited(retryAfter: signal.waitWhenLimited, answer)
            case .tokenRefused: .tokenRefused(answer)
            case .notFound: .notFound(answer)
            case .busy: .busy(answer)
            case .alreadySo: .alreadySo(answer)
            case .duplicateHosts: .duplicateHosts(answer)
            case .quotaExhausted: .quotaExhausted(answer)
            case .refused: .refused(answer)
            case .unanswered: .unanswered(answer)
            }
    }

    init(_ trouble: TransportTrouble, in call: Call) {
        let answer = ProviderAnswer(endpoint: call.endpoint, message: Words.kept(trouble.detail))
        self =
            switch trouble {
            case .neverSent: .notSent(answer)
            case .maybeSent: .unanswered(answer)
            }
    }
}
