import Domain
import Testing

@testable import SettingsFile

/// What is wrong with one file; empty when it is taken.
func diagnostics(of text: String) -> [Diagnostic] { diagnostics(of: [("f", text)]) }

func diagnostics(of files: [(String, String)]) -> [Diagnostic] {
    do throws(SettingsTrouble) {
        return try SettingsReading(files.map { SettingsText(file: $0.0, text: $0.1) }).warnings
    } catch {
        return error.diagnostics
    }
}

/// A zone with a pack and a client certificate, and lines added to each.
func zone(_ lines: String = "", pack: String = "", certificate: String = "") -> String {
    """
    [[zone]]
    name = "example.com"
    \(lines)
    [[zone.certificate_pack]]
    name = "main"
    hosts = ["example.com", "*.example.com"]
    certificate_authority = "lets_encrypt"
    validation_method = "txt"
    validity_days = 90
    \(pack)
    [[zone.client_certificate]]
    name = "gateway"
    common_name = "gateway.example.com"
    \(certificate)
    """
}

@Suite("Settings diagnostics") struct SettingsDiagnosticTests {
    @Test("a file with ten mistakes gives ten diagnostics, in order of place, each complete")
    func ten() {
        let text = """
            [daemon]
            mode = "enforced"
            look_evry = "15m"
            zones_in_parallel = 65

            [cloudflare]
            base_url = "http://api.cloudflare.com/client/v4"
            connect_timeout = 10
            api_token = "hush-hush"

            [[zone]]
            name = "example.com"
            id = "023E105F4ECEF8AD9CA31A8372D0C353"
              [[zone.certificate_pack]]
              name = "main"
              hosts = ["example.com", "www.example.org"]
              certificate_authority = letsencrypt
              validation_method = "txt"
            """
        let expected = [
            #"f:2:8: error: daemon.mode: found "enforced"; allowed is "observe", "create", "upsert" or "enforce"; did you mean 'enforce'?"#,
            "f:3:1: error: daemon.look_evry: found an unknown key; allowed is control_socket, keep_history, look_every, mode, state_directory or zones_in_parallel; did you mean 'look_every'?",
            "f:4:21: error: daemon.zones_in_parallel: found the number 65; allowed is a whole number from 1 to 64",
            #"f:7:12: error: cloudflare.base_url: found "http://api.cloudflare.com/client/v4"; allowed is a URL with https, or with http on loopback; did you mean 'https://api.cloudflare.com/client/v4'?; without TLS the token could be read on the way"#,
            #"f:8:19: error: cloudflare.connect_timeout: found the number 10; allowed is a duration from "100ms" to "5m"; a duration is a text with a unit of ms, s, m, h or d: "10s", "10m""#,
            "f:9:1: error: cloudflare.api_token: found what looks like a secret (not shown); allowed is no secret in the settings; \(SecretWords.hint)",
            #"f:13:6: error: zone[1].id: found "023E105F4ECEF8AD9CA31A8372D0C353"; allowed is 32 hexadecimal digits in lower case; did you mean '023e105f4ecef8ad9ca31a8372d0c353'?"#,
            "f:14:3: error: zone[1].certificate_pack[1].validity_days: found no 'validity_days'; allowed is 14, 30, 90 or 365",
            #"f:16:27: error: zone[1].certificate_pack[1].hosts[2]: found "www.example.org"; allowed is "example.com" or a name below it"#,
            #"f:17:27: error: zone[1].certificate_pack[1].certificate_authority: found letsencrypt; allowed is a value: a text in quotes, a number, true or false, an array; did you mean '"letsencrypt"'?"#,
        ]
        #expect(diagnostics(of: text).map(\.description) == expected)
    }

