import Domain
import Engine
import Testing

@testable import Reports

@Suite("What people mean by a name") struct SubjectFinderTests {
    @Test(
        "a subject is found by any form that is unique",
        arguments: [
            "example.com/certificate_pack/api", "Example.COM./pack/api", "example.com/api", "pack/api", "api",
            "023e105f4ecef8ad9ca31a8372d0c353/api",
        ])
    func found(text: String) throws {
        #expect(try Town().reporter.finder.subject(text) == Town.subject("api"))
    }

    @Test("a name that several have is refused with all of them")
    func ambiguous() throws {
        let town = try Town()
        let trouble = #expect(throws: SubjectFinder.Trouble.self) { try town.reporter.finder.subject("main") }
        #expect(
            trouble?.explanation.summary
                == "'main' may be example.com/certificate_pack/main, old.example/certificate_pack/main"
                || trouble?.explanation.summary
                    == "'main' may be old.example/certificate_pack/main, example.com/certificate_pack/main"
        )
    }

    @Test(
        "a name that is nearly right is suggested",
        arguments: [
            ("stukc", "example.com/certificate_pack/stuck"),
            ("example.com/cert/meter", "example.com/client_certificate/meters"),
            ("example.com/shpo", "example.com/certificate_pack/shop"),
        ])
    func near(text: String, suggestion: String) throws {
        let town = try Town()
        let trouble = #expect(throws: SubjectFinder.Trouble.self) { try town.reporter.finder.subject(text) }
        #expect(trouble?.explanation.hint?.contains(suggestion) == true)
    }

    @Test("nothing is suggested for what is like nothing")
    func far() throws {
        let town = try Town()
        let trouble = #expect(throws: SubjectFinder.Trouble.self) { try town.reporter.finder.subject("zzzzzzzzzzzz") }
        #expect(trouble?.explanation.hint == "'edgecertctl list --all' shows all of them")
    }

    @Test("an unknown kind is named")
    func kind() throws {
        let town = try Town()
        #expect(throws: SubjectFinder.Trouble.noKind(text: "box")) {
            try town.reporter.finder.subject("example.com/box/main")
        }
    }

    @Test("a scope is a zone where one has the name, else a subject, and everything for nothing")
    func scopes() throws {
        let finder = try Town().reporter.finder
        #expect(try finder.scope(nil) == .all)
        #expect(try finder.scope("example.com") == .zone(Town.zone))
        #expect(try finder.scope("api") == .subject(Town.subject("api")))
        #expect(throws: SubjectFinder.Trouble.noZone(text: "exmaple.com", near: ["example.com"])) {
            try finder.scope("exmaple.com")
        }
    }

    @Test(
        "any text at all is answered, however odd",
        arguments: ["", "/", "//", "///", "\u{0}", "a/b/c/d", String(repeating: "x", count: 100_000)])
    func odd(text: String) throws {
        let finder = try Town().reporter.finder
        #expect(throws: SubjectFinder.Trouble.self) { try finder.subject(text) }
    }
}

@Suite("Durations and moments that are typed") struct ShortDurationTests {
    @Test(
        "what a duration is",
        arguments: [
            ("90s", Duration.seconds(90)), ("15m", .minutes(15)), ("4h", .hours(4)), ("30d", .days(30)),
            ("2w", .days(14)),
        ])
    func parses(text: String, span: Duration) { #expect(ShortDuration.parse(text) == span) }

    @Test(
        "what none is",
        arguments: ["", "s", "0s", "-5m", "5", "5y", "5 m", "99999999999999999999d", "9223372036854775807w", "１s"])
    func refuses(text: String) { #expect(ShortDuration.parse(text) == nil) }

    @Test(
        "how one is written",
        arguments: [
            (0, "0s"), (59, "59s"), (60, "1m"), (3599, "59m"), (3600, "1h"), (3660, "1h 1m"), (86_400, "1d"),
            (90_000, "1d 1h"), (5 * 86_400 + 7, "5d"), (-120, "2m"),
        ])
    func writes(seconds: Int, text: String) { #expect(ShortDuration.text(.seconds(seconds)) == text) }

    @Test("the longest duration is written, not trapped on")
    func longest() { #expect(ShortDuration.text(.seconds(Int64.min)).hasSuffix("d")) }

    @Test("a moment is RFC 3339, a day, or a time ago")
    func moments() {
        let noon = Town.noon
        #expect(ShortDuration.moment("2d", before: noon) == noon - .days(2))
        #expect(ShortDuration.moment("2026-11-21T12:00:00Z", before: noon) == noon)
        #expect(ShortDuration.moment(noon.shown, before: noon) == noon)  // as it is copied from a table
        #expect(ShortDuration.moment("2026-11-21", before: noon) == noon - .hours(12))
        #expect(ShortDuration.moment("yesterday", before: noon) == nil)
    }
}

@Suite("Zone file") struct ZoneFragmentTests {
    private func text(_ name: String, _ value: String) -> String {
        ZoneFragment([TownRecords.pack([RecordRow(type: "TXT", name: name, value: value, status: nil)])]).text
    }

    @Test("no name and no value can begin a record of its own")
    func injection() {
        #expect(
            text("a.example.com", "x\"\nevil 60 IN A 1.2.3.4")
                == "a.example.com. 60 IN TXT \"x\\\"\\010evil 60 IN A 1.2.3.4\"\n")
        #expect(text("a b;\n$INCLUDE x", "y") == "a\\032b\\059\\010\\036include\\032x. 60 IN TXT \"y\"\n")
    }

    @Test("a long value comes in pieces of 255 bytes")
    func long() {
        let value = String(repeating: "v", count: 300)
        #expect(
            text("a.example.com", value)
                == "a.example.com. 60 IN TXT \"\(value.prefix(255))\" \"\(value.suffix(45))\"\n")
    }

    @Test("a value that is wanted twice is published once")
    func once() {
        let row = RecordRow(type: "TXT", name: "a.example.com", value: "v", status: nil)
        let packs = [TownRecords.pack([row]), TownRecords.pack([row])]
        #expect(ZoneFragment(packs).text == "a.example.com. 60 IN TXT \"v\"\n")
    }

    @Test("what is not published in DNS is left out")
    func others() {
        let rows = [
            RecordRow(type: "HTTP", name: "http://a/.well-known/x", value: "v", status: nil),
            RecordRow(type: "EMAIL", name: nil, value: "a@example.com", status: nil),
            RecordRow(type: "CNAME", name: "_acme-challenge.a.example.com", value: "x.dcv.cloudflare.com", status: nil),
        ]
        #expect(
            ZoneFragment([TownRecords.pack(rows)]).text
                == "_acme-challenge.a.example.com. 60 IN CNAME x.dcv.cloudflare.com.\n")
    }
}

enum TownRecords {
    static func pack(_ records: [RecordRow]) -> PackRecords {
        PackRecords(
            path: "example.com/certificate_pack/api", object: "p", status: "pending_validation", hosts: [],
            method: "txt",
            since: Moment(Town.noon), ageSeconds: 0, deadline: nil, notAfter: nil, records: records, errors: [])
    }
}

@Suite("Tables") struct TableTests {
    @Test("the last column gives way to the terminal, and nothing else does")
    func width() {
        var table = Table("A", "WHAT")
        table.add(.init("a-long-first-cell"), .init(String(repeating: "w", count: 100)))
        let lines = table.text(TextStyle(width: 60)).split(separator: "\n")
        #expect(lines[1].count == 60)
        #expect(lines[1].hasSuffix("…"))
        #expect(table.text(TextStyle()).split(separator: "\n")[1].count == 119)
    }

