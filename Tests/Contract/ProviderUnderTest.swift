import CloudflareAPI
import CloudflareModel
import Domain
import Engine
import Glibc
import HTTPTransport
import SimulatorServer
import TestKit
import Testing

/// A client and the world that it talks to, for one case of the contract.
struct ProviderUnderTest: Sendable {
    /// The providers that the contract holds for.
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        /// The model in the same process.
        case inProcess = "in process"
        /// The simulator's server, over a socket.
        case http
        /// The same with TLS, whose root is the one that is trusted.
        case https
        var testDescription: String { rawValue }
    }

    typealias Change = (inout CloudflareModel, Timestamp) throws -> Void

    let client: any Looking & Creating & Changing & Removing
    let gate: CountingGate
    /// Looks at Cloudflare from inside, or changes it behind the API's back.
    let world: @Sendable (Change) throws -> Void
    let advance: @Sendable (Duration) -> Void

    static let zone = ZoneID("023e105f4ecef8ad9ca31a8372d0c353")
    static let zoneName = "example.com"

    /// - Parameters:
    ///   - token: What the client sends; the account knows `all` and `reading`.
    ///   - scenario: The world that the client meets.
    static func run(
        _ kind: Kind, token: String = "all", in scenario: Scenario = .forContract(),
        _ body: (ProviderUnderTest) async throws -> Void
    ) async throws {
        let gate = CountingGate()
        switch kind {
        case .inProcess:
            let clock = ManualClock()
            let model = try CloudflareModel(scenario, signer: FakeSigner(), startingAt: clock.now())
            let transport = InProcessTransport(model) { clock.now() }
            try await body(
                ProviderUnderTest(
                    client: client(CloudflareSettings(), token, transport, gate), gate: gate,
                    world: { change in try transport.withModel { try change(&$0, $1) } },
                    advance: { clock.advance(by: $0) }))
        case .http: try await serve(scenario, withTLS: false, token, gate, body)
        case .https: try await serve(scenario, withTLS: true, token, gate, body)
        }
    }

    private static func serve(
        _ scenario: Scenario, withTLS: Bool, _ token: String, _ gate: CountingGate,
        _ body: (ProviderUnderTest) async throws -> Void
    ) async throws {
        signal(SIGPIPE, SIG_IGN)
        let simulator = try Simulator(scenario, clock: SimulatorClock(startingAt: ManualClock.start, speed: 0))
        let server = try await SimulatorServer.start(simulator, withTLS: withTLS)
        var settings = CloudflareSettings()
        settings.baseURL = "\(server.origin)/client/v4"
        let roots = try server.rootPEM.map(RootsFile.init)
        let transport = try CurlTransport(trustedRootsFile: roots?.path)
        let result: Result<Void, any Error>
        do {
            result = .success(
                try await body(
                    ProviderUnderTest(
                        client: client(settings, token, transport, gate), gate: gate,
                        world: { change in
                            try simulator.withWorld { world in
                                let now = world.clock.now()
                                try change(&world.model, now)
                            }
                        },
                        advance: { span in simulator.withWorld { $0.clock.step(by: span) } })))
        } catch {
            result = .failure(error)
        }
        await transport.close()
        await server.stop()
        roots?.remove()
        try result.get()
    }

    private static func client(
        _ settings: CloudflareSettings, _ token: String, _ transport: any Transport, _ gate: CountingGate
    ) -> CloudflareClient {
        CloudflareClient(
            options: .init(settings, version: "contract"), token: { Secret(token) }, transport: transport, gate: gate)
    }

    // MARK: What the cases ask for again and again

    func packs(_ scope: ListScope = .all) async throws(ProviderTrouble) -> [Sighting] {
        try await client.list(.certificatePack, in: Self.zone, scope: scope, priority: .settled)
    }

    func certificates(_ scope: ListScope = .all) async throws(ProviderTrouble) -> [Sighting] {
        try await client.list(.clientCertificate, in: Self.zone, scope: scope, priority: .settled)
    }

    func pack(_ id: ObjectID) async throws(ProviderTrouble) -> Sighting {
        try await client.get(id, .certificatePack, in: Self.zone, priority: .moving)
    }

    func certificate(_ id: ObjectID) async throws(ProviderTrouble) -> Sighting {
        try await client.get(id, .clientCertificate, in: Self.zone, priority: .moving)
    }

    func order(_ wish: PackWish = Self.packWish) async throws(ProviderTrouble) -> Receipt {
        try await client.create(Self.operation(.pack(.order(wish))))
    }

    func create(_ wish: ClientCertificateWish = Self.certificateWish) async throws(ProviderTrouble) -> Receipt {
        try await client.create(Self.operation(.clientCertificate(.create(wish, generation: 1))))
    }

    func change(_ action: Action) async throws(ProviderTrouble) -> Receipt {
        try await client.change(Self.operation(action))
    }

    func remove(_ action: Action) async throws(ProviderTrouble) -> Receipt {
        try await client.remove(Self.operation(action))
    }

    func add(_ seed: PackSeed) throws -> ObjectID {
        var id: ObjectID?
        try world { model, now in id = try model.add(seed, to: Self.zoneName, at: now) }
        return try #require(id)
    }

    func add(_ fault: Fault, method: String, count: Int? = 1) throws {
        try world { model, _ in model.add(FaultRule(fault, method: method, count: count)) }
    }

    /// A number out of the world.
    func count(_ look: (CloudflareModel) -> Int) throws -> Int {
        var number = 0
        try world { model, _ in number = look(model) }
        return number
    }

    static let packWish = PackWish(
        name: "main", hosts: ["example.com", "*.example.com"], authority: .google, method: .txt, validityDays: 90)
    static let certificateWish = ClientCertificateWish(
        name: "gate", commonName: "gate.example.com", validityDays: 365)

    static func operation(_ action: Action) -> Operation {
        Operation(
            id: OperationID("op"), subject: Subject(zone: zone, kind: .certificatePack, name: "main"), action: action,
            reason: .missing, request: request, committedAt: ManualClock.start)
    }

    /// Made by OpenSSL for `gate.example.com`; its key was never kept.
    static let request = SigningRequest(
        pem: """
            -----BEGIN CERTIFICATE REQUEST-----
            MIHVMH0CAQAwGzEZMBcGA1UEAwwQZ2F0ZS5leGFtcGxlLmNvbTBZMBMGByqGSM49
            AgEGCCqGSM49AwEHA0IABJrdWXXnWqv4vTHO1dUfXSXstgRHQgG3n8RIWY5fbg02
            BXFV3svOj+g9SoMWpYEKWqvLdXtuN+RFouogehxS6VWgADAKBggqhkjOPQQDAgNI
            ADBFAiB6oxqOGPitxKDPhCgDiElc5hnFKkg2EmqY/NMN4upFbwIhAI5Z82nVoEFE
            gwIyj7JXoPLeu5FwP0OXBT1gzmcOAGPN
            -----END CERTIFICATE REQUEST-----

            """)
}

