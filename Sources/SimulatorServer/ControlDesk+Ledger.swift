import CloudflareModel
import Domain

extension ControlDesk {
    /// Entries after `since`, narrowed by what else is asked for; `count` says how many there are.
    func ledger(_ world: World) throws(ScenarioTrouble) -> [UInt8] {
        let ledger = world.model.ledger
        var entries = request.parameter("effects") == "true" ? ledger.effects : ledger.entries
        if let since = request.parameter("since").flatMap({ Int($0) }) { entries.removeAll { $0.number <= since } }
        if let method = request.parameter("method") { entries.removeAll { $0.method != method } }
        if let path = request.parameter("path") {
            let matching = Set(ledger.requests(path: path).map(\.number))
            entries.removeAll { !matching.contains($0.number) }
        }
        if let kind = request.parameter("kind") { entries.removeAll { $0.effect?.code != kind } }
        if let hosts = request.parameter("hosts") {
            let wanted = HostSet(hosts.split(separator: ",").map(String.init))
            let orders = Set(ledger.acceptedOrders(hosts: wanted).map(\.number))
            entries.removeAll { !orders.contains($0.number) }
        }
        if let name = request.parameter("common_name") {
            let creations = Set(ledger.acceptedCreations(commonName: name).map(\.number))
            entries.removeAll { !creations.contains($0.number) }
        }
        return Self.json { writer in
            writer.member("total", ledger.total)
            writer.member("count", entries.count)
            writer.array("entries") { writer in
                for entry in entries { entry.write(to: &writer) }
            }
        }
    }

    /// Requests by endpoint since the start, or since the ledger was cleared.
    func counts(_ world: World) -> [UInt8] {
        Self.json { writer in
            writer.member("total", world.model.ledger.total)
            writer.object("counts") { writer in
                for (endpoint, count) in world.model.ledger.counts.sorted(by: { $0.key < $1.key }) {
                    writer.member(endpoint, count)
                }
            }
        }
    }

    func faults(_ world: World) -> [UInt8] {
        Self.json { writer in
            writer.array("faults") { writer in
                for rule in world.model.faults { rule.write(to: &writer) }
            }
        }
    }

    func addFault(_ world: inout World) throws(ScenarioTrouble) -> [UInt8] {
        var fields = try fields()
        let id = world.model.add(try FaultRule(&fields))
        return Self.json { $0.member("id", id) }
    }

    func removeFault(_ id: String, _ world: inout World) throws(ScenarioTrouble) {
        guard let number = Int(id), world.model.faults.contains(where: { $0.id == number }) else {
            throw ScenarioTrouble(place: "id", fault: "there is no fault '\(id)'")
        }
        world.model.removeFaults(number)
    }
}
