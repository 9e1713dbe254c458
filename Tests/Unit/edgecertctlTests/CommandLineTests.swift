import ArgumentParser
import ControlAPI
import Domain
import Foundation
import Reports
import StateStore
import TestKit
import Testing

@testable import edgecertctl

@Suite("The tool's command line") struct CommandLineTests {
    private func parsed<Command: ParsableCommand>(_ line: String, as type: Command.Type) throws -> Command {
        try #require(try Edgecertctl.parseAsRoot(line.split(separator: " ").map(String.init)) as? Command)
    }

    @Test(
        "durations are taken with their unit, and nothing else is",
        arguments: [
            ("90s", Duration.seconds(90)), ("15m", .minutes(15)), ("4h", .hours(4)), ("30d", .days(30)), ("30", nil),
            ("d", nil), ("-3d", nil), ("1.5h", nil), ("99999999999999999999d", nil), ("3w", .days(21)), ("3y", nil),
            ("", nil),
        ])
    func durations(text: String, duration: Duration?) {
        #expect(Span(argument: text)?.duration == duration)
    }

    @Test("the filters of 'list' arrive as they were typed")
    func list() throws {
        let list = try parsed(
            "list --expiring 30d --moving --wrong --zone example.com --kind cert --all", as: List.self)
        #expect(list.expiring?.duration == .days(30))
        #expect(list.moving && list.wrong && list.all && list.zone == "example.com" && list.kind == "cert")
        let bare = try parsed("list", as: List.self)
        #expect(bare.expiring == nil && !bare.moving && !bare.wrong && !bare.all && bare.zone == nil)
    }

    @Test("a stretch of history is given by times, days or ages")
    func history() throws {
        let before = Wall.now()
        let history = try parsed("history main --since 2d --until 2026-11-21T03:28:38Z --limit 7", as: History.self)
        let since = try #require(history.stretch.since).timestamp
        #expect(since >= before - .days(2) && since <= Wall.now() - .days(2))
        #expect(history.stretch.until?.timestamp == Timestamp(cloudflare: "2026-11-21T03:28:38Z"))
        #expect(history.stretch.limit == 7 && history.stretch.subject == "main")
    }

    @Test(
        "a command line that cannot be meant is refused, and ends with 2",
        arguments: [
            "list --expiring 30", "list --expiring soon", "history --since yesterday", "history --limit 0",
            "history --limit 10001", "orders --limit x", "audit --limit 0", "suspend --all --reason r",
            "suspend --reason r --for 1h", "suspend a --all --reason r --for 1h", "suspend a --for 1h",
            "suspend a --reason r --for 1h --until 2026-11-21T03:28:38Z", "suspend a --reason r --until tomorrow",
            "resume", "resume a --all", "approve", "approve a --state", "nonsense", "show", "why", "list --colour red",
            "status --color blue", "status --reply-timeout 5",
        ])
    func usage(line: String) {
        do {
            let command = try Edgecertctl.parseAsRoot(line.split(separator: " ").map(String.init))
            Issue.record("'\(line)' was taken for \(command)")
        } catch {
            #expect(Edgecertctl.exitCode(for: error) != .success)
            #expect(Failure.usage == 2)
        }
    }

    @Test(
        "a mistyped command got no suggestion",
        arguments: [
            ("chek", "did you mean 'check'?"), ("lst --json", "did you mean 'list'?"),
            ("help staus", "did you mean 'status'?"), ("frobnicate", "'edgecertctl --help' shows which there are"),
            ("--json chek", "did you mean 'check'?"), ("status extra", nil), ("help", nil), ("help list", nil),
            ("--help", nil), ("", nil),
        ])
    func suggestions(line: String, hint: String?) {
        let failure = Usage.failure(of: line.split(separator: " ").map(String.init))
        #expect(failure?.explanation.hint == hint)
        #expect(failure.map { $0.exitCode == 2 } ?? true)
    }

