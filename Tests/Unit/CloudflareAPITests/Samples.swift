import CloudflareAPI
import Domain
import Engine
import TestKit

/// A client whose transport says what it is told to.
struct Bench {
    let transport: ScriptedTransport
    let gate: CountingGate
    let client: CloudflareClient

    init(_ transport: ScriptedTransport, gate: CountingGate = CountingGate(), token: String = "secret-token") {
        (self.transport, self.gate) = (transport, gate)
        var settings = CloudflareSettings()
        settings.baseURL = "https://api.example/client/v4/"
        client = CloudflareClient(
            options: .init(settings, version: "1.2.3"), token: { Secret(token) }, transport: transport, gate: gate)
    }

    init(_ bodies: String...) {
        self.init(ScriptedTransport(bodies.map { .success(HTTPResponse(status: 200, body: Array($0.utf8))) }))
    }

    init(status: Int, _ body: String, headers: [HTTPHeader] = []) {
        self.init(
            ScriptedTransport([.success(HTTPResponse(status: status, headers: headers, body: Array(body.utf8)))]))
    }

    init(_ trouble: TransportTrouble) { self.init(ScriptedTransport([.failure(trouble)])) }

    func packs(_ scope: ListScope = .all) async throws(ProviderTrouble) -> [Sighting] {
        try await client.list(.certificatePack, in: zone, scope: scope, priority: .settled)
    }

    func certificates(_ scope: ListScope) async throws(ProviderTrouble) -> [Sighting] {
        try await client.list(.clientCertificate, in: zone, scope: scope, priority: .settled)
    }
}

let zone = ZoneID("z1")

/// The trouble that a call ends in; nil when it does not.
func trouble<Result>(_ call: () async throws(ProviderTrouble) -> Result) async -> ProviderTrouble? {
    do {
        _ = try await call()
        return nil
    } catch {
        return error
    }
}

func operation(_ action: Action, askedBy: String? = nil) -> Operation {
    let request = SigningRequest(pem: "-----BEGIN CERTIFICATE REQUEST-----\nQUJD\n-----END CERTIFICATE REQUEST-----\n")
    return Operation(
        id: OperationID("op"), subject: Subject(zone: zone, kind: .certificatePack, name: "main"), action: action,
        reason: .missing, request: request, committedAt: Timestamp(unixSeconds: 0), askedBy: askedBy)
}

let packWish = PackWish(
    name: "main", hosts: ["example.com", "*.example.com"], authority: .letsEncrypt, method: .txt, validityDays: 90)
let certificateWish = ClientCertificateWish(name: "gate", commonName: "gate.example.com", validityDays: 365)

/// A page with things of these identifiers, as short as they may be.
func page(_ ids: some Sequence<String>, info: String? = nil, status: String = "active") -> String {
    let objects = ids.map { #"{"id":"\#($0)","status":"\#(status)","type":"advanced","hosts":["a.example"]}"# }
    let info = info.map { #","result_info":\#($0)"# } ?? ""
    return #"{"success":true,"errors":[],"messages":[],"result":[\#(objects.joined(separator: ","))]\#(info)}"#
}

func info(_ page: Int, count: Int, total: Int, perPage: Int = 50) -> String {
    let pages = (total + perPage - 1) / perPage
    return
        #"{"page":\#(page),"per_page":\#(perPage),"count":\#(count),"total_count":\#(total),"total_pages":\#(pages)}"#
}

func ids(_ range: Range<Int>) -> [String] { range.map { "p\($0)" } }
