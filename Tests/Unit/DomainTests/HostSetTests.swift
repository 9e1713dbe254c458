import Domain
import Testing

@Suite("Host sets") struct HostSetTests {
    @Test("order, case, a trailing dot and repetition mean nothing")
    func equal() {
        #expect(
            HostSet(["B.example.com", "a.example.com."])
                == HostSet(["a.example.com", "b.EXAMPLE.com", "a.example.com"]))
        #expect(HostSet(["b", "a"]).key == "a,b")
    }

    @Test("a name with two dots at its end was another one each time that it was read from the database")
    func trailingDots() {
        let set = HostSet(["a.example.com..", ".."])
        #expect(set.names == ["", "a.example.com"])
        #expect(HostSet(set.names) == set)
    }

    @Test(
        "what a set covers",
        arguments: [
            ("a.example.com", true), ("A.Example.com.", true), ("a.b.example.com", false), ("example.com", false),
            ("*.example.com", true), ("*.b.example.com", false), ("com", false), ("", false), (".example.com", true),
            ("named.example.net", true), ("other.example.net", false),
        ])
    func covers(host: String, expected: Bool) {
        #expect(HostSet(["*.example.com", "named.example.net"]).covers(host) == expected)
    }

    @Test("a wished wildcard is covered by that wildcard alone")
    func wildcard() {
        #expect(!HostSet(["a.example.com", "b.example.com"]).covers("*.example.com"))
    }

    @Test("Cloudflare's own host is not part of what was wished")
    func branding() {
        let set = HostSet(["example.com", "sni.cloudflaressl.com", "ssl1234.cloudflaressl.com"])
        #expect(set.withoutBranding == ["example.com"])
        #expect(HostSet(["example.com"]).withoutBranding == ["example.com"])
        #expect(set.subtracting(["example.com"]).count == 2)
        #expect(HostSet([]).isEmpty)
        #expect(HostSet(["a"]).adding(["B"]) == ["a", "b"])
    }
}
