import Domain
import Planning

/// An account as a large operator has it: zones with advanced packs of two hosts, all of them wished, ours and active.
struct SyntheticAccount {
    let zones: Int
    let packs: Int
    /// The packs were ordered this long before.
    static let age: Duration = .days(40)

    /// 32 hexadecimal digits, counted from 1: `bench/run` names the same in its settings.
    func zoneID(_ index: Int) -> ZoneID {
        let digits = String(index + 1, radix: 16)
        return ZoneID(String(repeating: "0", count: max(0, 32 - digits.utf8.count)) + digits)
    }

    func zoneName(_ index: Int) -> String {
        let digits = String(index + 1)
        return "bench\(String(repeating: "0", count: max(0, 4 - digits.utf8.count)))\(digits).example"
    }

    func wish(_ zone: Int) -> ZoneWish {
        let name = zoneName(zone)
        let wishes = (1...packs).map { pack in
            Wish.pack(
                PackWish(
                    name: "p\(pack)", hosts: [name, "p\(pack).\(name)"], authority: .google, method: .txt,
                    validityDays: 90))
        }
        return ZoneWish(name: name, id: zoneID(zone), mode: .enforce, wishes: wishes)
    }

    func packID(_ zone: Int, _ pack: Int) -> ObjectID {
        let digits = String((zone + 1) * 100_000 + pack, radix: 16)
        return ObjectID("00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.utf8.count) + digits)
    }

    func sightings(_ zone: Int, at now: Timestamp) -> [Sighting] {
        let name = zoneName(zone)
        return (1...packs).map { pack in
            let id = packID(zone, pack)
            return Sighting(
                id: id, status: PackStatus.active.rawValue, stage: .serving,
                traits: .pack(
                    PackTraits(
                        type: "advanced", hosts: [name, "p\(pack).\(name)"], authority: "google", method: "txt",
                        validityDays: 90, branding: false,
                        certificates: [
                            IssuedCertificate(
                                id: "c" + id.text.dropFirst(), issuer: "GoogleTrustServices",
                                uploadedOn: now - Self.age, notAfter: now - Self.age + .days(90))
                        ])))
        }
    }

    /// One zone brought to rest by the planner itself, and every row that this wrote: the packs are seen, adopted, and
    /// then left alone.
    func settled(_ zone: Int, at now: Timestamp) -> (input: PlanInput, changes: [Change]) {
        let planner = Planner()
        let (wish, id) = (wish(zone), zoneID(zone))
        let record = ZoneRecord(
            id: id, name: wish.name, isManaged: true, lastCompleteLook: now, nextLook: now + .days(1),
            plannedUnder: PlannedUnder(era: "bench"))
        var input = PlanInput(
            zone: id, zoneName: wish.name, wish: wish,
            looks: [.certificatePack: .complete(sightings(zone, at: now), .all)], state: ZoneState(zone: record),
            now: now - Self.age)
        var changes: [Change] = [.zone(record)]
        for _ in 0..<10 {
            let plan = planner.plan(input)
            changes += plan.changes
            input.state = plan.state
            input.now = input.now + .minutes(15)
            let acting = plan.entries.filter { $0.decision.action != nil }
            if acting.isEmpty, plan.changes.isEmpty { break }
            for entry in acting {
                guard let action = entry.decision.action else { continue }
                let operation = Operation(
                    id: OperationID(at: input.now, chance: 0), subject: entry.subject, action: action,
                    reason: entry.decision.reason, committedAt: input.now)
                let settled = planner.settle(
                    operation, .accepted(action.object, nil), in: input.state, zoneName: wish.name, now: input.now)
                changes += settled.changes
                input.state = settled.state
            }
        }
        input.now = now
        return (input, changes)
    }
}
