import Domain
import Planning
import Testing

@Suite("Preflight") struct PreflightTests {
    static let now = Timestamp(unixSeconds: 1_795_000_000)  // 2026-11-18

    func pack(
        _ hosts: HostSet = ["example.com"], _ authority: CertificateAuthority = .letsEncrypt,
        _ method: ValidationMethod = .txt,
        days: Int = 90, branding: Bool = false
    ) -> PackWish {
        PackWish(name: "p", hosts: hosts, authority: authority, method: method, validityDays: days, branding: branding)
    }

    func codes(_ wish: PackWish, now: Timestamp = now, quota: (allocated: Int, used: Int)? = nil) -> [Finding.Code] {
        Preflight.findings(wish, zoneName: "Example.com.", now: now, quota: quota).map(\.code)
    }

    @Test(
        "the table of authority, validity and method",
        arguments: [
            (CertificateAuthority.letsEncrypt, ValidationMethod.txt, 90, [] as [Finding.Code]),
            (.letsEncrypt, .http, 90, []),
            (.letsEncrypt, .txt, 30, [.validityNotOffered]),
            (.letsEncrypt, .email, 90, [.methodNotOffered]),
            (.google, .txt, 14, []), (.google, .http, 30, []), (.google, .txt, 90, []),
            (.google, .txt, 365, [.validityNotOffered, .validityPastCalendar]),
            (.google, .email, 90, [.methodNotOffered]),
            (.sslCom, .txt, 14, []), (.sslCom, .http, 30, []), (.sslCom, .email, 90, []),
            (.sslCom, .txt, 365, [.enterpriseOnly, .validityPastCalendar]),
            (.sslCom, .txt, 60, [.validityNotOffered]), (.sslCom, .txt, -1, [.validityNotOffered]),
            (.sslCom, .txt, .max, [.validityNotOffered, .validityPastCalendar]),
        ])
    func table(authority: CertificateAuthority, method: ValidationMethod, days: Int, expected: [Finding.Code]) {
        #expect(codes(pack(["example.com"], authority, method, days: days)) == expected)
    }

    @Test(
        "the calendar of the CA/Browser Forum, to the second",
        arguments: [
            ("2026-03-14T23:59:59Z", 365, [.enterpriseOnly] as [Finding.Code]),
            ("2026-03-15T00:00:00Z", 365, [.enterpriseOnly, .validityPastCalendar]),
            ("2029-03-14T23:59:59Z", 90, []),
            ("2029-03-15T00:00:00Z", 90, [.validityPastCalendar]),
            ("2029-03-15T00:00:00Z", 30, []),
        ])
    func calendar(date: String, days: Int, expected: [Finding.Code]) throws {
        let now = try #require(Timestamp(cloudflare: date))
        #expect(codes(pack(["example.com"], .sslCom, days: days), now: now) == expected)
    }

    @Test(
        "what hosts a pack may have",
        arguments: [
            (["example.com", "*.example.com", "*.a.b.example.com"], [] as [Finding.Code]),
            (["www.example.com"], [.apexMissing]),
            (["*.example.com"], [.apexMissing]),
            ([], [.apexMissing]),
            (["example.com", "*.*.example.com"], [.wildcardDepth]),
            (["example.com", "w*.example.com"], [.wildcardDepth]),
            (["example.com", "www.example.org"], [.hostOutsideZone]),
            (["example.com", "notexample.com"], [.hostOutsideZone]),
            (["example.com", "a.b.c.d.e.f.g.h.example.com"], []),
            (["example.com", "a.b.c.d.e.f.g.h.i.example.com"], [.tooManyLevels]),
        ])
    func hosts(hosts: [String], expected: [Finding.Code]) { #expect(codes(pack(HostSet(hosts))) == expected) }

    @Test("fifty hosts are a pack, fifty-one are not")
    func count() {
        let more = (1..<50).map { "h\($0).example.com" }
        #expect(codes(pack(HostSet(["example.com"] + more))) == [])
        #expect(codes(pack(HostSet(["example.com", "one.example.com"] + more))) == [.tooManyHosts])
    }

    @Test("many levels and punycode are the authority's matter")
    func authorities() {
        let deep: HostSet = ["example.com", "a.b.c.d.e.f.g.h.i.example.com"]
        let foreign: HostSet = ["example.com", "xn--bcher-kva.example.com"]
        #expect(codes(pack(deep, .google)) == [])
        #expect(codes(pack(foreign, .google)) == [.punycodeNotOffered])
        #expect(codes(pack(foreign, .letsEncrypt)) == [])
    }

    @Test("a wildcard is never validated over HTTP, whoever issues", arguments: CertificateAuthority.allCases)
    func wildcards(authority: CertificateAuthority) {
        let hosts: HostSet = ["example.com", "*.example.com"]
        #expect(codes(pack(hosts, authority, .http)) == [.wildcardOverHTTP])
        #expect(codes(pack(hosts, authority, .txt)) == [])
    }

    @Test("a quota that is used up refuses, one with a place left does not")
    func quota() {
        #expect(codes(pack(), quota: (allocated: 3, used: 2)) == [])
        #expect(codes(pack(), quota: (allocated: 3, used: 3)) == [.quotaUsedUp])
        #expect(codes(pack(), quota: (allocated: 0, used: 0)) == [.quotaUsedUp])
    }

    @Test("only what cannot be seen from here is doubtful")
    func weights() {
        let wish = pack(["*.example.org"], .letsEncrypt, .http, days: 365, branding: true)
        let findings = Preflight.findings(wish, zoneName: "example.com", now: .distantPast, quota: (1, 1))
        #expect(findings.filter { $0.weight == .doubtful }.map(\.code) == [.brandingNotOffered])
        #expect(
            findings.map(\.code) == [
                .apexMissing, .hostOutsideZone, .wildcardOverHTTP, .validityNotOffered, .brandingNotOffered,
                .quotaUsedUp,
            ])
        for finding in findings { #expect(!finding.hint.isEmpty && !finding.found.isEmpty && !finding.allowed.isEmpty) }
    }

    @Test(
        "what a client certificate may ask for",
        arguments: [
            ("c", 1, [] as [Finding.Code]), ("c", 3650, []), ("c", 0, [.validityUnfit]), ("c", 3651, [.validityUnfit]),
            ("", 365, [.commonNameUnfit]), (String(repeating: "n", count: 64), 365, []),
            (String(repeating: "n", count: 65), .min, [.commonNameUnfit, .validityUnfit]),
        ])
    func clientCertificates(name: String, days: Int, expected: [Finding.Code]) {
        let wish = ClientCertificateWish(name: "n", commonName: name, validityDays: days)
        #expect(Preflight.findings(wish).map(\.code) == expected)
    }

    @Test("codes are never renamed")
    func codesStay() {
        #expect(
            Finding.Code.allCases.map(\.rawValue) == [
                "apex-missing", "too-many-hosts", "wildcard-depth", "wildcard-over-http", "host-outside-zone",
                "validity-not-offered",
                "method-not-offered", "punycode-not-offered", "too-many-levels", "enterprise-only",
                "branding-not-offered",
                "validity-past-calendar", "quota-used-up", "common-name-unfit", "validity-unfit",
            ])
    }
}
