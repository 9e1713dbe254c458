import Domain

/// Zones whose identifier the settings leave out, and zones whose identifier is another's.
extension Engine {
    /// The identifiers that were found by name, so that a restart need not ask again.
    func zoneIDsByName() -> [String: ZoneID] {
        do throws(StoreTrouble) {
            let lines = (try ports.ledger.note(.zoneIDs) ?? "").split(separator: "\n")
            let pairs = lines.compactMap { line -> (String, ZoneID)? in
                let halves = line.split(separator: "=", maxSplits: 1)
                return halves.count == 2 ? (String(halves[0]), ZoneID(String(halves[1]))) : nil
            }
            return Dictionary(pairs, uniquingKeysWith: { _, last in last })
        } catch {
            note(error)
            return [:]
        }
    }

    /// Asks Cloudflare for the identifier of a zone, once; a failure is an episode and is tried again.
    func startNaming(_ name: String) {
        guard let entry = unnamed[name] else { return }
        unnamed[name]?.due = ports.clock.uptime() + Self.nameRetry
        Task { await self.findID(of: name, entry.wish) }
    }

    private func findID(of name: String, _ wish: ZoneWish) async {
        do throws(ProviderTrouble) {
            let facts = try await ports.provider(.observe).looking.zone(named: name)
            var found = zoneIDsByName()
            found[name] = facts.id
            let text = found.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "\n")
            unnamed[name] = nil
            if zones[facts.id] == nil {
                var named = wish
                named.id = facts.id
                zones[facts.id] = ZoneDuty(name: name, wish: named, due: ports.clock.uptime())
            }
            if unnamed.isEmpty { resolve(.zoneUnknown) }
            do throws(StoreTrouble) { try commit([.note(.zoneIDs, text)]) } catch { note(error) }
        } catch {
            raise(.zoneUnknown, "\(name): \(error.explanation.summary)")
        }
        wake()
    }

    /// On the first look at a zone: what is wrong with its name, or nil. A settings file with another zone's identifier
    /// must not lead to orders there. A token that may not read zones leaves it unproven, and that is let pass.
    func misnamed(
        _ zone: ZoneID, _ duty: ZoneDuty, _ state: ZoneState, _ purpose: PassPurpose
    ) async -> Explanation? {
        guard state.zone == nil, duty.wish != nil else { return nil }
        mark(zone, .asking)
        do throws(ProviderTrouble) {
            let facts = try await ports.provider(.observe).looking.zone(zone)
            if HostSet.normalized(facts.name) == duty.name { return nil }
            return unknown(zone, "the id \(zone) is the zone \(facts.name), the settings call it \(duty.name)")
        } catch {
            switch error {
            case .tokenRefused: return nil
            case .notFound, .refused:
                return unknown(
                    zone, "Cloudflare knows no zone with the id \(zone) (\(duty.name)): \(error.answer.text)")
            default:
                zones[zone]?.due = ports.clock.uptime() + .minutes(1)
                return error.explanation
            }
        }
    }

    private func unknown(_ zone: ZoneID, _ detail: String) -> Explanation {
        raise(.zoneUnknown, detail)
        zones[zone]?.due = ports.clock.uptime() + settings.daemon.lookEvery
        return Explanation(code: "zone-unknown", summary: detail, hint: "correct the zone's name or id in the settings")
    }
}
