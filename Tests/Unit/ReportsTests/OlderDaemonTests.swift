import Domain
import Foundation
import Testing

@testable import Reports

@Suite("What a daemon from before an update tells") struct OlderDaemonTests {
    /// The report as a daemon tells it that does not know these members yet, wherever they are.
    private func read<Report: Codable>(_ report: Report, without names: Set<String>) throws -> Report {
        func stripped(_ value: Any) -> Any {
            guard let members = value as? [String: Any] else { return value }
            return members.filter { !names.contains($0.key) }.mapValues(stripped)
        }
        let whole = try JSONSerialization.jsonObject(with: JSONEncoder().encode(report))
        let data = try JSONSerialization.data(withJSONObject: stripped(whole))
        return try JSONDecoder().decode(Report.self, from: data)
    }

    @Test("after an update the status of the daemon that was not restarted yet could not be read")
    func status() throws {
        let town = try Town()
        let report = try town.reporter.status(town.engine)
        #expect(try read(report, without: []) == report)
        var expected = report
        (expected.subjects.released, expected.subjects.awaitingRecords) = (0, 0)
        expected.daemon?.storeTrouble = nil
        expected.daemon?.storeHint = nil
        let names: Set = ["released", "awaitingRecords", "storeTrouble", "storeHint"]
        #expect(try read(report, without: names) == expected)
        #expect(throws: DecodingError.self) { try read(report, without: ["wished"]) }
    }

    @Test("what a daemon from before there were approvals tells of a subject could not be read")
    func approvals() throws {
        let town = try Town()
        let shown = try #require(try town.reporter.show(Town.subject("shop")))
        let why = try #require(try town.reporter.why(Town.subject("shop")))
        #expect(try read(shown, without: ["approvals"]).approvals.isEmpty)
        #expect(try read(why, without: ["approvals"]).approvals.isEmpty)
        #expect(try read(shown, without: []) == shown)
    }
}
