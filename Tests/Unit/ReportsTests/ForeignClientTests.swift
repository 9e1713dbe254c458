import ControlAPI
import Domain
import Engine
import Foundation
import Testing

@testable import Reports

/// Answers out of the town.
private struct TownDesk: ControlHandler {
    let town: Town

    func answer(_ call: ControlCall, _ stream: ControlStream) async throws(ControlTrouble) -> ControlPayload {
        do {
            let reporter = town.reporter
            switch call.method {
            case .status: return try ControlPayload(reporter.status(town.engine))
            case .list: return try await list(reporter, call, stream)
            case .show:
                let subject = try reporter.finder.subject(call.parameters(SubjectParameters.self).subject)
                return try ControlPayload(reporter.show(subject))
            case .why:
                let subject = try reporter.finder.subject(call.parameters(SubjectParameters.self).subject)
                return try ControlPayload(reporter.why(subject))
            case .history: return try ControlPayload(reporter.history(HistoryFilter()))
            case .orders: return try ControlPayload(reporter.orders(HistoryFilter(), openOnly: false))
            case .records: return try ControlPayload(reporter.records(.all))
            case .audit: return try ControlPayload(reporter.audit(since: nil, limit: 10))
            case .watch:
                try await stream.next(ControlPayload(WatchLine.opening(at: town.now)))
                return try ControlPayload(WatchLine(News(.stopping, .info), at: town.now))
            default:
                throw ControlTrouble.told(.unsafe, Explanation(code: "no", summary: "it is not safe"), exitCode: 5)
            }
        } catch let trouble as SubjectFinder.Trouble {
            throw .told(.unfit, trouble.explanation, exitCode: 1)
        } catch let trouble as ControlTrouble {
            throw trouble
        } catch {
            throw .callerLeft
        }
    }

    private func list(
        _ reporter: Reporter, _ call: ControlCall, _ stream: ControlStream
    ) async throws -> ControlPayload {
        let all = try call.parameters(ListParameters.self).all ?? false
        let report = try reporter.list(SubjectFilter(includesOver: all), RowFilter())
        guard call.wantsMore else { return try ControlPayload(report) }
        for row in report.rows {
            try await stream.next(
                ControlPayload(ListReport(source: .daemon, at: report.at, rows: [row], truncated: false)))
        }
        return try ControlPayload(ListReport(source: .daemon, at: report.at, rows: [], truncated: false))
    }
}

/// A Python that has the package `varlink`: `EDGECERT_PYTHON`, or the machine's own.
private enum Python {
    static let path: String? = {
        let wanted = [ProcessInfo.processInfo.environment["EDGECERT_PYTHON"], "/usr/bin/python3"].compactMap { $0 }
        return wanted.first { run($0, ["-c", "import varlink"])?.status == 0 }
    }()

    static func run(_ python: String, _ arguments: [String]) -> (status: Int32, output: Data)? {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: python)
        process.arguments = arguments
        process.standardOutput = pipe
        do {
            try process.run()
        } catch {
            return nil  // there is no such program
        }
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }
}

@Suite("A client that nobody here wrote") struct ForeignClientTests {
    @Test(
        "the Python package 'varlink' reads the description, and finds every call and reply as described",
        .enabled(
            if: Python.path != nil,
            "SKIPPED: no python3 with the package 'varlink' (pip install varlink; EDGECERT_PYTHON names the interpreter)"
        ))
    func python() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "edgecert-reports-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
        let socket = folder.appending(path: "control.sock").path()
        let server = VarlinkServer(version: "0.1.0", handler: TownDesk(town: try Town()))
        try await server.serve(path: socket)
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../Golden/foreign_client.py"
        ).path()
        let python = try #require(Python.path)
        let result = await withCheckedContinuation { done in
            DispatchQueue.global().async { done.resume(returning: Python.run(python, [script, socket])) }
        }
        await server.stop()
        #expect(result?.status == 0)
        let text = String(decoding: result?.output ?? Data(), as: UTF8.self)
        try Golden.check(text, "foreign_client.json")
    }
}
