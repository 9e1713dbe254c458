import Domain

extension CloudflareModel {
    /// Everything in one zone (nil for all zones) as it is at this moment, for people and tests.
    public mutating func writeState(
        to writer: inout JSONWriter, zone word: String? = nil, at moment: Timestamp
    ) throws(ScenarioTrouble) {
        var places = Array(zones.indices)
        if let word { places = [try zonePlace(word)] }
        for place in places { zones[place].advance(to: moment, settings: settings, published: published) }
        writer.object { writer in
            writer.member("now", moment.rfc3339)
            writer.array("tokens") { writer in
                for token in tokens {
                    writer.object { writer in
                        writer.member("label", token.label)
                        writer.member("permissions", token.permissions.map(\.rawValue).sorted())
                        writer.member("status", token.status.rawValue)
                    }
                }
            }
            writer.array("zones") { writer in
                for place in places { write(zones[place], to: &writer, at: moment) }
            }
        }
    }

    private func write(_ zone: ModelZone, to writer: inout JSONWriter, at moment: Timestamp) {
        writer.object { writer in
            writer.member("id", zone.id.text)
            writer.member("name", zone.name)
            writer.member("status", zone.conduct.status)
            writer.member("validation", zone.conduct.validation.rawValue)
            writer.member("stuck", zone.conduct.stuck.map(\.rawValue).sorted())
            writer.array("packs") { writer in
                for pack in zone.packs {
                    writer.object { writer in
                        writer.member("id", pack.id.text)
                        writer.member("type", pack.type)
                        writer.member("hosts", pack.hosts)
                        writer.member("status", pack.status)
                        writer.member("created_on", pack.createdAt.rfc3339)
                        writer.member("expires_on", orNull: pack.expiresAt?.rfc3339)
                        writer.member("renewing", pack.isRenewing)
                        writer.member("next_change", orNull: pack.due?.rfc3339)
                    }
                }
            }
            writer.array("client_certificates") { writer in
                for certificate in zone.certificates {
                    writer.object { writer in
                        writer.member("id", certificate.id.text)
                        writer.member("common_name", certificate.signed.commonName)
                        writer.member("status", orNull: certificate.status(at: moment))
                        writer.member("serial_number", certificate.serial)
                        writer.member("expires_on", certificate.expiresAt.rfc3339)
                    }
                }
            }
        }
    }
}
