import CloudflareModel
import Domain

/// Answers one request to `/sim/`: the operator's and the tests' hands in the simulated world.
struct ControlDesk {
    let request: ModelRequest

    typealias World = Simulator.World

    func reply(_ world: inout World) -> ModelReply {
        do throws(ScenarioTrouble) {
            guard let body = try body(&world) else {
                return Self.answer(404, Self.message("no such path or method; GET /sim lists them"))
            }
            return Self.answer(200, body)
        } catch {
            return Self.answer(400, Self.message(error.explanation.summary))
        }
    }

    private func body(_ world: inout World) throws(ScenarioTrouble) -> [UInt8]? {
        let segments = request.path.split(separator: "/").dropFirst().map(String.init)
        let id = segments.count == 2 ? segments[1] : nil
        guard segments.count <= 2 else { return nil }
        switch (request.method, segments.first, id) {
        case ("GET", nil, nil): return Self.directory
        case ("GET", "clock"?, nil): return clock(world)
        case ("POST", "clock"?, nil): return try setClock(&world)
        case ("GET", "ledger"?, nil): return try ledger(world)
        case ("GET", "ledger"?, "counts"?): return counts(world)
        case ("DELETE", "ledger"?, nil): world.model.clearLedger()
        case ("GET", "faults"?, nil): return faults(world)
        case ("POST", "faults"?, nil): return try addFault(&world)
        case ("DELETE", "faults"?, nil): world.model.removeFaults()
        case ("DELETE", "faults"?, let id?): try removeFault(id, &world)
        case ("GET", "state"?, nil): return try state(&world)
        case ("POST", "zones"?, nil): return try setZone(&world)
        case ("POST", "packs"?, nil): return try addPack(&world)
        case ("POST", "packs"?, let id?): try forcePack(id, &world)
        case ("DELETE", "packs"?, let id?): try world.model.removePack(ObjectID(id), at: world.clock.now())
        case ("GET", "records"?, nil): return try records(&world)
        case ("POST", "records"?, "publish"?): return try publish(&world)
        case ("POST", "client_certificates"?, let id?): try forceClientCertificate(id, &world)
        case ("GET", "client_ca"?, nil): return Self.json { $0.member("pem", world.clientRootPEM) }
        case ("POST", "tokens"?, let label?): try changeToken(label, &world)
        case ("POST", "settings"?, nil): try setSettings(&world)
        case ("DELETE", "limiter"?, nil): world.model.resetLimiter()
        default: return nil
        }
        return Self.json { $0.member("ok", true) }
    }

    /// The request's body; an empty one is an empty object.
    func fields() throws(ScenarioTrouble) -> Fields {
        guard !request.body.isEmpty else { return try Fields(.object([])) }
        let value: JSONValue
        do throws(JSONTrouble) { value = try JSONValue(reading: request.body) } catch {
            throw ScenarioTrouble(place: "", fault: error.explanation.summary)
        }
        return try Fields(value)
    }

    static func json(_ content: (inout JSONWriter) -> Void) -> [UInt8] {
        JSONWriter.text { $0.object(content) } + [0x0A]
    }

    private static func message(_ text: String) -> [UInt8] { json { $0.member("error", text) } }

    private static func answer(_ status: Int, _ body: [UInt8]) -> ModelReply {
        ModelReply(status: status, headers: [.init("Content-Type", "application/json")], body: body)
    }

    static let routes = [
        "GET /sim/clock", "POST /sim/clock {set, step, speed, paused}",
        "GET /sim/ledger?since=N&effects=true&kind=K&hosts=a,b&common_name=N&method=M&path=/zones/*",
        "GET /sim/ledger/counts", "DELETE /sim/ledger", "GET /sim/faults",
        "POST /sim/faults {do, method, path, token, skip, count, probability, seconds, status, bytes, word}",
        "DELETE /sim/faults", "DELETE /sim/faults/ID", "GET /sim/state?zone=NAME",
        "POST /sim/zones {name, id, status, type, plan, acm, pack_quota, client_certificate_quota, validation, …}",
        "POST /sim/packs {zone, hosts, type, status, …}", "POST /sim/packs/ID {status, expires_on, error}",
        "DELETE /sim/packs/ID", "GET /sim/records?zone=NAME&pack=ID",
        "POST /sim/records/publish {} | {zone} | {pack} | {name, values}",
        "POST /sim/client_certificates/ID {status}", "GET /sim/client_ca",
        "POST /sim/tokens/LABEL {permissions, status, expires_on}",
        "POST /sim/settings {pace, timeouts, limiter, list_lag, …}", "DELETE /sim/limiter",
    ]

    private static var directory: [UInt8] { json { $0.member("routes", routes) } }
}
