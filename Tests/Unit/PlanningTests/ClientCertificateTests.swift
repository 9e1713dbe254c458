import Domain
import Planning
import TestKit
import Testing

@Suite("Client certificates") struct ClientCertificateTests {
    private let kind = SubjectKind.clientCertificate

    private func wish(
        _ name: String = "gateway", days: Int = 365, command: [String] = [], key: KeySource = .made(.ecP256)
    ) -> Wish {
        .clientCertificate(
            ClientCertificateWish(
                name: name, commonName: "gateway.example.com", key: key, validityDays: days, command: command))
    }

    /// What a person asks for.
    private func asked(_ action: ClientCertificateAction, _ run: ZoneRun) -> Operation {
        Operation(
            id: OperationID(at: run.now, chance: 7), subject: run.subject("gateway", kind),
            action: .clientCertificate(action), reason: .personAsked, committedAt: run.now, askedBy: "uid 0 (root)")
    }

    private func words(_ run: inout ZoneRun, _ delays: [Duration]) -> String {
        delays.map { run.pass(after: $0) }.joined(separator: " ")
    }

    @Test("create, deliver, run the command, and be quiet")
    func fromNothing() {
        var run = ZoneRun([wish(command: ["/bin/reload"])])
        #expect(words(&run, [.zero, .seconds(15), .minutes(15), .hours(1)]) == "create deliver+run-command . .")
        #expect(run.verdict("gateway", kind) == "rest as-wanted")
        #expect(run.record("c1")?.generation == 1)
    }

    @Test("renewal is create, deliver, and revoke the old one after the overlap")
    func renewal() {
        var run = ZoneRun([wish(command: ["/bin/reload"])])
        _ = words(&run, [.zero, .minutes(1)])
        #expect(run.pass(after: .days(334)) == ".")
        #expect(run.pass(after: .days(1)) == "create")
        #expect(run.pass(after: .minutes(1)) == "deliver+run-command")
        #expect(run.verdict("gateway", kind) == "wait overlap-running")
        #expect(run.decision("gateway", kind)?.until == run.now + .days(1))
        #expect(run.pass(after: .hours(23)) == ".")
        #expect(run.pass(after: .hours(1)) == "revoke")
        #expect(run.sent.last?.action == .clientCertificate(.revoke(ObjectID("c1"))))
        run.show(ObjectID("c1"), "revoked")
        #expect(words(&run, [.hours(1), .hours(1)]) == ". .")
        #expect(run.verdict("gateway", kind) == "rest as-wanted")
        #expect(run.state.subjects.first?.undoneAt == [])
    }

    @Test("a listing that is older than a revocation neither brings the certificate back nor has it revoked twice")
    func staleListing() {
        var run = ZoneRun([wish()])
        _ = words(&run, [.zero, .minutes(1)])
        #expect(words(&run, [.days(335), .minutes(1), .days(1)]) == "create deliver revoke")
        #expect(run.record("c1")?.sighting.stage == .leaving)
        run.show(ObjectID("c1"), "active")
        #expect(words(&run, [.minutes(1), .minutes(3)]) == ". .")
        #expect(run.record("c1")?.sighting.stage == .leaving)
        #expect(words(&run, [.minutes(7)]) == "revoke")  // shown for so long it is no delay
        run.show(ObjectID("c1"), "revoked")
        #expect(words(&run, [.minutes(1), .hours(1)]) == ". .")
        #expect(run.verdict("gateway", kind) == "rest as-wanted")
    }

    @Test("S5: while the command fails the old one stays, and the failure is told")
    func commandFails() {
        var run = ZoneRun([wish(command: ["/bin/reload"])])
        _ = words(&run, [.zero, .minutes(1)])
        run.respond = { operation in
            guard case .clientCertificate(.runCommand) = operation.action else { return nil }
            return .refused(.commandDue, lasting: false, code: "command-failed", message: "exit status 1")
        }
        run.pass(after: .days(335))
        run.forget()
        for _ in 0..<50 { run.pass(after: .hours(1)) }
        #expect(!run.sent.contains { $0.action.effect == .remove })
        #expect(run.sent.count { $0.action.code == "run-command" } > 20)
        #expect(run.conditions("gateway", kind) == [.commandFailed])
        #expect(run.news.count { $0.kind == .decision } <= 3)
        run.respond = { _ in nil }
        #expect(run.pass(after: .hours(2)) == "run-command")
        #expect(run.conditions("gateway", kind) == [])
        #expect(run.pass(after: .hours(25)) == "revoke")
    }

