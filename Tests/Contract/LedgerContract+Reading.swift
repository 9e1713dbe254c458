import Domain
import Engine
import StateStore
import TestKit
import Testing

/// Histories, listings, brakes and pruning: the other half of the contract.
@Suite("ledger, read") struct LedgerReadingContract {
    @Test("history comes newest last, within its bounds, the newest of the limit", arguments: LedgerUnderTest.allCases)
    func history(_ under: LedgerUnderTest) throws {
        try under.run { ledger in
            let lines = (0..<6).map { number in
                Sample.transition(
                    "\(number)", at: Sample.now + .hours(number), name: number % 2 == 0 ? "main" : "other",
                    zone: number == 5 ? Sample.otherZone : Sample.zone)
            }
            let bare = Transition(subject: Sample.subject("bare"), at: Sample.now, event: .decided)
            try ledger.commit(lines.map(Change.transition) + [.transition(bare)])
            func details(_ filter: HistoryFilter) throws -> [String] { try ledger.history(filter).map(\.detail) }
            #expect(try ledger.history(HistoryFilter()) == lines + [bare])
            #expect(try details(HistoryFilter(subject: Sample.subject())) == ["0", "2", "4"])
            #expect(try details(HistoryFilter(subject: Sample.subject(), limit: 2)) == ["2", "4"])
            #expect(try details(HistoryFilter(zone: Sample.otherZone)) == ["5"])
            #expect(
                try details(HistoryFilter(since: Sample.now + .hours(1), until: Sample.now + .hours(3))) == ["1", "2"])
            #expect(try details(HistoryFilter(zone: Sample.zone, since: Sample.now + .hours(3))) == ["3", "4"])
            #expect(try details(HistoryFilter(limit: 0)).isEmpty)
            #expect(try details(HistoryFilter(limit: -1)).isEmpty)
        }
    }

    @Test(
        "operations come newest last, within their bounds, open ones alone when asked",
        arguments: LedgerUnderTest.allCases)
    func operations(_ under: LedgerUnderTest) throws {
        try under.run { ledger in
            try ledger.commit(
                (0..<6).map { number in
                    .operation(
                        Sample.operation(
                            "op\(9 - number)", at: Sample.now + .hours(number / 2),
                            number % 3 == 0 ? .lost(at: Sample.now) : .open(lackedSince: nil),
                            name: number == 5 ? "other" : "main"))
                })
            func ids(_ filter: HistoryFilter = HistoryFilter(), openOnly: Bool = false) throws -> [String] {
                try ledger.operations(filter, openOnly: openOnly).map(\.id.text)
            }
            #expect(try ids() == ["op8", "op9", "op6", "op7", "op4", "op5"])
            #expect(try ids(openOnly: true) == ["op8", "op7", "op4", "op5"])
            #expect(try ids(HistoryFilter(subject: Sample.subject("other"))) == ["op4"])
            #expect(
                try ids(HistoryFilter(since: Sample.now + .hours(1), until: Sample.now + .hours(2))) == ["op6", "op7"])
            #expect(try ids(HistoryFilter(zone: Sample.zone, limit: 3)) == ["op7", "op4", "op5"])
            #expect(try ids(HistoryFilter(zone: Sample.otherZone)).isEmpty)
        }
    }

    @Test("the audit comes newest last", arguments: LedgerUnderTest.allCases)
    func audit(_ under: LedgerUnderTest) throws {
        try under.run { ledger in
            let entries = (0..<4).map { number in
                AuditEntry(
                    at: Sample.now + .hours(number), person: "uid \(number)", verb: "approve", target: "t",
                    detail: "d", outcome: "o")
            }
            try ledger.commit(entries.map(Change.audit))
            #expect(try ledger.audit(since: nil, limit: 10) == entries)
            #expect(try ledger.audit(since: Sample.now + .hours(1), limit: 10) == Array(entries[1...]))
            #expect(try ledger.audit(since: nil, limit: 2) == Array(entries[2...]))
        }
    }

    @Test("subjects are listed in order, with what is theirs", arguments: LedgerUnderTest.allCases)
    func listing(_ under: LedgerUnderTest) throws {
        try under.run { ledger in
            func record(_ name: String, isWished: Bool, zone: ZoneID = Sample.zone) -> Change {
                .subject(SubjectRecord(subject: Sample.subject(name, zone: zone), isWished: isWished))
            }
            try ledger.commit([
                record("wished", isWished: true), record("dropped", isWished: false), record("over", isWished: false),
                record("wished", isWished: true, zone: Sample.otherZone), record("bare", isWished: true),
                .object(Sample.pack("b-old", .gone, "deleted", name: "wished", firstSeen: Sample.now - .days(1))),
                .object(Sample.pack("a-new", name: "wished")), .object(Sample.pack("d", name: "dropped")),
                .object(Sample.pack("d-over", .gone, "deleted", name: "dropped")),
                .object(Sample.pack("o", .gone, "deleted", name: "over")),
                .object(Sample.pack("f", name: "f", ownership: .foreign)), .object(Sample.clientCertificate()),
            ])
            func list(_ filter: SubjectFilter) throws -> [String] {
                var list: [String] = []
                try ledger.forEachSubject(filter) { record, objects in
                    #expect(objects.allSatisfy { $0.subject == record.subject })
                    list.append("\(record.subject.name):\(objects.map(\.id.text).joined(separator: ","))")
                }
                return list
            }
            let packs = ["bare:", "dropped:d", "f:f", "wished:b-old,a-new"]
            #expect(try list(SubjectFilter()) == packs + ["meter:k1", "wished:"])
            #expect(try list(SubjectFilter(zone: Sample.zone)) == packs + ["meter:k1"])
            #expect(try list(SubjectFilter(kind: .clientCertificate)) == ["meter:k1"])
            #expect(try list(SubjectFilter(name: "wished")) == ["wished:b-old,a-new", "wished:"])
            #expect(
                try list(SubjectFilter(zone: Sample.zone, kind: .certificatePack, includesOver: true))
                    == ["bare:", "dropped:d,d-over", "f:f", "over:o", "wished:b-old,a-new"])
        }
    }

    @Test(
        "issuances are counted by name, without renewals that were due and without what had no effect (S6)",
        arguments: LedgerUnderTest.allCases)
    func issuances(_ under: LedgerUnderTest) throws {
        try under.run { ledger in
            let key = Sample.packWish().hosts.key
            let client = Action.clientCertificate(.create(Sample.clientWish(), generation: 1))
            let accepted = Operation.State.accepted(at: Sample.now, object: nil)
            let before = Operation.State.accepted(at: Sample.now - .days(8), object: nil)
            try ledger.commit([
                .operation(Sample.operation("1", at: Sample.now - .hours(23), accepted)),
                .operation(Sample.operation("2", at: Sample.now - .hours(25), .lost(at: Sample.now - .hours(24)))),
                .operation(Sample.operation("3", at: Sample.now - .days(8), before)),
                .operation(Sample.operation("4", at: Sample.now, .failed(at: Sample.now, code: "c", message: "m"))),
                .operation(Sample.operation("5", because: .renewalDue, at: Sample.now)),
                .operation(Sample.operation("6", at: Sample.now + .days(1), zone: Sample.otherZone, name: "twin")),
                .operation(Sample.operation("7", .pack(.restart(ObjectID("p1"))), because: .stepStalled, accepted)),
                .operation(Sample.operation("8", .pack(.restart(ObjectID("unknown"))), because: .stepStalled)),
                .operation(Sample.operation("9", client, name: "meter")),
                .object(Sample.pack("p1")),
            ])
            let counts = try ledger.counts(names: [key, "meter.example.com", "unheard"], now: Sample.now)
            #expect(counts.issuances[key] == .init(inADay: 3, inAWeek: 4))
            #expect(counts.issuances["meter.example.com"] == .init(inADay: 1, inAWeek: 1))
            #expect(counts.issuances.count == 2)
            #expect(counts.ordersInADay == 4)
            #expect(try ledger.counts(names: [], now: Sample.now).issuances.isEmpty)
        }
    }

    @Test(
        "removals are counted by zone when they are of what is wished no more (S7)",
        arguments: LedgerUnderTest.allCases)
    func removals(_ under: LedgerUnderTest) throws {
        try under.run { ledger in
            func removal(
                _ id: String, _ object: String, because reason: Reason = .noLongerWanted,
                at moment: Timestamp = Sample.now, _ state: Operation.State = .open(lackedSince: nil),
                zone: ZoneID = Sample.zone
            ) -> Change {
                .operation(
                    Sample.operation(
                        id, .pack(.delete(ObjectID(object))), because: reason, at: moment, state, zone: zone))
            }
            try ledger.commit([
                removal("1", "a"), removal("2", "b", .accepted(at: Sample.now, object: ObjectID("b"))),
                removal("3", "b"), removal("4", "c", because: .superseded), removal("5", "d", .lost(at: Sample.now)),
                removal("6", "e", at: Sample.now - .hours(24), .accepted(at: Sample.now - .hours(24), object: nil)),
                removal("7", "a", zone: Sample.otherZone),
                removal("8", "f", .failed(at: Sample.now, code: "c", message: "m")),
            ])
            let counts = try ledger.counts(names: [], now: Sample.now)
            #expect(counts.removalsInADay == [Sample.zone: 2, Sample.otherZone: 1])
            #expect(counts.ordersInADay == 0)
        }
    }

    @Test(
        "what was committed more than a day ago and sent less than a day ago counts as of today (S6, S7)",
        arguments: LedgerUnderTest.allCases)
    func waited(_ under: LedgerUnderTest) throws {
        try under.run { ledger in
            let (before, after) = (Sample.now - .hours(24) - .minutes(2), Sample.now - .hours(24) + .minutes(3))
            let (sent, delete) = (Operation.State.accepted(at: after, object: nil), Action.pack(.delete(ObjectID("a"))))
            let remove = Action.pack(.delete(ObjectID("b")))  // nobody knows yet whether it will have had an effect
            try ledger.commit([
                .operation(Sample.operation("1", at: before, sent)), .operation(Sample.operation("2", at: before)),
                .operation(Sample.operation("3", at: before, .lost(at: Sample.now - .hours(24)))),
                .operation(Sample.operation("5", remove, because: .noLongerWanted, at: Sample.now - .days(3))),
                .operation(Sample.operation("4", delete, because: .noLongerWanted, at: before, sent)),
            ])
            let counts = try ledger.counts(names: [Sample.packWish().hosts.key], now: Sample.now)
            #expect(counts.ordersInADay == 2)
            #expect(counts.issuances[Sample.packWish().hosts.key] == .init(inADay: 2, inAWeek: 3))
            #expect(counts.removalsInADay == [Sample.zone: 2])
        }
    }

    @Test(
        "what is ours, still there and wished no more is counted over the other managed zones (S7)",
        arguments: LedgerUnderTest.allCases)
    func unwanted(_ under: LedgerUnderTest) throws {
        try under.run { ledger in
            let left = ZoneID("left")
            func record(_ name: String, isWished: Bool, zone: ZoneID = Sample.otherZone) -> Change {
                .subject(SubjectRecord(subject: Sample.subject(name, zone: zone), isWished: isWished))
            }
            func pack(
                _ id: String, _ name: String, _ stage: Stage = .serving, zone: ZoneID = Sample.otherZone,
                ownership: ObjectRecord.Ownership = .ordered
            ) -> Change {
                .object(Sample.pack(id, stage, "any", name: name, zone: zone, ownership: ownership))
            }
            try ledger.commit([
                .zone(ZoneRecord(id: Sample.otherZone, name: "other.example")),
                .zone(ZoneRecord(id: left, name: "left.example", isManaged: false)),
                record("two", isWished: false), pack("1", "two"), pack("2", "two", .leaving),
                record("gone", isWished: false), pack("3", "gone", .gone), record("wished", isWished: true),
                pack("4", "wished"), record("f", isWished: false), pack("5", "f", ownership: .foreign),
                record("adopted", isWished: false), pack("6", "adopted", .stalled(.deletion), ownership: .adopted),
                record("elsewhere", isWished: false, zone: left), pack("7", "elsewhere", zone: left),
            ])
            #expect(try ledger.unwantedOurs(outside: Sample.zone) == 2)
            #expect(try ledger.unwantedOurs(outside: Sample.otherZone) == 0)
        }
    }

    @Test("identifiers are known for ever, by zone and kind", arguments: LedgerUnderTest.allCases)
    func knownIDs(_ under: LedgerUnderTest) throws {
        try under.run { ledger in
            try ledger.commit([
                .object(Sample.pack("p1")), .object(Sample.pack("p2", .gone, "deleted", ownership: .foreign)),
                .object(Sample.pack("p3", zone: Sample.otherZone)), .object(Sample.clientCertificate("k1")),
            ])
            #expect(try ledger.knownIDs(.certificatePack, in: Sample.zone) == [ObjectID("p1"), ObjectID("p2")])
            #expect(try ledger.knownIDs(.clientCertificate, in: Sample.zone) == [ObjectID("k1")])
            #expect(try ledger.knownIDs(.certificatePack, in: ZoneID("none")).isEmpty)
        }
    }

    @Test("an object that changes hands moves to its new subject", arguments: LedgerUnderTest.allCases)
    func rebound(_ under: LedgerUnderTest) throws {
        try under.run { ledger in
            try ledger.commit([.object(Sample.pack("p1", name: "p1", ownership: .foreign))])
            let adopted = Sample.pack("p1", name: "main", ownership: .adopted)
            try ledger.commit([.object(adopted)])
            #expect(try ledger.state(of: Sample.zone, now: Sample.now).objects == [adopted])
        }
    }

    @Test(
        "pruning takes the oldest stretch of each subject and leaves a checkpoint (S14)",
        arguments: LedgerUnderTest.allCases)
    func prune(_ under: LedgerUnderTest) throws {
        try under.run { ledger in
            func line(_ detail: String, _ hours: Int, _ name: String = "main") -> Change {
                .transition(Sample.transition(detail, at: Sample.now + .hours(hours), name: name))
            }
            // The clock was set back before the line "late": it is old, and stands after a newer one.
            try ledger.commit([
                line("0", 0), line("1", 1), line("x", 0, "other"), line("2", 5), line("late", 1), line("y", 9, "other"),
            ])
            let before = try ledger.state(of: Sample.zone, now: Sample.now)
            #expect(try ledger.prune(before: Sample.now, limit: 10) == 0)
            #expect(try ledger.prune(before: Sample.now + .hours(4), limit: 1) == 1)
            #expect(try ledger.history(HistoryFilter()).map(\.detail) == ["1", "x", "2", "late", "y"])
            #expect(try ledger.prune(before: Sample.now + .hours(4), limit: 10) == 2)
            #expect(try ledger.prune(before: Sample.now + .hours(4), limit: 10) == 0)
            #expect(try ledger.history(HistoryFilter()).map(\.detail) == ["2", "late", "y"])
            #expect(
                try ledger.checkpoint(of: Sample.subject())
                    == Checkpoint(
                        subject: Sample.subject(), upTo: Sample.now + .hours(1), count: 2,
                        standing: [ObjectID("p1"): .init(stage: "serving", status: "active")]))
            #expect(try ledger.checkpoint(of: Sample.subject("other"))?.count == 1)
            #expect(try ledger.checkpoint(of: Sample.subject("none")) == nil)
            var vanished = Sample.transition("z", at: Sample.now + .hours(6))
            vanished.event = .vanished
            try ledger.commit([.transition(vanished)])
            #expect(try ledger.prune(before: .distantFuture, limit: 100) == 4)
            #expect(try ledger.history(HistoryFilter()).isEmpty)
            #expect(try ledger.checkpoint(of: Sample.subject())?.count == 5)
            #expect(try ledger.checkpoint(of: Sample.subject())?.standing == [:])
            #expect(try ledger.state(of: Sample.zone, now: Sample.now) == before)
        }
    }

    @Test(
        "operations and troubles that were over were kept for good; what is open, counted or audited still is",
        arguments: LedgerUnderTest.allCases)
    func pruneSettled(_ under: LedgerUnderTest) throws {
        try under.run { ledger in
            let old = Sample.now - .days(40)
            func operation(_ number: UInt64, _ at: Timestamp, _ state: Operation.State) -> Operation {
                Operation(
                    id: OperationID(at: at, chance: number), subject: Sample.subject(),
                    action: .pack(.order(Sample.packWish())), reason: .missing, committedAt: at, state: state)
            }
            let operations = [
                operation(1, old, .accepted(at: old, object: ObjectID("p1"))),
                operation(2, old + .hours(1), .failed(at: old + .hours(1), code: "c", message: "m")),
                operation(3, old + .hours(2), .lost(at: old + .hours(2))),
                operation(4, old, .open(lackedSince: nil)),
                operation(5, old, .accepted(at: Sample.now - .days(1), object: nil)),
                operation(6, Sample.now - .days(6), .accepted(at: Sample.now - .days(6), object: nil)),
            ]
            var over = Episode(
                scope: .subject(Sample.subject()), condition: .stalled, detail: "", raisedAt: old, lastTold: old)
            let raised = over
            over.resolvedAt = old + .hours(3)
            let open = Episode(scope: .daemon, condition: .tokenExpiring, detail: "", raisedAt: old, lastTold: old)
            let audit = AuditEntry(at: old, person: "p", verb: "approve", target: "t", detail: "", outcome: "done")
            try ledger.commit(
                operations.map(Change.operation) + [
                    .episode(raised), .episode(over), .episode(open), .audit(audit),
                    .transition(Sample.transition("0", at: old)),
                ])
            let name = try #require(operations[0].issuanceName)
            let counts = try ledger.counts(names: [name], now: Sample.now)
            let state = try ledger.state(of: Sample.zone, now: Sample.now)
            let cutoff = Sample.now - .days(36)
            #expect(try ledger.pruneSettled(before: old, limit: 100) == 0)
            #expect(try ledger.pruneSettled(before: cutoff, limit: 2) == 2)
            #expect(try ledger.operations(HistoryFilter(), openOnly: false).map(\.id).count == 4)
            #expect(try ledger.pruneSettled(before: cutoff, limit: 2) == 2)
            #expect(try ledger.pruneSettled(before: cutoff, limit: 2) == 0)
            let left = try ledger.operations(HistoryFilter(), openOnly: false).map(\.id)
            #expect(Set(left) == Set(operations[3...].map(\.id)))
            #expect(try ledger.openEpisodes() == [open])
            #expect(try ledger.audit(since: nil, limit: 10) == [audit])
            #expect(try ledger.history(HistoryFilter()).count == 1)
            #expect(try ledger.counts(names: [name], now: Sample.now) == counts)
            #expect(try ledger.state(of: Sample.zone, now: Sample.now) == state)
        }
    }
}
