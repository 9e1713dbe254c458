import Domain
import Engine
import Testing

@testable import Reports

@Suite("A status that says what is so") struct HonestStatusTests {
    @Test("a full disk was shown as 'as wanted', with 0: its episode cannot be kept")
    func storeTrouble() throws {
        let town = try Town()
        var engine = town.engine
        engine.storeTrouble = "/db cannot be written: the disk is full"
        let report = try town.reporter.status(engine)
        #expect(report.exitCode == .wrong)
        #expect(report.text(TextStyle(width: nil)).contains("/db cannot be written: the disk is full"))
        let findings = HealthFinding.daemon(report)
        #expect(findings.contains { $0.about == .daemon && $0.state == .bad && $0.text.contains("the disk is full") })
    }

    @Test("a reconcile that Cloudflare gave no answer to ended with 0")
    func unseen() {
        let subject = Town.subject("a")
        func exit(_ decisions: Decision...) -> ReportExit {
            let planned = decisions.map {
                CommandReply.PlannedEntry(subject: subject, zoneName: "example.com", decision: $0)
            }
            return CommandReport(CommandReply(planned: planned), at: Timestamp(unixSeconds: 0)).exitCode
        }
        #expect(exit(.rest(because: .asWanted)) == .asWanted)
        #expect(exit(.rest(because: .asWanted), .wait(because: .notSeen, "no answer")) == .notReachable)
        #expect(exit(.hold(because: .statusUnread)) == .wrong)
    }

    @Test("a database that was removed under the daemon was to be made by its first start")
    func databaseRemoved() throws {
        let finding = HealthFinding.databaseRemoved(path: "/s/edgecert.db")
        #expect(finding.state == .bad && finding.hint?.hasPrefix("stop edgecertd, put a backup in its place") == true)
        let town = try Town()
        var engine = town.engine
        (engine.storeTrouble, engine.storeHint) = ("/s/edgecert.db was removed", "put it back")
        let findings = HealthFinding.daemon(try town.reporter.status(engine))
        #expect(findings.contains { $0.hint == "put it back" })
    }
}