    @Test(
        "a wrong value is named with its key and place",
        arguments: [
            ("[daemon]\nmode = 1", "bad-value", "daemon.mode", "2:8"),
            ("[daemon]\nlook_every = \"30s\"", "bad-value", "daemon.look_every", "2:14"),
            ("[daemon]\nlook_every = \"-15m\"", "bad-value", "daemon.look_every", "2:14"),
            ("[daemon]\nlook_every = \"9223372036854775807d\"", "bad-value", "daemon.look_every", "2:14"),
            ("[daemon]\nlook_every = \"99999999999999999999s\"", "bad-value", "daemon.look_every", "2:14"),
            ("[daemon]\nzones_in_parallel = 0", "bad-value", "daemon.zones_in_parallel", "2:21"),
            ("[daemon]\nzones_in_parallel = \"4\"", "bad-value", "daemon.zones_in_parallel", "2:21"),
            ("[daemon]\nstate_directory = \"var\"", "bad-value", "daemon.state_directory", "2:19"),
            ("[daemon]\nkeep_history = \"35d\"", "bad-value", "daemon.keep_history", "2:16"),
            ("[cloudflare]\nrequest_share = 0", "bad-value", "cloudflare.request_share", "2:17"),
            ("[cloudflare]\nrequest_share = 1.01", "bad-value", "cloudflare.request_share", "2:17"),
            ("[cloudflare]\nrequest_share = nan", "bad-value", "cloudflare.request_share", "2:17"),
            ("[cloudflare]\nanswer_limit = \"1KiB\"", "bad-value", "cloudflare.answer_limit", "2:16"),
            ("[cloudflare]\nanswer_limit = \"9999999999999GiB\"", "bad-value", "cloudflare.answer_limit", "2:16"),
            (
                "[cloudflare]\nfollow_simulator_clock = \"true\"", "bad-value", "cloudflare.follow_simulator_clock",
                "2:26"
            ),
            (
                "[cloudflare]\nfollow_simulator_clock = true", "clock-not-loopback",
                "cloudflare.follow_simulator_clock", "2:26"
            ),
            ("[limits]\norders_a_day = -1", "bad-value", "limits.orders_a_day", "2:16"),
            ("[limits]\nremovals_per_zone_share = -0.1", "bad-value", "limits.removals_per_zone_share", "2:27"),
            ("[limits]\norders_per_name_a_day = 6", "week-below-day", "limits.orders_per_name_a_day", "2:25"),
            ("[deadlines]\nissuance = \"31d\"", "bad-value", "deadlines.issuance", "2:12"),
            ("daemon = 1", "bad-value", "daemon", "1:10"),
            ("[[daemon]]", "bad-value", "daemon", "1:1"),
            ("[zone]\nname = \"example.com\"", "bad-value", "zone", "1:1"),
            ("zone = [1]", "bad-value", "zone[1]", "1:9"),
            ("[[zone]]", "missing-key", "zone[1].name", "1:1"),
            ("[[zone]]\nname = \"com\"", "bad-value", "zone[1].name", "2:8"),
            ("[[zone]]\nname = \"*.example.com\"", "bad-value", "zone[1].name", "2:8"),
            ("[[zone]]\nname = \"../x.com\"", "bad-value", "zone[1].name", "2:8"),
            ("[[zone]]\nname = \"example.com\"", "zone-without-wishes", "zone[1]", "1:1"),
            (zone("id = \"12\""), "bad-value", "zone[1].id", "3:6"),
            (zone("mode = \"upsert\""), "mode-without-effect", "zone[1].mode", "3:8"),
            (
                zone(pack: "cloudflare_branding = 1"), "bad-value", "zone[1].certificate_pack[1].cloudflare_branding",
                "10:23"
            ),
            (zone(pack: "validity = 90"), "unknown-key", "zone[1].certificate_pack[1].validity", "10:1"),
            (zone(certificate: "key = \"ec-p521\""), "bad-value", "zone[1].client_certificate[1].key", "14:7"),
            (
                zone(certificate: "csr_file = \"request.pem\""), "bad-value", "zone[1].client_certificate[1].csr_file",
                "14:12"
            ),
            (
                zone(certificate: "csr_file = \"/r\"\nkey = \"ec-p256\""), "key-and-request",
                "zone[1].client_certificate[1].csr_file", "14:12"
            ),
            (
                zone(certificate: "csr_file = \"/r\"\nunit = \"U\""), "unused-key",
                "zone[1].client_certificate[1].unit", "15:8"
            ),
            (zone(certificate: "country = \"de\""), "bad-value", "zone[1].client_certificate[1].country", "14:11"),
            (
                zone(certificate: "validity_days = 0"), "bad-value", "zone[1].client_certificate[1].validity_days",
                "14:17"
            ),
            (
                zone(certificate: "validity_days = 3651"), "bad-value", "zone[1].client_certificate[1].validity_days",
                "14:17"
            ),
            (
                zone(certificate: "validity_days = 30"), "renewal-before-issue",
                "zone[1].client_certificate[1].validity_days", "14:17"
            ),
            (
                zone(certificate: "renew_before = \"365d\""), "renewal-before-issue",
                "zone[1].client_certificate[1].renew_before", "14:16"
            ),
            (
                zone(certificate: "overlap = \"30d\""), "overlap-past-end", "zone[1].client_certificate[1].overlap",
                "14:11"
            ),
            (zone(certificate: "group = \"a b\""), "bad-value", "zone[1].client_certificate[1].group", "14:9"),
            (
                zone(certificate: "command = \"/bin/true\""), "bad-value", "zone[1].client_certificate[1].command",
                "14:11"
            ),
            (
                zone(certificate: "command = [\"true\"]"), "bad-command", "zone[1].client_certificate[1].command[1]",
                "14:12"
            ),
            (zone(certificate: "command = [\"/a\", 1]"), "bad-value", "zone[1].client_certificate[1].command", "14:11"),
            (
                zone(certificate: "command = [\"/a\", \"\\u0000\"]"), "bad-command",
                "zone[1].client_certificate[1].command[2]", "14:18"
            ),
            (
                zone(certificate: "command_timeout = \"2h\""), "bad-value",
                "zone[1].client_certificate[1].command_timeout", "14:19"
            ),
            (
                zone(certificate: "alternative_names = [\"a_b.example.com\"]"), "bad-host",
                "zone[1].client_certificate[1].alternative_names[1]", "14:22"
            ),
        ])
    func single(text: String, code: String, key: String, place: String) {
        let found = diagnostics(of: text).map {
            "\($0.code) \($0.key) \($0.place.map { "\($0.line):\($0.column)" } ?? "")"
        }
        #expect(found == ["\(code) \(key) \(place)"])
    }

