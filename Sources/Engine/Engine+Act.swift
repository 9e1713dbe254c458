import Domain
import Planning

/// What came of the operations of one plan.
struct Deeds {
    /// One for each thing done, for the person who asked.
    var lines: [String] = []
    /// What Cloudflare answered with: newer than the listing.
    var sightings: [Sighting] = []
    /// Something was not sent, for what it was planned from is not so any more: another look is needed.
    var isOvertaken = false
}

/// How long what was seen of a kind proves that a removal is harmless (S4): others change things too. By ``Clock/uptime()``.
struct Proof: Hashable, Sendable {
    /// When the first page was asked for. A block since then has made whatever was under way wait.
    var begun: Duration
    var ends: Duration

    func holds(at now: Duration, lastBlockAt: Duration?) -> Bool { now <= ends && lastBlockAt ?? begun <= begun }
}

/// One operation on its way, with what it was planned from.
struct Errand: Sendable {
    var operation: Operation
    var input: PlanInput
    var duty: ZoneDuty
    var proofs: [SubjectKind: Proof] = [:]
    /// False for what failed before: that it goes on failing is told by an episode.
    var isTold = true
}

extension Engine {
    /// Sends what was committed, one after the other, and writes down what came of each. Removals go first: what proves
    /// them harmless grows old, and a command may take long.
    ///
    /// Every operation is looked at once more before it takes its turn, and again when the turn has come, with the newest
    /// settings, state and clock.
    func carryOut(
        _ operations: [Operation], _ planned: ZoneState, _ input: PlanInput, _ duty: ZoneDuty,
        _ proofs: [SubjectKind: Proof]
    ) async throws(StoreTrouble) -> Deeds {
        var deeds = Deeds()
        var current = input
        current.state = planned
        let isRemoval = { (operation: Operation) in operation.action.effect == .remove }
        for operation in operations.filter(isRemoval) + operations.filter({ !isRemoval($0) }) {
            let isRetry = current.state.hasTried(operation)
            let sent = await outcome(
                of: Errand(
                    operation: operation, input: current, duty: duty, proofs: proofs, isTold: !isRetry))
            let settled = planner.settle(
                operation, sent.outcome, in: current.state, zoneName: duty.name, now: ports.clock.now())
            try commit(settled.changes)
            tell(settled.news.map { $0.adding(sent.fields) })
            current.state = settled.state
            deeds.lines.append(Self.line(operation, sent.outcome, duty))
            if case .accepted(_, let sighting?) = sent.outcome { deeds.sightings.append(sighting) }
            if case .withheld = sent.outcome { deeds.isOvertaken = true }
        }
        return deeds
    }

    struct Sent {
        var outcome: SendOutcome
        /// What is told of the answer besides.
        var fields: [News.Field] = []
    }

    private func outcome(of errand: Errand) async -> Sent {
        if let objection = await objection(to: errand, isTurn: false) { return Sent(outcome: objection.outcome) }
        guard errand.operation.action.effect == .local else { return await send(errand) }
        return await doLocally(errand.operation, errand.input.state, errand.duty)
    }

