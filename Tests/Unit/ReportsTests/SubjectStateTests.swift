import Domain
import Engine
import TestKit
import Testing

@testable import Reports

@Suite("How a subject stands") struct SubjectStateTests {
    private func row(_ name: String, in zone: ZoneID = Town.zone, _ town: Town) throws -> SubjectRow {
        let rows = try town.reporter.list(SubjectFilter(), RowFilter()).rows
        return try #require(rows.first { $0.name == name && $0.zoneID == zone.text })
    }

    @Test(
        "each state of the town",
        arguments: [
            ("main", SubjectState.ok), ("api", .moving), ("meters", .ok), ("paused", .suspended), ("shop", .held),
            ("blog", .expired), ("stuck", .wrong), ("p-found", .ok),
        ])
    func states(name: String, state: SubjectState) throws {
        #expect(try row(name, Town()).state == state)
    }

    @Test("a pack whose validation waits for a person points to what has to be published, after five minutes")
    func publication() throws {
        let town = try Town()
        let pointer = "'edgecertctl records' lists what to publish"
        #expect(try row("api", town).headline == "pending_validation for 30m: \(pointer)")
        #expect(try town.reporter.status(nil).subjects.awaitingRecords == 1)
        let fresh = Town.pack(
            "api", id: "p-api", .pendingValidation, until: nil, since: town.now - .minutes(4),
            records: [ValidationRecord(form: .txt(name: "n", value: "v"))])
        try town.ledger.commit([.object(fresh)])
        #expect(try !row("api", town).headline.contains("records"))
        #expect(try town.reporter.status(nil).subjects.awaitingRecords == 0)
    }

    @Test("what was not seen for three intervals is unknown, whatever it was then (S16)")
    func stale() throws {
        let row = try row("main", in: Town.oldZone, Town())
        #expect(row.state == .unknown)
        #expect(row.wrong)
        #expect(row.headline == "its zone was last seen completely 5h ago; it was active then")
    }

    @Test("nothing is shown valid after its end, however Cloudflare calls it (S13)")
    func validity() throws {
        let town = try Town()
        let end = town.now + .days(58)
        for (moment, isValid) in [(end - .seconds(1), true), (end, false), (end + .seconds(1), false)] {
            try town.ledger.commit([
                .zone(ZoneRecord(id: Town.zone, name: "example.com", lastCompleteLook: moment, nextLook: moment))
            ])
            let rows = try Reporter(town.ledger, source: .daemon, now: moment).list(
                SubjectFilter(name: "main"), RowFilter())
            let row = try #require(rows.rows.first { $0.zoneID == Town.zone.text })
            #expect(row.valid == isValid)
            #expect((row.state == .ok) == isValid)
            #expect((row.state == .expired) != isValid)
        }
    }

    @Test("a wish that no pass has looked at yet is unknown, and a thing without a wish is not")
    func undecided() throws {
        let town = try Town()
        try town.add(Town.subject("new"), nil)
        try town.add(
            Town.subject("p-2"), nil, isWished: false,
            Town.pack("p-2", id: "p-2", .active, until: town.now + .days(9), ownership: .foreign))
        #expect(try row("new", town).state == .unknown)
        #expect(try row("p-2", town).state == .ok)
        #expect(try !row("p-2", town).wrong)
    }

    @Test("in a mode that forbids the change a good certificate is well, and a missing one is not")
    func forbidden() throws {
        let town = try Town()
        try town.add(Town.subject("gone"), .wait(because: .modeForbids))
        try town.add(
            Town.subject("kept"), .wait(because: .modeForbids),
            Town.pack("kept", id: "p-kept", .active, until: town.now + .days(9)))
        #expect(try row("gone", town).state == .wrong)
        #expect(try row("kept", town).state == .ok)
    }

