import Domain
import Testing

@Suite("Values that copies share") struct SharedTests {
    private struct Owner: Hashable {
        @Shared var words: [String]
    }

    @Test("a copy that is given another value leaves the first as it was")
    func copiesAreApart() {
        let first = Owner(words: ["a"])
        var second = first
        second.words.append("b")
        #expect(first.words == ["a"])
        #expect(second.words == ["a", "b"])
        #expect(first != second)
    }

    @Test("equal values that were made apart are equal, and have one hash")
    func equalityIsByValue() {
        #expect(Owner(words: ["a"]) == Owner(words: ["a"]))
        #expect(Set([Owner(words: ["a"]), Owner(words: ["a"])]).count == 1)
    }

    @Test("subjects that were made apart are told apart by zone, kind and name alone")
    func subjectsAreEqualByValue() {
        let subject = Subject(zone: ZoneID("z"), kind: .certificatePack, name: "main")
        #expect(subject == Subject(zone: ZoneID("z"), kind: .certificatePack, name: "main"))
        #expect(subject != Subject(zone: ZoneID("y"), kind: .certificatePack, name: "main"))
        #expect(subject != Subject(zone: ZoneID("z"), kind: .clientCertificate, name: "main"))
        #expect(subject != Subject(zone: ZoneID("z"), kind: .certificatePack, name: "other"))
    }

    @Test("a record that is changed leaves its copies as they were, and equals one that was made so")
    func recordsAreApart() {
        let moment = Timestamp(unixSeconds: 1_700_000_000)
        let subject = Subject(zone: ZoneID("z"), kind: .certificatePack, name: "main")
        func record(_ stage: Stage, missingSince: Timestamp? = nil) -> ObjectRecord {
            ObjectRecord(
                sighting: Sighting(
                    id: ObjectID("a"), status: "active", stage: stage,
                    traits: .pack(PackTraits(type: "advanced", hosts: ["a.example.com"]))),
                subject: subject, ownership: .ordered, since: moment, firstSeen: moment, lastSeen: moment,
                missingSince: missingSince)
        }
        let first = record(.serving)
        var second = first
        second.sighting.stage = .gone
        second.missingSince = moment
        #expect(first == record(.serving))
        #expect(second == record(.gone, missingSince: moment))
        let wished = SubjectRecord(subject: subject, isWished: true)
        var undone = wished
        undone.undoneAt.append(moment)
        #expect(wished.undoneAt.isEmpty)
        #expect(undone == SubjectRecord(subject: subject, isWished: true, undoneAt: [moment]))
    }

    @Test("a pack that is changed leaves its copies as they were, and equals one that was made so")
    func packsAreApart() {
        let first = PackTraits(type: "advanced", hosts: ["a.example.com"])
        var second = first
        (second.method, second.branding) = ("txt", true)
        second.certificates.append(IssuedCertificate(id: "1"))
        #expect(first == PackTraits(type: "advanced", hosts: ["a.example.com"]))
        #expect(
            second
                == PackTraits(
                    type: "advanced", hosts: ["a.example.com"], method: "txt", branding: true,
                    certificates: [IssuedCertificate(id: "1")]))
        #expect(first != second)
    }
}