    /// What speaks now against an operation that was planned a while ago.
    ///
    /// - Parameter isTurn: True when it would be sent at once: a block may have come after its turn did (S9).
    private func objection(to errand: Errand, isTurn: Bool) async -> Objection? {
        let budget = await ports.budget.snapshot()  // from here to the end nothing else happens in between
        let operation = errand.operation
        if isStopping { return .withheld(code: "not-sent", message: "edgecertd is stopping") }
        if let overtaken = overtaken(errand) { return overtaken }
        if isTurn, let span = budget.blockedFor {
            return .withheld(
                code: "blocked", message: "every call of the token is refused for another \(span.wholeSeconds) s (S9)")
        }
        if operation.action.effect == .remove, operation.askedBy == nil,
            let proof = errand.proofs[operation.subject.kind],
            !proof.holds(at: ports.clock.uptime(), lastBlockAt: budget.lastBlockAt)
        {
            return .withheld(
                code: "look-outdated",
                message: "what proves it harmless was seen too long ago, and is looked at again first")
        }
        if operation.askedBy != nil {
            // The rest was judged when it was asked for. A revocation is made whatever the clock shows (S11).
            if let stateTrouble { return .withheld(code: "state-untrusted", message: stateTrouble) }
            if case .clientCertificate(.reactivate) = operation.action, let skew = budget.skew.flatMap(tooMuch) {
                return .withheld(
                    code: Reason.clockSkewed.rawValue, message: "the clock is \(skew.wholeSeconds) s off Cloudflare's")
            }
        }
        var current = errand.input
        current.now = ports.clock.now()
        current.limits = settings.limits
        current.obstacles.clockSkew = budget.skew.flatMap(tooMuch)
        current.obstacles.stateUntrusted = stateTrouble
        do throws(StoreTrouble) {
            // A person may have suspended it since the plan was made.
            current.state.suspensions = try ports.ledger.suspensions().filter { $0.scope.touches(current.zone) }
            if current.unwantedElsewhere != nil {
                current.unwantedElsewhere = try ports.ledger.unwantedOurs(outside: current.zone)
            }
        } catch {
            note(error)
            return .withheld(code: error.explanation.code, message: error.explanation.summary)
        }
        return planner.objection(to: operation, in: current).map(Objection.init)
    }

    /// Whether the settings want it no more. What a person asks for does not depend on what else they want of the zone.
    private func overtaken(_ errand: Errand) -> Objection? {
        let operation = errand.operation
        guard let present = zones[operation.subject.zone],
            operation.askedBy != nil || isCurrent(errand.duty, operation.subject.zone)
        else { return .withheld(code: "settings-changed", message: "the settings changed meanwhile") }
        let mode = present.wish?.mode ?? settings.daemon.mode
        guard mode.permits(operation.action.effect) else { return .forbidden(operation, by: mode) }
        return nil
    }

    // MARK: At Cloudflare

    /// Sends one operation, once. What the mode does not allow, the engine has no method for.
    func send(_ errand: Errand) async -> Sent {
        let (operation, zone) = (errand.operation, errand.operation.subject.zone)
        let mode = errand.duty.wish?.mode ?? settings.daemon.mode
        let provider = ports.provider(mode)
        mark(zone, .changing)
        defer { mark(zone, .working) }
        do throws(ProviderTrouble) {
            let receipt: Receipt?
            switch operation.action.effect {
            case .local: receipt = nil
            case .create: receipt = try await provider.creating?.create(operation) { await self.lastLook(at: errand) }
            case .change: receipt = try await provider.changing?.change(operation) { await self.lastLook(at: errand) }
            case .remove: receipt = try await provider.removing?.remove(operation) { await self.lastLook(at: errand) }
            }
            guard let receipt else { return Sent(outcome: Objection.forbidden(operation, by: mode).outcome) }
            return Sent(
                outcome: .accepted(receipt.object ?? operation.action.object, receipt.sighting),
                fields: receipt.ray.map { [.init(.ray, $0)] } ?? [])
        } catch {
            return Sent(outcome: Self.outcome(of: error, operation), fields: Self.fields(of: error.answer))
        }
    }

    /// Its turn has come: it is told that it is sent, unless something speaks against it by now.
    func lastLook(at errand: Errand) async -> Objection? {
        if let objection = await objection(to: errand, isTurn: true) { return objection }
        if errand.isTold { tellSending(errand.operation, errand.duty) }
        return nil
    }

    private func tellSending(_ operation: Operation, _ duty: ZoneDuty) {
        ports.news.tell(
            News(
                .operationSent, .info, about: operation.subject, zoneName: duty.name,
                [
                    .init(.operation, operation.id.text), .init(.action, operation.action.code),
                    .init(.reason, operation.reason.rawValue),
                ] + (operation.action.object.map { [.init(.object, $0.text)] } ?? [])))
    }

