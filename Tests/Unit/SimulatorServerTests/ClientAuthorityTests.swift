import CloudflareModel
import Crypto
import CryptoExtras
import Domain
import FoundationEssentials
import SimulatorServer
import SwiftASN1
import TestKit
import Testing
@_spi(FixedExpiryValidationTime) import X509

@Suite("The authority for client certificates") struct ClientAuthorityTests {
    enum KeyKind: CaseIterable { case p256, p384, rsa2048 }

    private func key(_ kind: KeyKind) throws -> (Certificate.PrivateKey, Certificate.SignatureAlgorithm) {
        switch kind {
        case .p256: (Certificate.PrivateKey(P256.Signing.PrivateKey()), .ecdsaWithSHA256)
        case .p384: (Certificate.PrivateKey(P384.Signing.PrivateKey()), .ecdsaWithSHA384)
        case .rsa2048:
            (Certificate.PrivateKey(try _RSA.Signing.PrivateKey(keySize: .bits2048)), .sha256WithRSAEncryption)
        }
    }

    private func request(_ kind: KeyKind, names: [String] = []) throws -> CertificateSigningRequest {
        let (key, algorithm) = try key(kind)
        let subject = try DistinguishedName {
            CountryName("DE")
            OrganizationName("Acme")
            CommonName("device-1")
        }
        let attributes = try CertificateSigningRequest.Attributes([
            .init(
                ExtensionRequest(
                    extensions: Certificate.Extensions {
                        if !names.isEmpty { SubjectAlternativeNames(names.map { .dnsName($0) }) }
                    }))
        ])
        return try CertificateSigningRequest(
            version: .v1, subject: subject, privateKey: key, attributes: attributes, signatureAlgorithm: algorithm)
    }

    @Test("signs what is asked, of every kind of key, so that a verifier believes it", arguments: KeyKind.allCases)
    func signs(kind: KeyKind) async throws {
        let request = try request(kind, names: ["device-1.example.com"])
        try await Wire.open { wire async throws in
            let pem = try request.serializeAsPEM().pemString
            let escaped = pem.split(separator: "\n").joined(separator: "\\n")
            let reply = try await wire.send(
                "POST", "/client/v4/zones/023e105f4ecef8ad9ca31a8372d0c353/client_certificates",
                body: #"{"csr":"\#(escaped)","validity_days":30}"#)
            let result = try #require(reply.json?["result"])
            let certificate = try Certificate(pemEncoded: try #require(result["certificate"]?.text))
            #expect(certificate.publicKey == request.publicKey)
            #expect(certificate.subject == request.subject)
            #expect(try certificate.extensions.subjectAlternativeNames?.first == .dnsName("device-1.example.com"))
            #expect(result["common_name"]?.text == "device-1" && result["country"]?.text == "DE")
            let serial = certificate.serialNumber.bytes.map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }
                .joined()
            #expect(result["serial_number"]?.text == serial)
            let digest = SHA256.hash(data: try certificate.serializeAsPEM().derBytes)
            #expect(
                result["fingerprint_sha256"]?.text
                    == digest.map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined())

            let root = try Certificate(pemEncoded: wire.server.simulator.withWorld { $0.clientRootPEM })
            var verifier = Verifier(rootCertificates: CertificateStore([root])) {
                RFC5280Policy(fixedExpiryValidationTime: Date(timeIntervalSince1970: 1_800_000_000 + 86_400))
            }
            let verdict = await verifier.validate(leaf: certificate, intermediates: CertificateStore())
            guard case .validCertificate = verdict else {
                Issue.record("\(verdict)")
                return
            }
        }
    }

    @Test("a request that is not signed with its own key, has no name, or is none, is refused")
    func refuses() throws {
        let authority = try ClientAuthority(startingAt: Timestamp(unixSeconds: 1_800_000_000))
        let good = try request(.p256)
        let (stranger, _) = try key(.p256)
        let nameless = try CertificateSigningRequest(
            version: .v1, subject: DistinguishedName(), privateKey: stranger,
            attributes: CertificateSigningRequest.Attributes(), signatureAlgorithm: .ecdsaWithSHA256)
        var der = try good.serializeAsPEM().derBytes
        der[der.count - 1] ^= 1
        let spoilt = PEMDocument(type: "CERTIFICATE REQUEST", derBytes: der).pemString
        for text in [spoilt, try nameless.serializeAsPEM().pemString, "nonsense"] {
            let order = SigningOrder(
                request: text, serial: [1], notBefore: Timestamp(unixSeconds: 0), notAfter: Timestamp(unixSeconds: 1))
            #expect(throws: SigningRefusal.self) { try authority.sign(order) }
        }
    }
}
