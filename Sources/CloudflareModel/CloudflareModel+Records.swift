import Domain

/// A record that somebody has to publish: TXT by name, a page by its address, a mail by `email:` and the host.
public struct WantedRecord: Hashable, Sendable {
    public var pack: ObjectID
    public var name: String
    public var value: String
}

/// The world's DNS and web servers, as far as validation looks at them.
extension CloudflareModel {
    /// What the packs of a zone (nil for all) or one pack ask for at this moment.
    public mutating func wantedRecords(
        zone word: String? = nil, pack: ObjectID? = nil, at moment: Timestamp
    ) throws(ScenarioTrouble) -> [WantedRecord] {
        var places = Array(zones.indices)
        if let word { places = [try zonePlace(word)] }
        if let pack { places = [try packPlace(pack).zone] }
        var wanted: [WantedRecord] = []
        for place in places {
            zones[place].advance(to: moment, settings: settings, published: published)
            for entry in zones[place].packs where pack.map({ $0 == entry.id }) ?? true {
                guard let challenge = entry.challenge, moment >= challenge.visibleFrom else { continue }
                wanted += challenge.records.map {
                    WantedRecord(pack: entry.id, name: $0.publication.name, value: $0.publication.value)
                }
            }
        }
        return wanted
    }

    /// Puts values under a name, in place of those that are there; none takes the name away.
    public mutating func publish(_ values: [String], under name: String) {
        published[name] = values.isEmpty ? nil : Set(values)
    }

    /// Publishes everything that is asked for, as a diligent operator would.
    /// - Returns: What was published.
    @discardableResult
    public mutating func publishWanted(
        zone: String? = nil, pack: ObjectID? = nil, at moment: Timestamp
    ) throws(ScenarioTrouble) -> [WantedRecord] {
        let wanted = try wantedRecords(zone: zone, pack: pack, at: moment)
        for (name, records) in Dictionary(grouping: wanted, by: \.name) {
            publish(records.map(\.value), under: name)
        }
        return wanted
    }
}
