import Domain
import Testing

@Suite("Wishes of a zone") struct ZoneWishTests {
    private static let pack = PackWish(
        name: "main", hosts: ["example.com", "*.example.com"], authority: .google, method: .txt, validityDays: 90)

    private func zone(_ packs: [PackWish]) -> ZoneWish {
        ZoneWish(name: "example.com", id: nil, mode: .enforce, wishes: packs.map(Wish.pack))
    }

    private static let packs = [
        pack,
        PackWish(name: "", hosts: [], authority: .sslCom, method: .email, validityDays: 0),
        PackWish(
            name: "überall", hosts: ["notexample.com", "example.com.net", "com", "straße.example.com", ""],
            authority: .letsEncrypt, method: .http, validityDays: 365, branding: true),
        PackWish(
            name: String(repeating: "n", count: 300),
            hosts: HostSet((0..<300).map { String(repeating: "h", count: $0) + ".example.com" }), authority: .google,
            method: .txt, validityDays: -1),
    ]

    @Test("a pack comes back as it was wished", arguments: packs)
    func pack(_ pack: PackWish) {
        #expect(zone([pack]).wishes == [.pack(pack)])
    }

    @Test("all of them come back, in order of kind and name")
    func order() {
        let certificate = Wish.clientCertificate(ClientCertificateWish(name: "a", commonName: "a.example.com"))
        let wishes = [certificate] + Self.packs.map(Wish.pack)
        let zone = ZoneWish(name: "example.com", id: nil, mode: .enforce, wishes: wishes)
        #expect(zone.wishes == Self.packs.sorted { $0.name < $1.name }.map(Wish.pack) + [certificate])
        #expect(zone.kinds == [.certificatePack, .clientCertificate])
    }

    @Test("a zone that wishes for no pack is not looked at for packs")
    func kinds() {
        #expect(zone([]).kinds.isEmpty)
        #expect(zone([Self.pack]).kinds == [.certificatePack])
    }

    @Test("a pack that is wished otherwise makes another wish of its zone")
    func equality() {
        var others = Array(repeating: Self.pack, count: 6)
        others[0].name = "other"
        others[1].hosts = ["example.com"]
        others[2].authority = .letsEncrypt
        others[3].method = .http
        others[4].validityDays = 30
        others[5].branding = true
        #expect(zone([Self.pack]) == zone([Self.pack]))
        for other in others { #expect(zone([other]) != zone([Self.pack])) }
    }
}
