import Domain
import Testing

@testable import CloudflareAPI

@Suite("A pack, as it is read")
struct PackDecodingTests {
    private func sighting(_ text: String) -> Sighting? { JSON(Array(text.utf8)).flatMap(PackAPI.sighting) }

    private func traits(_ text: String) -> PackTraits? {
        guard case .pack(let traits) = sighting(text)?.traits else { return nil }
        return traits
    }

    @Test("with everything that an answer can hold")
    func whole() {
        let text = #"""
            {"id":"0f405ba2-8c18-49eb-a30b-28b85427780f","type":"advanced","status":"active",
             "hosts":["Example.com","*.example.com","sni.cloudflaressl.com"],"certificate_authority":"ssl_com",
             "validation_method":"txt","validity_days":90,"cloudflare_branding":true,"created_on":"2026-01-01T00:00:00.5Z",
             "primary_certificate":"c1","dcv_delegation_records":[{"cname":"a","cname_target":"b"}],
             "certificates":[
               {"id":"c1","issuer":"SSLcom","uploaded_on":"2026-01-02T10:00:00.123456Z","expires_on":"2026-04-01T00:00:00Z","priority":null},
               {"id":"c2","issuer":"SSLcom","uploaded_on":"2026-01-02T10:00:00Z","expires_on":"2026-03-31T23:00:00+01:00"}],
             "validation_errors":[{"message":"SERVFAIL looking up CAA for example.com"},"plain",{"other":1}]}
            """#
        #expect(
            sighting(text)
                == Sighting(
                    id: ObjectID("0f405ba2-8c18-49eb-a30b-28b85427780f"), status: "active", stage: .serving,
                    traits: .pack(
                        PackTraits(
                            type: "advanced", hosts: ["example.com", "*.example.com", "sni.cloudflaressl.com"],
                            authority: "ssl_com", method: "txt", validityDays: 90, branding: true,
                            certificates: [
                                IssuedCertificate(
                                    id: "c1", issuer: "SSLcom",
                                    uploadedOn: Timestamp(unixMilliseconds: 1_767_348_000_123),
                                    notAfter: Timestamp(year: 2026, month: 4, day: 1)),
                                IssuedCertificate(
                                    id: "c2", issuer: "SSLcom",
                                    uploadedOn: Timestamp(unixMilliseconds: 1_767_348_000_000),
                                    notAfter: Timestamp(cloudflare: "2026-03-31T22:00:00Z")),
                            ], validationErrors: ["SERVFAIL looking up CAA for example.com", "plain"]))))
        #expect(traits(text)?.notAfter?.rfc3339 == "2026-03-31T22:00:00Z")
    }

    @Test("every status that is known has its stage, and its word is kept", arguments: PackStatus.allCases)
    func statuses(status: PackStatus) {
        let found = sighting(#"{"id":"a","hosts":["b"],"status":"\#(status.rawValue)"}"#)
        #expect(found?.stage == status.stage && found?.status == status.rawValue)
    }

    @Test(
        "what cannot be read makes it unread, and it alone",
        arguments: [
            (#"{"id":"a","hosts":["b"],"status":"polishing"}"#, "polishing"), (#"{"id":"a","hosts":["b"]}"#, ""),
            (#"{"id":"a","hosts":["b"],"status":null}"#, ""), (#"{"id":"a","hosts":["b"],"status":7}"#, "7"),
            (#"{"id":"a","hosts":["b"],"status":"Active"}"#, "Active"),
            // Without its hosts nobody knows what it covers.
            (#"{"id":"a","status":"active"}"#, "active"), (#"{"id":"a","hosts":null,"status":"active"}"#, "active"),
            (#"{"id":"a","hosts":[],"status":"active"}"#, "active"),
            (#"{"id":"a","hosts":"b","status":"active"}"#, "active"),
            (#"{"id":"a","hosts":["b",5],"status":"active"}"#, "active"),
            (#"{"id":"a","hosts":["b",""],"status":"active"}"#, "active"),
            (#"{"id":"a","hosts":[{"name":"b"}],"status":"active"}"#, "active"),
        ])
    func unread(text: String, word: String) {
        #expect(sighting(text)?.stage == .unread)
        #expect(sighting(text)?.status == word)
    }

    @Test("numbers serve as identifiers, as they did until 2021")
    func numbers() {
        let text =
            #"{"id":17,"hosts":["b"],"status":"active","certificates":[{"id":12345678,"expires_on":"2016-01-01T05:20:00Z"}],"primary_certificate":12345678,"validity_days":"90"}"#
        #expect(sighting(text)?.id == ObjectID("17"))
        #expect(traits(text)?.certificates.map(\.id) == ["12345678"] && traits(text)?.validityDays == 90)
    }

    @Test(
        "a date that is none is left out, and nothing else with it",
        arguments: ["null", "\"\"", "\"soon\"", "17", "{}", "\"0001-01-01T00:00:00Z\""])
    func dates(date: String) {
        let text =
            #"{"id":"a","hosts":["b"],"status":"active","certificates":[{"id":"c","expires_on":\#(date)},{"issuer":"lost"},7,null]}"#
        #expect(traits(text)?.certificates == [IssuedCertificate(id: "c")])
        #expect(sighting(text)?.stage == .serving)
    }

    @Test("two tokens at one name are two records, in their order")
    func apexAndWildcard() {
        let text =
            #"{"id":"a","hosts":["b"],"validation_records":[{"status":"pending","txt_name":"_acme-challenge.b","txt_value":"one","http_url":"","emails":[]},{"status":"pending","txt_name":"_acme-challenge.b","txt_value":"two"}]}"#
        #expect(
            traits(text)?.validationRecords == [
                ValidationRecord(form: .txt(name: "_acme-challenge.b", value: "one"), status: "pending"),
                ValidationRecord(form: .txt(name: "_acme-challenge.b", value: "two"), status: "pending"),
            ])
    }

    @Test(
        "a record gives every form that it has both halves of",
        arguments: [
            (#"{"http_url":"http://b/x","http_body":"y"}"#, [.http(url: "http://b/x", body: "y")]),
            (#"{"emails":["admin@b","",3]}"#, [.email(["admin@b", "3"])]),
            (#"{"cname":"_a.b","cname_target":"c"}"#, [.cname(name: "_a.b", target: "c")]),
            (#"{"txt_name":"n"}"#, []), (#"{"txt_name":"n","txt_value":""}"#, []),
            (#"{"http_url":"u","http_body":null}"#, []),
            (#"{"emails":[]}"#, []), ("{}", []), ("7", []), ("null", []),
            (
                #"{"txt_name":"n","txt_value":"v","cname":"c","cname_target":"t"}"#,
                [.txt(name: "n", value: "v"), .cname(name: "c", target: "t")]
            ),
        ] as [(String, [ValidationRecord.Form])])
    func forms(record: String, expected: [ValidationRecord.Form]) {
        #expect(
            traits(#"{"id":"a","hosts":["b"],"validation_records":[\#(record)]}"#)?.validationRecords.map(\.form)
                == expected)
    }
}
