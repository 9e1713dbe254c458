import Domain
import Engine
import FoundationEssentials
import TestKit
import Testing

/// The room without keys answers as the real one does, as far as an engine can tell.
@Suite("MemoryKeyRoom") struct MemoryKeyRoomTests {
    let room = MemoryKeyRoom()
    let subject = Subject(zone: ZoneID("z1"), kind: .clientCertificate, name: "meter")
    let wish = ClientCertificateWish(name: "meter", commonName: "meter.example.com")

    func request(_ generation: Int) async throws -> SigningRequest {
        try await room.request(for: subject, zoneName: "example.com", wish: wish, generation: generation)
    }

    @Test("requests are the same again, differ by generation, and are read as requests")
    func requests() async throws {
        let first = try await request(1)
        #expect(try await request(1) == first)
        #expect(SigningRequest(pem: first.pem) == first)
        #expect(
            Data(base64Encoded: first.der)
                == Data("example.com/client_certificate/meter generation 1 for meter.example.com".utf8))
        #expect(try await request(2).der != first.der)
        #expect(try await room.lastGeneration(for: subject, zoneName: "example.com") == 2)
    }

    @Test("a certificate is for the request that it was made for, and for no other")
    func certificates() async throws {
        let end = ManualClock.start + .days(90)
        let certificate = MemoryKeyRoom.certificate(for: try await request(2), notAfter: end)
        _ = try await request(1)
        #expect(try await room.generation(of: certificate, for: subject, zoneName: "example.com") == 2)
        await #expect(throws: KeyTrouble.mismatch(subject: "example.com/client_certificate/meter", generation: 1)) {
            try await room.deliver(
                certificatePEM: certificate, for: subject, zoneName: "example.com", wish: wish, generation: 1)
        }
        let delivery = try await room.deliver(
            certificatePEM: certificate, for: subject, zoneName: "example.com", wish: wish, generation: 2)
        #expect(delivery.notAfter == end)
        #expect(room.current(for: subject) == 2)
        #expect(room.delivered(subject, generation: 2) == certificate)
        room.lose(subject, generation: 2)
        #expect(try await room.generation(of: certificate, for: subject, zoneName: "example.com") == nil)
    }

    @Test("troubles that are set come once each, in order")
    func troubles() async throws {
        let trouble = KeyTrouble.file(path: "/", detail: "full")
        room.fail(with: trouble)
        await #expect(throws: trouble) { try await request(1) }
        _ = try await request(1)
    }

    @Test("the runner that runs nothing answers by its script, and writes down what it was asked")
    func runner() async {
        let runner = ScriptedCommandRunner([.failed(exitStatus: 1, output: "no")])
        #expect(
            await runner.run(["a"], environment: ["B": "c"], timeout: .seconds(1))
                == .failed(exitStatus: 1, output: "no"))
        #expect(await runner.run(["a"], environment: [:], timeout: .seconds(2)) == .succeeded(output: ""))
        #expect(runner.calls.map(\.timeout) == [.seconds(1), .seconds(2)])
    }
}