    @Test(
        "a host that no certificate can have, or another zone has, is refused where it stands",
        arguments: [
            ("\"\"", "bad-host"), ("\"münchen.example.com\"", "bad-host"), ("\"a b.example.com\"", "bad-host"),
            ("\"a..example.com\"", "bad-host"), ("\"-a.example.com\"", "bad-host"), ("\"a-.example.com\"", "bad-host"),
            ("\"a_b.example.com\"", "bad-host"), ("\"*.*.example.com\"", "bad-host"),
            ("\"w*.example.com\"", "bad-host"),
            ("\"a.*.example.com\"", "bad-host"), ("\"*\"", "bad-host"), ("\"*.\"", "bad-host"), ("\".\"", "bad-host"),
            ("\"\(String(repeating: "a", count: 64)).example.com\"", "bad-host"),
            ("\"\(String(repeating: "a.", count: 130))example.com\"", "bad-host"),
            ("\"example.org\"", "host-outside-zone"), ("\"notexample.com\"", "host-outside-zone"),
            ("\"com\"", "host-outside-zone"), ("\"192.0.2.1\"", "host-outside-zone"),
            ("\"sni.cloudflaressl.com\"", "host-outside-zone"), ("\"EXAMPLE.com.\"", "host-twice"),
        ])
    func hosts(host: String, code: String) {
        let text = zone().replacing("\"*.example.com\"", with: host)
        let found = diagnostics(of: text)
        #expect(found.map(\.code) == [code])
        #expect(found.first?.key == "zone[1].certificate_pack[1].hosts[2]")
        #expect(found.first?.place == TextPlace(line: 6, column: 25))
    }

    @Test(
        "a name that could leave its folder, hide in it or break a line is refused",
        arguments: [
            "", ".", "..", ".hidden", "a/b", "a\\nb", "a\\u0000", "a\\u202Eb", " a", "a ",
            String(repeating: "n", count: 101),
        ])
    func names(name: String) {
        #expect(diagnostics(of: zone().replacing("\"main\"", with: "\"\(name)\"")).map(\.code) == ["bad-value"])
        #expect(diagnostics(of: zone().replacing("\"gateway\"", with: "\"\(name)\"")).map(\.code) == ["bad-value"])
    }

