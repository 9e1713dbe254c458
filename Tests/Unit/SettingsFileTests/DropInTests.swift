import Domain
import Testing

@testable import SettingsFile

@Suite("Drop-ins") struct DropInTests {
    static let id = "023e105f4ecef8ad9ca31a8372d0c353"
    static let otherID = "123e105f4ecef8ad9ca31a8372d0c353"

    func reading(_ files: (String, String)...) throws -> SettingsReading {
        try SettingsReading(files.map { SettingsText(file: $0.0, text: $0.1) })
    }

    func oneZone(_ lines: String, certificate name: String) -> String {
        "[[zone]]\nname = 'example.com'\n\(lines)\n[[zone.client_certificate]]\nname = '\(name)'\ncommon_name = 'c'"
    }

    @Test("a later file replaces single keys and leaves the others")
    func replaces() throws {
        let reading = try reading(
            ("a", "[daemon]\nmode = 'enforce'\nlook_every = '1h'\n[limits]\norders_a_day = 7"),
            ("b", "[daemon]\nmode = 'observe'"))
        #expect(reading.settings.daemon.mode == .observe)
        #expect(reading.settings.daemon.lookEvery == .hours(1))
        #expect(reading.settings.limits.ordersADay == 7)
        #expect(reading.places.spot(of: "daemon.mode")?.file == "b")
        #expect(reading.files == ["a", "b"])
    }

    @Test("the daemon's last mode holds for the zones of every file")
    func modeOfAll() throws {
        let reading = try reading(
            ("a", "[daemon]\nmode = 'enforce'\n" + oneZone("mode = 'upsert'", certificate: "x")),
            ("b", "[daemon]\nmode = 'create'"))
        #expect(reading.settings.zones.map(\.mode) == [.create])
        #expect(reading.warnings.map(\.code) == ["mode-without-effect"])
    }

    @Test(
        "the same zone in two files, by name or by id, is one zone with the wishes of both",
        arguments: [("", ""), ("id = '\(id)'", ""), ("", "id = '\(id)'"), ("id = '\(id)'", "id = '\(id)'")])
    func merges(first: String, second: String) throws {
        let reading = try reading(("a", oneZone(first, certificate: "x")), ("b", oneZone(second, certificate: "y")))
        #expect(reading.settings.zones.map { $0.wishes.map(\.name) } == [["x", "y"]])
        #expect(reading.settings.zones.first?.id == (first + second == "" ? nil : ZoneID(Self.id)))
    }

    @Test("a zone's mode is the one that the last file gives it")
    func zoneMode() throws {
        let reading = try reading(
            ("a", "[daemon]\nmode = 'enforce'\n" + oneZone("mode = 'create'", certificate: "x")),
            ("b", oneZone("mode = 'upsert'", certificate: "y")))
        #expect(reading.settings.zones.map(\.mode) == [.upsert])
    }

    @Test("two zones of one name with an id each are two zones")
    func twoAccounts() throws {
        let text =
            oneZone("id = '\(Self.id)'", certificate: "x") + "\n" + oneZone("id = '\(Self.otherID)'", certificate: "x")
        #expect(try reading(("a", text)).settings.zones.compactMap(\.id?.text) == [Self.id, Self.otherID])
    }

    @Test("a name that is wished twice is told with both places")
    func duplicateNames() {
        let found = diagnostics(of: [("a", oneZone("", certificate: "x")), ("b", "\n" + oneZone("", certificate: "x"))])
        #expect(
            found.map(\.description) == [
                #"b:6:8: error: zone[1].client_certificate[1].name: found "x" a second time; allowed is a name once in its zone and kind; the first is zone[1].client_certificate[1] at a:5:8"#
            ])
    }

    @Test(
        "zones that cannot be told apart, or share an id, are told with the first of them",
        arguments: [
            ("zone-twice", "", "", "example.com"),
            ("zone-twice", "id = '\(id)'", "", "example.com"),
            ("zone-twice", "", "id = '\(id)'", "example.com"),
            ("zone-twice", "id = '\(id)'", "id = '\(id)'", "example.com"),
            ("zone-id-twice", "id = '\(id)'", "id = '\(id)'", "example.net"),
        ])
    func duplicateZones(code: String, first: String, second: String, name: String) {
        let text = oneZone(first, certificate: "x") + "\n" + oneZone(second, certificate: "y")
        let found = diagnostics(
            of: text.replacing(
                "'example.com'\n\(second)\n[[zone.client_certificate]]\nname = 'y'",
                with: "'\(name)'\n\(second)\n[[zone.client_certificate]]\nname = 'y'"))
        #expect(found.map(\.code) == [code])
        #expect(found.first?.hint?.hasPrefix("the first is at f:1") == true)
    }

    @Test("a name that two zones have is not enough in a drop-in")
    func ambiguous() {
        let first =
            oneZone("id = '\(Self.id)'", certificate: "x") + "\n" + oneZone("id = '\(Self.otherID)'", certificate: "x")
        #expect(
            diagnostics(of: [("a", first), ("b", oneZone("", certificate: "y"))]).map(\.code) == ["zone-ambiguous"])
    }

    @Test("two packs with the very same hosts are told: Cloudflare would refuse the second")
    func sameHosts() {
        let second = zone().replacing("'main'", with: "'other'").replacing("\"main\"", with: "\"other\"")
            .replacing("\"gateway\"", with: "\"gateway 2\"")
            .replacing("[\"example.com\", \"*.example.com\"]", with: "[\"*.EXAMPLE.com\", \"example.com\"]")
        #expect(diagnostics(of: [("a", zone()), ("b", second)]).map(\.code) == ["hosts-twice"])
    }

    @Test("errors of all files come together, in the order of the files")
    func allFiles() {
        let found = diagnostics(of: [("z", "a = 1\n[daemon]\nmode = 'x'"), ("a", "b = \nc = 1")])
        #expect(found.map { "\($0.file):\($0.place?.line ?? 0)" } == ["z:1", "z:3", "a:1", "a:1", "a:2"])
    }
}
