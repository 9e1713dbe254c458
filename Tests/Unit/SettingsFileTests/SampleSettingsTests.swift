import Domain
import FoundationEssentials
import Testing

@testable import SettingsFile

/// `etc/edgecertd.toml`, found from this file's place in the repository.
func sampleSettings() throws -> String {
    var parts = #filePath.split(separator: "/")
    parts.removeLast(4)
    let path = "/" + parts.joined(separator: "/") + "/etc/edgecertd.toml"
    return String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
}

/// Takes `mark` from the beginning of the lines that go on with a key or a header.
func uncommented(_ mark: String, _ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        let rest = line.dropFirst(mark.count)
        guard line.hasPrefix(mark), let first = rest.first, first.isLowercase || first == "[" || first == "#" else {
            return String(line)
        }
        return String(rest)
    }.joined(separator: "\n")
}

@Suite("Sample settings") struct SampleSettingsTests {
    let sample: String
    init() throws { sample = try sampleSettings() }

    func settings(_ text: String) throws -> Settings {
        try SettingsReading([SettingsText(file: "edgecertd.toml", text: text)]).settings
    }

    @Test("as it is, it sets nothing")
    func asItIs() throws { #expect(try settings(sample) == Settings()) }

    @Test("what it shows as defaults are the defaults")
    func defaults() throws {
        let text = uncommented("#", sample)
        #expect(text != sample)
        #expect(try settings(text) == Settings())
    }

    @Test("its examples are good, and the defaults among them are the defaults")
    func examples() throws {
        let examples = uncommented("#: ", sample)
        let settings = try settings(examples)
        #expect(settings.zones.flatMap(\.wishes).map(\.name) == ["main", "hsm-gateway", "meter-gateway"])
        #expect(settings.daemon.keepHistory != nil && settings.cloudflare.tokenFile != nil)
        #expect(try self.settings(uncommented("#", examples)) == settings)
        let text = SettingsText(file: "edgecertd.toml", text: examples)
        #expect(
            SettingsCheck.diagnostics(of: try SettingsReading([text]), now: Timestamp(unixSeconds: 1_795_000_000)) == []
        )
    }

    @Test("every setting is in it")
    func complete() throws {
        let values: [Any] = [DaemonSettings(), CloudflareSettings(), LimitSettings(), DeadlineSettings()]
        let labels = values.flatMap { Mirror(reflecting: $0).children.compactMap(\.label) }
        let others = ["answerLimitBytes": "answer_limit", "baseURL": "base_url"]
        for label in labels {
            let key = others[label] ?? label.reduce("") { $0 + ($1.isUppercase ? "_\($1.lowercased())" : "\($1)") }
            #expect(sample.contains("\n#\(key) = ") || sample.contains("\n#: \(key) = "), "\(key)")
        }
        #expect(labels.count == 24)
    }

    @Test("every key of a zone and its wishes is in it, and no other")
    func wishKeys() throws {
        let all = uncommented("#", uncommented("#: ", sample))
        let strange = all.replacing("[[zone.client_certificate]]", with: "[[zone.client_certificate]]\nstrange = 1")
            .replacing("[[zone.certificate_pack]]", with: "strange = 1\n[[zone.certificate_pack]]\nstrange = 1")
        let allowed = diagnostics(of: strange).filter { $0.code == "unknown-key" }.map(\.allowed)
        #expect(allowed.count == 4)
        let known = Set(allowed.flatMap { $0.replacing(" or ", with: ", ").split(separator: ", ") })
        for key in known where key != "certificate_pack" && key != "client_certificate" {
            #expect(all.contains("\n\(key) = "), "\(key)")
        }
    }
}