    @Test(
        "a base URL is https, or http on loopback",
        arguments: [
            ("https://api.cloudflare.com/client/v4", true), ("https://127.0.0.1:8443/x", true),
            ("HTTPS://a.example", true),
            ("http://127.0.0.1:8080/client/v4", true), ("http://127.9.9.9", true), ("http://[::1]:80/", true),
            ("http://localhost:8080", true), ("http://LOCALHOST/", true),
            ("http://api.cloudflare.com", false), ("http://127.0.0.1.example.com", false),
            ("http://localhost.example", false),
            ("http://127.0.0.256", false), ("http://127.1", false), ("http://0127.0.0.1", false),
            ("http://[::2]", false),
            ("http://10.0.0.1", false), ("http://127.0.0.1@evil.example", false), ("https://u:p@a.example", false),
            ("ftp://a.example", false), ("https://", false), ("https:///x", false), ("https://a.example:0", false),
            ("https://a.example:65536", false), ("https://a.example:x", false), ("https://[::1", false),
            ("https://[::1]8080", false), ("https://[]", false), ("https://a.example/?q", false),
            ("https://a.example/#f", false),
            ("https://a b.example", false), ("https://a.example/\\\\x", false), ("api.cloudflare.com", false),
            ("", false),
        ])
    func baseURLs(url: String, isGood: Bool) {
        #expect(diagnostics(of: "[cloudflare]\nbase_url = \"\(url)\"").map(\.code).isEmpty == isGood)
    }

    @Test("no slash is left at the end of a base URL")
    func slash() throws {
        let reading = try SettingsReading([
            SettingsText(file: "f", text: "[cloudflare]\nbase_url = \"http://[::1]:80/v4//\"")
        ])
        #expect(reading.settings.cloudflare.baseURL == "http://[::1]:80/v4")
    }

    @Test(
        "no diagnostic shows what may be a secret",
        arguments: [
            "[cloudflare]\ntoken = \"hush-hush\"", "[cloudflare]\ntoken = hush-hush", "token = 'hush-hush",
            "api-key = 'hush-hush'",
            "[cloudflare]\ntoken_file = \"hush-hush\"", "[cloudflare]\ntoken_file = hush-hush",
            "[daemon]\nCF_API_TOKEN = 'hush-hush'",
            "[cloudflare]\nbase_url = \"https://me:hush-hush@api.cloudflare.com\"",
            "[[zone]]\nname = \"example.com\"\nsecret = 'hush-hush'",
            "[cloudflare.token]\nvalue = 'hush-hush'", "[cloudflare.token]\nvalue = hush-hush", "unknown = 'hush-hush'",
        ])
    func secrets(text: String) {
        let found = diagnostics(of: text)
        #expect(!found.isEmpty)
        #expect(!found.contains { $0.description.contains("hush") })
    }

    @Test("a key that stands in the wrong table is told where it belongs")
    func homes() {
        let found = diagnostics(
            of: "base_url = 'x'\n[cloudflare]\nlook_every = '15m'\n[[zone]]\nname='example.com'\nhosts = []")
        let hints = found.filter { $0.code == "unknown-key" }.map(\.hint)
        #expect(
            hints == [
                "'base_url' belongs under [cloudflare]", "'look_every' belongs under [daemon]",
                "'hosts' belongs under [[zone.certificate_pack]]",
            ])
    }

    @Test("a line holds one diagnostic, whatever the texts hold")
    func oneLine() {
        let found = diagnostics(of: "[daemon]\nmode = \"a\\nb\\u202E\\u0000\"\n\"k\\n\" = 1")
        #expect(found.count == 2)
        for diagnostic in found {
            #expect(diagnostic.description.unicodeScalars.allSatisfy { $0.value >= 32 && $0 != "\u{202E}" })
        }
    }

    @Test("a file of garbage gives a thousand diagnostics at most")
    func bounded() {
        let text = "[daemon]\n" + (0..<5000).map { "x\($0) = 1\n" }.joined()
        #expect(diagnostics(of: text).count == 1000)
    }

    @Test("the trouble explains itself in one clause and keeps the whole")
    func explained() throws {
        let trouble = try #require(throws: SettingsTrouble.self) {
            try SettingsReading([SettingsText(file: "f", text: "a = 1\nb = 2\nc = 3")])
        }
        #expect(trouble.explanation.code == "settings-refused")
        #expect(trouble.explanation.summary.hasPrefix("f:1:1: error: a: found an unknown key"))
        #expect(trouble.explanation.summary.hasSuffix("(and 2 more)"))
        #expect(trouble.description.split(separator: "\n").count == 3)
    }
}
