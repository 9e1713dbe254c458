import Domain
import Testing

@Suite("Requests and secrets") struct TextTests {
    private let der = "MIIBAAECAwQFBgcICQ=="

    @Test(
        "two requests are compared by their DER, whatever their line ends and white space",
        arguments: ["\n", "\r\n", "\r", "\n\n", " \t\n"])
    func request(end: String) {
        let pem = [
            "junk", "-----BEGIN CERTIFICATE REQUEST-----", "MIIBAAEC", "AwQFBgcICQ==",
            "-----END CERTIFICATE REQUEST-----", "",
        ]
        .joined(separator: end)
        #expect(SigningRequest(pem: pem)?.der == der)
        let old = pem.split(separator: "CERTIFICATE REQUEST").joined(separator: "NEW CERTIFICATE REQUEST")
        #expect(SigningRequest(pem: old)?.der == der)
    }

    @Test(
        "what is no request",
        arguments: [
            "", "-----BEGIN CERTIFICATE REQUEST-----",
            "-----BEGIN CERTIFICATE REQUEST----------END CERTIFICATE REQUEST-----",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
            "-----END CERTIFICATE REQUEST-----\n-----BEGIN CERTIFICATE REQUEST-----\nAAAA",
        ])
    func noRequest(pem: String) {
        #expect(SigningRequest(pem: pem) == nil)
    }

    private struct Holder {
        let secret: Secret
        let name = "token"
    }

    @Test("a secret is never printed, whichever way it is asked (S15)")
    func secret() {
        let secret = Secret("v1.0-topsecret")
        var dumped = ""
        dump(Holder(secret: secret), to: &dumped)
        let texts = [
            "\(secret)", String(describing: secret), String(reflecting: secret), "\(Holder(secret: secret))",
            "\([secret])", "\(Optional(secret) as Any)", dumped,
        ]
        for text in texts { #expect(!text.contains("topsecret")) }
        #expect("\(secret)" == "•••")
        #expect(Mirror(reflecting: secret).children.isEmpty)
        let revealed = secret.reveal { $0 }
        #expect(revealed == "v1.0-topsecret")
        #expect(!secret.isEmpty)
        #expect(Secret("").isEmpty)
    }

    @Test("identifiers of operations sort by time and are 23 characters")
    func operationIDs() {
        let early = OperationID(at: Timestamp(unixSeconds: 1_790_000_000), chance: .max)
        let late = OperationID(at: Timestamp(unixMilliseconds: 1_790_000_000_001), chance: 0)
        #expect(early < late)
        #expect(early.text.count == 23)
        #expect(OperationID(at: .distantPast, chance: 0).text == String(repeating: "0", count: 23))
        #expect(OperationID(at: .distantFuture, chance: .max).text.count == 23)
    }
}
