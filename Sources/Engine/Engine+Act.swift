import Domain
import Planning

/// What came of the operations of one plan.
struct Deeds {
    /// One for each thing done, for the person who asked.
    var lines: [String] = []
    /// What Cloudflare answered with: newer than the listing.
    var sightings: [Sighting] = []
}

extension Engine {
    /// Sends what was committed, one after the other, and writes down what came of each.
    ///
    /// Every operation is looked at once more before it takes its turn, and again when the turn has come, with the newest
    /// settings, state and clock.
    func carryOut(
        _ operations: [Operation], _ planned: ZoneState, _ input: PlanInput, _ duty: ZoneDuty
    ) async throws(StoreTrouble) -> Deeds {
        var deeds = Deeds()
        var current = input
        current.state = planned
        for operation in operations {
            let sent = await outcome(of: operation, current, duty)
            let settled = planner.settle(
                operation, sent.outcome, in: current.state, zoneName: duty.name, now: ports.clock.now())
            try commit(settled.changes)
            tell(settled.news.map { $0.adding(sent.fields) })
            current.state = settled.state
            deeds.lines.append(Self.line(operation, sent.outcome, duty))
            if case .accepted(_, let sighting?) = sent.outcome { deeds.sightings.append(sighting) }
        }
        return deeds
    }

    struct Sent {
        var outcome: SendOutcome
        /// What is told of the answer besides.
        var fields: [News.Field] = []

        init(outcome: SendOutcome, fields: [News.Field] = []) { (self.outcome, self.fields) = (outcome, fields) }

        init(_ objection: Objection) {
            self.init(
                outcome: .refused(objection.reason, lasting: false, code: objection.code, message: objection.message))
        }
    }

    func outcome(of operation: Operation, _ input: PlanInput, _ duty: ZoneDuty) async -> Sent {
        if let objection = await objection(to: operation, input, duty) { return Sent(objection) }
        if operation.action.effect == .local { return await doLocally(operation, input.state, duty) }
        let isRetry = input.state.hasTried(operation)
        return await send(operation, input, duty, isTold: !isRetry)
    }

    /// What speaks now against an operation that was planned a while ago.
    private func objection(to operation: Operation, _ input: PlanInput, _ duty: ZoneDuty) async -> Objection? {
        if isStopping { return Objection(.retryLater, code: "not-sent", message: "edgecertd is stopping") }
        guard isCurrent(duty, operation.subject.zone) else {
            return Objection(.retryLater, code: "settings-changed", message: "the settings changed meanwhile")
        }
        var current = input
        current.now = ports.clock.now()
        current.obstacles.clockSkew = await skew()
        do throws(StoreTrouble) {
            // A person may have suspended it since the plan was made.
            current.state.suspensions = try ports.ledger.suspensions().filter { $0.scope.touches(input.zone) }
        } catch {
            let explanation = error.explanation
            return Objection(.retryLater, code: explanation.code, message: explanation.summary)
        }
        return planner.objection(to: operation, in: current).map {
            Objection($0.reason, code: $0.reason.rawValue, message: $0.detail)
        }
    }

    // MARK: At Cloudflare

    /// Sends one operation, once. What the mode does not allow, the engine has no method for.
    ///
    /// - Parameter isTold: False for what failed before: that it goes on failing is told by an episode.
    func send(_ operation: Operation, _ input: PlanInput, _ duty: ZoneDuty, isTold: Bool = true) async -> Sent {
        let mode = duty.wish?.mode ?? settings.daemon.mode
        let provider = ports.provider(mode)
        let lastLook: LastLook = {
            if let objection = await self.objection(to: operation, input, duty) { return objection }
            if isTold { await self.tellSending(operation, duty) }
            return nil
        }
        mark(operation.subject.zone, .changing)
        defer { mark(operation.subject.zone, .working) }
        do throws(ProviderTrouble) {
            let receipt: Receipt?
            switch operation.action.effect {
            case .local: receipt = nil
            case .create: receipt = try await provider.creating?.create(operation, lastLook: lastLook)
            case .change: receipt = try await provider.changing?.change(operation, lastLook: lastLook)
            case .remove: receipt = try await provider.removing?.remove(operation, lastLook: lastLook)
            }
            guard let receipt else {
                return Sent(
                    outcome: .refused(
                        .modeForbids, lasting: false, code: Reason.modeForbids.rawValue,
                        message: "the mode \(mode.rawValue) has no way to \(operation.action.code)"))
            }
            return Sent(
                outcome: .accepted(receipt.object ?? operation.action.object, receipt.sighting),
                fields: receipt.ray.map { [.init(.ray, $0)] } ?? [])
        } catch {
            return Sent(outcome: Self.outcome(of: error, operation), fields: Self.fields(of: error.answer))
        }
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
        case .withheld(let objection): Sent(objection).outcome
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
        case .refused(_, _, _, let message): "\(what): not done: \(message)"
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
