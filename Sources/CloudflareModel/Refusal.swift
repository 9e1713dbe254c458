/// A refusal in Cloudflare's manner: HTTP status, code, message.
///
/// The numbers marked *seen* were found in public answers and documents (2026-11); those marked *assumed* fill a gap
/// that is not published: a client must not rely on them beyond "HTTP 400, will be refused again".
struct Refusal: Error, Hashable, Sendable {
    var status: Int
    var code: Int
    var message: String
    /// Codes beneath the first, as 6003 has them.
    var chain: [Link] = []

    struct Link: Hashable, Sendable {
        var code: Int
        var message: String
    }

    // Seen.
    static let unauthenticated = Refusal(status: 401, code: 10_000, message: "Authentication error")
    static let forbidden = Refusal(status: 403, code: 10_000, message: "Authentication error")
    static let invalidToken = Refusal(status: 401, code: 1000, message: "Invalid API Token")
    static let noCredentials = Refusal(
        status: 400, code: 9106, message: "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
    static let malformedAuthorization = Refusal(
        status: 400, code: 6003, message: "Invalid request headers",
        chain: [Link(code: 6111, message: "Invalid format for Authorization header")])
    static let contentTypeWithoutBody = Refusal(
        status: 400, code: 6003, message: "Invalid request headers",
        chain: [Link(code: 6105, message: "Invalid Content-Type header, there is no body")])
    static let noAdvancedCertificateManager = Refusal(
        status: 400, code: 1450, message: "Advanced Certificate Manager is required")
    static let packBusy = Refusal(status: 400, code: 1406, message: "Bad response certificate service")
    static let noSuchPack = Refusal(status: 404, code: 1408, message: "Certificate pack not found")
    static let alreadyRevoked = Refusal(status: 400, code: 1407, message: "Client certificate is already deleted")
    static let noSuchClientCertificate = Refusal(
        status: 404, code: 1415, message: "Invalid Certificate ID in request")
    static let clientCertificateQuota = Refusal(
        status: 400, code: 1445, message: "Maximum number of client certificates reached")
    static let packQuota = Refusal(
        status: 400, code: 2005, message: "You have reached your quota for the requested resource")
    static let limited = Refusal(
        status: 429, code: 971, message: "Please wait and consider throttling your request speed")

    static func noRoute(_ path: String) -> Refusal {
        Refusal(
            status: 404, code: 7003,
            message: "Could not route to /client/v4\(path), perhaps your object identifier is invalid?")
    }

    // Assumed.
    static let methodNotAllowed = Refusal(status: 405, code: 10_405, message: "Method not allowed")
    static let malformedBody = Refusal(status: 400, code: 6007, message: "Malformed JSON in request body")
    static let duplicateHosts = Refusal(
        status: 400, code: 1416, message: "A certificate pack with these hosts already exists")
    static let notRestartable = Refusal(
        status: 400, code: 1417, message: "Certificate pack is not in a state that can be restarted")
    static let notDeletable = Refusal(
        status: 400, code: 1418, message: "This type of certificate pack cannot be deleted")
    static let notReactivable = Refusal(
        status: 400, code: 1419, message: "Client certificate cannot be reactivated in its current state")
    static let troubleInside = Refusal(status: 500, code: 1500, message: "Internal error")

    static func invalid(_ message: String) -> Refusal { Refusal(status: 400, code: 1401, message: message) }
    static func invalidRequest(_ message: String) -> Refusal { Refusal(status: 400, code: 1402, message: message) }

    var body: [UInt8] {
        JSONWriter.text { writer in
            writer.object { writer in
                writer.member("success", false)
                writer.array("errors") { writer in
                    writer.object { writer in
                        writer.member("code", code)
                        writer.member("message", message)
                        guard !chain.isEmpty else { return }
                        writer.array("error_chain") { writer in
                            for link in chain {
                                writer.object { writer in
                                    writer.member("code", link.code)
                                    writer.member("message", link.message)
                                }
                            }
                        }
                    }
                }
                writer.array("messages") { _ in }
                writer.key("result")
                writer.null()
            }
        }
    }
}
