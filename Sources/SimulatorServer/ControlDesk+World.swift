import CloudflareModel
import Domain

extension ControlDesk {
    /// Zones with their packs and client certificates, as they are and not as a listing shows them.
    func state(_ world: inout World) throws(ScenarioTrouble) -> [UInt8] {
        let now = world.clock.now()
        var writer = JSONWriter()
        try world.model.writeState(to: &writer, zone: request.parameter("zone"), at: now)
        return writer.bytes + [0x0A]
    }

    /// Changes the zone of this name or identifier, or adds it where there is none.
    func setZone(_ world: inout World) throws(ScenarioTrouble) -> [UInt8] {
        var fields = try fields()
        let name = try fields.required("name", try fields.text("name"))
        let now = world.clock.now()
        if world.model.zoneID(name) != nil {
            try world.model.changeZone(name, at: now) { conduct throws(ScenarioTrouble) in
                try conduct.apply(&fields)
                try fields.finish()
            }
        } else {
            try world.model.add(try ZoneSeed(&fields), at: now)
        }
        let id = world.model.zoneID(name)
        return Self.json { $0.member("id", orNull: id?.text) }
    }

    func addPack(_ world: inout World) throws(ScenarioTrouble) -> [UInt8] {
        var fields = try fields()
        let zone = try fields.required("zone", try fields.text("zone"))
        let id = try world.model.add(try PackSeed(&fields), to: zone, at: world.clock.now())
        return Self.json { $0.member("id", id.text) }
    }

    func forcePack(_ id: String, _ world: inout World) throws(ScenarioTrouble) {
        var fields = try fields()
        let (status, error) = (try fields.text("status"), try fields.text("error"))
        let expiresOn = try fields.moment("expires_on")
        try fields.finish()
        try world.model.forcePack(
            ObjectID(id), status: status, expiresOn: expiresOn, error: error, at: world.clock.now())
    }

    func records(_ world: inout World) throws(ScenarioTrouble) -> [UInt8] {
        let records = try world.model.wantedRecords(
            zone: request.parameter("zone"), pack: request.parameter("pack").map(ObjectID.init), at: world.clock.now())
        return Self.list(records)
    }

    func publish(_ world: inout World) throws(ScenarioTrouble) -> [UInt8] {
        var fields = try fields()
        let (zone, pack) = (try fields.text("zone"), try fields.text("pack"))
        let (name, values) = (try fields.text("name"), try fields.texts("values"))
        try fields.finish()
        if let name {
            world.model.publish(values ?? [], under: name)
            return Self.list([])
        }
        return Self.list(
            try world.model.publishWanted(zone: zone, pack: pack.map(ObjectID.init), at: world.clock.now()))
    }

    func forceClientCertificate(_ id: String, _ world: inout World) throws(ScenarioTrouble) {
        var fields = try fields()
        let status = try fields.required("status", try fields.word("status", ClientCertificateStatus.self))
        try fields.finish()
        try world.model.forceClientCertificate(ObjectID(id), status: status, at: world.clock.now())
    }

    func changeToken(_ label: String, _ world: inout World) throws(ScenarioTrouble) {
        var fields = try fields()
        let words = try fields.texts("permissions")
        let permissions = words?.compactMap(TokenSeed.Permission.init)
        guard permissions?.count == words?.count else {
            throw fields.trouble("permissions", "one of them is unknown")
        }
        let (status, end) = (try fields.word("status", TokenSeed.Status.self), try fields.moment("expires_on"))
        try fields.finish()
        try world.model.changeToken(label, permissions: permissions.map(Set.init), status: status, expiresOn: end)
    }

    func setSettings(_ world: inout World) throws(ScenarioTrouble) {
        var fields = try fields()
        var settings = world.model.settings
        try settings.apply(&fields)
        world.model.settings = settings
    }

    private static func list(_ records: [WantedRecord]) -> [UInt8] {
        json { writer in
            writer.array("records") { writer in
                for record in records {
                    writer.object { writer in
                        writer.member("pack", record.pack.text)
                        writer.member("name", record.name)
                        writer.member("value", record.value)
                    }
                }
            }
        }
    }
}
