import Domain
import Engine
import TestKit

@testable import Reports

/// Two zones with one subject of each state, as of noon of 2026-11-21.
struct Town {
    let ledger = MemoryLedger()
    let now = Town.noon
    static let noon = Timestamp(unixSeconds: 1_795_262_400)  // 2026-11-21T12:00:00Z
    static let zone = ZoneID("023e105f4ecef8ad9ca31a8372d0c353")
    static let oldZone = ZoneID("11111111111111111111111111111111")

    var reporter: Reporter { Reporter(ledger, source: .daemon, now: now) }

    init() throws {
        let noon = Town.noon
        try ledger.commit([
            .zone(
                ZoneRecord(
                    id: Town.zone, name: "example.com", lastCompleteLook: noon - .minutes(3),
                    nextLook: noon + .minutes(12))),
            .zone(
                ZoneRecord(
                    id: Town.oldZone, name: "old.example", lastCompleteLook: noon - .hours(5),
                    nextLook: noon - .hours(4))),
        ])
        try addGood()
        try addTroubled()
        try addRows()
    }

    static func subject(_ name: String, _ kind: SubjectKind = .certificatePack, in zone: ZoneID = zone) -> Subject {
        Subject(zone: zone, kind: kind, name: name)
    }

    static func pack(
        _ name: String, id: String, _ status: PackStatus, until: Timestamp?, since: Timestamp = noon - .days(32),
        hosts: HostSet? = nil, in zone: ZoneID = zone, records: [ValidationRecord] = [], errors: [String] = [],
        ownership: ObjectRecord.Ownership = .ordered
    ) -> ObjectRecord {
        let certificates = until.map {
            [IssuedCertificate(id: "c-\(id)", issuer: "LetsEncrypt", uploadedOn: since, notAfter: $0)]
        }
        let traits = PackTraits(
            type: "advanced", hosts: hosts ?? ["example.com", "\(name).example.com"], authority: "lets_encrypt",
            method: "txt", validityDays: 90, branding: false, certificates: certificates ?? [],
            validationRecords: records, validationErrors: errors)
        return ObjectRecord(
            sighting: Sighting(id: ObjectID(id), status: status.rawValue, stage: status.stage, traits: .pack(traits)),
            subject: subject(name, in: zone), ownership: ownership, since: since, firstSeen: since,
            lastSeen: noon - .minutes(3), servingSince: status.stage == .serving ? since : nil,
            lastServedAt: status.stage == .serving ? noon - .minutes(3) : nil)
    }

    func add(_ subject: Subject, _ decision: Decision?, isWished: Bool = true, _ objects: ObjectRecord...) throws {
        var record = SubjectRecord(
            subject: subject, isWished: isWished, decision: decision, decidedSince: now - .hours(2),
            nextLook: now + .minutes(12))
        record.lastGeneration = objects.compactMap(\.generation).max() ?? 0
        try ledger.commit([.subject(record)] + objects.map(Change.object))
    }

    private func addGood() throws {
        let main = Town.pack(
            "main", id: "p-main", .active, until: now + .days(58), hosts: ["example.com", "*.example.com"])
        try add(Town.subject("main"), .rest(because: .asWanted), main)
        let proofs = [
            ValidationRecord(form: .txt(name: "_acme-challenge.api.example.com", value: "first"), status: "pending"),
            ValidationRecord(form: .txt(name: "_acme-challenge.API.example.com.", value: "second"), status: "pending"),
        ]
        let api = Town.pack(
            "api", id: "p-api", .pendingValidation, until: nil, since: now - .minutes(30),
            hosts: ["api.example.com", "*.api.example.com"], records: proofs)
        try add(Town.subject("api"), .wait(because: .providerWorking, until: now + .minutes(10)), api)
        try add(Town.subject("meters", .clientCertificate), .rest(because: .asWanted), certificate(2), certificate(1))
        let paused = Town.pack("paused", id: "p-paused", .active, until: now + .days(20))
        try add(Town.subject("paused"), .wait(because: .suspended), paused)
        try ledger.commit([
            .suspension(
                Suspension(
                    scope: .subject(Town.subject("paused")), reason: "moving house", until: now + .hours(4),
                    by: "uid 1000 (alice)", at: now - .hours(1)))
        ])
        let found = Town.pack("p-found", id: "p-found", .active, until: now + .days(300), ownership: .foreign)
        try add(Town.subject("p-found"), .rest(because: .discovered), isWished: false, found)
    }

