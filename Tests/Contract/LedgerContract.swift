import Domain
import Engine
import Glibc
import StateStore
import TestKit
import Testing

/// The ledgers that the contract holds for.
enum LedgerUnderTest: String, CaseIterable, CustomTestStringConvertible {
    case memory, sqliteInMemory, sqliteFile
    var testDescription: String { rawValue }

    func run(_ body: (any Ledger) throws -> Void) throws {
        switch self {
        case .memory: try body(MemoryLedger())
        case .sqliteInMemory: try body(try SQLiteLedger.inMemory())
        case .sqliteFile:
            let folder = "/tmp/edgecert-ledger-\(getpid())-\(UInt64.random(in: 0 ... .max))"
            #expect(mkdir(folder, 0o700) == 0)
            defer {
                for name in ["", "-wal", "-shm", ".lock"] { unlink("\(folder)/edgecert.db\(name)") }
                rmdir(folder)
            }
            let ledger = try SQLiteLedger.open(inFolder: folder, now: Sample.now).ledger
            try body(ledger)
            try ledger.close()
        }
    }
}

/// What the sentences of the port ``Ledger`` mean. Values round-trip whole, and both ledgers answer alike.
@Suite("ledger") struct LedgerContract {
    @Test("a new ledger is empty", arguments: LedgerUnderTest.allCases)
    func new(_ under: LedgerUnderTest) throws {
        try under.run { ledger in
            #expect(try ledger.state(of: Sample.zone, now: Sample.now) == ZoneState())
            #expect(try ledger.zones().isEmpty)
            #expect(try ledger.history(HistoryFilter()).isEmpty)
            #expect(try ledger.operations(HistoryFilter(), openOnly: false).isEmpty)
            #expect(try ledger.openEpisodes().isEmpty)
            #expect(try ledger.audit(since: nil, limit: 10).isEmpty)
            for key in NoteKey.allCases { #expect(try ledger.note(key) == nil) }
            #expect(try ledger.counts(names: ["a"], now: Sample.now) == BrakeCounts())
            #expect(try ledger.unwantedOurs(outside: Sample.zone) == 0)
            #expect(try ledger.prune(before: .distantFuture, limit: 10) == 0)
            try ledger.commit([])
        }
    }

    @Test("every member of every record comes back as it was", arguments: LedgerUnderTest.allCases)
    func roundTrip(_ under: LedgerUnderTest) throws {
        try under.run { ledger in
            let zone = ZoneRecord(
                id: Sample.zone, name: "example.com", isManaged: true, lastCompleteLook: Sample.now,
                lastFullLook: Sample.now - .hours(2), nextLook: Sample.now + .minutes(15),
                plannedUnder: PlannedUnder(era: "1/2", kinds: [.certificatePack]))
            var subject = SubjectRecord(
                subject: Sample.subject(), isWished: true, decidedSince: Sample.now, lastChangeAt: Sample.now,
                undoneAt: [Sample.now - .days(1), Sample.now],
                refusal: .init(reason: .refused, message: "no \"CAA\"", at: Sample.now, wishKey: "k"),
                lastGeneration: 7, nextLook: Sample.now, isReleased: true, generationKey: "meter 365",
                tries: .init(
                    action: "deliver", object: ObjectID("k1"), count: 3, at: Sample.now, reason: .keyTrouble,
                    message: "disk full"))
            subject.decision = Decision(
                .hold(wouldBe: .pack(.order(Sample.packWish()))), because: .nameLimit, "3 in 24 h",
                until: Sample.now + .hours(1), inputs: [.init("orders", "3"), .init("häuser", "")])
            let bare = SubjectRecord(subject: Sample.subject("meter", kind: .clientCertificate), isWished: false)
            let episode = Episode(
                scope: .subject(Sample.subject()), condition: .overdue, detail: "25 h", raisedAt: Sample.now,
                lastTold: Sample.now + .seconds(1))
            let approval = Approval(subject: Sample.subject(), reason: .wouldUncover, at: Sample.now, by: "uid 0")
            let suspension = Suspension(
                scope: .all, reason: "move", until: Sample.now + .days(1), by: "uid 1000", at: Sample.now)
            try ledger.commit([
                .zone(zone), .subject(subject), .subject(bare), .object(Sample.pack()),
                .object(Sample.clientCertificate()), .episode(episode), .approval(approval), .suspension(suspension),
            ])
            let state = try ledger.state(of: Sample.zone, now: Sample.now)
            #expect(
                state
                    == ZoneState(
                        zone: zone, subjects: [subject, bare], objects: [Sample.pack(), Sample.clientCertificate()],
                        approvals: [approval], suspensions: [suspension], episodes: [episode]))
            #expect(try ledger.zones() == [zone])
            #expect(try ledger.approvals(of: Sample.subject()) == [approval])
            #expect(try ledger.approvals(of: Sample.subject("other")).isEmpty)
            try ledger.commit([.approvalUsed(Sample.subject(), .wouldUncover)])
            #expect(try ledger.approvals(of: Sample.subject()).isEmpty)
        }
    }

