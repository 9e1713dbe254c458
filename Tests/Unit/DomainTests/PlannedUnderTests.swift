import Domain
import Testing

@Suite("What of a zone was planned for, and under which era") struct PlannedUnderTests {
    @Test("is the whole zone once each kind was seen, however far apart")
    func adding() {
        let both: Set<SubjectKind> = [.certificatePack, .clientCertificate]
        let first = PlannedUnder.adding([.certificatePack], of: both, under: "1 a", to: nil)
        #expect(first.covers(.certificatePack, under: "1 a"))
        #expect(!first.covers(.clientCertificate, under: "1 a"))
        #expect(!first.covers(.certificatePack, under: "1 b"))
        let second = PlannedUnder.adding([.clientCertificate], of: both, under: "1 a", to: first)
        #expect(second == PlannedUnder(era: "1 a"))
        #expect(
            PlannedUnder.adding([.clientCertificate], of: both, under: "1 b", to: second).kinds == [.clientCertificate])
        // The other was refused, and is wished no more for a while.
        let only = PlannedUnder.adding([.certificatePack], of: [.certificatePack], under: "1 a", to: first)
        #expect(only == first)
        #expect(PlannedUnder.adding([.certificatePack], of: [.certificatePack], under: "1 a", to: nil).kinds == nil)
    }

    @Test(
        "is written and read as text; a kind that is not known counts as none",
        arguments: [
            ("0.1.0 7f", PlannedUnder(era: "0.1.0 7f")),
            ("0.1.0 7f;certificate_pack", PlannedUnder(era: "0.1.0 7f", kinds: [.certificatePack])),
            (
                "1 a;certificate_pack,client_certificate",
                PlannedUnder(era: "1 a", kinds: [.certificatePack, .clientCertificate])
            ),
        ])
    func text(text: String, planned: PlannedUnder) {
        #expect(PlannedUnder(text: text) == planned)
        #expect(planned.text == text)
        #expect(PlannedUnder(text: "1 a;origin_ca") == PlannedUnder(era: "1 a", kinds: []))
    }
}
