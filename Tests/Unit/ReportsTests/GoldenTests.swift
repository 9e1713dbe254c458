import Domain
import Engine
import Testing

@testable import Reports

/// Every report of the town, by the name of its golden files.
enum Shown: String, CaseIterable {
    case status, list, show, why, history, orders, records, audit, plan, watch

    static let style = TextStyle(width: 150)

    func report(_ town: Town) throws -> any ReportText & Codable {
        switch self {
        case .status: try town.reporter.status(town.engine)
        case .list: try town.reporter.list(SubjectFilter(), RowFilter())
        case .show: try #require(try town.reporter.show(Town.subject("meters", .clientCertificate)))
        case .why: try #require(try town.reporter.why(Town.subject("shop")))
        case .history: try town.reporter.history(HistoryFilter())
        case .orders: try town.reporter.orders(HistoryFilter(), openOnly: false)
        case .records: try town.reporter.records(.all)
        case .audit: try town.reporter.audit(since: nil, limit: 10)
        case .plan: CommandReport(Self.planned, at: town.now)
        case .watch: WatchLine(Self.news, at: town.now, lost: 2)
        }
    }

    private static var planned: CommandReply {
        let action = Action.pack(.delete(ObjectID("p-1")))
        return CommandReply(
            lines: ["looked at 1 zone"],
            planned: [
                .init(
                    subject: Town.subject("a"), zoneName: "example.com",
                    decision: .act(action, because: .superseded, "p-2 serves since 11:40")),
                .init(subject: Town.subject("b"), zoneName: "example.com", decision: .rest(because: .asWanted)),
                .init(
                    subject: Town.subject("c"), zoneName: "example.com",
                    decision: .hold(action, because: .removalLimit, "4 of 3 in a day")),
            ])
    }

    private static var news: News {
        News(
            .episodeRaised, .error, about: Town.subject("stuck"), zoneName: "example.com",
            [.init(.condition, "stalled"), .init(.detail, "validation")])
    }
}

@Suite("Reports as people and programs see them") struct GoldenTests {
    @Test("text", arguments: Shown.allCases)
    func text(shown: Shown) throws {
        try Golden.check(shown.report(Town()).text(Shown.style), "\(shown.rawValue).txt")
    }

    @Test("JSON keeps its shape", arguments: Shown.allCases)
    func json(shown: Shown) throws {
        try Golden.check(Golden.json(shown.report(Town())), "\(shown.rawValue).json")
    }

    @Test("what the tool reads back is what the daemon said", arguments: Shown.allCases)
    func roundTrip(shown: Shown) throws {
        let report = try shown.report(Town())
        try expectSame(report)
    }

    private func expectSame<Report: ReportText & Codable>(_ report: Report) throws {
        let again = try Golden.decode(Report.self, from: Golden.json(report))
        #expect(again.text(Shown.style) == report.text(Shown.style))
    }

    @Test("the zone file has one set of records for a name and its wildcard")
    func zoneFile() throws {
        try Golden.check(Town().reporter.records(.all).zoneFile, "records.zone")
    }

    @Test("from the database alone the status says so")
    func alone() throws {
        let town = try Town()
        let report = try Reporter(town.ledger, source: .database, now: town.now).status(nil)
        #expect(report.exitCode == .notReachable)
        #expect(report.text(TextStyle()).contains("does not answer; this is what the database holds"))
    }
}