    @Test("each form of decision comes back", arguments: LedgerUnderTest.allCases)
    func decisions(_ under: LedgerUnderTest) throws {
        try under.run { ledger in
            var decisions: [Decision] = [
                .wait(because: .notSeen, until: Sample.now), .rest(because: .asWanted), .hold(because: .keyTrouble),
            ]
            decisions += Sample.actions.flatMap { [.act($0, because: .missing), .hold($0, because: .daemonLimit)] }
            for decision in decisions {
                let record = SubjectRecord(subject: Sample.subject(), isWished: true, decision: decision)
                try ledger.commit([.subject(record)])
                #expect(try ledger.state(of: Sample.zone, now: Sample.now).subjects == [record])
            }
        }
    }

    @Test("each stage, ownership and rung comes back", arguments: LedgerUnderTest.allCases)
    func stages(_ under: LedgerUnderTest) throws {
        try under.run { ledger in
            for stage in Stage.all {
                for rung in ExpiryRung.allCases.map(Optional.some) + [nil] {
                    var object = Sample.pack("p1", stage, "any word", ownership: .adopted)
                    object.rung = rung
                    try ledger.commit([.object(object)])
                    #expect(try ledger.state(of: Sample.zone, now: Sample.now).objects == [object])
                }
            }
        }
    }

    @Test(
        "operations come back with each action and state, and with a baseline while open",
        arguments: LedgerUnderTest.allCases)
    func operations(_ under: LedgerUnderTest) throws {
        try under.run { ledger in
            let states: [Operation.State] = [
                .open(lackedSince: nil), .open(lackedSince: Sample.now), .accepted(at: Sample.now, object: nil),
                .accepted(at: Sample.now, object: ObjectID("p9")),
                .failed(at: Sample.now, code: "cloudflare-refused", message: "1450: \u{fffd}"),
                .lost(at: Sample.now),
            ]
            for action in Sample.actions {
                for state in states {
                    var operation = Sample.operation("op", action, state)
                    operation.request = SigningRequest(pem: "-----BEGIN CERTIFICATE REQUEST-----", der: "MII=")
                    operation.baseline = [ObjectID("a"), ObjectID("b")]
                    operation.askedBy = "uid 1000 (alice)"
                    try ledger.commit([.operation(operation)])
                    if !operation.isOpen { operation.baseline = [] }
                    #expect(try ledger.operations(HistoryFilter(), openOnly: false) == [operation])
                    let open = try ledger.state(of: Sample.zone, now: Sample.now).openOperations
                    #expect(open == (operation.isOpen ? [operation] : []))
                }
            }
        }
    }

