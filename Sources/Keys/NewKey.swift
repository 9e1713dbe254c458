import Crypto
import CryptoExtras
import Domain
import Engine
import SwiftASN1
import X509

/// A private key that has just been made, with the request that it signed.
struct NewKey {
    /// PKCS#8.
    let pem: Secret
    let request: String

    /// Makes a key and its request. An RSA key of 4,096 bits may take seconds.
    init(for wish: ClientCertificateWish, algorithm: KeyAlgorithm) throws(KeyTrouble) {
        do {
            let (key, pem) = try Self.privateKey(algorithm)
            let request = try CertificateSigningRequest(
                version: .v1, subject: Self.subject(of: wish), privateKey: key,
                attributes: Self.attributes(of: wish), signatureAlgorithm: Self.signature(algorithm))
            self.pem = pem
            var serializer = DER.Serializer()
            try serializer.serialize(request)
            self.request = PEMText.text(serializer.serializedBytes, label: "CERTIFICATE REQUEST")
        } catch {
            throw .unreadable(what: "the wish for \(wish.name)", detail: brief(error))
        }
    }

    private static func privateKey(_ algorithm: KeyAlgorithm) throws -> (Certificate.PrivateKey, Secret) {
        switch algorithm {
        case .ecP256:
            let key = P256.Signing.PrivateKey()
            return (Certificate.PrivateKey(key), Secret(ended(key.pemRepresentation)))
        case .ecP384:
            let key = P384.Signing.PrivateKey()
            return (Certificate.PrivateKey(key), Secret(ended(key.pemRepresentation)))
        case .rsa2048: return try rsa(.bits2048)
        case .rsa3072: return try rsa(.bits3072)
        case .rsa4096: return try rsa(.bits4096)
        }
    }

    private static func rsa(_ size: _RSA.Signing.KeySize) throws -> (Certificate.PrivateKey, Secret) {
        let key = try _RSA.Signing.PrivateKey(keySize: size)
        return (Certificate.PrivateKey(key), Secret(ended(key.pkcs8PEMRepresentation)))
    }

    private static func ended(_ pem: String) -> String { pem.hasSuffix("\n") ? pem : pem + "\n" }

    private static func signature(_ algorithm: KeyAlgorithm) -> Certificate.SignatureAlgorithm {
        switch algorithm {
        case .ecP256: .ecdsaWithSHA256
        case .ecP384: .ecdsaWithSHA384
        case .rsa2048, .rsa3072, .rsa4096: .sha256WithRSAEncryption
        }
    }

    /// From the widest to the narrowest: C, ST, L, O, OU, CN.
    private static func subject(of wish: ClientCertificateWish) throws -> DistinguishedName {
        let parts = wish.distinguishedName
        let wide: [(ASN1ObjectIdentifier, String?)] = [
            (.RDNAttributeType.stateOrProvinceName, parts.state), (.RDNAttributeType.localityName, parts.location),
            (.RDNAttributeType.organizationName, parts.organization),
            (.RDNAttributeType.organizationalUnitName, parts.unit), (.RDNAttributeType.commonName, wish.commonName),
        ]
        var names: [RelativeDistinguishedName] = []
        if let country = parts.country {
            // Alone it may only be a PrintableString (RFC 5280, appendix A.1).
            let value = try RelativeDistinguishedName.Attribute.Value(printableString: country)
            names.append(RelativeDistinguishedName(.init(type: .RDNAttributeType.countryName, value: value)))
        }
        for case (let type, let text?) in wide {
            names.append(RelativeDistinguishedName(.init(type: type, value: .init(utf8String: text))))
        }
        return DistinguishedName(names)
    }

    private static func attributes(of wish: ClientCertificateWish) throws -> CertificateSigningRequest.Attributes {
        guard !wish.alternativeNames.isEmpty else { return .init([]) }
        let names = SubjectAlternativeNames(wish.alternativeNames.map { .dnsName($0) })
        let extensions = try Certificate.Extensions([Certificate.Extension(names, critical: false)])
        return try .init([.init(ExtensionRequest(extensions: extensions))])
    }
}

extension Certificate.PublicKey {
    /// True for the public half of what ``NewKey`` makes of an algorithm.
    func isOf(_ algorithm: KeyAlgorithm) -> Bool {
        switch algorithm {
        case .ecP256: P256.Signing.PublicKey(self) != nil
        case .ecP384: P384.Signing.PublicKey(self) != nil
        case .rsa2048: _RSA.Signing.PublicKey(self)?.keySizeInBits == 2048
        case .rsa3072: _RSA.Signing.PublicKey(self)?.keySizeInBits == 3072
        case .rsa4096: _RSA.Signing.PublicKey(self)?.keySizeInBits == 4096
        }
    }

    /// The public half of a private key's PEM text.
    init(ofPrivateKey pem: Secret, path: String) throws(KeyTrouble) {
        do { self = try pem.reveal { try Certificate.PrivateKey(pemEncoded: $0) }.publicKey } catch {
            // The error's text stays out: it is about a key's bytes.
            throw .unreadable(what: path, detail: "it is not the PEM of a private key of a kind that is known here")
        }
    }
}
