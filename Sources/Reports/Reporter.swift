import Domain
import Engine

/// Builds the reports that people are shown, out of what is kept and the clock. The same ones for the daemon and for
/// the tool that reads the database by itself.
public struct Reporter: Sendable {
    private let ledger: any LedgerReading
    private let source: ReportSource
    private let now: Timestamp

    /// A list without `more` ends here.
    public static let listLimit = 1000
    public static let rowLimit = 10_000
    private static let troubleLimit = 100

    public init(_ ledger: any LedgerReading, source: ReportSource, now: Timestamp) {
        (self.ledger, self.source, self.now) = (ledger, source, now)
    }

    public var finder: SubjectFinder { SubjectFinder(ledger) }

    /// - Parameter engine: How the daemon stands; nil when it does not run.
    public func status(_ engine: EngineStatus?) throws(StoreTrouble) -> StatusReport {
        let context = try ReportContext(ledger, now: now)
        var counts = StatusReport.SubjectCounts()
        try ledger.forEachSubject(SubjectFilter()) { record, objects in
            counts.count(Judgement(record, objects, context), wished: record.isWished)
        }
        let troubles = context.episodes.values.flatMap { $0 }.sorted {
            ($0.condition.rank, context.scopeText($0.scope)) < ($1.condition.rank, context.scopeText($1.scope))
        }
        let open = try ledger.operations(HistoryFilter(limit: Self.rowLimit), openOnly: true).count
        var report = StatusReport(
            source: source, at: Moment(now), daemon: engine.map(DaemonReport.init), zones: zoneCounts(context),
            subjects: counts, troubles: troubles.prefix(Self.troubleLimit).map { EpisodeRow($0, context) },
            troubleCount: troubles.count, suspensions: context.suspensions.map { SuspensionRow($0, context) },
            openOrders: open, headline: "")
        report.headline = Self.headline(report)
        return report
    }

    private func zoneCounts(_ context: ReportContext) -> StatusReport.ZoneCounts {
        let managed = context.zones.values.filter(\.isManaged)
        let oldest = managed.compactMap { zone in zone.lastCompleteLook.map { (zone.name, $0) } }.min {
            ($0.1, $0.0) < ($1.1, $1.0)
        }
        return StatusReport.ZoneCounts(
            managed: managed.count, unmanaged: context.zones.count - managed.count,
            unseen: managed.count { context.isStale($0.id) }, oldestSight: oldest?.0,
            oldestSightSeconds: oldest.map { Int(clamping: (now - $0.1).wholeSeconds) })
    }

    private static func headline(_ report: StatusReport) -> String {
        let subjects = report.subjects
        if subjects.expired > 0 { return "expired: \(subjects.expired) of \(subjects.wished) subjects" }
        if report.daemon?.storeTrouble != nil { return "nothing can be written down, so nothing is changed" }
        if subjects.needsEyes > 0 { return "a person should look at \(counted(subjects.needsEyes, "subject"))" }
        if report.troubleCount > 0 { return counted(report.troubleCount, "open trouble") }
        if subjects.suspended > 0 { return "suspended: \(subjects.suspended) of \(subjects.wished) subjects" }
        if subjects.moving > 0 { return "moving: \(subjects.moving) of \(subjects.wished) subjects" }
        if subjects.released > 0 { return "given out of hand: \(subjects.released) of \(subjects.wished) subjects" }
        if report.zones.managed == 0, report.zones.unmanaged > 0 {
            return "the settings name no zone: those that they named are watched, and left alone"
        }
        return subjects.wished == 0
            ? "the settings wish nothing yet" : "as wanted: \(counted(subjects.wished, "subject"))"
    }

    /// The rows page by page, zone by zone in order of name, so that a hundred thousand cost no memory.
    public func pages(_ filter: SubjectFilter, _ rows: RowFilter) throws(StoreTrouble) -> ListPages {
        let context = try ReportContext(ledger, now: now)
        let zones = context.zones.values.filter { filter.zone == nil || $0.id == filter.zone }
        return ListPages(
            ledger: ledger, source: source, context: context, filter: filter, rows: rows,
            zones: zones.sorted { ($0.name, $0.id) < ($1.name, $1.id) }.map(\.id))
    }

    /// All rows that pass, up to a limit.
    public func list(
        _ filter: SubjectFilter, _ rows: RowFilter, limit: Int = .max
    ) throws(StoreTrouble) -> ListReport {
        let context = try ReportContext(ledger, now: now)
        var report = ListReport(source: source, at: Moment(now), rows: [], truncated: false)
        try ledger.forEachSubject(filter) { record, objects in
            guard !report.truncated else { return }
            let row = SubjectRow(record, objects, context)
            guard rows.passes(row) else { return }
            if report.rows.count < limit { report.rows.append(row) } else { report.truncated = true }
        }
        return report
    }

