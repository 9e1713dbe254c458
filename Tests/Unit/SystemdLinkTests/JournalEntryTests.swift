import Domain
import Testing

@testable import SystemdLink

@Suite("Journal entries") struct JournalEntryTests {
    let subject = Subject(zone: ZoneID("023e105f"), kind: .certificatePack, name: "main")

    private func entry(_ news: News) -> JournalEntry { JournalEntry(news, identifier: "edgecertd") }

    @Test("every fact is a field, and the message ends with the facts that a person needs first")
    func transition() {
        let news = News(
            .transition, .notice, about: subject, zoneName: "example.com",
            [
                .init(.reason, "missing"), .init(.from, "validation"), .init(.to, "serving"),
                .init(.event, "moved"), .init(.move, "expected"), .init(.object, "3822ff90"),
            ])
        #expect(
            entry(news).fields.map { "\($0.name)=\($0.value)" } == [
                "MESSAGE=a certificate changed: example.com/certificate_pack/main from=validation to=serving reason=missing",
                "MESSAGE_ID=f6575578c6da4d45969cc742d9a90297",
                "PRIORITY=5",
                "SYSLOG_IDENTIFIER=edgecertd",
                "EDGECERT_NEWS=transition",
                "EDGECERT_ZONE=example.com",
                "EDGECERT_SUBJECT=example.com/certificate_pack/main",
                "EDGECERT_KIND=certificate_pack",
                "EDGECERT_ZONE_ID=023e105f",
                "EDGECERT_REASON=missing",
                "EDGECERT_FROM=validation",
                "EDGECERT_TO=serving",
                "EDGECERT_EVENT=moved",
                "EDGECERT_MOVE=expected",
                "EDGECERT_OBJECT=3822ff90",
            ])
        #expect(
            entry(news).line
                == "<5>a certificate changed: example.com/certificate_pack/main from=validation to=serving reason=missing"
        )
    }

    @Test(
        "what the message says",
        arguments: [
            (News(.stopping, .info), "edgecertd is stopping"),
            (News(.settingsLoaded, .info, [.init(.mode, "enforce")]), "settings loaded: mode=enforce"),
            (
                News(.episodeRaised, .error, zoneName: "example.com", [.init(.condition, "zone-unseen")]),
                "something is wrong: example.com condition=zone-unseen"
            ),
            (
                News(.operationRefused, .error, [.init(.errorMessage, #"say "no" \ a=b"#), .init(.errorCode, "1450")]),
                #"Cloudflare refused a change: error_code=1450 error_message="say \"no\" \\ a=b""#
            ),
            (News(.transition, .notice, [.init(.move, "surprising")]), "a certificate changed: move=surprising"),
            (
                News(.transition, .notice, [.init(.event, "vanished"), .init(.to, "")]),
                "a certificate changed: event=vanished"
            ),
            (News(.commandOutput, .info, [.init(.output, "much\ntext")]), "the command after a change has run"),
        ])
    func message(news: News, message: String) {
        #expect(entry(news).message == message)
    }

    @Test("a subject of a zone without a name is called by the zone's identifier")
    func unnamedZone() {
        let fields = entry(News(.decision, .info, about: subject)).fields
        #expect(fields.contains(.init(name: "EDGECERT_SUBJECT", value: "023e105f/certificate_pack/main")))
        #expect(fields.contains(.init(name: "EDGECERT_ZONE", value: "023e105f")))
    }

    @Test("what came from outside cannot begin a second line, in whatever field it is")
    func oneLine() {
        let hostile = Subject(zone: ZoneID("z"), kind: .certificatePack, name: "a\n<0>forged\u{1B}[2J\u{202E}")
        for name in News.Field.Name.allCases {
            let line = entry(
                News(.transition, .notice, about: hostile, zoneName: "b\rc", [.init(name, "x\n<0>y\u{2028}")])
            ).line
            #expect(!line.unicodeScalars.contains { $0.isUnprintable }, "\(name)")
        }
    }

    @Test("the field keeps every line of what the message shows on one")
    func manyLines() {
        let fields = entry(News(.commandOutput, .info, [.init(.output, "one\ntwo")])).fields
        #expect(fields.last == .init(name: "EDGECERT_OUTPUT", value: "one\ntwo"))
    }

    @Test("a value past 64 KiB is cut between characters, and the message stays short")
    func bounded() throws {
        for shift in 0..<4 {
            let value = String(repeating: "a", count: shift) + String(repeating: "😀", count: 20_000)
            let made = entry(News(.commandFailed, .error, [.init(.detail, value)]))
            let kept = try #require(made.fields.last?.value)
            #expect(kept.utf8.count <= JournalEntry.valueLimit && kept.utf8.count > JournalEntry.valueLimit - 8)
            #expect(kept.hasSuffix("😀…"))
            #expect(made.message.count <= 2000)
        }
    }

    @Test("every field has its place: in the message, or known to be left out of it")
    func everyField() {
        let leftOut: Set<News.Field.Name> = [.zoneID, .object, .fromStatus, .output]
        #expect(Set(JournalEntry.factsInMessage).union(leftOut) == Set(News.Field.Name.allCases))
        #expect(leftOut.isDisjoint(with: JournalEntry.factsInMessage))
        #expect(Set(JournalEntry.factsInMessage).count == JournalEntry.factsInMessage.count)
    }

    @Test(
        "the journal is written to directly only where standard error is the journal's",
        arguments: [
            ("8:29", JournalSink.Way.journal), ("8:30", .standardError), ("08:29", .standardError),
            ("", .standardError), ("8", .standardError),
        ])
    func way(stream: String, expected: JournalSink.Way) {
        #expect(JournalSink.Way.of(stream: stream, device: 8, inode: 29) == expected)
    }

    @Test("without a journal the line goes to standard error")
    func standardError() async throws {
        let result = try await #require(processExitsWith: .success, observing: [\.standardErrorContent]) {
            let sink = JournalSink(way: .standardError)
            sink.tell(News(.started, .notice, [.init(.version, "1.0")]))
            sink.tell(News(.stopping, .info))
            sink.flush(within: .seconds(60))
        }
        #expect(
            String(decoding: result.standardErrorContent, as: UTF8.self).hasSuffix(
                "<5>edgecertd started: version=1.0\n<6>edgecertd is stopping\n"))
    }
}
