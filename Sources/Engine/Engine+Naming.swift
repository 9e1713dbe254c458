import Domain

/// Zones whose identifier the settings leave out, and zones whose identifier is another's.
extension Engine {
    /// The identifiers that were found by name, so that a restart need not ask again; nil when they cannot be read.
    func zoneIDsByName() -> [String: ZoneID]? {
        do throws(StoreTrouble) {
            let lines = (try ports.ledger.note(.zoneIDs) ?? "").split(separator: "\n")
            let pairs = lines.compactMap { line -> (String, ZoneID)? in
                let halves = line.split(separator: "=", maxSplits: 1)
                return halves.count == 2 ? (String(halves[0]), ZoneID(String(halves[1]))) : nil
            }
            return Dictionary(pairs, uniquingKeysWith: { _, last in last })
        } catch {
            note(error)
            return nil
        }
    }

    /// Asks Cloudflare for the identifier of a zone, once; a failure is an episode and is tried again.
    func startNaming(_ name: String) {
        guard unnamed[name] != nil else { return }
        unnamed[name]?.due = ports.clock.uptime() + Self.nameRetry
        // The last question may still be waiting for the budget.
        guard naming.insert(name).inserted else { return }
        Task {
            await self.findID(of: name)
            self.naming.remove(name)
            self.wake()
        }
    }

    private func findID(of name: String) async {
        do throws(ProviderTrouble) {
            let facts = try await ports.provider(.observe).looking.zone(named: name)
            // As the settings want it now: they may have changed while it was asked for.
            guard !isStopping, let wish = unnamed[name]?.wish else { return }
            if let other = zones[facts.id], other.wish != nil {
                let detail = "\(name) has the id \(facts.id), which the settings give to \(other.name)"
                return raise(.zoneUnknown, of: name, detail)
            }
            unnamed[name] = nil
            let isBusy = passes[facts.id] != nil
            zones[facts.id] = ZoneDuty(
                name: name, wish: wish, due: ports.clock.uptime(), summary: zones[facts.id]?.summary,
                isHastened: isBusy)
            resolve(.zoneUnknown, of: name)
            keepID(facts.id, of: name)
        } catch {
            raise(.zoneUnknown, of: name, "\(name): \(error.explanation.summary)")
        }
    }

    private func keepID(_ id: ZoneID, of name: String) {
        guard var found = zoneIDsByName() else { return }  // it is asked for again after a restart
        found[name] = id
        let text = found.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "\n")
        do throws(StoreTrouble) { try commit([.note(.zoneIDs, text)]) } catch { note(error) }
    }

    /// What is known of a zone's identifier being that of the name it has in the settings.
    enum ZoneProof {
        case given
        /// It could not be found out just now: nothing is looked at, and so nothing is changed.
        case missing(Explanation)
        case wrong(Explanation)
    }

    /// Before a zone is seen for the first time under its name: whether the identifier is really its own. A settings
    /// file with another zone's identifier must not lead to orders there. A token that may not read zones leaves it
    /// unproven, and that is let pass.
    func proof(
        of zone: ZoneID, _ duty: ZoneDuty, _ state: ZoneState, _ purpose: PassPurpose
    ) async -> ZoneProof {
        // Planned for, also where a kind of it is never seen: that came after the proof.
        let wasSeen = state.zone?.lastCompleteLook != nil || state.zone?.plannedUnder != nil
        let isKnown = wasSeen && state.zone?.name == duty.name
        guard duty.wish != nil, !isKnown else {
            resolve(.zoneUnknown, of: zone.text)
            return .given
        }
        if purpose != .scheduled, let span = await ports.budget.snapshot().blockedFor {
            // A person is told of a block instead of being kept waiting for its end.
            let answer = ProviderAnswer(endpoint: "GET /zones/{zone}", message: "every call of the token is blocked")
            return .missing(ProviderTrouble.limited(retryAfter: span, answer).explanation)
        }
        mark(zone, .asking)
        do throws(ProviderTrouble) {
            let facts = try await ports.provider(.observe).looking.zone(zone)
            if HostSet.normalized(facts.name) == duty.name {
                resolve(.zoneUnknown, of: zone.text)
                return .given
            }
            return unknown(zone, "the id \(zone) is the zone \(facts.name), the settings call it \(duty.name)")
        } catch {
            switch error {
            case .tokenRefused: return .given
            case .notFound: return unknown(zone, duty, error.answer)
            // A denial that comes as a success, with an internal error as its reason, says nothing of the zone.
            case .refused(let answer) where answer.httpStatus.map { $0 >= 400 } ?? false:
                return unknown(zone, duty, answer)
            default: return .missing(error.explanation)
            }
        }
    }

    private func unknown(_ zone: ZoneID, _ duty: ZoneDuty, _ answer: ProviderAnswer) -> ZoneProof {
        unknown(zone, "Cloudflare knows no zone with the id \(zone) (\(duty.name)): \(answer.text)")
    }

    private func unknown(_ zone: ZoneID, _ detail: String) -> ZoneProof {
        raise(.zoneUnknown, of: zone.text, detail)
        setDue(zone, in: min(settings.daemon.lookEvery, Self.unknownEvery))
        return .wrong(
            Explanation(code: "zone-unknown", summary: detail, hint: "correct the zone's name or id in the settings"))
    }
}
