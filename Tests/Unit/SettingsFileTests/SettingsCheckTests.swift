import Domain
import Testing

@testable import SettingsFile

@Suite("Settings check") struct SettingsCheckTests {
    let now = Timestamp(unixSeconds: 1_795_000_000)  // 2026-11-18

    func check(_ files: [(String, String)]) throws -> [String] {
        let reading = try SettingsReading(files.map { SettingsText(file: $0.0, text: $0.1) })
        return SettingsCheck.diagnostics(of: reading, now: now).map {
            "\($0.file):\($0.place?.line ?? 0):\($0.place?.column ?? 0) \($0.severity.rawValue) \($0.code) \($0.key)"
        }
    }

    @Test("good wishes pass")
    func good() throws { #expect(try check([("f", zone())]) == []) }

    @Test("findings stand at the key concerned, or at the wish's header, among the settings' warnings")
    func places() throws {
        let second = """
            [[zone]]
            name = "example.com"
            [[zone.certificate_pack]]
            name = "bad"
            hosts = ["*.example.com", "xn--bcher-kva.example.com"]
            certificate_authority = "google"
            validation_method = "http"
            validity_days = 365
            cloudflare_branding = true
            """
        let first = zone("mode = 'enforce'", pack: "cloudflare_branding = true")
        #expect(
            try check([("a", first), ("b", second)]) == [
                "a:3:8 warning mode-without-effect zone[1].mode",
                "a:10:23 warning branding-not-offered zone[1].certificate_pack[1].cloudflare_branding",
                "b:5:9 error apex-missing zone[1].certificate_pack[1].hosts",
                "b:5:9 error punycode-not-offered zone[1].certificate_pack[1].hosts",
                "b:7:21 error wildcard-over-http zone[1].certificate_pack[1].validation_method",
                "b:8:17 error validity-not-offered zone[1].certificate_pack[1].validity_days",
                "b:8:17 error validity-past-calendar zone[1].certificate_pack[1].validity_days",
            ])
    }

    @Test(
        "a signing request that is in hand is for the names that are wished",
        arguments: [
            (RequestAtHand.names(RequestNames(commonName: "gateway.example.com")), [String]()),
            (
                .names(RequestNames(commonName: "m")),
                ["f:13:15 error request-names zone[1].client_certificate[1].common_name"]
            ),
            (
                .names(RequestNames(commonName: nil)),
                ["f:13:15 error request-names zone[1].client_certificate[1].common_name"]
            ),
            (.flawed("no"), ["f:14:12 error request-unreadable zone[1].client_certificate[1].csr_file"]),
        ])
    func requests(atHand: RequestAtHand, findings: [String]) throws {
        let reading = try SettingsReading([
            SettingsText(file: "f", text: zone(certificate: "csr_file = \"/r\""))
        ])
        var asked: [String] = []
        let diagnostics = SettingsCheck.diagnostics(of: reading, now: now) { file in
            asked.append(file)
            return atHand
        }
        #expect(asked == ["/r"])
        let shown = diagnostics.map {
            "\($0.file):\($0.place?.line ?? 0):\($0.place?.column ?? 0) \($0.severity.rawValue) \($0.code) \($0.key)"
        }
        #expect(shown == findings)
    }

    @Test("alternative names are compared where the settings have them, as a set and without case")
    func alternatives() {
        var wish = ClientCertificateWish(name: "m", commonName: "m", key: .request(file: "/r"))
        let names = RequestNames(commonName: "m", alternativeNames: ["B.example", "a.example"])
        #expect(names.differences(from: wish).isEmpty)
        wish.alternativeNames = ["a.example", "b.example"]
        #expect(names.differences(from: wish).isEmpty)
        wish.alternativeNames = ["a.example"]
        #expect(
            names.differences(from: wish).map(\.text)
                == ["the request has 'a.example', 'b.example', alternative_names is 'a.example'"])
    }
    @Test("an empty file, as a failed program leaves it, was good without a word", arguments: ["", "\n# nothing\n"])
    func empty(text: String) throws {
        #expect(try check([("f", text)]) == ["f:1:1 warning no-zones zone"])
        #expect(try check([("f", text), ("conf.d/a", zone())]) == [])
    }
}
