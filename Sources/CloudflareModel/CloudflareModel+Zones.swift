import Domain

extension CloudflareModel {
    func zoneList(_ call: inout Call, visibleTo token: ModelToken) throws(Refusal) -> [UInt8] {
        guard call.request.method == "GET" else { throw .methodNotAllowed }
        var page = try ListPage(call.request)
        var places = Array(zones.indices)
        if let name = call.request.parameter("name") { places = zoneNames[HostSet.normalized(name)] ?? [] }
        if let status = call.request.parameter("status") {
            places = places.filter { zones[$0].conduct.status == status }
        }
        let shown = page.cut(places.filter { token.sees(zones[$0].id, named: zones[$0].name) }, fault: call.fault)
        return Self.envelope(page) { writer in
            writer.array { writer in
                for place in shown { write(zones[place], to: &writer) }
            }
        }
    }

    func zone(at place: Int) -> [UInt8] {
        Self.envelope { write(zones[place], to: &$0) }
    }

    private func write(_ zone: ModelZone, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", zone.id.text)
            writer.member("name", zone.name)
            writer.member("status", zone.conduct.status)
            writer.member("paused", false)
            writer.member("type", zone.conduct.isPartial ? "partial" : "full")
            writer.member("development_mode", 0)
            writer.member("name_servers", ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"])
            writer.array("original_name_servers") { _ in }
            writer.member("original_registrar", orNull: nil)
            writer.member("modified_on", zone.createdAt.written(digits: 6))
            writer.member("created_on", zone.createdAt.written(digits: 6))
            writer.member(
                "activated_on", orNull: zone.conduct.status == "active" ? zone.createdAt.written(digits: 6) : nil)
            writer.object("account") { writer in
                writer.member("id", account.id)
                writer.member("name", account.name)
            }
            writer.member("permissions", ["#zone:read", "#ssl:read", "#ssl:edit"])
            writer.object("plan") { writer in
                writer.member("name", "\(zone.conduct.plan) plan")
                writer.member("legacy_id", zone.conduct.plan)
            }
        }
    }
}
