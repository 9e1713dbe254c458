import Domain

/// What signs client certificates for the model. The simulator has a real authority, tests have a plain one.
public protocol CertificateSigner: Sendable {
    /// Makes a certificate of the request's key and subject.
    func sign(_ order: SigningOrder) throws(SigningRefusal) -> SignedCertificate
}

/// What an authority is asked to sign. Serial number and dates are the model's, so that a run can be repeated.
public struct SigningOrder: Hashable, Sendable {
    /// PEM, at most 16 KiB, as it came.
    public var request: String
    /// 20 bytes, the first below 0x80 and not zero.
    public var serial: [UInt8]
    public var notBefore: Timestamp
    public var notAfter: Timestamp

    public init(request: String, serial: [UInt8], notBefore: Timestamp, notAfter: Timestamp) {
        (self.request, self.serial, self.notBefore, self.notAfter) = (request, serial, notBefore, notAfter)
    }
}

/// A signed certificate with the parts that Cloudflare shows beside it.
public struct SignedCertificate: Hashable, Sendable {
    public var pem: String
    public var commonName: String
    public var subject: DistinguishedNameParts
    /// Lower-case hexadecimal.
    public var fingerprintSHA256: String
    /// The subject key identifier in lower-case hexadecimal.
    public var keyIdentifier: String
    /// `SHA256WithRSA`, `ECDSAWithSHA256`, …
    public var signature: String

    public init(
        pem: String, commonName: String, subject: DistinguishedNameParts = .init(), fingerprintSHA256: String,
        keyIdentifier: String, signature: String
    ) {
        (self.pem, self.commonName, self.subject) = (pem, commonName, subject)
        (self.fingerprintSHA256, self.keyIdentifier) = (fingerprintSHA256, keyIdentifier)
        self.signature = signature
    }
}

/// Why a request was not signed.
public struct SigningRefusal: Error, Hashable, Sendable {
    public var message: String
    public init(_ message: String) { self.message = message }
}
