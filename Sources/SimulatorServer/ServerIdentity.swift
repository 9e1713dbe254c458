import Crypto
import FoundationEssentials
import NIOSSL
import SwiftASN1
import X509

/// The server's certificate for `localhost`, `127.0.0.1` and `::1`, and the root that a client has to trust for it.
///
/// Both are made at the start and valid by the machine's own clock, not by the simulated one: clients check them with
/// theirs.
struct ServerIdentity {
    let rootPEM: String
    let context: NIOSSLContext

    init(now: Date = Date()) throws(SimulatorTrouble) {
        let rootKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let leafKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let (pem, context) = try SimulatorTrouble.inAuthority {
            let root = try Self.root(rootKey, now: now)
            let leaf = try Self.leaf(leafKey, root: root, rootKey: rootKey, now: now)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: [
                    .certificate(try NIOSSLCertificate(bytes: try leaf.serializeAsPEM().derBytes, format: .der))
                ],
                privateKey: .privateKey(
                    try NIOSSLPrivateKey(bytes: Array(try leafKey.serializeAsPEM().pemString.utf8), format: .pem)))
            configuration.applicationProtocols = ["http/1.1"]
            return (try root.serializeAsPEM().pemString + "\n", try NIOSSLContext(configuration: configuration))
        }
        (rootPEM, self.context) = (pem, context)
    }

    private static func root(_ key: Certificate.PrivateKey, now: Date) throws -> Certificate {
        let name = try DistinguishedName { CommonName("edgecert-sim root") }
        return try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
            notValidBefore: now - 86_400, notValidAfter: now + 86_400 * 3650, issuer: name, subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true))
                SubjectKeyIdentifier(hash: key.publicKey)
            }, issuerPrivateKey: key)
    }

    private static func leaf(
        _ key: Certificate.PrivateKey, root: Certificate, rootKey: Certificate.PrivateKey, now: Date
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
            notValidBefore: now - 86_400, notValidAfter: now + 86_400 * 825, issuer: root.subject,
            subject: try DistinguishedName { CommonName("localhost") }, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames([
                    .dnsName("localhost"), .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])),
                    .ipAddress(ASN1OctetString(contentBytes: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])),
                ])
                SubjectKeyIdentifier(hash: key.publicKey)
                AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: rootKey.publicKey).keyIdentifier)
            }, issuerPrivateKey: rootKey)
    }
}
