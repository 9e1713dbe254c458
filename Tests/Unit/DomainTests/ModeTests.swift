import Domain
import Testing

@Suite("Modes, rungs and stages") struct ModeTests {
    @Test(
        "what each mode permits",
        arguments: [
            (Mode.observe, [Action.Effect]()), (.create, [.local, .create]), (.upsert, [.local, .create, .change]),
            (.enforce, [.local, .create, .change, .remove]),
        ])
    func permits(mode: Mode, effects: [Action.Effect]) {
        #expect(Action.Effect.allCases.filter(mode.permits) == effects)
    }

    @Test("modes are in the order of what they may do")
    func order() {
        #expect(Mode.allCases.sorted() == [.observe, .create, .upsert, .enforce])
        #expect(min(Mode.enforce, .create) == .create)
    }

    @Test(
        "the rung that a remaining life reaches",
        arguments: [
            (Duration.days(29), ExpiryRung?.none), (.days(28), .days28), (.seconds(7 * 86_400 + 1), .days28),
            (.days(7), .days7),
            (.days(3), .days3), (.hours(24), .day1), (.hours(6), .hours6), (.minutes(60), .hour1),
            (.seconds(1), .hour1),
            (.zero, .expired), (.zero - .days(9), .expired),
        ])
    func rungs(remaining: Duration, rung: ExpiryRung?) {
        #expect(ExpiryRung.reached(with: remaining) == rung)
    }

    @Test("nothing is valid after its end, whatever its stage (S13)")
    func validity() {
        let end = Timestamp(unixSeconds: 1_790_000_000)
        let traits = PackTraits(type: "advanced", hosts: ["a"], certificates: [.init(id: "1", notAfter: end)])
        var record = ObjectRecord(
            sighting: Sighting(id: ObjectID("p"), status: "active", stage: .serving, traits: .pack(traits)),
            subject: Subject(zone: ZoneID("z"), kind: .certificatePack, name: "p"), ownership: .foreign, since: end,
            firstSeen: end, lastSeen: end)
        #expect(record.isValid(at: end - .milliseconds(1)))
        #expect(!record.isValid(at: end))
        record.sighting.stage = .standby
        #expect(!record.isValid(at: end - .days(1)))
    }

    @Test("only orders, creations and restarts are counted as issuances (S6)")
    func issuances() {
        let wish = PackWish(name: "a", hosts: ["b", "a"], authority: .google, method: .txt, validityDays: 90)
        let id = ObjectID("1")
        let client = ClientCertificateWish(name: "c", commonName: "c.example.com")
        let counted: [Action] = [
            .pack(.order(wish)), .pack(.restart(id)), .clientCertificate(.create(client, generation: 1)),
        ]
        let others: [Action] = [
            .pack(.adopt(id)), .pack(.recheck(id, .txt)), .pack(.setBranding(id, true)), .pack(.delete(id)),
            .clientCertificate(.adopt(id)), .clientCertificate(.deliver(id, generation: 1)),
            .clientCertificate(.runCommand(id, generation: 1)), .clientCertificate(.reactivate(id)),
            .clientCertificate(.revoke(id)),
        ]
        #expect(counted.filter(\.countsAsIssuance) == counted)
        #expect(others.filter(\.countsAsIssuance) == [])
    }
}
