import Domain
import Testing

@Suite("Wishes of a zone") struct ZoneWishTests {
    private static let mainPack = PackWish(
        name: "main", hosts: ["example.com", "*.example.com"], authority: .google, method: .txt, validityDays: 90)

    private func wishing(_ packs: [PackWish]) -> ZoneWish {
        ZoneWish(name: "example.com", id: nil, mode: .enforce, wishes: packs.map(Wish.pack))
    }

    fileprivate static let packs: [PackWish] = [
        mainPack,
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
    func comesBack(_ pack: PackWish) {
        #expect(wishing([pack]).wishes == [.pack(pack)])
    }

    @Test("all of them come back, in order of kind and name")
    func order() {
        let certificate = Wish.clientCertificate(ClientCertificateWish(name: "a", commonName: "a.example.com"))
        let wishes = [certificate] + Self.packs.map(Wish.pack)
        let zone = ZoneWish(name: "example.com", id: nil, mode: .enforce, wishes: wishes)
        #expect(zone.wishes == Self.packs.sorted { $0.name < $1.name }.map(Wish.pack) + [certificate])
        #expect(zone.kinds == [.certificatePack, .clientCertificate])
    }

    @Test("a zone that gets another name keeps its wishes")
    func renamed() {
        var zone = wishing(Self.packs)
        let wishes = zone.wishes
        zone.name = "example.org"
        #expect(zone.wishes == wishes)
        zone.wishes = [.pack(Self.mainPack)]
        #expect(zone.wishes == [.pack(Self.mainPack)])
    }

    @Test("a zone that wishes for no pack is not looked at for packs")
    func kinds() {
        #expect(wishing([]).kinds.isEmpty)
        #expect(wishing([Self.mainPack]).kinds == [.certificatePack])
    }

    @Test("a pack that is wished otherwise makes another wish of its zone")
    func equality() {
        var others = Array(repeating: Self.mainPack, count: 6)
        others[0].name = "other"
        others[1].hosts = ["example.com"]
        others[2].authority = .letsEncrypt
        others[3].method = .http
        others[4].validityDays = 30
        others[5].branding = true
        #expect(wishing([Self.mainPack]) == wishing([Self.mainPack]))
        for other in others { #expect(wishing([other]) != wishing([Self.mainPack])) }
    }
}