    /// What a trouble means for the operation that met it.
    static func outcome(of trouble: ProviderTrouble, _ operation: Operation) -> SendOutcome {
        let explanation = trouble.explanation
        func refused(_ reason: Reason, lasting: Bool) -> SendOutcome {
            .refused(reason, lasting: lasting, code: explanation.code, message: explanation.summary)
        }
        let isRemoval = operation.action.effect == .remove
        return switch trouble {
        case .unanswered: .unanswered(code: explanation.code, message: explanation.summary)
        case .notSent, .limited: refused(.retryLater, lasting: false)
        case .tokenRefused:
            // Looks may well be allowed to it: what it lacks has to be said here.
            .refused(
                .retryLater, lasting: false, code: explanation.code,
                message: [explanation.summary, explanation.hint].compactMap { $0 }.joined(separator: "; "))
        // A removal of what is gone, or going, has nothing left to do.
        case .notFound, .busy:
            isRemoval ? .accepted(operation.action.object, nil) : refused(.retryLater, lasting: false)
        case .alreadySo: .accepted(operation.action.object, nil)
        case .duplicateHosts: refused(.sameHostSetRefused, lasting: true)
        case .quotaExhausted: refused(.quotaExhausted, lasting: true)
        case .ambiguous, .refused: refused(.refused, lasting: true)
        case .withheld(let objection): objection.outcome
        }
    }

    private static func fields(of answer: ProviderAnswer) -> [News.Field] {
        [
            answer.ray.map { .init(.ray, $0) }, answer.code.map { .init(.errorCode, String($0)) },
            answer.httpStatus.map { .init(.httpStatus, String($0)) }, .init(.errorMessage, answer.message),
        ].compactMap { $0 }
    }

    private static func line(_ operation: Operation, _ outcome: SendOutcome, _ duty: ZoneDuty) -> String {
        let what = "\(operation.subject.path(zoneName: duty.name)): \(operation.action.code)"
        return switch outcome {
        case .accepted: "\(what): done"
        case .refused(_, _, _, let message), .withheld(_, _, let message): "\(what): not done: \(message)"
        case .unanswered(_, let message): "\(what): no answer, the next looks will tell: \(message)"
        }
    }

    // MARK: Here

    /// Adoption, delivery and the operator's command.
    private func doLocally(_ operation: Operation, _ state: ZoneState, _ duty: ZoneDuty) async -> Sent {
        switch operation.action {
        case .pack(.adopt(let id)), .clientCertificate(.adopt(let id)):
            return Sent(outcome: .accepted(id, nil))
        case .clientCertificate(.deliver(let id, let generation)):
            return await deliver(id, generation, operation, state, duty)
        case .clientCertificate(.runCommand(let id, let generation)):
            return await runCommand(id, generation, operation, state, duty)
        case .pack, .clientCertificate:
            preconditionFailure("\(operation.action.code) is not done here")
        }
    }

    private func deliver(
        _ id: ObjectID, _ generation: Int, _ operation: Operation, _ state: ZoneState, _ duty: ZoneDuty
    ) async -> Sent {
        do {
            let delivery = try await put(id, generation, operation.subject, state, duty)
            return Sent(
                outcome: .accepted(id, nil),
                fields: [.init(.file, delivery.directory), .init(.notAfter, delivery.notAfter.rfc3339)])
        } catch let trouble {
            return Sent(
                outcome: .refused(
                    .keyTrouble, lasting: false, code: trouble.explanation.code, message: trouble.explanation.summary))
        }
    }

    /// Puts key and certificate in place; doing it again changes nothing.
    private func put(
        _ id: ObjectID, _ generation: Int, _ subject: Subject, _ state: ZoneState, _ duty: ZoneDuty
    ) async throws(KeyTrouble) -> Delivery {
        guard let wish = duty.clientCertificate(subject.name),
            case .clientCertificate(let traits)? = state.objects.first(where: { $0.id == id })?.sighting.traits,
            let pem = traits.certificatePEM
        else { throw .unreadable(what: "certificate \(id)", detail: "Cloudflare's answer held no PEM") }
        return try await ports.keys.deliver(
            certificatePEM: pem, for: subject, zoneName: duty.name, wish: wish, generation: generation)
    }

