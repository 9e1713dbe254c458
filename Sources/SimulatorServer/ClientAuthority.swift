import CloudflareModel
import Crypto
import Domain
import FoundationEssentials
import SwiftASN1
import X509

/// A certificate authority for client certificates: a key made at the start, kept in memory alone.
public struct ClientAuthority: CertificateSigner {
    /// The root that every certificate is signed with.
    public let root: Certificate
    private let key: Certificate.PrivateKey

    /// - Parameter moment: The simulated time: the root is valid from a year before for a hundred years.
    public init(startingAt moment: Timestamp) throws(SimulatorTrouble) {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        self.key = key
        root = try SimulatorTrouble.inAuthority {
            let name = try DistinguishedName {
                CommonName("Simulated Cloudflare Managed CA")
                OrganizationName("edgecert-sim")
            }
            return try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
                notValidBefore: (moment - .days(365)).date, notValidAfter: (moment + .days(36_500)).date, issuer: name,
                subject: name, signatureAlgorithm: .ecdsaWithSHA256,
                extensions: Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                    SubjectKeyIdentifier(hash: key.publicKey)
                }, issuerPrivateKey: key)
        }
    }

    /// The root in PEM.
    public func rootPEM() throws(SimulatorTrouble) -> String {
        try SimulatorTrouble.inAuthority { try root.serializeAsPEM().pemString + "\n" }
    }

    /// Signs the request's key with its subject and alternative names. A request that does not fit its own key is
    /// refused, as is one that cannot be read.
    public func sign(_ order: SigningOrder) throws(SigningRefusal) -> SignedCertificate {
        let request: CertificateSigningRequest
        do { request = try CertificateSigningRequest(pemEncoded: order.request) } catch {
            throw SigningRefusal("csr could not be read")
        }
        guard request.publicKey.isValidSignature(request.signature, for: request) else {
            throw SigningRefusal("csr is not signed with its own key")
        }
        guard let commonName = request.subject.text(of: .RDNAttributeType.commonName) else {
            throw SigningRefusal("csr has no common name")
        }
        do {
            let certificate = try certificate(for: request, order)
            let document = try certificate.serializeAsPEM()
            return SignedCertificate(
                pem: document.pemString + "\n", commonName: commonName,
                subject: request.subject.parts, fingerprintSHA256: SHA256.hash(data: document.derBytes).hex,
                keyIdentifier: SubjectKeyIdentifier(hash: request.publicKey).keyIdentifier.hex,
                signature: "ECDSAWithSHA256")
        } catch {
            throw SigningRefusal("csr could not be signed")
        }
    }

    private func certificate(
        for request: CertificateSigningRequest, _ order: SigningOrder
    ) throws -> Certificate {
        let wished = try request.attributes.extensionRequest?.extensions.subjectAlternativeNames
        return try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(bytes: order.serial), publicKey: request.publicKey,
            notValidBefore: order.notBefore.date, notValidAfter: order.notAfter.date, issuer: root.subject,
            subject: request.subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true, keyEncipherment: true))
                try ExtendedKeyUsage([.clientAuth])
                SubjectKeyIdentifier(hash: request.publicKey)
                AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: key.publicKey).keyIdentifier)
                if let wished { wished }
            }, issuerPrivateKey: key)
    }
}

extension Timestamp {
    var date: Date { Date(timeIntervalSince1970: Double(unixSeconds)) }
}

extension Sequence<UInt8> {
    var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension DistinguishedName {
    /// The last attribute of this type.
    func text(of type: ASN1ObjectIdentifier) -> String? {
        for name in self.reversed() {
            for attribute in name where attribute.type == type { return String(attribute.value) }
        }
        return nil
    }

    var parts: DistinguishedNameParts {
        DistinguishedNameParts(
            country: text(of: .RDNAttributeType.countryName), state: text(of: .RDNAttributeType.stateOrProvinceName),
            location: text(of: .RDNAttributeType.localityName),
            organization: text(of: .RDNAttributeType.organizationName),
            unit: text(of: .RDNAttributeType.organizationalUnitName))
    }
}
