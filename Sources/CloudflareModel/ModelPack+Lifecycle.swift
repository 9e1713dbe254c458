import Domain

/// What a pack sees of the world around it while it moves.
struct Surroundings: Sendable {
    var conduct: ZoneConduct
    var pace: ModelSettings.Pace
    var timeouts: ModelSettings.Timeouts
    /// Values by the name under which they can be found.
    var published: [String: Set<String>]
    /// When a name was last validated.
    var knownNames: [String: Timestamp]
}

extension ModelPack {
    /// Makes everything happen that was due until `now`, each thing at its own time.
    ///
    /// - Returns: Hosts that were validated meanwhile, with the time.
    mutating func advance(to now: Timestamp, in world: Surroundings) -> [(host: String, at: Timestamp)] {
        var validated: [(host: String, at: Timestamp)] = []
        var steps = 0
        // A leap of the clock over centuries ends here; the rest follows with the next look.
        while let moment = due, moment <= now, steps < 20_000 {
            steps += 1
            due = nil
            step(at: moment, in: world, &validated)
        }
        return validated
    }

    /// Begins with the first step, or again after a time-out.
    mutating func begin(at moment: Timestamp, in world: Surroundings) {
        let isKnown = hosts.allSatisfy { host in
            world.knownNames[host].map { moment - $0 < world.pace.nameMemory } ?? false
        }
        let whole = chance.span(in: isKnown ? world.pace.knownNames : world.pace.newNames)
        let first = chance.span(in: world.pace.initializing)
        spans.issuance = chance.span(in: world.pace.issuance)
        spans.deployment = chance.span(in: world.pace.deployment)
        spans.validation = max(.seconds(1), whole - first - spans.issuance - spans.deployment)
        (challenge, errors, isRenewing) = (nil, [], false)
        enter(.initializing, at: moment, for: first, atMost: world.timeouts.initializing)
    }

    /// The zone has changed: whatever waits looks again in a second.
    mutating func reconsider(at moment: Timestamp) {
        guard let status = PackStatus(rawValue: status) else { return }
        switch status {
        case .initializing, .pendingValidation, .pendingIssuance, .pendingDeployment, .holdingDeployment,
            .pendingDeletion:
            due = moment + .seconds(1)
        case .active: if isRenewing { due = moment + .seconds(1) }
        default: break
        }
    }

    mutating func beginDeletion(at moment: Timestamp, in world: Surroundings) {
        (challenge, isRenewing) = (nil, false)
        enter(.pendingDeletion, at: moment, for: chance.span(in: world.pace.deletion), atMost: world.timeouts.deletion)
    }

    mutating func enter(_ status: PackStatus, at moment: Timestamp, for span: Duration, atMost limit: Duration) {
        history.note(status.rawValue, at: moment)
        (stepEndsAt, givesUpAt) = (moment + span, moment + max(span, limit))
        due = stepEndsAt
    }

    mutating func rest(as status: PackStatus, at moment: Timestamp) {
        history.note(status.rawValue, at: moment)
        due = nil
    }

    private mutating func step(
        at moment: Timestamp, in world: Surroundings, _ validated: inout [(host: String, at: Timestamp)]
    ) {
        guard let status = PackStatus(rawValue: status) else { return }
        switch status {
        case .initializing:
            guard isOver(.initializing, at: moment, world, or: .initializingTimedOut) else { return }
            runs += 1
            beginValidation(at: moment, givingUpAfter: world.timeouts.validation, in: world)
            history.note(PackStatus.pendingValidation.rawValue, at: moment)
        case .pendingValidation: stepValidation(at: moment, in: world, &validated)
        case .pendingIssuance:
            if world.conduct.isRefusedByCAA { errors = ["caa_error: \(hosts[0]) does not permit issuance"] }
            guard isOver(.issuance, at: moment, world, or: .issuanceTimedOut) else { return }
            replaceCertificates(at: moment)
            deploy(at: moment, in: world)
        case .holdingDeployment: if world.conduct.status == "active" { deploy(at: moment, in: world) }
        case .pendingDeployment:
            guard isOver(.deployment, at: moment, world, or: .deploymentTimedOut) else { return }
            history.note(PackStatus.active.rawValue, at: moment)
            due = renewalStart
        case .active: stepService(at: moment, in: world, &validated)
        case .pendingDeletion:
            guard isOver(.deletion, at: moment, world, or: .deletionTimedOut) else { return }
            rest(as: .deleted, at: moment)
        default: return
        }
    }

    /// True when the step is over; otherwise says when to look again, or gives up.
    private mutating func isOver(
        _ step: ZoneConduct.Step, at moment: Timestamp, _ world: Surroundings, or surrender: PackStatus
    ) -> Bool {
        let isHeld = world.conduct.stuck.contains(step) || (step == .issuance && world.conduct.isRefusedByCAA)
        if isHeld {
            if moment >= givesUpAt { rest(as: surrender, at: moment) } else { due = givesUpAt }
            return false
        }
        if moment < stepEndsAt { due = stepEndsAt }
        return moment >= stepEndsAt
    }

    private mutating func deploy(at moment: Timestamp, in world: Surroundings) {
        // As documented for custom certificates; taken to hold for ordered ones too.
        guard world.conduct.status == "active" else { return rest(as: .holdingDeployment, at: moment) }
        enter(.pendingDeployment, at: moment, for: spans.deployment, atMost: world.timeouts.deployment)
    }

    mutating func replaceCertificates(at moment: Timestamp) {
        (formerCertificates, swappedAt) = (certificates, moment)
        certificates = EdgeCertificate.issued(
            by: authority, at: moment, validityDays: validityDays, chance: &chance)
    }
}
