import Domain
import Planning

/// A key that was made for a subject and of which nothing is written down yet.
struct FreshKey: Hashable {
    var generation: Int
    var wish: ClientCertificateWish
}

/// What the passes ask the key room.
extension Engine {
    /// For certificates that are nobody's and have a wished common name: the generation whose key answers to them, where
    /// its request is for what is wished now. What was made for an earlier wish is no answer to a later one.
    ///
    /// - Returns: These by subject, and the subjects of which the key room could not say.
    func keysInHand(
        _ zone: ZoneID, _ looks: [SubjectKind: Look], _ state: ZoneState, _ duty: ZoneDuty
    ) async -> (generations: [Subject: [ObjectID: Int]], troubles: [Subject: KeyTrouble]) {
        guard case .complete(let seen, _)? = looks[.clientCertificate] else { return ([:], [:]) }
        let ours = Set(state.objects.filter(\.isOurs).map(\.id))
        var generations: [Subject: [ObjectID: Int]] = [:]
        var troubles: [Subject: KeyTrouble] = [:]
        var trouble: KeyTrouble?
        for wish in duty.wish?.clientCertificates ?? [] {
            for sighting in seen where sighting.stage == .serving && !ours.contains(sighting.id) {
                guard case .clientCertificate(let traits) = sighting.traits, traits.commonName == wish.commonName,
                    let pem = traits.certificatePEM
                else { continue }
                let subject = Subject(zone: zone, kind: .clientCertificate, name: wish.name)
                do throws(KeyTrouble) {
                    guard
                        let found = try await ports.keys.generation(of: pem, for: subject, zoneName: duty.name),
                        try await ports.keys.fits(wish, for: subject, zoneName: duty.name, generation: found)
                    else { continue }
                    generations[subject, default: [:]][sighting.id] = found
                } catch {
                    trouble = error
                    // What cannot be read just now may be its key. A file whose content is none is not.
                    if case .unreadable = error {} else { troubles[subject] = error }
                }
            }
        }
        if let trouble {
            raise(.keyTrouble, of: zone.text, trouble.explanation.summary)
        } else {
            resolve(.keyTrouble, of: zone.text)
        }
        return (generations, troubles)
    }

    /// For each certificate that the plan would make with a key of a new generation: whether a key of that generation is
    /// there already. It was made by a process that ended before it wrote down what for, or by one whose database was
    /// replaced by an earlier one since; nobody can tell what it was sent for. Not so for keys of this very process, and
    /// where it is written down what for: these need only fit.
    ///
    /// - Returns: The highest generation of each such subject, and where the key room could not say.
    func keysLeft(
        for plan: Plan, _ state: ZoneState, _ duty: ZoneDuty
    ) async -> (generations: [Subject: Int], troubles: [Subject: KeyTrouble]) {
        var generations: [Subject: Int] = [:]
        var troubles: [Subject: KeyTrouble] = [:]
        for entry in plan.entries {
            guard case .clientCertificate(.create(let wish, let generation))? = entry.decision.action else { continue }
            let subject = entry.subject
            let known = state.subjects.first { $0.subject == subject }?.lastGeneration ?? 0
            let isOurs = known >= generation || freshKeys[subject] == FreshKey(generation: generation, wish: wish)
            do throws(KeyTrouble) {
                if isOurs,
                    try await ports.keys.fits(wish, for: subject, zoneName: duty.name, generation: generation)
                {
                    continue
                }
                let last = try await ports.keys.lastGeneration(for: subject, zoneName: duty.name)
                if last >= generation { generations[subject] = last }
            } catch {
                troubles[subject] = error
            }
        }
        return (generations, troubles)
    }

    /// The request of a generation, whose key is this process's own until the operation is committed.
    func request(
        for subject: Subject, _ duty: ZoneDuty, _ wish: ClientCertificateWish, _ generation: Int
    ) async throws(KeyTrouble) -> SigningRequest {
        let request = try await ports.keys.request(
            for: subject, zoneName: duty.name, wish: wish, generation: generation)
        freshKeys[subject] = FreshKey(generation: generation, wish: wish)
        return request
    }
}
