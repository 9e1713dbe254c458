import CloudflareModel
import Domain

/// Signs without an authority: the same order gives the same text, which no TLS library would take for a certificate.
///
/// The common name is read out of the request's bytes: the first value behind the object identifier 2.5.4.3.
public struct FakeSigner: CertificateSigner {
    /// When set, every request is refused with this message.
    public var refusal: String?

    public init(refusal: String? = nil) { self.refusal = refusal }

    public func sign(_ order: SigningOrder) throws(SigningRefusal) -> SignedCertificate {
        if let refusal { throw SigningRefusal(refusal) }
        guard let request = SigningRequest(pem: order.request) else { throw SigningRefusal("no request") }
        let name = Self.commonName(in: Self.decoded(base64: request.der)) ?? "unnamed"
        let text = "\(Self.hex(order.serial)):\(request.der)"
        let digest = Self.digest(of: text)
        return SignedCertificate(
            pem: "-----BEGIN CERTIFICATE-----\n\(Self.encoded(base64: Array(text.utf8)))\n-----END CERTIFICATE-----\n",
            commonName: name, fingerprintSHA256: digest + digest + digest + digest,
            keyIdentifier: String((digest + digest + digest).prefix(40)), signature: "ECDSAWithSHA256")
    }

    private static func commonName(in der: [UInt8]) -> String? {
        let mark: [UInt8] = [0x06, 0x03, 0x55, 0x04, 0x03]
        for start in der.indices where der[start...].starts(with: mark) {
            let length = start + mark.count + 1
            guard length < der.count, der[length] < 0x80, length + Int(der[length]) < der.count else { return nil }
            return String(decoding: der[(length + 1)...(length + Int(der[length]))], as: UTF8.self)
        }
        return nil
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func decoded(base64 text: String) -> [UInt8] {
        var (bytes, buffer, bits): ([UInt8], UInt32, Int) = ([], 0, 0)
        for character in text.utf8 {
            guard let value = alphabet.firstIndex(of: character) else { continue }
            buffer = (buffer << 6 | UInt32(value)) & 0xFFFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
            }
        }
        return bytes
    }

    private static func encoded(base64 bytes: [UInt8]) -> String {
        var (text, buffer, bits): ([UInt8], UInt32, Int) = ([], 0, 0)
        for byte in bytes {
            buffer = (buffer << 8 | UInt32(byte)) & 0xFFFFFF
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(alphabet[Int(buffer >> UInt32(bits) & 63)])
            }
        }
        if bits > 0 { text.append(alphabet[Int(buffer << UInt32(6 - bits) & 63)]) }
        while text.count % 4 != 0 { text.append(UInt8(ascii: "=")) }
        return String(decoding: text, as: UTF8.self)
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// FNV-1a, 16 hexadecimal digits.
    private static func digest(of text: String) -> String {
        let sum = text.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
        let digits = String(sum, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
