import ArgumentParser
import ControlAPI
import Domain
import Engine
import Reports

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "How everything stands.",
        discussion: "Ends with 69 when the daemon does not answer, whatever the database holds.")
    @OptionGroup var options: ReadingOptions

    func run() throws {
        let report = try Asking(options: options).report(.status, NoParameters(), as: StatusReport.self) {
            try $0.status(nil)
        }
        try options.printing.show(report)
        throw Ending(report.exitCode)
    }
}

struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The subjects, one a line.")
    @OptionGroup var options: ReadingOptions

    @Option(help: ArgumentHelp("Only what ends within this time, or has ended.", valueName: "duration"))
    var expiring: Span?
    @Flag(help: "Only what is moving.") var moving = false
    @Flag(help: "Only what a person should look at.") var wrong = false
    @Option(help: "Only this zone, by name or identifier.") var zone: String?
    @Option(help: "Only packs (pack) or client certificates (cert).") var kind: String?
    @Flag(help: "Also what is over: revoked, removed and wished no more.") var all = false

    func run() throws {
        let seconds = expiring.map { Int(clamping: $0.duration.wholeSeconds) }
        let parameters = ListParameters(
            zone: zone, kind: kind, expiringWithinSeconds: seconds, moving: moving ? true : nil,
            wrong: wrong ? true : nil, all: all ? true : nil)
        let report = try Asking(options: options).list(parameters) { reporter in
            var filter = SubjectFilter(includesOver: all)
            if let zone { filter.zone = try reporter.finder.zone(zone) }
            if let kind { filter.kind = try SubjectFinder.kind(kind) }
            return try reporter.list(
                filter, RowFilter(expiringWithin: expiring?.duration, movingOnly: moving, wrongOnly: wrong))
        }
        try options.printing.show(report)
        throw Ending(report.exitCode)
    }
}

struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "One subject with all that there is at Cloudflare for it.")
    @OptionGroup var options: ReadingOptions
    @Argument(help: "zone/kind/name, or a shorter form that is unique.") var subject: String

    func run() throws {
        let parameters = SubjectParameters(subject: subject)
        let report = try Asking(options: options).report(.show, parameters, as: SubjectDetail.self) {
            try found($0.show(try $0.finder.subject(subject)), subject)
        }
        try options.printing.show(report)
        throw Ending(report.exitCode)
    }
}

struct Why: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The last decision about a subject, what it was made from, and what comes next.")
    @OptionGroup var options: ReadingOptions
    @Argument(help: "zone/kind/name, or a shorter form that is unique.") var subject: String

    func run() throws {
        let parameters = SubjectParameters(subject: subject)
        let report = try Asking(options: options).report(.why, parameters, as: WhyReport.self) {
            try found($0.why(try $0.finder.subject(subject)), subject)
        }
        try options.printing.show(report)
        throw Ending(report.exitCode)
    }
}

private func found<Report>(_ report: Report?, _ subject: String) throws -> Report {
    guard let report else { throw Failure("no-such-subject", "there is no subject '\(subject)'") }
    return report
}

/// Which stretch of time, and of what.
struct StretchOptions: ParsableArguments {
    @Argument(help: "A subject; left out for all.") var subject: String?
    @Option(help: "Only this zone, by name or identifier.") var zone: String?
    @Option(help: ArgumentHelp("RFC 3339, a day, or a duration ago ('2d').", valueName: "time")) var since: When?
    @Option(help: ArgumentHelp("The same, for its end.", valueName: "time")) var until: When?
    @Option(help: "The newest this many, at most 10000.") var limit = 1000

    func validate() throws {
        guard (1...Reporter.rowLimit).contains(limit) else {
            throw ValidationError("--limit is 1 to \(Reporter.rowLimit)")
        }
    }

    func parameters(open: Bool = false) -> HistoryParameters {
        HistoryParameters(
            subject: subject, zone: zone, since: since?.timestamp.rfc3339, until: until?.timestamp.rfc3339,
            limit: limit, open: open ? true : nil)
    }

    func filter(_ reporter: Reporter) throws -> HistoryFilter {
        var filter = HistoryFilter(since: since?.timestamp, until: until?.timestamp, limit: limit)
        if let subject { filter.subject = try reporter.finder.subject(subject) }
        if let zone { filter.zone = try reporter.finder.zone(zone) }
        return filter
    }
}

struct History: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "What happened, the newest last.")
    @OptionGroup var options: ReadingOptions
    @OptionGroup var stretch: StretchOptions

    func run() throws {
        let report = try Asking(options: options).report(.history, stretch.parameters(), as: HistoryReport.self) {
            try $0.history(stretch.filter($0))
        }
        try options.printing.show(report)
    }
}

struct Orders: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "What was asked of Cloudflare, the newest last.")
    @OptionGroup var options: ReadingOptions
    @OptionGroup var stretch: StretchOptions
    @Flag(help: "Only those that nobody knows the outcome of yet.") var open = false

    func run() throws {
        let parameters = stretch.parameters(open: open)
        let report = try Asking(options: options).report(.orders, parameters, as: OrdersReport.self) {
            try $0.orders(stretch.filter($0), openOnly: open)
        }
        try options.printing.show(report)
    }
}

struct Audit: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "What people asked for, the newest last.")
    @OptionGroup var options: ReadingOptions
    @Option(help: ArgumentHelp("RFC 3339, a day, or a duration ago ('2d').", valueName: "time")) var since: When?
    @Option(help: "The newest this many, at most 10000.") var limit = 1000

    func validate() throws {
        guard (1...Reporter.rowLimit).contains(limit) else {
            throw ValidationError("--limit is 1 to \(Reporter.rowLimit)")
        }
    }

    func run() throws {
        let parameters = HistoryParameters(since: since?.timestamp.rfc3339, limit: limit)
        let report = try Asking(options: options).report(.audit, parameters, as: AuditReport.self) {
            try $0.audit(since: since?.timestamp, limit: limit)
        }
        try options.printing.show(report)
    }
}

struct Records: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The validation records that have to be published.",
        discussion: "With --zone-file as a fragment that a zone file can include: one set of records for each name.")
    @OptionGroup var options: ReadingOptions
    @Argument(help: "A subject or a zone; left out for all.") var scope: String?
    @Flag(help: "Print the DNS records as a fragment of a zone file.") var zoneFile = false

    func validate() throws {
        if zoneFile, options.printing.json { throw ValidationError("--json and --zone-file exclude each other") }
    }

    func run() throws {
        let parameters = ScopeParameters(scope: scope)
        let report = try Asking(options: options).report(.records, parameters, as: RecordsReport.self) {
            try $0.records(try $0.finder.scope(scope))
        }
        guard !zoneFile else {
            try Output.write(report.zoneFile)
            return
        }
        try options.printing.show(report)
    }
}
