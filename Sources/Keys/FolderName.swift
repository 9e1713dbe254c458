import Crypto
import Domain
import Engine

/// The name of the folder of a zone or of a subject. Different names never get the same folder.
///
/// Letters, digits, `-`, `_` and a point that is not the first stand for themselves, everything else becomes `%` and
/// two digits; what is then longer than a file's name may be is cut, and told apart by a digest behind `~`.
func folderName(for name: String, within path: String) throws(KeyTrouble) -> String {
    guard !name.isEmpty else { throw .file(path: path, detail: "no folder can be made for an empty name") }
    guard !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
        throw .file(path: path, detail: "no folder is made for a name with control characters")
    }
    var encoded: [UInt8] = []
    for byte in name.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            encoded.append(byte)
        case UInt8(ascii: ".") where !encoded.isEmpty: encoded.append(byte)
        default: encoded += [UInt8(ascii: "%")] + hexadecimal(byte)
        }
    }
    if encoded.count > 200 {  // NAME_MAX is 255
        let digest = SHA256.hash(data: Array(name.utf8)).prefix(16).flatMap(hexadecimal)
        encoded = encoded.prefix(200) + [UInt8(ascii: "~")] + digest
    }
    return String(decoding: encoded, as: UTF8.self)
}

private func hexadecimal(_ byte: UInt8) -> [UInt8] {
    let digits = Array("0123456789ABCDEF".utf8)
    return [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
}

/// `generation-0001` and so on: they sort by age up to 9,999.
enum GenerationName {
    static let range = 1...999_999_999

    static func text(_ number: Int) -> String {
        let digits = String(number)
        return "generation-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// nil for every name that ``text(_:)`` does not make.
    static func number(_ name: String) -> Int? {
        guard name.hasPrefix("generation-"), let number = Int(name.dropFirst("generation-".count)),
            range.contains(number), text(number) == name
        else { return nil }
        return number
    }
}