    private func certificate(_ generation: Int) -> ObjectRecord {
        let traits = ClientCertificateTraits(
            commonName: "meters.example.com", serialNumber: "\(generation)0", fingerprintSHA256: "ab\(generation)",
            validityDays: 365, issuedOn: now - .days(10), notAfter: now + .days(generation * 170))
        return ObjectRecord(
            sighting: Sighting(
                id: ObjectID("k-\(generation)"), status: "active", stage: .serving, traits: .clientCertificate(traits)),
            subject: Town.subject("meters", .clientCertificate), ownership: .ordered, since: now - .days(10),
            firstSeen: now - .days(12 - generation), lastSeen: now - .minutes(3), servingSince: now - .days(10),
            lastServedAt: now - .minutes(3), generation: generation, deliveredAt: now - .days(10),
            commandSucceededAt: now - .days(10))
    }

    private func addTroubled() throws {
        let wish = PackWish(
            name: "shop", hosts: ["example.com", "shop.example.com"], authority: .google, method: .txt, validityDays: 90
        )
        var held = Decision.hold(
            .pack(.order(wish)), because: .sameHostSetRefused, "code 1406: a live pack has the very same hosts")
        held.inputs = [.init("wish", "google, txt, 90 days"), .init("pack p-shop", "active, lets_encrypt")]
        try add(
            Town.subject("shop"), held, Town.pack("shop", id: "p-shop", .active, until: now + .days(40)))
        try ledger.commit([
            .approval(
                Approval(
                    subject: Town.subject("shop"), reason: .sameHostSetRefused, at: now - .days(2), by: "uid 0 (root)")),
            .approval(
                Approval(subject: Town.subject("shop"), reason: .nameLimit, at: now - .days(8), by: "uid 0 (root)")),
        ])
        try add(
            Town.subject("blog"), .act(.pack(.order(wish)), because: .expired),
            Town.pack("blog", id: "p-blog", .active, until: now - .days(2)))
        let stuck = Town.pack(
            "stuck", id: "p-stuck", .validationTimedOut, until: nil, since: now - .hours(26),
            errors: ["CAA records\u{1b}[31m forbid issuance"])
        try add(Town.subject("stuck"), .wait(because: .retryLater, until: now + .hours(1)), stuck)
        try ledger.commit([
            .episode(
                Episode(
                    scope: .subject(Town.subject("stuck")), condition: .stalled, detail: "validation",
                    raisedAt: now - .hours(26), lastTold: now - .hours(2)))
        ])
        try add(
            Town.subject("main", in: Town.oldZone), .rest(because: .asWanted),
            Town.pack("main", id: "p-old", .active, until: now + .days(60), in: Town.oldZone))
    }

    private func addRows() throws {
        let wish = PackWish(
            name: "api", hosts: ["api.example.com", "*.api.example.com"], authority: .letsEncrypt, method: .txt,
            validityDays: 90)
        let order = Operation(
            id: OperationID(at: now - .minutes(31), chance: 7), subject: Town.subject("api"),
            action: .pack(.order(wish)), reason: .missing, committedAt: now - .minutes(31),
            state: .accepted(at: now - .minutes(30), object: ObjectID("p-api")))
        let failed = Operation(
            id: OperationID(at: now - .hours(2), chance: 8), subject: Town.subject("shop"), action: .pack(.order(wish)),
            reason: .wishChanged, committedAt: now - .hours(2),
            state: .failed(at: now - .hours(2), code: "1406", message: "a live pack has the very same hosts"),
            askedBy: "uid 0 (root)")
        try ledger.commit([
            .operation(order), .operation(failed),
            .transition(
                Transition(
                    subject: Town.subject("api"), object: ObjectID("p-api"), at: now - .minutes(30), event: .appeared,
                    to: .init(stage: "start", status: "initializing"), move: .expected, reason: .missing,
                    operation: order.id)),
            .transition(
                Transition(
                    subject: Town.subject("api"), object: ObjectID("p-api"), at: now - .minutes(29), event: .moved,
                    from: .init(stage: "start", status: "initializing"),
                    to: .init(stage: "validation", status: "pending_validation"), move: .expected)),
            .audit(
                AuditEntry(
                    at: now - .hours(1), person: "uid 1000 (alice)", verb: "suspend",
                    target: "example.com/certificate_pack/paused", detail: "moving house", outcome: "done")),
        ])
    }

    var engine: EngineStatus {
        EngineStatus(
            version: "0.1.0", startedAt: now - .days(3), mode: .enforce, zones: 2, subjects: 9, moving: 1, wrong: 1,
            zonesInPass: 0, nextPass: now + .minutes(2), lookEvery: .minutes(15), budgetLeft: 590, blockedUntil: nil,
            clockSkew: .seconds(0), settingsTrouble: nil, stateTrouble: nil, storeTrouble: nil, line: "")
    }
}