    @Test(
        "a mistyped option was taken for one that has hardly a letter in common with it",
        arguments: [
            ("Unknown option '--sate'. Did you mean '--zone'?", "Unknown option '--sate'"),
            ("Unknown option '--zoen'. Did you mean '--zone'?", "Unknown option '--zoen'. Did you mean '--zone'?"),
            (
                "Unknown option '--untill'. Did you mean '--until'?",
                "Unknown option '--untill'. Did you mean '--until'?"
            ),
            ("Unknown option '-x'", "Unknown option '-x'"), ("Unexpected argument 'a'", "Unexpected argument 'a'"),
        ])
    func guesses(parsers: String, ours: String) { #expect(Usage.message(parsers) == ours) }

    @Test("help and version are no errors", arguments: ["--help", "--version", "help list", "list --help"])
    func help(line: String) {
        #expect(throws: (any Error).self) {
            do {
                var command = try Edgecertctl.parseAsRoot(line.split(separator: " ").map(String.init))
                try command.run()
            } catch {
                #expect(Edgecertctl.exitCode(for: error) == .success)
                throw error
            }
        }
    }
}

@Suite("How the tool ends") struct EndingTests {
    private func parsed<Command: ParsableCommand>(_ line: String, as type: Command.Type) throws -> Command {
        try #require(try Edgecertctl.parseAsRoot(line.split(separator: " ").map(String.init)) as? Command)
    }

