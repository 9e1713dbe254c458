import ControlAPI
import Domain
import Engine
import Reports

/// What the control desk asks of the running engine.
protocol PersonDesk: Sendable {
    /// Carries a person's command out, and writes it to the audit with the person.
    func perform(_ command: PersonCommand, by person: String) async throws(CommandTrouble) -> CommandReply
    func status() async -> EngineStatus
    /// Those of the settings in force.
    func deadlines() async -> DeadlineSettings
}

/// Answers the calls of the control socket: reports out of what is kept, commands through the engine.
struct ControlDesk: ControlHandler {
    let engine: any PersonDesk
    /// Best a connection of its own, so that a long list does not keep the engine from its commits.
    let ledger: any LedgerReading
    let fan: NewsFan
    let clock: any Clock
    /// Called when the database turns out to be broken while it is read for a person: the engine, which may have read
    /// the same pages before they broke, must not go on from them (S17).
    let onCorruption: @Sendable (StoreTrouble) -> Void

    func answer(_ call: ControlCall, _ stream: ControlStream) async throws(ControlTrouble) -> ControlPayload {
        switch call.method {
        case .watch: return try await watch(call, stream)
        case .list: return try await list(call, stream)
        default: break
        }
        if let command = try command(of: call) { return try await perform(command, call) }
        return try await report(call)
    }

    // MARK: Commands

    private func perform(_ command: PersonCommand, _ call: ControlCall) async throws(ControlTrouble) -> ControlPayload {
        do {
            let reply = try await engine.perform(command, by: Accounts.person(uid: call.peer.uid))
            return try ControlPayload(CommandReport(reply, at: clock.now()))
        } catch let trouble as CommandTrouble {
            throw ControlTrouble(trouble)
        } catch let trouble as ControlTrouble {
            throw trouble
        } catch {
            throw .told(.trouble, Explanation(code: "control-command", summary: "\(error)"), exitCode: 1)
        }
    }

    private func end(_ asked: SuspendParameters) throws(ControlTrouble) -> Timestamp {
        guard let seconds = asked.forSeconds else {
            return try required(moment(asked.until, "until"), "until")
        }
        let longest = 10 * 366 * 86_400
        guard asked.until == nil, (1...longest).contains(seconds) else { throw .invalidParameter("forSeconds") }
        return clock.now() + .seconds(seconds)
    }

    /// nil for what only reads.
    private func command(of call: ControlCall) throws(ControlTrouble) -> PersonCommand? {
        switch call.method {
        case .status, .list, .show, .why, .history, .orders, .records, .audit, .watch: return nil
        case .plan: return .plan(try scope(call))
        case .reconcile: return .reconcile(try scope(call))
        case .resume: return .resume(try scope(call))
        case .suspend:
            let asked = try call.parameters(SuspendParameters.self)
            return .suspend(try scope(asked.scope), reason: asked.reason, until: try end(asked))
        case .adopt:
            let asked = try call.parameters(AdoptParameters.self)
            return .adopt(
                ObjectID(asked.object), as: try subject(asked.subject), replacing: asked.replace ?? false)
        case .release: return .release(try subject(call.parameters(SubjectParameters.self).subject))
        case .unhold: return .unhold(try subject(call.parameters(SubjectParameters.self).subject))
        case .approve:
            let asked = try call.parameters(ApproveParameters.self)
            if asked.state == true { return .approveState }
            return .approve(try subject(required(asked.subject, "subject")))
        case .revoke:
            let asked = try call.parameters(RevokeParameters.self)
            let reason = try required(asked.reason, "reason")
            return .revoke(try subject(asked.subject), asked.object.map(ObjectID.init), reason: reason)
        case .reactivate:
            let asked = try call.parameters(RevokeParameters.self)
            return .reactivate(try subject(asked.subject), asked.object.map(ObjectID.init))
        case .reload: return .reload
        }
    }

    // MARK: Reports

    private var reporter: Reporter { Reporter(ledger, source: .daemon, now: clock.now()) }

    private func report(_ call: ControlCall) async throws(ControlTrouble) -> ControlPayload {
        switch call.method {
        case .status:
            let status = await engine.status()
            return try ControlPayload(stored { () throws(StoreTrouble) in try reporter.status(status) })
        case .show:
            let asked = try subject(call.parameters(SubjectParameters.self).subject)
            return try ControlPayload(found(stored { () throws(StoreTrouble) in try reporter.show(asked) }))
        case .why:
            let asked = try subject(call.parameters(SubjectParameters.self).subject)
            return try ControlPayload(found(stored { () throws(StoreTrouble) in try reporter.why(asked) }))
        case .history:
            let filter = try filter(call.parameters(HistoryParameters.self))
            return try ControlPayload(stored { () throws(StoreTrouble) in try reporter.history(filter) })
        case .orders:
            let asked = try call.parameters(HistoryParameters.self)
            let filter = try filter(asked)
            return try ControlPayload(
                stored { () throws(StoreTrouble) in try reporter.orders(filter, openOnly: asked.open ?? false) })
        case .audit:
            let asked = try filter(call.parameters(HistoryParameters.self))
            return try ControlPayload(
                stored { () throws(StoreTrouble) in try reporter.audit(since: asked.since, limit: asked.limit) })
        case .records:
            let (scope, deadlines) = (try scope(call), await engine.deadlines())
            return try ControlPayload(
                stored { () throws(StoreTrouble) in try reporter.records(scope, deadlines: deadlines) })
        default: throw .methodNotFound(call.method.rawValue)
        }
    }