    @Test("of a table with long subjects a terminal of 80 columns showed hardly more than the subjects")
    func narrow() throws {
        var table = Table("SUBJECT", "STATE", "WHAT")
        let subject = "a-rather-long-zone-name.example.com/certificate_pack/main-website"
        let words = "Cloudflare gave up on a step: the authority could not see the record that has to be published"
        table.add(.init(subject), .init("wrong", .red), .init(words))
        table.add(.init("b.example/certificate_pack/x"), .init("ok"), .init(""))
        func padded(_ text: String) -> String {
            text + String(repeating: " ", count: subject.count - text.count + 2)
        }
        #expect(
            table.text(TextStyle(width: 80)).split(separator: "\n").map(String.init) == [
                padded("SUBJECT") + "STATE", "    WHAT", padded(subject) + "wrong",
                "    Cloudflare gave up on a step: the authority could not see the record that",
                "    has to be published", padded("b.example/certificate_pack/x") + "ok",
            ])
        let lines = table.text(TextStyle(width: 40)).split(separator: "\n").map(String.init)
        #expect(lines.allSatisfy { $0.count <= 40 })
        #expect(lines[2] == "a-rather-long-zo…ack/main-website  wrong")
        #expect(lines.contains("    Cloudflare gave up on a step: the"))
        // Colours are painted line by line, and count for nothing in the width.
        let coloured = table.text(TextStyle(width: 40, isColoured: true))
        #expect(coloured.replacing(try Regex("\u{1b}\\[[0-9]+m"), with: "") == table.text(TextStyle(width: 40)))
    }

    @Test("a narrow terminal was shown times without their middle")
    func times() {
        var table = Table("WHEN", "SUBJECT", "EVENT", "WHY")
        let subject = "a-rather-long-zone-name.example.com/certificate_pack/main-website"
        table.add(.time("2026-11-21 03:28:38Z"), .init(subject), .init("certificate-replaced"), .init("words"))
        for width in 1...120 {
            #expect(table.text(TextStyle(width: width)).contains("\n2026-11-21 03:28:38Z  "))
        }
        let lines = table.text(TextStyle(width: 60)).split(separator: "\n")
        #expect(lines[2] == "2026-11-21 03:28:38Z  a-rathe…-website  certificate-replaced")
    }

    @Test("no terminal is too narrow for a table", arguments: 1...30)
    func tiny(width: Int) throws {
        let report = try Town().reporter.list(SubjectFilter(), RowFilter())
        #expect(report.text(TextStyle(width: width)).split(separator: "\n").count >= report.rows.count)
    }

    @Test("what goes into a pipe is whole, on one line for each row")
    func piped() throws {
        let report = try Town().reporter.list(SubjectFilter(), RowFilter())
        let lines = report.text(TextStyle()).split(separator: "\n")
        #expect(lines.count == report.rows.count + 1)
        for row in report.rows { #expect(lines.contains { $0.hasPrefix(row.path) && $0.hasSuffix(row.headline) }) }
    }

    @Test("a terminal obeys nothing that comes from outside")
    func controls() {
        #expect(TextStyle.plain("a\u{1b}[31mb\nc\u{202e}d\u{9b}e") == "a\u{fffd}[31mb\u{fffd}c\u{fffd}d\u{fffd}e")
        #expect(TextStyle.plain("grün — ✓") == "grün — ✓")
    }

    @Test("colours are only there when they are asked for")
    func colours() throws {
        let report = try Town().reporter.list(SubjectFilter(), RowFilter())
        #expect(!report.text(TextStyle()).contains("\u{1b}"))
        #expect(report.text(TextStyle(isColoured: true)).contains("\u{1b}[31mexpired\u{1b}[0m"))
    }
}
