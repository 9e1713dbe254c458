import Foundation
import Testing

/// Compares with a file under `Tests/Golden`. With EDGECERT_RECORD=1 the files are written anew, to be read in the
/// difference before they are committed.
enum Golden {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Golden")

    static func check(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let file = folder.appending(path: name)
        if ProcessInfo.processInfo.environment["EDGECERT_RECORD"] == "1" {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let wanted = try String(contentsOf: file, encoding: .utf8)
        #expect(text == wanted, "differs from Tests/Golden/\(name)", sourceLocation: sourceLocation)
    }

    static func json(_ report: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
    }
}

extension Golden {
    static func decode<Report: Decodable>(_ type: Report.Type, from text: String) throws -> Report {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}
