import Domain
import Testing

@testable import SettingsFile

@Suite("Settings decoding") struct SettingsDecodingTests {
    func settings(_ files: String...) throws -> Settings {
        try SettingsReading(files.enumerated().map { SettingsText(file: "f\($0)", text: $1) }).settings
    }

    @Test("nothing set is the defaults")
    func defaults() throws { #expect(try settings("") == Settings()) }

    @Test("every key reaches its setting")
    func everything() throws {
        let text = """
            [daemon]
            mode = "enforce"
            look_every = "1h"
            zones_in_parallel = 8
            state_directory = "/s"
            control_socket = "/c"
            keep_history = "400d"
            [cloudflare]
            base_url = "http://127.0.0.1:8080/client/v4"
            token_file = "/t"
            request_share = 1
            connect_timeout = "500ms"
            request_timeout = "2m"
            answer_limit = 1000000
            trusted_roots_file = "/r"
            follow_simulator_clock = true
            [limits]
            orders_per_name_a_day = 4
            orders_per_name_a_week = 6
            orders_a_day = 7
            removals_per_zone_share = 0.25
            removals_a_day = 0
            [deadlines]
            initializing = "1m"
            validation = "2m"
            issuance = "3m"
            deployment = "4m"
            removal = "5m"
            """
        var expected = Settings()
        expected.daemon.mode = .enforce
        expected.daemon.lookEvery = .hours(1)
        expected.daemon.zonesInParallel = 8
        expected.daemon.stateDirectory = "/s"
        expected.daemon.controlSocket = "/c"
        expected.daemon.keepHistory = .days(400)
        expected.cloudflare.baseURL = "http://127.0.0.1:8080/client/v4"
        expected.cloudflare.tokenFile = "/t"
        expected.cloudflare.requestShare = 1
        expected.cloudflare.connectTimeout = .milliseconds(500)
        expected.cloudflare.requestTimeout = .minutes(2)
        expected.cloudflare.answerLimitBytes = 1_000_000
        expected.cloudflare.trustedRootsFile = "/r"
        expected.cloudflare.followSimulatorClock = true
        expected.limits.ordersPerNameADay = 4
        expected.limits.ordersPerNameAWeek = 6
        expected.limits.ordersADay = 7
        expected.limits.removalsPerZoneShare = 0.25
        expected.limits.removalsADay = 0
        expected.deadlines.initializing = .minutes(1)
        expected.deadlines.validation = .minutes(2)
        expected.deadlines.issuance = .minutes(3)
        expected.deadlines.deployment = .minutes(4)
        expected.deadlines.removal = .minutes(5)
        #expect(try settings(text) == expected)
    }

    @Test("a zone's wishes are read whole")
    func wishes() throws {
        let text = """
            [daemon]
            mode = "upsert"
            [[zone]]
            name = "Example.COM."
            id = "023e105f4ecef8ad9ca31a8372d0c353"
            [[zone.certificate_pack]]
            name = "wide"
            hosts = ["*.A.example.com", "example.com."]
            certificate_authority = "ssl_com"
            validation_method = "email"
            validity_days = 30
            cloudflare_branding = true
            [[zone.client_certificate]]
            name = "made here"
            common_name = "Gateway 7"
            alternative_names = ["G.example.net"]
            key = "rsa-3072"
            country = "DE"
            state = "Hessen"
            location = "Kassel"
            organization = "Example"
            unit = "Metering"
            validity_days = 90
            renew_before = "20d"
            overlap = "2h"
            group = "meter"
            command = ["/bin/reload", "now"]
            command_timeout = "5s"
            [[zone.client_certificate]]
            name = "theirs"
            common_name = "t"
            csr_file = "/csr"
            [[zone]]
            name = "example.net"
            mode = "observe"
            [[zone.client_certificate]]
            name = "plain"
            common_name = "p"
            """
        let pack = PackWish(
            name: "wide", hosts: ["*.a.example.com", "example.com"], authority: .sslCom, method: .email,
            validityDays: 30,
            branding: true)
        let made = ClientCertificateWish(
            name: "made here", commonName: "Gateway 7", alternativeNames: ["g.example.net"], key: .made(.rsa3072),
            distinguishedName: .init(
                country: "DE", state: "Hessen", location: "Kassel", organization: "Example", unit: "Metering"),
            validityDays: 90, renewBefore: .days(20), overlap: .hours(2), group: "meter",
            command: ["/bin/reload", "now"],
            commandTimeout: .seconds(5))
        let theirs = ClientCertificateWish(name: "theirs", commonName: "t", key: .request(file: "/csr"))
        let plain = ClientCertificateWish(name: "plain", commonName: "p")
        #expect(
            try settings(text).zones == [
                ZoneWish(
                    name: "example.com", id: ZoneID("023e105f4ecef8ad9ca31a8372d0c353"), mode: .upsert,
                    wishes: [.pack(pack), .clientCertificate(made), .clientCertificate(theirs)]),
                ZoneWish(name: "example.net", id: nil, mode: .observe, wishes: [.clientCertificate(plain)]),
            ])
    }

    @Test(
        "a zone has the stricter of its own mode and the daemon's",
        arguments: [
            (Mode.enforce, Mode.create, Mode.create), (.create, .enforce, .create), (.observe, .observe, .observe),
            (.upsert, .upsert, .upsert),
        ])
    func modes(daemon: Mode, own: Mode, expected: Mode) throws {
        let text = "[daemon]\nmode = '\(daemon.rawValue)'\n" + zone("mode = '\(own.rawValue)'")
        #expect(try settings(text).zones.map(\.mode) == [expected])
    }

    @Test("places know where each key of a wish stands, and where its header")
    func places() throws {
        let reading = try SettingsReading([
            SettingsText(file: "a", text: "[daemon]\nmode = 'create'"), SettingsText(file: "b", text: zone()),
        ])
        let zoneWish = try #require(reading.settings.zones.first)
        let pack = try #require(zoneWish.wishes.first)
        let mode = reading.places.spot(of: "daemon.mode")
        #expect(mode == .init(file: "a", place: TextPlace(line: 2, column: 8), key: "daemon.mode"))
        #expect(reading.places.spot(of: "daemon.look_every") == nil)
        let hosts = reading.places.spot(of: "hosts", in: pack, of: zoneWish)
        #expect(
            hosts == .init(file: "b", place: TextPlace(line: 6, column: 9), key: "zone[1].certificate_pack[1].hosts"))
        let branding = reading.places.spot(of: "cloudflare_branding", in: pack, of: zoneWish)
        #expect(branding == .init(file: "b", place: TextPlace(line: 4, column: 1), key: "zone[1].certificate_pack[1]"))
    }
}
