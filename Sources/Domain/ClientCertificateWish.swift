/// An API Shield client certificate as the settings want it.
public struct ClientCertificateWish: Hashable, Sendable {
    public var name: String
    public var commonName: String
    /// Subject alternative names of the request: DNS names.
    public var alternativeNames: [String]
    public var key: KeySource
    public var distinguishedName: DistinguishedNameParts
    /// 1 to 3650. Cloudflare publishes no firm maximum.
    public var validityDays: Int
    /// How long before its end a certificate is renewed.
    public var renewBefore: Duration
    /// How long the old certificate stays valid after the new one is delivered and its command has succeeded.
    public var overlap: Duration
    /// The group that may read key and certificate; nil leaves them to their owner (0600).
    public var group: String?
    /// Run after a change, without a shell; empty for none.
    public var command: [String]
    public var commandTimeout: Duration

    public init(
        name: String, commonName: String, alternativeNames: [String] = [], key: KeySource = .made(.ecP256),
        distinguishedName: DistinguishedNameParts = .init(), validityDays: Int = 365,
        renewBefore: Duration = .days(30), overlap: Duration = .days(1), group: String? = nil, command: [String] = [],
        commandTimeout: Duration = .seconds(60)
    ) {
        (self.name, self.commonName, self.alternativeNames) = (name, commonName, alternativeNames)
        (self.key, self.distinguishedName, self.validityDays) = (key, distinguishedName, validityDays)
        (self.renewBefore, self.overlap, self.group) = (renewBefore, overlap, group)
        (self.command, self.commandTimeout) = (command, commandTimeout)
    }
}

/// Where the key of a client certificate comes from.
public enum KeySource: Hashable, Sendable {
    /// Made here, anew for each certificate.
    case made(KeyAlgorithm)
    /// The operator's: only the signing request is in hand, the key never comes here.
    case request(file: String)
}

/// The kinds of private keys that are made here. The raw value is the settings' word.
public enum KeyAlgorithm: String, Hashable, Sendable, CaseIterable {
    case ecP256 = "ec-p256"
    case ecP384 = "ec-p384"
    case rsa2048 = "rsa-2048"
    case rsa3072 = "rsa-3072"
    case rsa4096 = "rsa-4096"
}

/// The parts of a request's subject besides its common name.
public struct DistinguishedNameParts: Hashable, Sendable {
    /// Two letters.
    public var country: String?
    public var state: String?
    public var location: String?
    public var organization: String?
    public var unit: String?

    public init(
        country: String? = nil, state: String? = nil, location: String? = nil, organization: String? = nil,
        unit: String? = nil
    ) {
        (self.country, self.state, self.location) = (country, state, location)
        (self.organization, self.unit) = (organization, unit)
    }
}

/// A certificate signing request. It holds no secret.
public struct SigningRequest: Hashable, Sendable {
    /// PEM, as it is sent.
    public var pem: String
    /// The request's DER in base 64 without line ends: what two requests are compared by.
    public var der: String

    public init(pem: String, der: String) { (self.pem, self.der) = (pem, der) }

    /// Takes the DER out of a PEM text, whatever its line ends and white space.
    /// - Returns: nil when there is no `CERTIFICATE REQUEST` block, or an empty one.
    public init?(pem: String) {
        guard
            let der = Self.body(of: pem, label: "CERTIFICATE REQUEST")
                ?? Self.body(of: pem, label: "NEW CERTIFICATE REQUEST")
        else { return nil }
        self.init(pem: pem, der: der)
    }

    private static func body(of pem: String, label: String) -> String? {
        // Compared as bytes: "\r\n" is one Character, and a text from outside may hold any line end.
        let bytes = Array(pem.utf8)
        guard let start = bytes.firstRange(of: Array("-----BEGIN \(label)-----".utf8)) else { return nil }
        let rest = bytes[start.upperBound...]
        guard let end = rest.firstRange(of: Array("-----END \(label)-----".utf8)) else { return nil }
        let body = rest[..<end.lowerBound].filter { $0 > 32 }
        return body.isEmpty ? nil : String(decoding: body, as: UTF8.self)
    }
}

extension Collection where Element: Equatable, SubSequence.Element == Element {
    /// The first place where `pattern` stands; nil where it does not, or is empty.
    fileprivate func firstRange(of pattern: [Element]) -> Range<Index>? {
        guard !pattern.isEmpty else { return nil }
        var start = startIndex
        while start != endIndex {
            if self[start...].starts(with: pattern) { return start..<index(start, offsetBy: pattern.count) }
            formIndex(after: &start)
        }
        return nil
    }
}