    public func show(_ subject: Subject) throws(StoreTrouble) -> SubjectDetail? {
        let context = try ReportContext(ledger, now: now)
        guard let (record, objects) = try find(subject) else { return nil }
        let open = try ledger.operations(HistoryFilter(subject: subject, limit: 100), openOnly: true)
        let sorted = objects.sorted {
            ($0.sighting.stage.isOver ? 1 : 0, $1.firstSeen, $1.id) < (
                $1.sighting.stage.isOver ? 1 : 0, $0.firstSeen, $0.id
            )
        }
        return SubjectDetail(
            source: source, at: Moment(now), row: SubjectRow(record, objects, context),
            objects: sorted.map { ObjectDetail($0, now: now) },
            troubles: context.episodes(of: subject).map { EpisodeRow($0, context) },
            suspension: context.suspension(of: subject).map { SuspensionRow($0, context) },
            approvals: try approvals(of: subject),
            openOrders: open.map { OrderRow($0, context) }, lastGeneration: record.lastGeneration)
    }

    public func why(_ subject: Subject) throws(StoreTrouble) -> WhyReport? {
        let context = try ReportContext(ledger, now: now)
        guard let (record, objects) = try find(subject) else { return nil }
        let orders = try ledger.operations(HistoryFilter(subject: subject, limit: 5), openOnly: false)
        let row = SubjectRow(record, objects, context)
        let held = record.decision.flatMap { $0.isHeld ? $0.reason.liftCommand(path: row.path) : nil }
        return WhyReport(
            source: source, at: Moment(now), row: row,
            decision: record.decision.map { DecisionDetail($0, since: record.decidedSince) },
            lift: held.map { WhyReport.Lift(command: $0.command, meaning: $0.meaning) },
            troubles: context.episodes(of: subject).map { EpisodeRow($0, context) },
            suspension: context.suspension(of: subject).map { SuspensionRow($0, context) },
            approvals: try approvals(of: subject),
            refusal: record.refusal.map {
                WhyReport.Refusal(reason: $0.reason.rawValue, message: $0.message, at: Moment($0.at))
            },
            undoneAt: record.undoneAt.map(Moment.init), lastChangeAt: record.lastChangeAt.map(Moment.init),
            lastServedAt: objects.compactMap(\.lastServedAt).max().map(Moment.init),
            orders: orders.map { OrderRow($0, context) }, nextLook: row.nextLook)
    }

    public func history(_ filter: HistoryFilter) throws(StoreTrouble) -> HistoryReport {
        let context = try ReportContext(ledger, now: now)
        let rows = try ledger.history(filter).map { TransitionRow($0, context) }
        var report = HistoryReport(source: source, at: Moment(now), rows: rows, truncated: rows.count >= filter.limit)
        if let subject = filter.subject {
            report.pruned = try ledger.checkpoint(of: subject).map { .init(upTo: Moment($0.upTo), count: $0.count) }
        }
        return report
    }

    public func orders(_ filter: HistoryFilter, openOnly: Bool) throws(StoreTrouble) -> OrdersReport {
        let context = try ReportContext(ledger, now: now)
        let rows = try ledger.operations(filter, openOnly: openOnly).map { OrderRow($0, context) }
        return OrdersReport(source: source, at: Moment(now), rows: rows, truncated: rows.count >= filter.limit)
    }

    public func audit(since: Timestamp?, limit: Int) throws(StoreTrouble) -> AuditReport {
        let rows = try ledger.audit(since: since, limit: limit).map(AuditRow.init)
        return AuditReport(source: source, at: Moment(now), rows: rows, truncated: rows.count >= limit)
    }

    /// - Parameter deadlines: Those of the settings in force; the tool alone has only the defaults.
    public func records(
        _ scope: Suspension.Scope, deadlines: DeadlineSettings = DeadlineSettings()
    ) throws(StoreTrouble) -> RecordsReport {
        let context = try ReportContext(ledger, now: now)
        var filter = SubjectFilter(kind: .certificatePack)
        switch scope {
        case .all: break
        case .zone(let zone): filter.zone = zone
        case .subject(let subject): (filter.zone, filter.kind, filter.name) = (subject.zone, subject.kind, subject.name)
        }
        var packs: [PackRecords] = []
        try ledger.forEachSubject(filter) { _, objects in
            packs += objects.compactMap { PackRecords($0, context, deadlines: deadlines) }
        }
        return RecordsReport(source: source, at: Moment(now), packs: packs)
    }

    private func approvals(of subject: Subject) throws(StoreTrouble) -> [ApprovalRow] {
        try ledger.approvals(of: subject).filter { $0.holds(at: now) }.map(ApprovalRow.init)
    }

    private func find(_ subject: Subject) throws(StoreTrouble) -> (SubjectRecord, [ObjectRecord])? {
        var found: (SubjectRecord, [ObjectRecord])?
        let filter = SubjectFilter(
            zone: subject.zone, kind: subject.kind, name: subject.name, includesOver: true)
        try ledger.forEachSubject(filter) { found = ($0, $1) }
        return found
    }
}
