import Domain

extension Looking {
    /// How many zones are asked for the account that they belong to.
    private static var zonesToAsk: Int { 3 }

    /// The token's own status and end, whether it is a user's or an account's. Which of the two it is cannot be seen from
    /// it: where no user's token is known, the account of one of the zones is asked.
    ///
    /// - Parameter zones: Zones of the settings; of several accounts the first that can be read is asked.
    public func token(seeing zones: [ZoneWish]) async throws(ProviderTrouble) -> TokenFacts {
        let unknown: ProviderTrouble
        do throws(ProviderTrouble) {
            return try await token(ofAccount: nil)
        } catch {
            guard error.isDenial else { throw error }
            unknown = error
        }
        for zone in zones.prefix(Self.zonesToAsk) {
            do throws(ProviderTrouble) {
                let facts =
                    if let id = zone.id { try await self.zone(id) } else { try await self.zone(named: zone.name) }
                if let account = facts.account { return try await token(ofAccount: account) }
            } catch {
                guard error.isDenial else { throw error }
            }
        }
        throw unknown
    }
}

extension ProviderTrouble {
    /// Cloudflare has answered, and does not tell this token what it asks.
    var isDenial: Bool {
        switch self {
        case .tokenRefused, .notFound, .refused, .ambiguous: true
        case .notSent, .unanswered, .limited, .busy, .alreadySo, .duplicateHosts, .quotaExhausted, .withheld: false
        }
    }
}
