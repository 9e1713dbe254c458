import Domain

extension ModelPack {
    mutating func beginValidation(at moment: Timestamp, givingUpAfter limit: Duration?, in world: Surroundings) {
        var fresh = Challenge(hosts: hosts, authority: authority, method: method, at: moment, chance: &chance)
        fresh.visibleFrom = moment + chance.span(in: world.pace.records)
        challenge = fresh
        let span = world.conduct.validation == .delayed ? world.conduct.validationDelay : spans.validation
        stepEndsAt = moment + span
        givesUpAt = moment + (limit ?? Challenge.tokenLife(of: authority))
        schedule(in: world)
    }

    /// Somebody asks for a check at once: it is made within a second.
    mutating func recheck(at moment: Timestamp) {
        challenge?.nextCheck = moment + .seconds(1)
        due = moment + .seconds(1)
    }

    mutating func changeMethod(to method: String, at moment: Timestamp, in world: Surroundings) {
        guard method != self.method else { return }
        self.method = method
        renewTokens(at: moment, in: world)
    }

    /// One look at a validation, of an order or of a renewal.
    mutating func stepValidation(
        at moment: Timestamp, in world: Surroundings, _ validated: inout [(host: String, at: Timestamp)]
    ) {
        guard let current = challenge else { return }
        if moment >= givesUpAt { return giveUpValidation(at: moment, in: world) }
        if moment >= current.lapsesAt { renewTokens(at: moment, in: world) }
        let isCheck = moment >= current.nextCheck
        if isCheck {
            challenge?.checks += 1
            challenge?.nextCheck = moment + Challenge.wait(afterChecks: current.checks + 1)
        }
        if succeeds(current, at: moment, isCheck: isCheck, in: world) {
            validated += hosts.map { ($0, moment) }
            return endValidation(at: moment, in: world)
        }
        schedule(in: world)
    }

    private mutating func succeeds(
        _ current: Challenge, at moment: Timestamp, isCheck: Bool, in world: Surroundings
    ) -> Bool {
        if isDoomed(in: world) {
            if isCheck { errors = [world.conduct.validationError ?? "SERVFAIL looking up CAA for \(hosts[0])"] }
            return false
        }
        switch world.conduct.validation {
        case .automatic, .delayed: return moment >= stepEndsAt
        case .never: return false
        case .manual:
            guard isCheck else { return false }
            let wanted = current.records.map(\.publication)
            let found = wanted.map { world.published[$0.name] ?? [] }
            if zip(wanted, found).allSatisfy({ $1.contains($0.value) }) { return true }
            // Nothing published: Cloudflare does not bother the authority. Something else: the authority refuses, and
            // wants other tokens the next time.
            if zip(wanted, found).contains(where: { !$1.isEmpty && !$1.contains($0.value) }) {
                errors = ["the Certificate Authority did not find the expected record for \(hosts[0])"]
                renewTokens(at: moment, in: world)
            }
            return false
        }
    }

    private func isDoomed(in world: Surroundings) -> Bool {
        world.conduct.validation == .never || (!isRenewing && runs <= world.conduct.timeoutsFirst)
    }

    private mutating func endValidation(at moment: Timestamp, in world: Surroundings) {
        (challenge, errors) = (nil, [])
        if isRenewing {
            stepEndsAt = moment + spans.issuance + spans.deployment
            due = stepEndsAt
        } else {
            enter(.pendingIssuance, at: moment, for: spans.issuance, atMost: world.timeouts.issuance)
        }
    }

    private mutating func giveUpValidation(at moment: Timestamp, in world: Surroundings) {
        challenge = nil
        if errors.isEmpty { errors = [world.conduct.validationError ?? "validation of \(hosts[0]) timed out"] }
        if isRenewing {
            isRenewing = false
            due = expiresAt
        } else {
            rest(as: .validationTimedOut, at: moment)
        }
    }

    private mutating func renewTokens(at moment: Timestamp, in world: Surroundings) {
        let visibleFrom = moment + chance.span(in: world.pace.records)
        challenge?.renew(
            hosts: hosts, authority: authority, method: method, at: moment, visibleFrom: visibleFrom, chance: &chance)
    }

    private mutating func schedule(in world: Surroundings) {
        guard let challenge else { return }
        var next = min(givesUpAt, challenge.lapsesAt)
        if isDoomed(in: world) {
            if errors.isEmpty { next = min(next, challenge.nextCheck) }
        } else if world.conduct.validation == .manual {
            next = min(next, challenge.nextCheck)
        } else {
            next = min(next, stepEndsAt)
        }
        due = next
    }
}

extension ModelPack {
    /// Cloudflare renews 30 days before the end, 7 for validities up to 30 days, 3 up to 14 (its page on validity
    /// periods, as of 2026-11); nil without a certificate.
    var renewalStart: Timestamp? {
        guard let expiresAt else { return nil }
        return expiresAt - .days(validityDays <= 14 ? 3 : validityDays <= 30 ? 7 : 30)
    }

    /// One look at an active pack: is it time to renew, or over?
    mutating func stepService(
        at moment: Timestamp, in world: Surroundings, _ validated: inout [(host: String, at: Timestamp)]
    ) {
        guard let expiresAt, let renewalStart else { return }
        if moment >= expiresAt {
            (challenge, isRenewing) = (nil, false)
            return rest(as: .expired, at: moment)
        }
        // Renewals are tried until a day before the end.
        let lastChance = expiresAt - .days(1)
        if isRenewing {
            guard challenge == nil else { return stepValidation(at: moment, in: world, &validated) }
            guard moment >= stepEndsAt else {
                due = stepEndsAt
                return
            }
            isRenewing = false
            replaceCertificates(at: moment)
            due = self.renewalStart
        } else if moment < renewalStart {
            due = renewalStart
        } else if moment < lastChance {
            beginRenewal(at: moment, in: world)
        } else {
            due = expiresAt
        }
    }

    mutating func beginRenewal(at moment: Timestamp, in world: Surroundings) {
        guard let expiresAt else { return }
        isRenewing = true
        errors = []
        spans.validation = chance.span(in: world.pace.newNames)
        beginValidation(at: moment, givingUpAfter: expiresAt - .days(1) - moment, in: world)
    }
}
