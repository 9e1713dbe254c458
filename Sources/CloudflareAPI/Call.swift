import Domain
import Engine

/// One question or change in Cloudflare's terms, before it is a request.
struct Call: Sendable {
    /// Which of Cloudflare's services answers: its error codes mean something in it alone.
    enum Family: String, Hashable, Sendable, CaseIterable {
        case packs, verification, clientCertificates, zones, tokens
    }

    /// A part of the path.
    enum Part: Hashable, Sendable {
        /// Written here.
        case word(String)
        /// An identifier, with the name that stands for it where people read of the call.
        case id(String, name: String)

        static func zone(_ zone: ZoneID) -> Part { .id(zone.text, name: "zone") }
        static func object(_ id: ObjectID) -> Part { .id(id.text, name: "id") }
    }

    var family: Family
    var method: HTTPRequest.Method
    var path: [Part]
    var query: [(name: String, value: String)] = []
    var body: JSON?

    /// `POST /zones/{zone}/ssl/certificate_packs/order`: for people, without identifiers.
    var endpoint: String {
        let parts = path.map { part in
            switch part {
            case .word(let word): word
            case .id(_, let name): "{\(name)}"
            }
        }
        return "\(method.rawValue) /\(parts.joined(separator: "/"))"
    }

    /// Path and query, percent-encoded.
    ///
    /// An empty identifier would ask another question than the one that was meant (an empty zone makes of a zone's
    /// packs something that answers 404), and so would `.` and `..`: these are refused here, and nothing is sent.
    func target() throws(ProviderTrouble) -> String {
        var text = ""
        for part in path {
            switch part {
            case .word(let word): text += "/\(word)"
            case .id(let id, let name):
                guard !id.isEmpty, id != ".", id != "..", id.utf8.count <= Self.identifierLimit else {
                    throw .refused(
                        ProviderAnswer(endpoint: endpoint, message: "the identifier {\(name)} is empty or malformed"))
                }
                text += "/\(Self.percentEncoded(id))"
            }
        }
        guard !query.isEmpty else { return text }
        let pairs = query.map { "\(Self.percentEncoded($0.name))=\(Self.percentEncoded($0.value))" }
        return "\(text)?\(pairs.joined(separator: "&"))"
    }

    /// Bytes; Cloudflare's own have 32 or 36.
    static let identifierLimit = 200

    /// Everything but RFC 3986's unreserved characters is encoded.
    static func percentEncoded(_ text: String) -> String {
        var encoded: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.append(byte)
            default: encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