    private func runCommand(
        _ id: ObjectID, _ generation: Int, _ operation: Operation, _ state: ZoneState, _ duty: ZoneDuty
    ) async -> Sent {
        guard let wish = duty.clientCertificate(operation.subject.name), !wish.command.isEmpty else {
            return Sent(outcome: .accepted(id, nil))
        }
        let directory: String
        do {
            directory = try await put(id, generation, operation.subject, state, duty).directory
        } catch let trouble {
            return Sent(
                outcome: .refused(
                    .keyTrouble, lasting: false, code: trouble.explanation.code, message: trouble.explanation.summary))
        }
        mark(operation.subject.zone, .working, allowance: wish.commandTimeout)
        let outcome = await ports.commands.run(
            wish.command,
            environment: [
                "EDGECERT_SUBJECT": operation.subject.path(zoneName: duty.name), "EDGECERT_ZONE": duty.name,
                "EDGECERT_NAME": wish.name, "EDGECERT_DIRECTORY": directory, "EDGECERT_GENERATION": String(generation),
            ], timeout: wish.commandTimeout)
        return judge(outcome, id, operation.subject, duty, isTold: !state.hasTried(operation))
    }

    private func judge(
        _ outcome: CommandOutcome, _ id: ObjectID, _ subject: Subject, _ duty: ZoneDuty, isTold: Bool
    ) -> Sent {
        let failure: (text: String, status: String, output: String)
        switch outcome {
        case .succeeded(let output):
            ports.news.tell(
                News(
                    .commandOutput, .info, about: subject, zoneName: duty.name,
                    [.init(.output, output), .init(.exitStatus, "0")]))
            return Sent(outcome: .accepted(id, nil))
        case .failed(let status, let output): failure = ("it ended with status \(status)", String(status), output)
        case .signalled(let signal, let output):
            failure = ("it was ended by signal \(signal)", "signal \(signal)", output)
        case .timedOut(let after, let output):
            failure = ("it was ended after \(after.wholeSeconds) s", "timeout", output)
        case .unstartable(let why): failure = ("it could not be started: \(why)", "unstartable", "")
        }
        if isTold {
            ports.news.tell(
                News(
                    .commandFailed, .error, about: subject, zoneName: duty.name,
                    [.init(.exitStatus, failure.status), .init(.output, failure.output), .init(.detail, failure.text)]))
        }
        return Sent(
            outcome: .refused(
                .commandDue, lasting: false, code: "command-failed", message: "the command failed: \(failure.text)"))
    }
}

extension Objection {
    /// Nothing is amiss but that it is too late: the next pass plans anew.
    fileprivate static func withheld(code: String, message: String) -> Self {
        Self(.retryLater, code: code, message: message, isTry: false)
    }

    fileprivate static func forbidden(_ operation: Operation, by mode: Mode) -> Self {
        Self(
            .modeForbids, code: Reason.modeForbids.rawValue,
            message: "the mode \(mode.rawValue) has no way to \(operation.action.code)")
    }

    fileprivate init(_ decision: Decision) {
        self.init(decision.reason, code: decision.reason.rawValue, message: decision.detail)
    }

    fileprivate var outcome: SendOutcome {
        isTry
            ? .refused(reason, lasting: false, code: code, message: message)
            : .withheld(reason, code: code, message: message)
    }
}

extension ZoneState {
    /// True when the same has failed before, and has not succeeded since.
    fileprivate func hasTried(_ operation: Operation) -> Bool {
        subjects.first { $0.subject == operation.subject }?.hasFailed(operation.action) ?? false
    }
}

extension ZoneDuty {
    func clientCertificate(_ name: String) -> ClientCertificateWish? {
        wish?.clientCertificates.first { $0.name == name }
    }
}

extension News {
    func adding(_ more: [Field]) -> News {
        switch kind {
        case .operationAccepted, .operationRefused, .operationUnanswered, .delivered:
            var news = self
            news.fields += more
            return news
        default: return self
        }
    }
}