    @Test("S5: at the moment of sending, a revocation of what has no proven successor is refused")
    func atSending() {
        var run = ZoneRun([wish()])
        _ = words(&run, [.zero, .minutes(1)])
        run.now = run.now + .hours(1)
        let operation = Operation(
            id: OperationID("1"), subject: run.subject("gateway", kind),
            action: .clientCertificate(.revoke(ObjectID("c1"))), reason: .superseded, committedAt: run.now)
        #expect(Planner().objection(to: operation, in: run.input)?.reason == .overlapRunning)
        var byPerson = operation
        byPerson.askedBy = "uid 0 (root)"
        #expect(Planner().objection(to: byPerson, in: run.input) == nil)
    }

    @Test("S8: what was revoked from outside is held; a person lets a new one be made, or brings it back")
    func revokedOutside() {
        var run = ZoneRun([wish()])
        _ = words(&run, [.zero, .minutes(1)])
        run.show(ObjectID("c1"), "pending_revocation")
        #expect(run.pass(after: .minutes(15)) == ".")
        #expect(run.verdict("gateway", kind) == "hold revoked-outside")
        run.show(ObjectID("c1"), "revoked")
        for _ in 0..<20 { #expect(run.pass(after: .days(1)) == ".") }
        #expect(run.conditions("gateway", kind) == [.held, .uncovered])
        #expect(run.news.count { $0.kind == .decision && $0.priority == .warning } == 0)
        #expect(run.news.count { $0.kind == .episodeRaised && $0.fields.contains(.init(.condition, "held")) } == 1)
        var other = run
        run.approve("gateway", .revokedOutside, kind)
        #expect(run.pass(after: .minutes(15)) == "create")
        #expect(run.pass(after: .minutes(15)) == "deliver")

        other.show(ObjectID("c1"), "active")
        #expect(other.pass(after: .minutes(15)) == ".")
        #expect(other.verdict("gateway", kind) == "rest as-wanted")
    }

    @Test("what a person had revoked is not made again by itself")
    func revokedByPerson() {
        var run = ZoneRun([wish()])
        _ = words(&run, [.zero, .minutes(1)])
        let operation = asked(.revoke(ObjectID("c1")), run)
        run.settle(operation, .accepted(ObjectID("c1"), nil))
        #expect(run.pass(after: .seconds(15)) == ".")
        #expect(run.verdict("gateway", kind) == "hold revoked-outside")
    }

    @Test("a changed wish is a replacement; changed back, the old one is put in place again")
    func changed() {
        var run = ZoneRun([wish()])
        _ = words(&run, [.zero, .minutes(1)])
        run.want([wish(key: .made(.rsa2048))])
        #expect(words(&run, [.minutes(15), .minutes(1)]) == "create deliver")
        #expect(run.sent.last?.action == .clientCertificate(.deliver(ObjectID("c2"), generation: 2)))
        run.want([wish()])
        #expect(run.pass(after: .minutes(15)) == "deliver")
        #expect(run.sent.last?.action == .clientCertificate(.deliver(ObjectID("c1"), generation: 1)))
        #expect(run.pass(after: .days(1)) == "revoke")
        #expect(run.sent.last?.action == .clientCertificate(.revoke(ObjectID("c2"))))
        run.show(ObjectID("c2"), "revoked")
        #expect(words(&run, [.hours(1), .hours(1)]) == ". .")
        #expect(run.verdict("gateway", kind) == "rest as-wanted")
    }

    @Test("a renamed one is kept until a new one is in place under the new name")
    func renamed() {
        var run = ZoneRun([wish()])
        _ = words(&run, [.zero, .minutes(1)])
        run.want([wish("meter")])
        #expect(words(&run, [.minutes(15), .minutes(1), .hours(23)]) == "create deliver .")
        #expect(run.sent.last?.action == .clientCertificate(.deliver(ObjectID("c2"), generation: 2)))
        #expect(run.pass(after: .hours(2)) == "revoke")
        #expect(run.sent.last?.action == .clientCertificate(.revoke(ObjectID("c1"))))
    }

    @Test("a key whose certificate was taken over by another name was used again for a new one under the old name")
    func takenOver() {
        var run = ZoneRun([wish()])
        _ = words(&run, [.zero, .minutes(1)])
        run.want([wish("meter")])
        _ = words(&run, [.minutes(15), .minutes(1), .days(2)])
        run.show(ObjectID("c1"), "revoked")
        _ = words(&run, [.hours(1), .hours(1)])
        run.want([wish("meter"), wish()])
        #expect(run.pass(after: .days(1)) == "create")
        #expect(run.sent.last?.action.generation == 2)
    }

    @Test("a key that nobody knows the use of is passed over, and the next generation made")
    func keyLeft() {
        var run = ZoneRun([wish()])
        run.keysLeft[run.subject("gateway", kind)] = 3
        #expect(run.pass() == "create")
        #expect(run.sent.map(\.action.generation) == [4])
    }

    @Test("a key that was made for the wish, and does not fit it any more, is passed over")
    func keyUnfit() {
        var run = ZoneRun([wish()])
        run.respond = { _ in .refused(.retryLater, lasting: false, code: "10000", message: "not now") }
        run.pass()
        #expect(run.sent.map(\.action.generation) == [1])
        run.keysLeft[run.subject("gateway", kind)] = 1
        run.respond = { _ in nil }
        #expect(run.pass(after: .hours(2)) == "create")
        #expect(run.sent.map(\.action.generation) == [1, 2])
    }

    @Test("an earlier database that was put back had the request of a used key sent again (S3)")
    func unspentInAnEarlierDatabase() {
        var run = ZoneRun([wish()])
        run.respond = { _ in .refused(.retryLater, lasting: false, code: "10000", message: "not now") }
        run.pass()
        #expect(run.state.subjects.map(\.generationKey) != [nil])
        run.obstacles.planOnly = [kind]
        #expect(run.pass(after: .hours(2)) == ".")
        #expect(run.state.subjects.map(\.generationKey) == [nil])
        (run.obstacles.planOnly, run.respond) = ([], { _ in nil })
        #expect(run.pass(after: .minutes(2)) == "create")
        #expect(run.sent.map(\.action.generation) == [1, 2])
    }

    @Test("what an earlier database has as revoked by somebody was held, although its successor's key was in hand")
    func successorOfAnEarlierDatabase() {
        var run = ZoneRun([wish()])
        _ = words(&run, [.zero, .minutes(1)])
        run.objects[ObjectID("f")] = .certificate("f", "active", clientWish, der: "x", from: run.now)
        run.keysInHand[run.subject("gateway", kind)] = [ObjectID("f"): 1]
        run.show(ObjectID("c1"), "revoked")
        #expect(run.pass(after: .hours(1)) == ".")
        #expect(run.verdict("gateway", kind) == "hold revoked-outside")
        run.keysInHand[run.subject("gateway", kind)] = [ObjectID("f"): 2]
        #expect(run.pass(after: .hours(1)) == "adopt+deliver")
        #expect(run.pass(after: .hours(1)) == ".")
        #expect(run.verdict("gateway", kind) == "rest as-wanted")
    }

    @Test("a renewal takes what is there already of a later generation")
    func successorIsThere() {
        var run = ZoneRun([wish()])
        _ = words(&run, [.zero, .minutes(1)])
        run.now = run.now + .days(340)
        run.objects[ObjectID("f")] = .certificate("f", "active", clientWish, der: "x", from: run.now)
        run.keysInHand[run.subject("gateway", kind)] = [ObjectID("f"): 2]
        #expect(run.pass() == "adopt+deliver")
    }

    @Test("two with one common name took each other's successor, and could deliver neither")
    func successorOfTheOther() {
        var run = ZoneRun([wish("a"), wish("b")])
        _ = words(&run, [.zero, .minutes(1)])
        run.now = run.now + .days(340)
        run.objects[ObjectID("a2")] = .certificate("a2", "active", clientWish, der: "x", from: run.now)
        run.objects[ObjectID("b2")] = .certificate("b2", "active", clientWish, der: "y", from: run.now + .seconds(1))
        run.keysInHand = [run.subject("a", kind): [ObjectID("a2"): 2], run.subject("b", kind): [ObjectID("b2"): 3]]
        #expect(run.pass() == "adopt+adopt+deliver+deliver")
        #expect(run.record("a2")?.subject.name == "a")
        #expect(run.record("b2")?.subject.name == "b")
        #expect(run.record("b2")?.generation == 3)
    }

    @Test("one of the operator's request that both names have is of the generation of the one that takes it")
    func sharedRequest() {
        var run = ZoneRun([wish("a"), wish("b")])
        run.objects[ObjectID("f")] = .certificate("f", "active", clientWish, der: "x", from: run.now)
        run.objects[ObjectID("g")] = .certificate("g", "active", clientWish, der: "x", from: run.now)
        let (f, g) = (ObjectID("f"), ObjectID("g"))
        run.keysInHand = [run.subject("a", kind): [f: 2, g: 2], run.subject("b", kind): [f: 7, g: 7]]
        #expect(run.pass() == "adopt+adopt+deliver+deliver")
        #expect(run.record("g")?.generation == 2)
        #expect(run.record("f")?.generation == 7)
    }

    @Test("one that is in place ended untold while its successor, which is not, lasts longer (S13)")
    func undelivered() {
        var run = ZoneRun([wish()])
        _ = words(&run, [.zero, .minutes(1)])
        run.respond = { operation in
            operation.action.effect == .local
                ? .refused(.keyTrouble, lasting: false, code: "key-file", message: "cannot be written") : nil
        }
        #expect(run.pass(after: .days(336)).hasPrefix("create"))
        run.forget()
        for _ in 0..<30 { run.pass(after: .days(1)) }
        #expect(run.conditions("gateway", kind).contains(.expired))
        let rungs = run.news.filter { $0.kind == .expiryRung && $0.fields.contains(.init(.object, "c1")) }
        #expect(rungs.count > 3)
        run.respond = { _ in nil }
        run.pass(after: .hours(2))
        #expect(!run.conditions("gateway", kind).contains(.expired))
    }

    @Test("an older certificate of the operator's request is nobody's successor")
    func olderOfTheRequest() {
        var run = ZoneRun([wish()])
        _ = words(&run, [.zero, .minutes(1)])
        run.objects[ObjectID("f")] = .certificate("f", "active", clientWish, der: "x", from: run.now - .days(30))
        run.keysInHand[run.subject("gateway", kind)] = [ObjectID("f"): 2]
        #expect(run.pass(after: .days(340)) == "create")
    }

    @Test("what a person had revoked was followed by another certificate of the same request, unasked (S8)")
    func leakedKey() {
        var run = ZoneRun([wish()])
        _ = words(&run, [.zero, .minutes(1)])
        run.objects[ObjectID("f")] = .certificate("f", "active", clientWish, der: "x", from: run.now)
        run.keysInHand[run.subject("gateway", kind)] = [ObjectID("f"): 2]
        let revocation = asked(.revoke(ObjectID("c1")), run)
        run.settle(revocation, run.obey(revocation))
        #expect(run.pass(after: .hours(1)) == ".")
        #expect(run.verdict("gateway", kind) == "hold revoked-outside")
    }

    @Test("a person who let a new one be made, in place of one whose key leaked, got another one of that key")
    func leakedKeyApproved() {
        var run = ZoneRun([wish()])
        _ = words(&run, [.zero, .minutes(1)])
        run.objects[ObjectID("f")] = .certificate("f", "active", clientWish, der: "x", from: run.now)
        run.keysInHand[run.subject("gateway", kind)] = [ObjectID("f"): 1]
        run.show(ObjectID("c1"), "revoked")
        #expect(run.pass(after: .hours(1)) == ".")
        run.approve("gateway", .revokedOutside, kind)
        #expect(run.pass(after: .hours(1)) == "create")
        #expect(run.sent.last?.action.generation == 2)
    }

    @Test("what a person adopted in place of a revoked one of the same request serves, and is held for nothing")
    func adoptedOfTheRequest() {
        var run = ZoneRun([wish()])
        run.objects[ObjectID("f")] = .certificate("f", "active", clientWish, der: "x", from: run.now)
        _ = words(&run, [.zero, .minutes(1)])
        run.show(ObjectID("c1"), "revoked")
        run.pass(after: .hours(1))
        #expect(run.verdict("gateway", kind) == "hold revoked-outside")
        let adoption = asked(.adopt(ObjectID("f")), run)
        for place in run.state.objects.indices where run.state.objects[place].id.text == "f" {
            run.state.objects[place].generation = 1
            run.state.objects[place].firstSeen = ZoneRun.start - .days(1)
        }
        run.settle(adoption, .accepted(ObjectID("f"), nil))
        #expect(run.pass(after: .hours(1)) == "deliver")
        #expect(run.verdict("gateway", kind) == "rest as-wanted")
    }

    @Test("an older one that a person brought back was replaced unasked when it was revoked itself (S8)")
    func broughtBackAndRevoked() {
        var run = ZoneRun([wish()])
        _ = words(&run, [.zero, .minutes(1)])
        run.show(ObjectID("c1"), "revoked")
        run.objects[ObjectID("f")] = .certificate("f", "active", clientWish, der: "x", from: run.now)
        run.keysInHand[run.subject("gateway", kind)] = [ObjectID("f"): 2]
        #expect(run.pass(after: .hours(1)) == "adopt+deliver")
        run.show(ObjectID("f"), "revoked")
        #expect(run.pass(after: .hours(1)) == ".")
        #expect(run.verdict("gateway", kind) == "hold revoked-outside")
        let reactivation = asked(.reactivate(ObjectID("c1")), run)
        run.settle(reactivation, run.obey(reactivation))
        run.show(ObjectID("c1"), "active")
        #expect(run.pass(after: .hours(1)) == "deliver")
        #expect(run.verdict("gateway", kind) == "rest as-wanted")
        run.show(ObjectID("c1"), "revoked")
        for _ in 0..<3 { #expect(run.pass(after: .hours(1)) == ".") }
        #expect(run.verdict("gateway", kind) == "hold revoked-outside")
    }

    @Test("a generation is not written down as made for a wish while nobody can say whether its key is there already")
    func keyUncounted() {
        var run = ZoneRun([wish()])
        run.keysUncounted = [run.subject("gateway", kind)]
        run.respond = { _ in .refused(.keyTrouble, lasting: false, code: "key-file", message: "cannot be read") }
        run.pass()
        #expect(run.state.subjects.map(\.lastGeneration) == [0])
        (run.keysUncounted, run.respond) = ([], { _ in nil })
        run.keysLeft[run.subject("gateway", kind)] = 1
        #expect(run.pass(after: .hours(2)) == "create")
        #expect(run.sent.last?.action.generation == 2)
    }

    @Test("one whose key is in hand is adopted, and put in place")
    func adopted() {
        var run = ZoneRun([wish()])
        run.objects[ObjectID("f")] = .certificate("f", "active", clientWish, der: "x", from: run.now)
        run.keysInHand[run.subject("gateway", kind)] = [ObjectID("f"): 4]
        #expect(run.pass() == "adopt+deliver")
        #expect(run.sent.last?.action == .clientCertificate(.deliver(ObjectID("f"), generation: 4)))

        var keyless = ZoneRun([wish()])
        keyless.objects[ObjectID("f")] = .certificate("f", "active", clientWish, der: "x", from: run.now)
        #expect(keyless.pass() == "create")
    }

    @Test("a renewal that is asked for earlier than a new one would last does not go round and round")
    func shortLife() {
        var run = ZoneRun([wish(days: 10)])
        for _ in 0..<(24 * 30) { run.pass(after: .hours(1)) }
        #expect(run.sent.count { $0.action.effect == .create } <= 10)
    }

    @Test("a key that does not fit holds the delivery, and is tried again")
    func keyTrouble() {
        var run = ZoneRun([wish()])
        run.pass()
        run.respond = { operation in
            operation.action.effect == .local
                ? .refused(.keyTrouble, lasting: false, code: "key-mismatch", message: "not for this key") : nil
        }
        run.pass(after: .minutes(1))
        #expect(run.pass(after: .seconds(30)) == ".")
        #expect(run.verdict("gateway", kind) == "hold key-trouble")
        #expect(run.conditions("gateway", kind) == [.keyTrouble])
        run.respond = { _ in nil }
        #expect(run.pass(after: .hours(2)) == "deliver")
        #expect(run.conditions("gateway", kind) == [])
    }

    @Test("an expired one is replaced although Cloudflare still calls it active (S13)")
    func expired() {
        var run = ZoneRun([wish()])
        _ = words(&run, [.zero, .minutes(1)])
        run.unseen = [.clientCertificate]
        run.pass(after: .days(366))
        #expect(run.conditions("gateway", kind).contains(.expired))
        run.unseen = []
        #expect(run.pass(after: .minutes(1)) == "create")
    }
}

extension Action {
    /// Of a certificate that is to be made.
    fileprivate var generation: Int? {
        guard case .clientCertificate(.create(_, let generation)) = self else { return nil }
        return generation
    }
}