    @Test("all of a commit is there, or none of it", arguments: LedgerUnderTest.allCases)
    func order(_ under: LedgerUnderTest) throws {
        try under.run { ledger in
            var second = Sample.pack()
            second.sighting.status = "pending_deletion"
            try ledger.commit([.object(Sample.pack()), .note(.era, "1"), .object(second), .note(.era, "2")])
            #expect(try ledger.state(of: Sample.zone, now: Sample.now).objects == [second])
            #expect(try ledger.note(.era) == "2")
            try ledger.commit([.note(.era, nil), .note(.blockedUntil, ""), .note(.blockedUntil, nil)])
            #expect(try ledger.note(.era) == nil && ledger.note(.blockedUntil) == nil)
            for key in NoteKey.allCases { try ledger.commit([.note(key, "<\(key)>")]) }
            for key in NoteKey.allCases { #expect(try ledger.note(key) == "<\(key)>") }
        }
    }

    @Test("the state of a zone holds what is its own, and no other zone's", arguments: LedgerUnderTest.allCases)
    func ownZone(_ under: LedgerUnderTest) throws {
        try under.run { ledger in
            let there = Sample.subject(zone: Sample.otherZone)
            try ledger.commit([
                .zone(ZoneRecord(id: Sample.otherZone, name: "other.example")),
                .subject(SubjectRecord(subject: there, isWished: true)),
                .object(Sample.pack("p2", zone: Sample.otherZone)),
                .operation(Sample.operation(zone: Sample.otherZone)),
                .approval(Approval(subject: there, reason: .refused, at: Sample.now, by: "b")),
                .suspension(
                    Suspension(
                        scope: .zone(Sample.otherZone), reason: "r", until: Sample.now, by: "b", at: Sample.now)),
                .episode(episode(.zone(Sample.otherZone))), .episode(episode(.subject(there))),
                .episode(episode(.daemon)),
            ])
            #expect(try ledger.state(of: Sample.zone, now: Sample.now) == ZoneState())
            let state = try ledger.state(of: Sample.otherZone, now: Sample.now)
            #expect(state.subjects.count == 1 && state.objects.count == 1 && state.openOperations.count == 1)
            #expect(state.approvals.count == 1 && state.suspensions.count == 1)
            #expect(state.episodes == [episode(.zone(Sample.otherZone)), episode(.subject(there))])
            #expect(try ledger.openEpisodes().count == 3)
        }
    }

    @Test(
        "of what is over, the state holds ours of 35 days and the newest of each subject",
        arguments: LedgerUnderTest.allCases)
    func over(_ under: LedgerUnderTest) throws {
        try under.run { ledger in
            func over(
                _ id: String, _ days: Int, _ name: String = "main", ownership: ObjectRecord.Ownership = .ordered
            ) -> ObjectRecord {
                let moment = Sample.now - .days(days)
                return Sample.pack(
                    id, .gone, "deleted", name: name, ownership: ownership, firstSeen: moment, since: moment)
            }
            let objects = [
                over("recent", 35), over("old", 36), over("older", 400),
                over("alone-older", 500, "alone"), over("alone", 300, "alone"),
                over("foreign", 1, "f", ownership: .foreign), Sample.pack("live", .expired, "expired"),
                Sample.pack("watched", .serving, "active", name: "w", ownership: .foreign),
            ]
            try ledger.commit(objects.map(Change.object))
            let found = try ledger.state(of: Sample.zone, now: Sample.now).objects.map(\.id.text)
            #expect(found == ["alone", "recent", "live", "watched"])
            let later = try ledger.state(of: Sample.zone, now: Sample.now + .days(40)).objects.map(\.id.text)
            #expect(later == ["alone", "recent", "live", "watched"])
        }
    }

    @Test("an episode is one row from raise to resolve, and may come again", arguments: LedgerUnderTest.allCases)
    func episodes(_ under: LedgerUnderTest) throws {
        try under.run { ledger in
            var one = episode(.zone(Sample.zone))
            try ledger.commit([.episode(one)])
            (one.detail, one.lastTold) = ("worse", Sample.now + .days(1))
            try ledger.commit([.episode(one), .episode(episode(.daemon, .held))])
            #expect(try ledger.openEpisodes() == [episode(.daemon, .held), one])
            var resolved = one
            resolved.resolvedAt = Sample.now + .days(2)
            try ledger.commit([.episode(resolved), .episode(resolved)])
            #expect(try ledger.openEpisodes() == [episode(.daemon, .held)])
            try ledger.commit([.episode(one)])
            #expect(try ledger.openEpisodes() == [episode(.daemon, .held), one])
        }
    }

    @Test(
        "an approval is used once, a suspension replaced and lifted by its scope",
        arguments: LedgerUnderTest.allCases)
    func approvals(_ under: LedgerUnderTest) throws {
        try under.run { ledger in
            func approval(_ reason: Reason) -> Change {
                .approval(Approval(subject: Sample.subject(), reason: reason, at: Sample.now, by: "b"))
            }
            try ledger.commit([
                approval(.nameLimit), approval(.nameLimit), approval(.daemonLimit),
                .approvalUsed(Sample.subject(), .nameLimit),
            ])
            #expect(try ledger.state(of: Sample.zone, now: Sample.now).approvals.map(\.reason) == [.daemonLimit])
            let scopes: [Suspension.Scope] = [.subject(Sample.subject()), .zone(Sample.zone), .all]
            for scope in scopes {
                for reason in ["first", "second"] {
                    try ledger.commit([
                        .suspension(
                            Suspension(scope: scope, reason: reason, until: Sample.now, by: "b", at: Sample.now))
                    ])
                }
            }
            #expect(try ledger.suspensions().map(\.scope) == scopes.reversed())
            #expect(try ledger.suspensions().allSatisfy { $0.reason == "second" })
            #expect(try ledger.state(of: Sample.zone, now: Sample.now).suspensions.count == 3)
            try ledger.commit([.resumption(.zone(Sample.zone)), .resumption(.zone(Sample.otherZone))])
            #expect(try ledger.suspensions().map(\.scope) == [.all, .subject(Sample.subject())])
        }
    }

    private func episode(
        _ scope: Episode.Scope, _ condition: Episode.Condition = .overdue
    ) -> Episode {
        Episode(scope: scope, condition: condition, detail: "d", raisedAt: Sample.now, lastTold: Sample.now)
    }
}
