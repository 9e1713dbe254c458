import Domain
import Engine

/// One answer, taken apart as far as Cloudflare's envelope can be relied on, which is not far: any member may be
/// missing, `errors` may hold texts or lists, and `success` may contradict the HTTP status.
///
/// What counts is the HTTP status first, then `success`; everything else is optional.
struct Reply: Sendable {
    let call: Call
    let status: Int
    let ray: String?
    /// nil when the body is not JSON: empty, cut off, or some proxy's page.
    let json: JSON?
    let response: HTTPResponse
    /// What the request was sent with: struck out of all that is told of the answer. Whoever is on the way may echo the
    /// request, and what stands in the answer stands in explanations of ours too.
    private let token: Secret

    init(_ response: HTTPResponse, to call: Call, sentWith token: Secret = Secret("")) {
        (self.call, self.response, self.token, status) = (call, response, token, response.status)
        ray = response.header("CF-Ray").map { ray in
            Words.printable(token.reveal { Words.hiding($0, in: ray) })
        }
        json = JSON(response.body)
    }

    /// True for any of 200 to 299 with a JSON object that does not deny its success.
    var isGood: Bool { (200..<300).contains(status) && json?.isObject == true && json?["success"].bool != false }

    /// True when the body is Cloudflare's, and says that something is wrong: only such an answer tells that a change
    /// was *not* made.
    var isEnvelope: Bool {
        guard let json, json.isObject else { return false }
        return json["success"].bool == false || !errors.isEmpty
    }

    var result: JSON { json?["result"] ?? .null }

    /// The errors with those beneath them, in order, whatever form they came in.
    var errors: [(code: Int?, message: String?)] {
        guard let json else { return [] }
        var found: [(code: Int?, message: String?)] = []
        Self.collect(json["errors"], into: &found)
        if found.isEmpty { Self.collect(json["error"], into: &found) }
        return found
    }

    private static func collect(_ json: JSON, into found: inout [(code: Int?, message: String?)]) {
        guard found.count < 20 else { return }
        switch json {
        case .array(let elements): for element in elements { collect(element, into: &found) }
        case .object:
            let code = json["code"].int
            let message = json["message"].text ?? json["error"].text
            if code != nil || message != nil { found.append((code, message)) }
            collect(json["error_chain"], into: &found)
        case .string, .number:
            if let text = json.text { found.append((nil, text)) }
        case .null, .bool: break
        }
    }

    /// What is kept for people, verbatim but for control characters and length.
    ///
    /// - Parameter explanation: What we found wrong with the answer, where Cloudflare did not say.
    func answer(_ explanation: String? = nil) -> ProviderAnswer {
        let errors = errors
        let said = errors.compactMap(\.message)
        let message =
            if let explanation { explanation } else if !said.isEmpty { said.joined(separator: "; ") } else {
                appearance
            }
        return ProviderAnswer(
            endpoint: call.endpoint, httpStatus: status,
            code: explanation == nil ? errors.lazy.compactMap(\.code).first : nil,
            message: Words.kept(token.reveal { Words.hiding($0, in: message) }), ray: ray)
    }

    /// What an answer without any message looks like.
    private var appearance: String {
        guard !response.body.isEmpty else { return "an empty answer" }
        if json != nil { return "an answer without a message" }
        let type = response.header("Content-Type") ?? "unknown type"
        let start = String(decoding: response.body.prefix(120), as: UTF8.self)
        return "not JSON: \(response.body.count) bytes of \(type) that begin with: \(start)"
    }
}

/// Texts from outside, made fit to be shown.
enum Words {
    /// At most 1,000 Unicode scalars (one character can have any number of marks), control characters replaced.
    static func kept(_ text: String) -> String {
        let start = text.unicodeScalars.prefix(1001)
        guard start.count > 1000 else { return printable(text) }
        return printable(String(start.prefix(999))) + "…"
    }

    /// Control characters, and those that turn the direction of writing, become spaces: a message is shown on terminals.
    static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isUnprintable) else { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { scalars.append(isUnprintable(scalar) ? " " : scalar) }
        return String(scalars)
    }

    private static func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    /// `text` with every occurrence of `secret` replaced: a proxy may echo the request that it did not like.
    static func hiding(_ secret: String, in text: String) -> String {
        let (secret, bytes) = (Array(secret.utf8), Array(text.utf8))
        guard secret.count >= 4, !bytes.isEmpty else { return text }
        var kept: [UInt8] = []
        var place = 0
        while place < bytes.count {
            if bytes[place] == secret[0], bytes[place...].starts(with: secret) {
                kept += Array("•••".utf8)
                place += secret.count
            } else {
                kept.append(bytes[place])
                place += 1
            }
        }
        return String(decoding: hidingStart(of: secret, atEndOf: kept), as: UTF8.self)
    }

    /// A text that was cut may end within the secret. Four bytes of it tell nothing.
    private static func hidingStart(of secret: [UInt8], atEndOf text: [UInt8]) -> [UInt8] {
        let mark = Array("…".utf8)
        let isCut = text.ends(with: mark)
        let body = text[..<(text.count - (isCut ? mark.count : 0))]
        let longest = (5..<max(5, secret.count)).last { body.ends(with: secret.prefix($0)) }
        guard let longest else { return text }
        return Array(body.dropLast(longest)) + Array("•••".utf8) + (isCut ? mark : [])
    }
}

extension Collection<UInt8> where Self: BidirectionalCollection {
    fileprivate func ends(with other: some BidirectionalCollection<UInt8>) -> Bool {
        reversed().starts(with: other.reversed())
    }
}
