import ControlAPI
import Domain
import Engine
import Reports
import StateStore

/// Gets a report from the daemon, or makes it from the database when there is no daemon.
struct Asking {
    let options: ReadingOptions

    /// - Parameter alone: Makes the same report out of the database.
    func report<Report: Decodable>(
        _ method: ControlMethod, _ parameters: some Encodable, as type: Report.Type,
        alone: (Reporter) throws -> Report
    ) throws -> Report {
        try either({ try $0.call(method, parameters, as: type, patience: options.daemon.replyTimeout.duration) }, alone)
    }

    func list(_ parameters: ListParameters, alone: (Reporter) throws -> ListReport) throws -> ListReport {
        try either(
            { client in
                var whole: ListReport?
                try client.stream(
                    .list, parameters, as: ListReport.self, patience: options.daemon.replyTimeout.duration
                ) { page in
                    if whole == nil { whole = page } else { whole?.rows += page.rows }
                    return true
                }
                guard let whole else { throw VarlinkTrouble.cut(path: options.daemon.socket) }
                return whole
            }, alone)
    }

    private func either<Report>(
        _ ask: (VarlinkClient) throws -> Report, _ alone: (Reporter) throws -> Report
    ) throws -> Report {
        if let database = options.database {
            let report = try alone(reporter(database))
            Output.complain("note", "the daemon was not asked; this is what \(database) holds")
            return report
        }
        do {
            return try ask(try VarlinkClient(path: options.daemon.socket))
        } catch let trouble as VarlinkTrouble {
            guard trouble.isAbsence else { throw Failure(trouble) }
            let reporter: Reporter
            do {
                reporter = try self.reporter(ReadingOptions.databaseBeside)
            } catch let failure as Failure {
                // Both ways are closed: the first one is what has to be mended.
                Output.complain("error", failure.explanation.summary)
                throw Failure(trouble)
            }
            let explanation = trouble.explanation(beside: ReadingOptions.databaseBeside)
            Output.complain("note", "\(explanation.summary); this is what the database holds")
            if let hint = explanation.hint { Output.complain("hint", hint) }
            return try alone(reporter)
        }
    }

    private func reporter(_ path: String) throws -> Reporter {
        do throws(StoreTrouble) {
            return Reporter(try SQLiteLedger.openReading(path), source: .database, now: Wall.now())
        } catch {
            throw Failure(error.explanation)
        }
    }
}

/// Has the running daemon do something.
struct Commanding {
    let options: SocketOptions

    func perform(_ method: ControlMethod, _ parameters: some Encodable) throws -> CommandReport {
        try answered {
            try $0.call(method, parameters, as: CommandReport.self, patience: options.replyTimeout.duration)
        }
    }

    func answered<Reply>(_ ask: (VarlinkClient) throws -> Reply) throws -> Reply {
        do {
            return try ask(try VarlinkClient(path: options.socket))
        } catch let trouble as VarlinkTrouble {
            throw Failure(trouble)
        }
    }
}

extension VarlinkTrouble {
    /// True when there is no daemon that answers, and the database may.
    var isAbsence: Bool {
        switch self {
        case .socket(.missing), .socket(.refused), .silent, .cut: true
        case .socket, .unreadable, .answered: false
        }
    }
}
