import CloudflareModel
import Domain

/// Signs what ``MemoryKeyRoom`` makes, so that it knows its own again.
public struct EchoSigner: CertificateSigner {
    public init() {}

    public func sign(_ order: SigningOrder) throws(SigningRefusal) -> SignedCertificate {
        guard let request = SigningRequest(pem: order.request) else { throw SigningRefusal("no request") }
        let text = String(decoding: Self.decoded(request.der), as: UTF8.self)
        let name = text.split(separator: " ").last.map(String.init) ?? "unnamed"
        let serial = order.serial.map { String($0, radix: 16) }.joined()
        return SignedCertificate(
            pem: MemoryKeyRoom.certificate(for: request, notAfter: order.notAfter), commonName: name,
            fingerprintSHA256: serial, keyIdentifier: serial, signature: "ECDSAWithSHA256")
    }

    private static func decoded(_ text: String) -> [UInt8] {
        var (bytes, buffer, bits): ([UInt8], UInt32, UInt32) = ([], 0, 0)
        for character in text.utf8 {
            let value: UInt32
            switch character {
            case 65...90: value = UInt32(character) - 65
            case 97...122: value = UInt32(character) - 71
            case 48...57: value = UInt32(character) + 4
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            default: continue
            }
            (buffer, bits) = ((buffer << 6 | value) & 0xFFFF, bits + 6)
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(buffer >> bits & 0xFF))
            }
        }
        return bytes
    }
}