    @Test("an expired thing of somebody else's is shown, and is nobody's trouble")
    func foreign() throws {
        let town = try Town()
        try town.add(
            Town.subject("p-3"), .rest(because: .discovered), isWished: false,
            Town.pack("p-3", id: "p-3", .active, until: town.now - .days(9), ownership: .foreign))
        let row = try row("p-3", town)
        #expect(row.state == .expired)
        #expect(!row.wrong)
    }

    @Test("a thing that complete looks lack does not count as valid")
    func missing() throws {
        let town = try Town()
        var lost = Town.pack("lost", id: "p-lost", .active, until: town.now + .days(9))
        lost.missingSince = town.now - .minutes(5)
        try town.add(Town.subject("lost"), .wait(because: .absenceUnproven), lost)
        let row = try row("lost", town)
        #expect(!row.valid)
        #expect(row.state == .moving)
    }

    @Test(
        "the exit code",
        arguments: [
            (["main", "meters"], ReportExit.asWanted), (["main", "paused"], .asWanted), (["main", "api"], .moving),
            (["api", "stuck"], .wrong), (["shop"], .wrong), (["blog"], .wrong), (["p-found"], .asWanted),
        ])
    func exitCodes(names: [String], exit: ReportExit) throws {
        var report = try Town().reporter.list(SubjectFilter(zone: Town.zone), RowFilter())
        report.rows.removeAll { !names.contains($0.name) }
        #expect(report.exitCode == exit)
    }

    @Test(
        "the filters of a list",
        arguments: [
            (RowFilter(expiringWithin: .days(30)), ["blog", "paused"]),
            (RowFilter(movingOnly: true), ["api", "blog", "stuck"]),
            (RowFilter(wrongOnly: true), ["blog", "main", "shop", "stuck"]),
        ])
    func filters(filter: RowFilter, names: [String]) throws {
        let report = try Town().reporter.list(SubjectFilter(), filter)
        #expect(report.rows.map(\.name).sorted() == names)
    }

    @Test("pages hold what one list holds, and each but the last says that another follows")
    func pages() throws {
        let town = try Town()
        var pages = try town.reporter.pages(SubjectFilter(), RowFilter())
        var rows: [String] = []
        var follows: [Bool] = []
        while let page = try pages.next() {
            rows += page.rows.map(\.path)
            follows.append(page.truncated)
        }
        #expect(Set(rows) == Set(try town.reporter.list(SubjectFilter(), RowFilter()).rows.map(\.path)))
        #expect(follows.last == false && !follows.dropLast().contains(false))
    }

    @Test("a list above its limit says so")
    func truncated() throws {
        let report = try Town().reporter.list(SubjectFilter(), RowFilter(), limit: 2)
        #expect(report.rows.count == 2)
        #expect(report.truncated)
    }

    @Test("every reason has words, and every lift a command that names the subject")
    func words() {
        #expect(Set(Reason.allCases.map(\.words)).count == Reason.allCases.count)
        for reason in Reason.allCases {
            let lift = reason.liftCommand(path: "z/certificate_pack/n")
            #expect((lift == nil) == (reason.lift == nil))
            if let lift, reason != .stateUntrusted { #expect(lift.command.hasSuffix(" z/certificate_pack/n")) }
        }
    }
    @Test("what is wished and was given out of hand was counted among what is well")
    func released() throws {
        let town = try Town()
        let before = try town.reporter.status(nil).subjects
        try town.ledger.commit([
            .subject(
                SubjectRecord(
                    subject: Town.subject("main"), isWished: true, decision: .rest(because: .released), isReleased: true
                ))
        ])
        #expect(try row("main", town).state == .released)
        #expect(try !row("main", town).wrong)
        #expect(try row("main", town).headline == "valid for 58d, given out of hand: it is watched, and left alone")
        let after = try town.reporter.status(nil)
        #expect(after.subjects.released == 1 && after.subjects.ok == before.ok - 1)
        #expect(after.text(TextStyle()).contains(", 1 released"))
    }
}
