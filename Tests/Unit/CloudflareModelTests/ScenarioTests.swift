import CloudflareModel
import Domain
import TestKit
import Testing

@Suite("Scenario files and JSON") struct ScenarioTests {
    @Test("a scenario says what it says, and the rest is as ever")
    func reading() throws {
        let json = """
            {"account": {"id": "abc"},
             "settings": {"pace": {"initializing": ["1s", "2s"], "deletion": "7m"}, "timeouts": {"validation": "30m"},
                          "list_lag": "2s", "limiter": {"quota": 5}, "date_skew_seconds": -90},
             "tokens": [{"label": "reader", "value": "abc", "permissions": ["ssl_read"], "zones": ["example.com"]}],
             "zones": [{"name": "Example.com.", "type": "partial", "plan": "free", "timeouts_first": 2,
                        "stuck": ["issuance"], "packs": [{"hosts": ["example.com"], "type": "keyless"}]}],
             "faults": [{"do": ["delay", "html"], "seconds": 3, "path": "/zones", "probability": 0.5}]}
            """
        let scenario = try Scenario(json: Array(json.utf8))
        #expect(scenario.settings.pace.initializing == .seconds(1) ... .seconds(2))
        #expect(scenario.settings.pace.deletion == .minutes(7) ... .minutes(7))
        #expect(scenario.settings.timeouts.validation == .minutes(30))
        #expect(scenario.settings.dateSkew == .seconds(-90))
        #expect(scenario.settings.limiter.quota == 5 && scenario.settings.limiter.isOn)
        #expect(scenario.tokens[0].permissions == [.sslRead])
        #expect(scenario.zones[0].name == "example.com")
        #expect(scenario.zones[0].conduct.validation == .manual)
        #expect(scenario.zones[0].conduct.stuck == [.issuance])
        #expect(scenario.zones[0].packs[0].type == "keyless")
        #expect(scenario.faults[0].faults == [.delay(.seconds(3)), .html(status: 503)])
        #expect(try Scenario(json: Array("{}".utf8)).zones.map(\.name) == ["example.com", "example.net"])
    }

    @Test(
        "what is wrong is named with its place",
        arguments: [
            (#"{"zone": []}"#, "zone"), (#"{"zones": [{"nam": "a.b"}]}"#, "zones[0].name"),
            (#"{"zones": [{"name": "a.b", "validation": "sometimes"}]}"#, "zones[0].validation"),
            (
                #"{"zones": [{"name": "a.b", "packs": [{"hosts": ["a.b"], "validity_days": "90"}]}]}"#,
                "zones[0].packs[0].validity_days"
            ),
            (#"{"settings": {"list_lag": "soon"}}"#, "settings.list_lag"),
            (#"{"settings": {"pace": {"deletion": ["9s", "3s"]}}}"#, "settings.pace.deletion"),
            (#"{"faults": [{"do": "explode"}]}"#, "faults[0].do"), (#"{"tokens": [{}]}"#, "tokens[0].label"),
            (#"{"settings": {"limiter": {"quota": 1e99}}}"#, "settings.limiter.quota"), ("[]", ""), ("{", ""),
        ])
    func troubles(json: String, place: String) throws {
        let trouble = #expect(throws: ScenarioTrouble.self) { _ = try Scenario(json: Array(json.utf8)) }
        #expect(trouble?.place == place)
    }

    @Test("a world that cannot be is refused")
    func impossible() throws {
        #expect(throws: ScenarioTrouble.self) { try World(World.scenario { $0.zones += Scenario.twoZones }) }
        #expect(throws: ScenarioTrouble.self) {
            try World(World.scenario { $0.tokens = [TokenSeed(label: "a"), TokenSeed(label: "a")] })
        }
    }

    @Test(
        "JSON is read as RFC 8259 has it",
        arguments: [
            (#""a\u00e4\ud83d\ude00\n""#, JSONValue.string("aä😀\n")), ("-0.5e+3", .number("-0.5e+3")),
            (" [1 , true,null ] ", .array([.number("1"), .bool(true), .null])),
            (#"{"a":{"b":[]}}"#, .object([.init(key: "a", value: .object([.init(key: "b", value: .array([]))]))])),
            (#""\ud83d""#, .string("\u{FFFD}")),
        ])
    func json(text: String, value: JSONValue) throws {
        #expect(try JSONValue(reading: text.utf8) == value)
    }

    @Test(
        "what is not JSON is refused, and nothing traps",
        arguments: [
            "", " ", "{", "[", "[1,]", "{\"a\":}", "{\"a\" 1}", "{a:1}", "01", "1.", "1e", "-", "tru", "\"", "\"\\x\"",
            "\"\\u12\"", "\"\u{1}\"", "1 2", "nul", "[1 2]", "\"\\", "\"\\u+123\"",
        ])
    func notJSON(text: String) {
        #expect(throws: JSONTrouble.self) { try JSONValue(reading: text.utf8) }
    }

    @Test("nesting is bounded")
    func depth() throws {
        #expect(throws: JSONTrouble.self) { try JSONValue(reading: String(repeating: "[", count: 1_000_000).utf8) }
        let deep = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        #expect(try JSONValue(reading: deep.utf8).elements?.count == 1)
    }

    @Test("what is written can be read, whatever the text")
    func roundTrip() throws {
        let texts = ["", "\"\\/\u{8}\u{1F}\n\r\t", "äöü😀", "a\u{2028}b"]
        let bytes = JSONWriter.text { writer in
            writer.object { writer in
                writer.member("texts", texts)
                writer.object("inner") { $0.member("n", -5) }
                writer.member("none", orNull: nil)
            }
        }
        let value = try JSONValue(reading: bytes)
        #expect(value["texts"]?.elements?.compactMap(\.text) == texts)
        #expect(value["inner"]?["n"]?.integer == -5)
        var writer = JSONWriter()
        value.write(to: &writer)
        #expect(writer.bytes == bytes)
    }
}
