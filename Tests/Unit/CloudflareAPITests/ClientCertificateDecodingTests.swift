import Domain
import Testing

@testable import CloudflareAPI

@Suite("A client certificate, as it is read")
struct ClientCertificateDecodingTests {
    private func sighting(_ text: String) -> Sighting? { JSON(Array(text.utf8)).flatMap(ClientCertificateAPI.sighting) }

    private func traits(_ text: String) -> ClientCertificateTraits? {
        guard case .clientCertificate(let traits) = sighting(text)?.traits else { return nil }
        return traits
    }

    @Test("with everything that an answer can hold")
    func whole() {
        let text = #"""
            {"id":"7bf7f70c","certificate":"-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n","status":"pending_revocation",
             "certificate_authority":{"id":"8f","name":"Managed"},"common_name":"gate.example.com","country":"US",
             "csr":"-----BEGIN CERTIFICATE REQUEST-----\r\nQUJD\r\nREVG\r\n-----END CERTIFICATE REQUEST-----\r\n",
             "expires_on":"2036-11-01T10:00:00Z","issued_on":"2026-11-01T10:00:00Z","fingerprint_sha256":"84b0",
             "serial_number":"133270673305904147240315902291726509220894288063","ski":"eb","validity_days":3650}
            """#
        #expect(sighting(text)?.stage == .leaving)
        #expect(
            traits(text)
                == ClientCertificateTraits(
                    commonName: "gate.example.com", requestDER: "QUJDREVG",
                    certificatePEM: "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n",
                    serialNumber: "133270673305904147240315902291726509220894288063", fingerprintSHA256: "84b0",
                    validityDays: 3650, issuedOn: Timestamp(cloudflare: "2026-11-01T10:00:00Z"),
                    notAfter: Timestamp(cloudflare: "2036-11-01T10:00:00Z")))
    }

    @Test("every status that is known has its stage", arguments: ClientCertificateStatus.allCases)
    func statuses(status: ClientCertificateStatus) {
        #expect(sighting(#"{"id":"a","status":"\#(status.rawValue)"}"#)?.stage == status.stage)
    }

    @Test(
        "a status that is not known or not there is unread",
        arguments: [#""status":"frozen","#, "", #""status":null,"#])
    func unread(status: String) { #expect(sighting(#"{\#(status)"id":"a"}"#)?.stage == .unread) }

    @Test("a serial number that came as a number keeps all its digits; an echo that is no request is left out")
    func odd() {
        let text =
            #"{"id":"a","serial_number":133270673305904147240315902291726509220894288063,"csr":"none","certificate":"","common_name":null}"#
        #expect(traits(text)?.serialNumber == "133270673305904147240315902291726509220894288063")
        #expect(
            traits(text)?.requestDER == nil && traits(text)?.certificatePEM == nil && traits(text)?.commonName == "")
    }

    @Test("what was signed just now serves, also when the answer forgets the status, as it did in 2020")
    func created() {
        let create = operation(.clientCertificate(.create(certificateWish, generation: 1)))
        let answer: JSON = ["id": "a", "certificate": "-----BEGIN CERTIFICATE-----\n"]
        #expect(ClientCertificateAPI.sighting(after: create, answer)?.stage == .serving)
        #expect(ClientCertificateAPI.sighting(after: create, answer)?.status == "")
        #expect(ClientCertificateAPI.sighting(after: create, ["id": "a"])?.stage == .unread)
        let revoke = operation(.clientCertificate(.revoke(ObjectID("a"))))
        #expect(ClientCertificateAPI.sighting(after: revoke, answer)?.stage == .unread)
    }
}
