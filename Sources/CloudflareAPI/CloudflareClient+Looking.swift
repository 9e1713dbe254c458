import Domain
import Engine

extension CloudflareClient: Looking {
    /// A settled zone costs one request for each kind.
    ///
    /// For what can still change, every status is asked for all the same as long as that takes no more requests than
    /// asking for each status by itself: it is one listing, in which nothing can move from one to the next, and shows
    /// what was revoked as well. Only a zone in which so many revoked certificates have piled up that this takes more
    /// than four pages is asked for status by status.
    public func list(
        _ kind: SubjectKind, in zone: ZoneID, scope: ListScope, priority: RequestPriority
    ) async throws(ProviderTrouble) -> [Sighting] {
        let api = kind.api
        let statuses = scope == .changeable ? api.changeableStatuses : []
        let pageLimit = statuses.isEmpty ? nil : statuses.count
        let all = try await listing(kind, in: zone, status: "all", within: pageLimit, priority)
        guard !all.isComplete else { return all.sightings }
        var merged = Listing()
        for status in statuses {
            merged.merge(try await listing(kind, in: zone, status: status, within: nil, priority))
        }
        return merged.sightings
    }

    /// - Parameter pageLimit: With more pages than this to come, it is given up after the first, and not complete.
    private func listing(
        _ kind: SubjectKind, in zone: ZoneID, status: String, within pageLimit: Int?, _ priority: RequestPriority
    ) async throws(ProviderTrouble) -> Listing {
        let api = kind.api
        let bare = api.listing(in: zone, status: status)
        var listing = Listing()
        var page = 1
        while true {
            var call = bare
            call.query += [("page", String(page)), ("per_page", String(Listing.pageSize))]
            let reply = try await reply(to: call, priority, zone: zone)
            let step: Listing.Step
            do {
                step = try listing.add(reply.json ?? .null, api.sighting)
            } catch {
                throw .unanswered(reply.answer(error.explanation))
            }
            guard case .another(let next) = step else { return listing }
            if let pageLimit, let announced = listing.announcedPages, announced > pageLimit { return listing }
            page = next
        }
    }

    public func get(
        _ id: ObjectID, _ kind: SubjectKind, in zone: ZoneID, priority: RequestPriority
    ) async throws(ProviderTrouble) -> Sighting {
        let reply = try await reply(to: kind.api.get(id, in: zone), priority, zone: zone)
        guard let sighting = kind.api.sighting(reply.result) else {
            throw .unanswered(reply.answer("the answer shows nothing that has an identifier"))
        }
        guard sighting.id == id else {
            throw .unanswered(reply.answer("the answer shows \(sighting.id), which was not asked for"))
        }
        return sighting
    }

    public func zone(named name: String) async throws(ProviderTrouble) -> ZoneFacts {
        let name = HostSet.normalized(name)
        guard !name.isEmpty else {
            throw .refused(ProviderAnswer(endpoint: "GET /zones", message: "the zone's name is empty"))
        }
        return try ZoneAPI.only(name, in: try await reply(to: ZoneAPI.named(name), .moving, zone: nil))
    }

    public func zone(_ id: ZoneID) async throws(ProviderTrouble) -> ZoneFacts {
        let reply = try await reply(to: ZoneAPI.get(id), .moving, zone: id)
        guard let zone = ZoneAPI.zone(reply.result), zone.id == id else {
            throw .unanswered(reply.answer("the answer does not show the zone"))
        }
        return zone
    }

    public func token(ofAccount account: String?) async throws(ProviderTrouble) -> TokenFacts {
        let reply = try await reply(to: ZoneAPI.token(ofAccount: account), .moving, zone: nil)
        guard let token = ZoneAPI.token(reply.result) else {
            throw .unanswered(reply.answer("the answer does not show the token's status"))
        }
        return token
    }

    public func packQuota(in zone: ZoneID) async throws(ProviderTrouble) -> PackQuota {
        let reply = try await reply(to: PackAPI.quota(in: zone), .change, zone: zone)
        guard let quota = ZoneAPI.quota(reply.result) else {
            throw .unanswered(reply.answer("the answer does not show the quota of advanced packs"))
        }
        return quota
    }
}