    @Test(
        "a report's end is the exit code that is documented",
        arguments: [(ReportExit.asWanted, 0), (.wrong, 3), (.moving, 4), (.notReachable, 69)] as [(ReportExit, Int32)])
    func reports(exit: ReportExit, code: Int32) { #expect(Ending(exit).code == code) }

    @Test("what the daemon answers with decides the exit code, an absent daemon is 69")
    func failures() {
        let missing = VarlinkTrouble.socket(.missing("/run/x"))
        #expect(missing.isAbsence && Failure(missing).exitCode == 69)
        #expect(VarlinkTrouble.cut(path: "/run/x").isAbsence)
    }

    @Test("the hint about a daemon that does not answer named an option that there is not")
    func silentHint() throws {
        let hint = try #require(VarlinkTrouble.silent(path: "/run/x", after: .seconds(1)).explanation.hint)
        let options = hint.split(separator: " ").filter { $0.hasPrefix("--") }
        #expect(options == ["--reply-timeout"])
        _ = try parsed("status \(options[0]) 5s", as: Status.self)
    }

    @Test("with --json an error is one line of JSON with code, summary and hint")
    func json() throws {
        let text = FailureReport(Explanation(code: "c", summary: "a \"b\"\nc", hint: "h/i")).json
        #expect(text == #"{"error":{"code":"c","hint":"h/i","summary":"a \"b\"\nc"}}"# + "\n")
        #expect(
            FailureReport(Explanation(code: "c", summary: "s")).json == #"{"error":{"code":"c","summary":"s"}}"# + "\n")
    }

    @Test("JSON is written with its members in order, on several lines or on one")
    func reportJSON() throws {
        struct Shown: Encodable {
            var b = 1
            var a = "x/y"
        }
        #expect(try Output.json(Shown()) == "{\n  \"a\" : \"x/y\",\n  \"b\" : 1\n}\n")
        #expect(try Output.json(Shown(), onOneLine: true) == "{\"a\":\"x/y\",\"b\":1}\n")
    }

    @Test("what a full disk does not take is an error with a code of its own, and no quiet 0")
    func fullDisk() throws {
        let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
        try #require(full >= 0)
        defer { close(full) }
        #expect(throws: OutputTrouble(number: ENOSPC)) { try Output.write("text", to: full) }
        #expect(OutputTrouble(number: ENOSPC).explanation.summary.contains("No space left on device"))
        #expect(Failure.unwritten == 74)
    }

    @Test("a reader that has left is no error, and ends what would be written for ever")
    func readerLeft() throws {
        signal(SIGPIPE, SIG_IGN)  // as the program itself does
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[1]) }
        #expect(try Output.write("text", to: ends[1]))
        close(ends[0])
        #expect(try !Output.write("text", to: ends[1]))
    }

    @Test("a daemon that runs without its socket was said not to run, and to be started")
    func socketGone() throws {
        let folder = "/tmp/edgecertctl-test-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        #expect(mkdir(folder, 0o700) == 0)
        defer { Files.removeFolder(folder) }
        let ledger = try SQLiteLedger.open(inFolder: folder, now: Wall.now()).ledger
        let (database, missing) = ("\(folder)/edgecert.db", VarlinkTrouble.socket(.missing("/run/x")))
        let told = Failure(missing, beside: database)
        #expect(told.exitCode == 69 && told.explanation.code == "daemon-socket-gone")
        #expect(told.explanation.summary == "the daemon runs (process \(getpid())), but there is no /run/x")
        #expect(missing.explanation(beside: "\(folder)/other.db") == missing.explanation)
        withExtendedLifetime(ledger) {}
    }

    @Test("a mistyped --socket beside a healthy daemon, and one that just starts, were to be mended by a restart")
    func socketElsewhere() throws {
        let folder = "/tmp/edgecertctl-test-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        #expect(mkdir(folder, 0o700) == 0)
        defer { Files.removeFolder(folder) }
        let ledger = try SQLiteLedger.open(inFolder: folder, now: Wall.now()).ledger
        func hint(_ trouble: SocketTrouble) -> String {
            VarlinkTrouble.socket(trouble).explanation(beside: "\(folder)/edgecert.db").hint ?? ""
        }
        for trouble: SocketTrouble in [.missing("/run/x"), .refused("/run/x")] {
            #expect(hint(trouble).contains("check the path") && !hint(trouble).contains("restart"))
        }
        for trouble: SocketTrouble in [.missing(SocketOptions.usual), .refused(SocketOptions.usual)] {
            #expect(hint(trouble).contains("'systemctl restart edgecertd'"))
            #expect(hint(trouble).hasPrefix("unless it is just starting or stopping"))
        }
        withExtendedLifetime(ledger) {}
    }

    @Test("the main process of any unit that ran the tool was taken for the daemon")
    func namedProcess() {
        #expect(NamedProcess.daemon("\(getpid())") == nil)
        #expect(NamedProcess.daemon("7") { _ in "nginx" } == nil)
        #expect(NamedProcess.daemon("7") { _ in "edgecertd" } == 7)
        #expect(NamedProcess.daemon("7") { _ in nil } == 7)
        for number in [nil, "0", "-1", "x"] { #expect(NamedProcess.daemon(number) { _ in "edgecertd" } == nil) }
    }

    @Test("a backup that failed half-way lay there under the name of a whole one")
    func halfBackup() throws {
        let folder = "/tmp/edgecertctl-test-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        #expect(mkdir(folder, 0o700) == 0)
        defer { Files.removeFolder(folder) }
        let (state, target) = ("\(folder)/state", "\(folder)/copy")
        #expect(mkdir(state, 0o700) == 0 && mkdir("\(state)/keys", 0o700) == 0)
        _ = try SQLiteLedger.open(inFolder: state, now: Wall.now()).ledger
        let key = "\(state)/keys/key.pem"
        try Data(count: 2 << 20).write(to: URL(fileURLWithPath: key))
        let backup = try parsed("backup \(target)/ --state-directory \(state) --json", as: Backup.self)
        #expect(throws: Failure.self) { try backup.run() }
        #expect(access(target, F_OK) != 0 && access("\(target).unfinished/edgecert.db", F_OK) == 0)
        Files.removeFolder("\(target).unfinished")
        try Data("key".utf8).write(to: URL(fileURLWithPath: key))
        try backup.run()
        #expect(access("\(target)/edgecert.db", F_OK) == 0 && access("\(target)/keys/key.pem", F_OK) == 0)
        #expect(access("\(target).unfinished", F_OK) != 0)
        #expect(throws: FileTrouble.self) { try backup.run() }
    }
}
