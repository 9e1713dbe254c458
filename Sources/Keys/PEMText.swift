import Domain
import Engine
import FoundationEssentials
import SwiftASN1

/// PEM texts from outside: any line ends, any line length, text before and after, and no more than a bounded size.
enum PEMText {
    /// A certificate takes 1 to 3 KiB, a request with a hundred names some 5 KiB.
    static let limitBytes = 64 << 10

    /// The DER of the first block that has one of the labels; nil when there is none, or it is not base 64.
    static func der(labelled labels: [String], in text: String) -> [UInt8]? {
        // As bytes: "\r\n" is one Character.
        let bytes = Array(text.utf8)
        let starts = labels.compactMap { label in
            bytes.firstRange(of: Array("-----BEGIN \(label)-----".utf8)).map { (label, $0) }
        }
        guard let (label, start) = starts.min(by: { $0.1.lowerBound < $1.1.lowerBound }) else { return nil }
        let rest = bytes[start.upperBound...]
        guard let end = rest.firstRange(of: Array("-----END \(label)-----".utf8)) else { return nil }
        let body = rest[..<end.lowerBound].filter { $0 > 32 }
        guard let der = Data(base64Encoded: Data(body)), !der.isEmpty else { return nil }
        return Array(der)
    }

    /// Lines of 64 characters, ended by line feeds, the last one too.
    static func text(_ der: [UInt8], label: String) -> String {
        PEMDocument(type: label, derBytes: der).pemString + "\n"
    }
}
