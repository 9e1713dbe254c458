import ArgumentParser
import ControlAPI
import Domain
import Reports

struct Watch: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "News as it happens, until it is interrupted.",
        discussion: "With --json one object a line. The journal holds the same and more: journalctl -u edgecertd -f.")
    @OptionGroup var printing: PrintOptions
    @OptionGroup var daemon: SocketOptions
    @Argument(help: "Only these subjects.") var subjects: [String] = []

    func run() throws {
        let parameters = WatchParameters(subjects: subjects.isEmpty ? nil : subjects)
        var trouble: (any Error)?
        try Commanding(options: daemon).answered { client in
            try client.stream(.watch, parameters, as: WatchLine.self, patience: nil) { line in
                do {
                    return try printLine(line)
                } catch {
                    trouble = error
                    return false
                }
            }
        }
        if let trouble { throw trouble }
    }

    private func printLine(_ line: WatchLine) throws -> Bool {
        try Output.write(printing.json ? Output.json(line, onOneLine: true) : line.text(printing.style))
    }
}

struct Wait: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Waits until nothing moves any more, and tells the news meanwhile.",
        discussion: "Ends with 0 when all is as wanted, 3 when something is wrong, 4 when the time is over.")
    @OptionGroup var printing: PrintOptions
    @OptionGroup var daemon: SocketOptions
    @Argument(help: "The subjects to wait for; left out for all.") var subjects: [String] = []
    @Option(help: ArgumentHelp("How long to wait at most.", valueName: "duration"))
    var timeout = Span(.minutes(30))

    /// Without news it is asked again this often: a stretch that ends by the clock alone makes none.
    private static let lookAgain: Duration = .seconds(5)

    func run() throws {
        let deadline = Patience.monotonic.now() + timeout.duration
        let parameters = WatchParameters(subjects: subjects.isEmpty ? nil : subjects)
        let report: ListReport = try Commanding(options: daemon).answered { watcher in
            try watcher.begin(.watch, parameters)
            let patience = daemon.replyTimeout.duration
            guard try watcher.nextReply(to: .watch, as: WatchLine.self, patience: patience) != nil else {
                throw VarlinkTrouble.silent(path: daemon.socket, after: patience)
            }
            while true {
                let report = try standing()
                let left = deadline - Patience.monotonic.now()
                if report.exitCode != .moving && !report.rows.contains(where: \.moving) || left <= .zero {
                    return report
                }
                let line = try watcher.nextReply(to: .watch, as: WatchLine.self, patience: min(Self.lookAgain, left))
                if let line, !printing.json { try Output.write(line.text(printing.style)) }
            }
        }
        try printing.show(report)
        throw Ending(report.exitCode)
    }

    private func standing() throws -> ListReport {
        try Commanding(options: daemon).answered { client in
            let patience = daemon.replyTimeout.duration
            guard subjects.isEmpty else {
                var report: ListReport?
                for subject in subjects {
                    let one = try client.call(
                        .show, SubjectParameters(subject: subject), as: SubjectDetail.self, patience: patience)
                    let rows = (report?.rows ?? []) + [one.row]
                    report = ListReport(source: one.source, at: one.at, rows: rows, truncated: false)
                }
                guard let report else { throw VarlinkTrouble.cut(path: daemon.socket) }
                return report
            }
            var rows: [SubjectRow] = []
            var last: ListReport?
            try client.stream(.list, ListParameters(), as: ListReport.self, patience: patience) { page in
                rows += page.rows.filter(\.wished)
                last = page
                return true
            }
            guard let last else { throw VarlinkTrouble.cut(path: daemon.socket) }
            return ListReport(source: last.source, at: last.at, rows: rows, truncated: false)
        }
    }
}
