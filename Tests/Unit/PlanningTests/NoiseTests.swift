import Domain
import Planning
import TestKit
import Testing

@Suite("What goes on failing is told once, then once a day") struct NoiseTests {
    private func failing(_ wish: Wish, _ reason: Reason) -> ZoneRun {
        var run = ZoneRun([wish])
        run.respond = { _ in .refused(reason, lasting: false, code: "cloudflare-token", message: "not with this token")
        }
        return run
    }

    /// Passes every five minutes for a while.
    private func live(_ run: inout ZoneRun, for time: Duration) {
        for _ in 0..<Int(time.wholeSeconds / 300) { run.pass(after: .minutes(5)) }
    }

    @Test("an order that a token without the right to write made fail for a week was 'moving', and no trouble")
    func failingIsTrouble() {
        var run = failing(.pack(mainWish), .retryLater)
        run.pass()
        run.pass(after: .minutes(1))
        #expect(run.conditions("main") == [])
        run.pass(after: .minutes(2))
        run.pass(after: .seconds(1))
        #expect(run.conditions("main") == [.failing])
        run.respond = { _ in nil }
        run.pass(after: .hours(1))
        run.pass(after: .seconds(1))
        #expect(run.conditions("main") == [])
    }

    @Test(
        "each failed try was two or three entries in the journal, some fifty a day",
        arguments: [(false, Reason.retryLater), (true, .keyTrouble)])
    func onceADay(isCertificate: Bool, reason: Reason) {
        var run = failing(isCertificate ? .clientCertificate(clientWish) : .pack(mainWish), reason)
        run.pass()
        live(&run, for: .hours(12))
        run.forget()
        live(&run, for: .days(3))
        #expect(run.sent.count > 60)
        #expect(run.news.map(\.kind) == Array(repeating: .episodeReminder, count: 3))
    }

    @Test("'why' went on telling of the first try while the fifth was made")
    func newestTry() {
        var run = failing(.pack(mainWish), .retryLater)
        run.pass()
        live(&run, for: .hours(2))
        let tries = run.state.subjects.first?.tries?.count ?? 0
        #expect(tries > 4)
        #expect(run.state.subjects.first?.decision?.detail.hasPrefix("try \(tries) at") == true)
        #expect(run.state.episodes.first?.detail.contains("try \(tries) at") == true)
    }

    @Test("what could not be prepared here was told as refused by Cloudflare, under an order that there never was")
    func notRefusedByCloudflare() {
        var run = failing(.clientCertificate(clientWish), .keyTrouble)
        run.pass()
        run.pass(after: .minutes(5))
        #expect(!run.news.contains { $0.kind == .operationRefused })
        #expect(run.conditions("gateway", .clientCertificate).contains(.keyTrouble))
        let failures = run.changes.compactMap { change -> Transition? in
            guard case .transition(let one) = change, one.event == .operationFailed else { return nil }
            return one
        }
        #expect(!failures.isEmpty && failures.allSatisfy { $0.operation == nil })
    }

    @Test("a state that is not trusted was told as nothing serving, for each certificate in use")
    func untrustedIsNotUncovered() {
        var run = ZoneRun([.clientCertificate(clientWish)])
        run.obstacles.stateUntrusted = "the database was missing"
        run.pass()
        #expect(run.verdict("gateway", .clientCertificate) == "hold state-untrusted")
        #expect(!run.conditions("gateway", .clientCertificate).contains(.uncovered))
    }

    @Test("a full quota is tried again after six hours, and says so")
    func quotaSaysWhen() {
        var run = ZoneRun([.pack(mainWish)])
        run.respond = { _ in .refused(.quotaExhausted, lasting: true, code: "cloudflare-quota", message: "full") }
        run.pass()
        run.pass(after: .minutes(5))
        #expect(run.decision("main")?.until == ZoneRun.start + .hours(6))
    }

    @Test("a name that a renamed pack had before went on being shown as wished and as wanted")
    func formerName() {
        var run = settledRun()
        var renamed = mainWish
        renamed.name = "renamed"
        run.want([.pack(renamed)])
        run.pass(after: .minutes(16))
        let decision = run.state.subjects.first { $0.subject == run.subject("main") }?.decision
        #expect(decision?.detail == "nothing is left of it")
        #expect(decision?.inputs.contains(.init("wished", "no")) == true)
        run.forget()
        run.pass(after: .minutes(16))
        #expect(run.changes.isEmpty)
    }

    @Test("what had vanished was shown with empty brackets, and as valid")
    func vanishedInputs() throws {
        var run = settledRun()
        run.objects = [:]
        run.pass(after: .minutes(15))
        run.pass(after: .minutes(15))
        run.pass(after: .minutes(15))
        run.show(ObjectID("p2"), "active")
        run.pass(after: .minutes(15))
        run.pass(after: .minutes(15))
        let inputs = try #require(run.state.subjects.first?.decision?.inputs)
        let gone = inputs.first { $0.value.hasPrefix("gone") }
        #expect(gone?.value.hasPrefix("gone since 20") == true)
        #expect(gone?.value.contains("valid") == false)
    }
}
