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
    @Test("whoever may not look at a thing was told that it is bad, and with 69 that nothing can be reached")
    func unreadable() {
        let findings = [HealthFinding.unreadable(.socket, "s"), .unreadable(.database, "d")]
        #expect(findings.allSatisfy { $0.state == .unknown && $0.hint?.contains("'edgecert'") == true })
        #expect(DoctorReport(at: Moment(Town.noon), findings: findings).exitCode == 0)
    }
    @Test("a unit that was never started was told to have no watchdog, and to be asked why it is down")
    func unitDown() {
        let down = HealthFinding.unit(["LoadState": "loaded", "ActiveState": "inactive", "WatchdogUSec": "infinity"])
        #expect(down.map(\.about) == [.unit] && down[0].state == .bad)
        #expect(down[0].hint == "'systemctl enable --now edgecertd' starts it")
        let failed = HealthFinding.unit(["LoadState": "loaded", "ActiveState": "failed", "Result": "exit-code"])
        #expect(
            failed.map(\.hint) == [
                "'journalctl -u edgecertd -e' tells why; 'systemctl reset-failed edgecertd' and 'systemctl start edgecertd' "
                    + "start it"
            ])
        let up = HealthFinding.unit(["LoadState": "loaded", "ActiveState": "active", "WatchdogUSec": "1min"])
        #expect(up.map(\.state) == [.good, .good])
    }

    @Test("a token that everybody may read was called good, since systemd hands it on all the same")
    func tokenFile() {
        for mode: UInt32 in [0o100600, 0o100640] { #expect(HealthFinding.tokenFile(path: "/t", mode: mode) == nil) }
        for mode: UInt32 in [0o100644, 0o100604, 0o100602] {
            #expect(HealthFinding.tokenFile(path: "/t", mode: mode)?.state == .doubtful)
        }
    }

    @Test("whoever closed a token's file as advised took the right of its group, too")
    func tokenFileHint() {
        let hint = HealthFinding.tokenFile(path: "/t", mode: 0o100644)?.hint
        #expect(hint?.hasPrefix("'chmod o= /t'") == true)
    }

    @Test("a daemon in trouble was called good")
    func daemonInTrouble() throws {
        let town = try Town()
        var report = try town.reporter.status(town.engine)
        report.zones.unseen = 0
        #expect(report.exitCode == .wrong)
        #expect(HealthFinding.daemon(report).map(\.state) == [.doubtful])
    }
}
