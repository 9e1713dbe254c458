import CloudflareModel
import Domain
import Engine
import TestKit
import Testing

/// What becomes of answers that get lost or come out wrong.
extension ProviderContract {
    @Test(
        "a lost answer to an order leaves open what became of it; a clear refusal does not",
        arguments: Kind.allCases,
        [
            (Fault.resetBefore, true, 0), (.resetAfter, true, 1), (.serverErrorBefore(status: 502), true, 0),
            (.serverErrorAfter(status: 500), true, 1), (.truncated(at: 10), true, 1), (.emptyBody, true, 1),
            (.html(status: 403), true, 0), (.html(status: 200), true, 0),
            (.limited(retryAfter: 9), false, 0), (.limited(retryAfter: nil), false, 0), (.unsuccessful, false, 0),
        ] as [(Fault, Bool, Int)])
    func lostAnswers(_ kind: Kind, _ row: (fault: Fault, isOpen: Bool, orders: Int)) async throws {
        try await ProviderUnderTest.run(kind) { (provider) async throws in
            try provider.add(row.fault, method: "POST")
            let lost = await trouble { () async throws(ProviderTrouble) in try await provider.order() }
            #expect(lost?.mayHaveTakenEffect == row.isOpen, "\(row.fault): \(String(describing: lost))")
            #expect(try provider.count { $0.ledger.acceptedOrders().count } == row.orders)
            // Whatever became of it: it was sent once, and the next look tells.
            #expect(try provider.count { $0.ledger.requests(method: "POST", path: "*").count } == 1)
            #expect(try await provider.packs().count == row.orders)
        }
    }

    @Test("an answer that takes longer than its time is given up, and may come true")
    func late() async throws {
        // Over a socket this would mean to wait; there, the transport's own tests see to it.
        try await ProviderUnderTest.run(.inProcess) { (provider) async throws in
            try provider.add(.delay(.hours(1)), method: "POST")
            let lost = await trouble { () async throws(ProviderTrouble) in try await provider.order() }
            #expect(lost?.mayHaveTakenEffect == true)
            #expect(try provider.count { $0.ledger.acceptedOrders().count } == 1)
        }
    }

    @Test(
        "a listing that is not whole and sound is no listing (S1)", arguments: Kind.allCases,
        [
            Fault.resetBefore, .resetAfter, .serverErrorBefore(status: 503), .truncated(at: 400), .truncated(at: 0),
            .emptyBody, .html(status: 200), .html(status: 404), .missingEntry, .unsuccessful, .limited(retryAfter: nil),
        ])
    func unsoundListings(_ kind: Kind, _ fault: Fault) async throws {
        try await ProviderUnderTest.run(
            kind,
            in: .forContract { scenario in
                scenario.zones[0].packs = (0..<60).map { PackSeed(hosts: ["h\($0).example.com"]) }
            }
        ) { (provider) async throws in
            // On the only page of a short listing, on the first and on the last of a long one.
            try provider.add(fault, method: "GET")
            let first = await trouble { () async throws(ProviderTrouble) in try await provider.packs() }
            #expect(first != nil, "\(fault)")
            try provider.world { model, _ in model.add(FaultRule(fault, method: "GET", skip: 1, count: 1)) }
            // A connection that breaks here has been kept, and a transport may ask a question again: then it is whole.
            do throws(ProviderTrouble) {
                let packs = try await provider.packs()
                #expect(packs.count == 60 && fault.breaksConnections, "\(fault) on the second page")
            } catch { #expect(error.name != "notFound") }
            #expect(try await provider.packs().count == 60)
        }
    }

    @Test(
        "an entry that comes twice is counted once; a status that is not known spoils nothing but itself",
        arguments: Kind.allCases)
    func oddListings(_ kind: Kind) async throws {
        try await ProviderUnderTest.run(
            kind,
            in: .forContract { scenario in
                scenario.zones[0].packs = (0..<3).map { PackSeed(hosts: ["h\($0).example.com"]) }
            }
        ) { (provider) async throws in
            try provider.add(.duplicateEntry, method: "GET")
            #expect(try await provider.packs().count == 3)
            try provider.add(.unknownStatus("polishing"), method: "GET")
            let packs = try await provider.packs()
            #expect(packs.map(\.stage) == [.unread, .unread, .unread] && packs.allSatisfy { $0.status == "polishing" })
        }
    }
}

extension Fault {
    fileprivate var breaksConnections: Bool { self == .resetBefore || self == .resetAfter }
}
