import Domain
import Engine

/// Zones, the token and the quota: what is asked once, and not listed.
enum ZoneAPI {
    static func get(_ zone: ZoneID) -> Call {
        Call(family: .zones, method: .get, path: [.word("zones"), .zone(zone)])
    }

    static func named(_ name: String) -> Call {
        Call(
            family: .zones, method: .get, path: [.word("zones")],
            query: [("name", name), ("per_page", String(Listing.pageSize))])
    }

    /// - Parameter account: nil for a token of a user.
    static func token(ofAccount account: String?) -> Call {
        let owner: [Call.Part] = account.map { [.word("accounts"), .id($0, name: "account")] } ?? [.word("user")]
        return Call(family: .tokens, method: .get, path: owner + [.word("tokens"), .word("verify")])
    }

    static func zone(_ json: JSON) -> ZoneFacts? {
        guard let id = ObjectID(json), let name = json["name"].words else { return nil }
        return ZoneFacts(
            id: ZoneID(id.text), name: HostSet.normalized(name), status: json["status"].words ?? "",
            account: ObjectID(json["account"])?.text)
    }

    /// The one zone of this name. Cloudflare may list several: of several accounts, or moved away and added again.
    static func only(_ name: String, in reply: Reply) throws(ProviderTrouble) -> ZoneFacts {
        guard let objects = reply.result.array else {
            throw .unanswered(reply.answer("the answer has no list of zones"))
        }
        var found: [ZoneFacts] = []
        for object in objects {
            guard let zone = zone(object) else {
                throw .unanswered(reply.answer("the answer holds a zone without identifier or name"))
            }
            if zone.name == name, !found.contains(where: { $0.id == zone.id }) { found.append(zone) }
        }
        guard let zone = found.first else {
            throw .notFound(reply.answer("the token sees no zone named \(Words.printable(name))"))
        }
        guard found.count == 1 else {
            let ids = found.map(\.id.text).joined(separator: ", ")
            throw .ambiguous(reply.answer("\(found.count) zones are named \(Words.printable(name)): \(ids)"))
        }
        return zone
    }

    static func token(_ json: JSON) -> TokenFacts? {
        guard let status = json["status"].words else { return nil }
        return TokenFacts(status: status, expiresOn: json["expires_on"].date)
    }

    static func quota(_ json: JSON) -> PackQuota? {
        guard let allocated = json["advanced"]["allocated"].int, let used = json["advanced"]["used"].int else {
            return nil
        }
        return PackQuota(allocated: allocated, used: used)
    }
}