    private func list(_ call: ControlCall, _ stream: ControlStream) async throws(ControlTrouble) -> ControlPayload {
        let asked = try call.parameters(ListParameters.self)
        var filter = SubjectFilter(includesOver: asked.all ?? false)
        if let zone = asked.zone {
            filter.zone = try named { () throws(SubjectFinder.Trouble) in try reporter.finder.zone(zone) }
        }
        if let kind = asked.kind {
            filter.kind = try named { () throws(SubjectFinder.Trouble) in try SubjectFinder.kind(kind) }
        }
        let rows = RowFilter(
            expiringWithin: asked.expiringWithinSeconds.map { .seconds($0) }, movingOnly: asked.moving ?? false,
            wrongOnly: asked.wrong ?? false)
        guard call.wantsMore else {
            let limit = Reporter.listLimit
            return try ControlPayload(
                stored { () throws(StoreTrouble) in try reporter.list(filter, rows, limit: limit) })
        }
        var pages = try stored { () throws(StoreTrouble) in try reporter.pages(filter, rows) }
        while true {
            guard var page = try stored({ () throws(StoreTrouble) in try pages.next() }) else { throw .callerLeft }
            let isLast = !page.truncated
            page.truncated = false  // in a stream nothing is left out
            if isLast { return try ControlPayload(page) }
            try await stream.next(ControlPayload(page))
        }
    }

    private func watch(_ call: ControlCall, _ stream: ControlStream) async throws(ControlTrouble) -> ControlPayload {
        guard call.wantsMore else { throw .expectedMore }
        var subjects: Set<Subject> = []
        for text in try call.parameters(WatchParameters.self).subjects ?? [] { subjects.insert(try subject(text)) }
        let (news, before) = fan.watch()
        try await stream.next(ControlPayload(WatchLine.opening(at: clock.now())))
        var (last, lost) = (before, 0)
        for await told in news {
            lost += told.number - last - 1
            last = told.number
            guard subjects.isEmpty || told.news.subject.map(subjects.contains) ?? false else { continue }
            try await stream.next(ControlPayload(WatchLine(told.news, at: told.at, lost: lost)))
            lost = 0
        }
        throw .callerLeft
    }

    // MARK: Parameters

    private func scope(_ call: ControlCall) throws(ControlTrouble) -> Suspension.Scope {
        try scope(call.parameters(ScopeParameters.self).scope)
    }

    private func scope(_ text: String?) throws(ControlTrouble) -> Suspension.Scope {
        try named { () throws(SubjectFinder.Trouble) in try reporter.finder.scope(text) }
    }

    private func subject(_ text: String) throws(ControlTrouble) -> Subject {
        try named { () throws(SubjectFinder.Trouble) in try reporter.finder.subject(text) }
    }

    private func filter(_ asked: HistoryParameters) throws(ControlTrouble) -> HistoryFilter {
        var filter = HistoryFilter(limit: asked.limit ?? 1000)
        guard (1...Reporter.rowLimit).contains(filter.limit) else { throw .invalidParameter("limit") }
        if let text = asked.subject { filter.subject = try subject(text) }
        if let text = asked.zone {
            filter.zone = try named { () throws(SubjectFinder.Trouble) in try reporter.finder.zone(text) }
        }
        (filter.since, filter.until) = (try moment(asked.since, "since"), try moment(asked.until, "until"))
        return filter
    }

    private func moment(_ text: String?, _ name: String) throws(ControlTrouble) -> Timestamp? {
        guard let text else { return nil }
        return try required(Timestamp(cloudflare: text), name)
    }

    private func required<Value>(_ value: Value?, _ name: String) throws(ControlTrouble) -> Value {
        guard let value else { throw .invalidParameter(name) }
        return value
    }

    private func found<Report>(_ report: Report?) throws(ControlTrouble) -> Report {
        guard let report else {
            throw .told(
                .unfit, Explanation(code: "no-such-subject", summary: "the subject is gone meanwhile"), exitCode: 1)
        }
        return report
    }

    private func named<Result>(_ find: () throws(SubjectFinder.Trouble) -> Result) throws(ControlTrouble) -> Result {
        do throws(SubjectFinder.Trouble) {
            return try find()
        } catch {
            let told: ControlTrouble.Told = if case .store = error { .trouble } else { .unfit }
            throw .told(told, error.explanation, exitCode: 1)
        }
    }

    private func stored<Result>(_ read: () throws(StoreTrouble) -> Result) throws(ControlTrouble) -> Result {
        do throws(StoreTrouble) {
            return try read()
        } catch {
            if case .corrupt = error { onCorruption(error) }
            throw .told(.trouble, error.explanation, exitCode: 1)
        }
    }
}

extension ControlTrouble {
    /// What the engine would not or could not do, with the exit code that the tool ends with for it.
    init(_ trouble: CommandTrouble) {
        switch trouble {
        case .unfit: self = .told(.unfit, trouble.explanation, exitCode: 1)
        case .unsafe: self = .told(.unsafe, trouble.explanation, exitCode: 5)
        case .trouble(let explanation):
            let isAway = Self.codesOfAbsence.contains(explanation.code)
            self = .told(.trouble, explanation, exitCode: isAway ? 69 : 1)
        }
    }

    /// Cloudflare gave no answer that could be used, or the daemon is about to be gone.
    private static let codesOfAbsence: Set<String> = [
        "cloudflare-not-reached", "cloudflare-unanswered", "cloudflare-limited", Engine.stoppingCode,
    ]
}
