import Domain
import Engine
import TestKit

@testable import CloudflareAPI
@testable import StateStore

/// Things that the database keeps as they are, or a trouble that names the endpoint.
///
/// Through the client, so that pages, envelopes and the table of troubles take part. The client's gate hears of every
/// request exactly once, the token is in no trouble, and one listing names no thing twice.
func fuzzAnswers(_ bytes: [UInt8]) throws(Fault) {
    guard bytes.count >= 2 else { return }
    let call = AnswersCall.allCases[Int(bytes[0]) % AnswersCall.allCases.count]
    let status = [200, 200, 200, 201, 400, 401, 403, 404, 409, 429, 500, 503][Int(bytes[1]) % 12]
    let pages = bytes.dropFirst(2).split(separator: 0x1E, maxSplits: 7, omittingEmptySubsequences: false)
    let script = pages.map { page in
        ScriptedTransport.Answer.success(
            HTTPResponse(status: status, headers: [HTTPHeader("CF-Ray", "ray-1")], body: Array(page)))
    }
    let (transport, gate) = (ScriptedTransport(script), CountingGate())
    let outcome = OnTheSpot().run { () -> Result<[Sighting], ProviderTrouble> in
        do throws(ProviderTrouble) {
            return .success(try await call.make(CloudflareClient(to: transport, through: gate)))
        } catch {
            return .failure(error)
        }
    }
    try demand(gate.entries.count == gate.signals.count, "a request was let in and never noted, or noted twice")
    switch outcome {
    case .success(let sightings):
        try demand(status < 300, "an answer of status \(status) is taken for a good one")
        try demand(Set(sightings.map(\.id)).count == sightings.count, "one thing is listed twice")
        for sighting in sightings { try judge(sighting) }
    case .failure(let trouble):
        let answer = trouble.answer
        try demand(answer.endpoint == call.endpoint, "the trouble names '\(answer.endpoint)', not '\(call.endpoint)'")
        try demandShowable(answer.message, upTo: 4096, "the message")
        try demand(!answer.message.contains(AnswersCall.secret), "the token is in the message")
        try demandShowable(trouble.explanation.summary, upTo: 8192, "the summary")
    }
}

private func judge(_ sighting: Sighting) throws(Fault) {
    try demand(!sighting.id.text.isEmpty && sighting.id.text.utf8.count <= 200, "an identifier of no such length")
    try demandShowable(sighting.status, upTo: 4096, "the status")
    let text = sighting.traits.text
    switch Result(catching: { () throws(Unreadable) in try Traits(PackedText.read(Array(text.utf8))) }) {
    case .success(let kept):
        try demand(kept == sighting.traits, "the database would keep \(sighting.traits) as \(kept)")
    case .failure(let trouble): throw Fault(description: "the database could not read what it keeps: \(trouble.what)")
    }
}

/// Every call that is made to Cloudflare.
enum AnswersCall: CaseIterable {
    case packs, certificates, changeable, pack, certificate, order, recheck, restart, delete, create, revoke
    case reactivate, zoneNamed, zone, token, quota

    static let secret = "token-that-nobody-may-see"
    private static let (place, thing) = (ZoneID("z1"), ObjectID("p1"))

    var endpoint: String {
        let (packs, certificates) = ("/zones/{zone}/ssl/certificate_packs", "/zones/{zone}/client_certificates")
        return switch self {
        case .packs: "GET \(packs)"
        case .certificates, .changeable: "GET \(certificates)"
        case .pack: "GET \(packs)/{id}"
        case .certificate: "GET \(certificates)/{id}"
        case .order: "POST \(packs)/order"
        case .recheck: "PATCH /zones/{zone}/ssl/verification/{id}"
        case .restart: "PATCH \(packs)/{id}"
        case .delete: "DELETE \(packs)/{id}"
        case .create: "POST \(certificates)"
        case .revoke: "DELETE \(certificates)/{id}"
        case .reactivate: "PATCH \(certificates)/{id}"
        case .zoneNamed: "GET /zones"
        case .zone: "GET /zones/{zone}"
        case .token: "GET /user/tokens/verify"
        case .quota: "GET \(packs)/quota"
        }
    }

    func make(_ client: CloudflareClient) async throws(ProviderTrouble) -> [Sighting] {
        let (zone, id) = (Self.place, Self.thing)
        switch self {
        case .packs: return try await client.list(.certificatePack, in: zone, scope: .all, priority: .settled)
        case .certificates: return try await client.list(.clientCertificate, in: zone, scope: .all, priority: .settled)
        case .changeable:
            return try await client.list(.clientCertificate, in: zone, scope: .changeable, priority: .settled)
        case .pack: return [try await client.get(id, .certificatePack, in: zone, priority: .settled)]
        case .certificate: return [try await client.get(id, .clientCertificate, in: zone, priority: .settled)]
        case .order: return try await shown(client.create(operation(.pack(.order(Sample.packWish())))))
        case .recheck: return try await shown(client.change(operation(.pack(.recheck(id, .http)))))
        case .restart: return try await shown(client.change(operation(.pack(.restart(id)))))
        case .delete: return try await shown(client.remove(operation(.pack(.delete(id)))))
        case .create:
            return try await shown(
                client.create(operation(.clientCertificate(.create(Sample.clientWish(), generation: 1)))))
        case .revoke: return try await shown(client.remove(operation(.clientCertificate(.revoke(id)))))
        case .reactivate: return try await shown(client.change(operation(.clientCertificate(.reactivate(id)))))
        case .zoneNamed: _ = try await client.zone(named: "example.com")
        case .zone: _ = try await client.zone(zone)
        case .token: _ = try await client.token(ofAccount: nil)
        case .quota: _ = try await client.packQuota(in: zone)
        }
        return []
    }

    private func operation(_ action: Action) -> Operation {
        Operation(
            id: OperationID("o1"), subject: Subject(zone: Self.place, kind: .certificatePack, name: "main"),
            action: action, reason: .missing,
            request: SigningRequest(
                pem: "-----BEGIN CERTIFICATE REQUEST-----\nQUJD\n-----END CERTIFICATE REQUEST-----\n"),
            committedAt: Sample.now)
    }

    private func shown(_ receipt: Receipt) -> [Sighting] { receipt.sighting.map { [$0] } ?? [] }
}

extension CloudflareClient {
    fileprivate init(to transport: ScriptedTransport, through gate: CountingGate) {
        var settings = CloudflareSettings()
        settings.baseURL = "https://api.example/client/v4"
        self.init(
            options: .init(settings, version: "0"), token: { Secret(AnswersCall.secret) }, transport: transport,
            gate: gate)
    }
}
