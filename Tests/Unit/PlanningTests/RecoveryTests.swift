import Domain
import Planning
import TestKit
import Testing

@Suite("S3: one intention makes at most one order") struct RecoveryTests {
    /// A run whose order was sent and not answered; with what it made, when `isMade`.
    private func lostReply(_ wish: Wish = .pack(mainWish), isMade: Bool) -> ZoneRun {
        var run = ZoneRun([wish])
        run.respond = { _ in .unanswered(code: "cloudflare-unanswered", message: "connection reset") }
        run.pass()
        run.respond = { _ in nil }
        if isMade { run.makeUnanswered() }
        return run
    }

    @Test(
        "an order whose reply was lost is found again, and not repeated",
        arguments: [Wish.pack(mainWish), .clientCertificate(clientWish)])
    func found(wish: Wish) {
        var run = lostReply(wish, isMade: true)
        run.pass(after: .seconds(20))
        #expect(run.sent.count { $0.action.effect == .create } == 1)
        #expect(run.state.openOperations.isEmpty)
        let kind = wish.kind
        let record = run.state.objects.first
        #expect(record?.ownership == .ordered)
        #expect(record?.subject == run.subject(wish.name, kind))
    }

    @Test("while it is open nothing else is done, and it is lost only after two listings ten minutes apart")
    func lost() {
        var run = lostReply(isMade: false)
        #expect(run.pass(after: .seconds(20)) == ".")
        #expect(run.verdict("main") == "wait operation-open")
        for _ in 0..<9 { #expect(run.pass(after: .seconds(60)) == ".") }
        #expect(run.pass(after: .seconds(61)) == "order")
        #expect(run.sent.count == 2)
    }

    @Test("a pass that had to wait for a request took one listing for two, and the order was made again")
    func oneListingPlannedTwice() {
        var run = lostReply(isMade: false)
        run.now = run.now + .seconds(20)
        var input = run.input
        input.lookedAt = run.now
        input.state = Planner().plan(input).state
        #expect(input.state.openOperations.map(\.state) == [.open(lackedSince: run.now)])
        input.now = run.now + .minutes(15)
        let plan = Planner().plan(input)
        #expect(plan.state.openOperations.count == 1)
        #expect(plan.entries.map(\.decision.reason) == [.operationOpen])
        input.lookedAt = input.now
        #expect(Planner().plan(input).entries.compactMap(\.decision.action?.code) == ["order"])
    }

    @Test("a listing in between that failed proves nothing")
    func lostNeedsSight() {
        var run = lostReply(isMade: false)
        run.unseen = [.certificatePack]
        for _ in 0..<20 { #expect(run.pass(after: .minutes(5)) == ".") }
        #expect(run.state.openOperations.count == 1)
    }

    @Test("an equal thing that was there before the order is not what it made")
    func baseline() {
        var run = ZoneRun([.pack(mainWish)])
        run.objects[ObjectID("old")] = .pack("old", "validation_timed_out", mainWish)
        run.respond = { _ in .unanswered(code: "x", message: "x") }
        #expect(run.pass() == "order")
        run.pass(after: .seconds(20))
        #expect(run.record("old")?.ownership == .foreign)
        #expect(run.state.openOperations.count == 1)
    }

    @Test("a look from before the order was committed says nothing about it")
    func olderLook() {
        let run = lostReply(isMade: false)
        var input = run.input
        input.lookedAt = run.now - .seconds(1)
        let plan = Planner().plan(input)
        #expect(plan.state.openOperations.map(\.state) == [.open(lackedSince: nil)])
    }

    @Test("an order that was accepted without saying what it made stays open until it is seen")
    func acceptedWithoutName() {
        var run = ZoneRun([.pack(mainWish)])
        run.respond = { _ in .accepted(nil, nil) }
        run.pass()
        run.respond = { _ in nil }
        #expect(run.state.openOperations.count == 1)
        #expect(run.pass(after: .minutes(2)) == ".")
        run.makeUnanswered()
        run.pass(after: .minutes(2))
        #expect(run.record("p1")?.ownership == .ordered)
    }

    @Test("what was made and revoked before anybody looked was taken for lost, and made again (S8)")
    func revokedUnseen() {
        var run = lostReply(.clientCertificate(clientWish), isMade: true)
        for id in run.objects.keys { run.show(id, "revoked") }
        run.clientScope = .changeable
        for _ in 0..<3 { #expect(run.pass(after: .minutes(20)) == ".") }
        #expect(run.state.openOperations.count == 1)
        run.clientScope = .all
        #expect(run.pass(after: .minutes(20)) == ".")
        #expect(run.state.openOperations.isEmpty)
        #expect(run.verdict("gateway", .clientCertificate) == "hold revoked-outside")
    }

    @Test("an old certificate of the operator's request, revoked and in no row, was taken for the new one (S3)")
    func olderOneOfTheRequest() {
        var run = lostReply(.clientCertificate(clientWish), isMade: false)
        let der = run.sent.first?.request?.der
        run.objects[ObjectID("a")] = .certificate("a", "revoked", clientWish, der: der, from: run.now - .days(200))
        #expect(run.pass(after: .minutes(1)) == ".")
        #expect(run.state.openOperations.count == 1)
        #expect(run.record("a") == nil)
        run.makeUnanswered()
        run.pass(after: .minutes(1))
        #expect(run.state.openOperations.isEmpty)
        #expect(run.record("c1")?.ownership == .ordered)
        #expect(run.state.objects.map(\.id.text) == ["c1"])
    }

    @Test("of two that may be what was made, the one that still counts is")
    func liveBeforeOver() {
        var run = lostReply(.clientCertificate(clientWish), isMade: true)
        let der = run.sent.first?.request?.der
        run.objects[ObjectID("a")] = .certificate("a", "revoked", clientWish, der: der, from: run.now)
        run.pass(after: .minutes(1))
        #expect(run.record("c1")?.ownership == .ordered)
        #expect(run.record("a")?.ownership == .foreign)
    }

    @Test("while a creation was open, every certificate that had long been over appeared anew in each pass")
    func overAndOpen() {
        var run = lostReply(.clientCertificate(clientWish), isMade: false)
        for number in 1...5 {
            let id = "old\(number)"
            run.objects[ObjectID(id)] = .certificate(id, "revoked", clientWish, der: id, from: run.now)
        }
        run.forget()
        #expect(run.pass(after: .minutes(1)) == ".")
        #expect(run.news.isEmpty)
        #expect(run.state.objects.isEmpty)
    }

    @Test("what was over hid what was made, while that was in no listing yet (S3)")
    func overHidesWhatLags() {
        var run = lostReply(.clientCertificate(clientWish), isMade: false)
        let der = run.sent.first?.request?.der
        run.objects[ObjectID("a")] = .certificate("a", "revoked", clientWish, der: der, from: run.now)
        #expect(run.pass(after: .minutes(1)) == ".")
        #expect(run.state.openOperations.count == 1)
        run.makeUnanswered()
        run.pass(after: .minutes(8))
        #expect(run.record("c1")?.ownership == .ordered)
        #expect(run.verdict("gateway", .clientCertificate) == "rest as-wanted")
    }

    @Test("what does not say of which request it is stayed in doubt for ever, although its key was in hand")
    func keyInHand() {
        var run = lostReply(.clientCertificate(clientWish), isMade: false)
        run.objects[ObjectID("c")] = .certificate("c", "active", clientWish, der: nil, from: run.now)
        for _ in 0..<2 { #expect(run.pass(after: .hours(1)) == ".") }
        #expect(run.state.openOperations.count == 1)
        run.keysInHand[run.subject("gateway", .clientCertificate)] = [ObjectID("c"): 1]
        run.pass(after: .minutes(1))
        #expect(run.record("c")?.ownership == .ordered)
    }

    @Test("a wish that was renamed while its order was open was ordered a second time (S3)")
    func renamedWhileOpen() {
        var run = lostReply(isMade: false)
        var renamed = mainWish
        renamed.name = "web"
        run.want([.pack(renamed)])
        for _ in 0..<3 { #expect(run.pass(after: .minutes(1)) == ".") }
        #expect(run.verdict("web") == "wait operation-open")
        run.makeUnanswered()
        for _ in 0..<2 { #expect(run.pass(after: .minutes(2)) == ".") }
        #expect(run.record("p1")?.subject == run.subject("web"))
        #expect(run.sent.count == 1)
    }

    @Test(
        "a wish was renamed while its pack was in no listing yet, or could not be read, and ordered it again (S1, S3)",
        arguments: [true, false])
    func renamedWhileUnseen(isListed: Bool) {
        var run = settledRun()
        var renamed = mainWish
        renamed.name = "web"
        let seen = run.objects[ObjectID("p1")]
        if isListed { run.show(ObjectID("p1"), "quantum_pending") } else { run.objects = [:] }
        run.want([.pack(renamed)])
        #expect(run.pass(after: .minutes(2)) == ".")
        #expect(run.verdict("web") == (isListed ? "hold status-unread" : "wait absence-unproven"))
        #expect(run.conditions("web").contains(.statusUnread) == isListed)
        run.objects[ObjectID("p1")] = seen
        #expect(run.pass(after: .minutes(2)) == ".")
        #expect(run.record("p1")?.subject == run.subject("web"))
        #expect(run.verdict("web") == "rest as-wanted")
    }

    @Test("a pack of another kind whose hosts cannot be read kept every order open for ever")
    func unreadStranger() {
        var run = lostReply(isMade: false)
        run.objects[ObjectID("u")] = Sighting(
            id: ObjectID("u"), status: "active", stage: .unread,
            traits: .pack(PackTraits(type: "universal", hosts: HostSet([]))))
        for _ in 0..<2 { #expect(run.pass(after: .minutes(4)) == ".") }
        #expect(run.pass(after: .minutes(11)) == "order")
    }

    @Test("a lost creation is made again with the same key")
    func sameGeneration() {
        var run = lostReply(.clientCertificate(clientWish), isMade: false)
        for _ in 0..<14 { run.pass(after: .seconds(60)) }
        let generations = run.sent.compactMap { operation -> Int? in
            guard case .clientCertificate(.create(_, let generation)) = operation.action else { return nil }
            return generation
        }
        #expect(generations == [1, 1])
    }

    @Test("two open orders for equal packs bind one each")
    func twins() {
        let twin = PackWish(
            name: "twin", hosts: mainWish.hosts, authority: .letsEncrypt, method: .txt, validityDays: 90)
        var run = ZoneRun([.pack(mainWish), .pack(twin)])
        run.respond = { _ in .unanswered(code: "x", message: "x") }
        run.pass()
        run.respond = { _ in nil }
        run.makeUnanswered()
        run.pass(after: .seconds(20))
        #expect(Set(run.state.objects.map(\.subject.name)) == ["main", "twin"])
        #expect(run.sent.count == 2)
    }

    /// A run whose pack `p1` is wished no more, and whose deletion was sent and not answered.
    private func unansweredDeletion() -> ZoneRun {
        var run = settledRun()
        run.want([])
        run.approve("main", .wouldUncover)
        run.respond = { _ in .unanswered(code: "x", message: "x") }
        #expect(run.pass(after: .minutes(16)) == "delete")
        return run
    }

    @Test("S10: an order that a look found was counted from its commit, and it may have waited after that")
    func countedFromItsFinding() {
        var run = ZoneRun([.pack(mainWish)])
        run.respond = { _ in .unanswered(code: "no-answer", message: "lost") }
        #expect(run.pass() == "order")
        run.makeUnanswered()
        run.pass(after: .seconds(50))
        #expect(run.state.openOperations.isEmpty)
        #expect(run.state.subjects.first?.lastChangeAt == run.now)
    }

    @Test("an order was taken for lost after two looks seconds apart when the clock was set forward between them")
    func clockSetBetweenLooks() {
        var run = ZoneRun([.pack(mainWish)])
        run.respond = { _ in .unanswered(code: "no-answer", message: "lost") }
        #expect(run.pass() == "order")
        run.setClock(aheadBy: .hours(-3))
        #expect(run.pass(after: .minutes(20)) == ".")
        run.setClockRight()
        #expect(run.pass(after: .seconds(20)) == ".")
        #expect(run.state.openOperations.count == 1)
        #expect(run.pass(after: .minutes(10)) == "order")
    }

    @Test("an unanswered deletion is settled by what is seen")
    func deletion() {
        var run = unansweredDeletion()
        run.show(ObjectID("p1"), "pending_deletion")
        run.pass(after: .seconds(20))
        #expect(run.state.openOperations.isEmpty)
        #expect(run.record("p1")?.removedFor == .noLongerWanted)
        #expect(run.state.subjects.first?.undoneAt == [])
        #expect(run.state.approvals.isEmpty)
    }

    @Test("a deletion that no listing showed before the pack was gone is not taken for lost, nor for somebody else's")
    func deletionSeenLate() {
        var run = unansweredDeletion()
        run.respond = { _ in nil }
        #expect(run.pass(after: .seconds(20)) == ".")  // a listing from before the deletion
        run.objects = [:]
        #expect(run.pass(after: .minutes(11)) == ".")
        #expect(run.state.openOperations.count == 1)
        #expect(run.pass(after: .minutes(16)) == ".")
        #expect(run.state.openOperations.isEmpty)
        #expect(run.record("p1")?.sighting.stage == .gone)
        #expect(run.record("p1")?.removedFor == .noLongerWanted)
        #expect(run.state.subjects.first?.undoneAt == [])
    }

    @Test("S7: a removal that was made was taken for lost while its thing's status could not be read, and not counted")
    func deletionUnread() {
        var run = unansweredDeletion()
        run.respond = { _ in nil }
        run.show(ObjectID("p1"), "quantum_pending")
        for _ in 0..<5 { #expect(run.pass(after: .minutes(11)) == ".") }
        #expect(run.state.openOperations.count == 1)
        run.show(ObjectID("p1"), "pending_deletion")
        run.pass(after: .minutes(1))
        #expect(run.state.openOperations.isEmpty)
        #expect(run.record("p1")?.removedFor == .noLongerWanted)
    }
}

extension ZoneRun {
    /// Cloudflare carries out what it was sent and did not answer.
    mutating func makeUnanswered() {
        for operation in state.openOperations { _ = obey(operation) }
    }
}