extension Scenario {
    /// One zone and two tokens, changed as a case needs it.
    static func forContract(_ arrange: (inout Scenario) -> Void = { _ in }) -> Scenario {
        var scenario = Scenario(
            tokens: [
                TokenSeed(label: "all", secret: Secret("all"), expiresOn: ManualClock.start + .days(30)),
                TokenSeed(
                    label: "account", secret: Secret("account"), expiresOn: ManualClock.start + .days(20),
                    owner: .account),
                TokenSeed(label: "reading", secret: Secret("reading"), permissions: [.zoneRead, .sslRead]),
            ], zones: [ZoneSeed(name: ProviderUnderTest.zoneName, id: ProviderUnderTest.zone)])
        arrange(&scenario)
        return scenario
    }
}

/// The trouble that a call ends in; nil when it does not.
func trouble<Result>(_ call: () async throws(ProviderTrouble) -> Result) async -> ProviderTrouble? {
    do {
        _ = try await call()
        return nil
    } catch {
        return error
    }
}

extension ProviderTrouble {
    /// The case, for tables.
    var name: String {
        switch self {
        case .notSent: "notSent"
        case .unanswered: "unanswered"
        case .limited: "limited"
        case .tokenRefused: "tokenRefused"
        case .notFound: "notFound"
        case .busy: "busy"
        case .alreadySo: "alreadySo"
        case .duplicateHosts: "duplicateHosts"
        case .quotaExhausted: "quotaExhausted"
        case .ambiguous: "ambiguous"
        case .refused: "refused"
        case .withheld: "withheld"
        }
    }
}

/// A file with the roots to trust, for one case.
struct RootsFile {
    let path = "/tmp/edgecert-contract-\(getpid())-\(UInt64.random(in: 0 ... .max)).pem"

    init(_ pem: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let bytes = Array(pem.utf8)
        try #require(write(descriptor, bytes, bytes.count) == bytes.count)
    }

    func remove() { unlink(path) }
}
