import Domain
import FoundationEssentials
import Glibc
import Reports

/// Standard output and standard error.
enum Output {
    @discardableResult static func write(_ text: String) throws(OutputTrouble) -> Bool {
        try write(text, to: STDOUT_FILENO)
    }

    /// `edgecertctl: error: …` on standard error. Where that cannot be written there is nobody left to tell it to, and
    /// the exit code still does.
    static func complain(_ word: String, _ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
        let plain = lines.map { "edgecertctl: \(word): \(TextStyle.plain(String($0)))\n" }.joined()
        do { _ = try write(plain, to: STDERR_FILENO) } catch { return }
    }

    /// - Returns: False when the reader went away: it has seen what it wanted, which is an end and no trouble.
    static func write(_ text: String, to descriptor: Int32) throws(OutputTrouble) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: waitForRoom(descriptor)  // whoever shares it made it so
            case EPIPE: return false
            case let number: throw OutputTrouble(number: number)
            }
        }
        return true
    }

    private static func waitForRoom(_ descriptor: Int32) {
        var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&room, 1, -1)  // the next attempt tells what came of it
    }

    /// One JSON object with sorted members, and its line end.
    static func json(_ report: some Encodable, onOneLine: Bool = false) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if !onOneLine { encoder.outputFormatting.insert(.prettyPrinted) }
        return String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
    }

    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Columns of the terminal that standard output is, or what COLUMNS says of it; nil when it is none.
    static var width: Int? {
        guard isTerminal(STDOUT_FILENO) else { return nil }
        if let columns = environment("COLUMNS").flatMap(Int.init), columns > 0 { return columns }
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 100 }
        return Int(size.ws_col)
    }
}

/// The end of the program with nothing more to say.
struct Ending: Error {
    let code: Int32
    init(_ code: Int32) { self.code = code }
    init(_ exit: ReportExit) { code = exit.rawValue }
}

/// The end of the program with an error and a hint.
struct Failure: Error {
    let explanation: Explanation
    let exitCode: Int32

    static let usage: Int32 = 2
    static let unreachable: Int32 = 69
    /// EX_IOERR of sysexits.h.
    static let unwritten: Int32 = 74

    init(_ explanation: Explanation, exitCode: Int32 = 1) {
        (self.explanation, self.exitCode) = (explanation, exitCode)
    }

    init(_ code: String, _ summary: String, hint: String? = nil, exitCode: Int32 = 1) {
        self.init(Explanation(code: code, summary: summary, hint: hint), exitCode: exitCode)
    }

    /// On standard error for people; where JSON is asked for, on standard output for programs, too.
    func print() {
        if CommandLine.arguments.contains("--json") {
            do { try Output.write(FailureReport(explanation).json) } catch {
                Output.complain("error", error.explanation.summary)
            }
        }
        Output.complain("error", explanation.summary)
        if let hint = explanation.hint { Output.complain("hint", hint) }
    }
}

/// `{"error": {"code": …, "summary": …, "hint": …}}`, on one line, so that it also ends a stream of lines.
struct FailureReport: Encodable {
    let error: Told

    struct Told: Encodable {
        let code: String
        let summary: String
        let hint: String?
    }

    init(_ explanation: Explanation) {
        error = Told(code: explanation.code, summary: explanation.summary, hint: explanation.hint)
    }

    var json: String {
        do { return try Output.json(self, onOneLine: true) } catch { return "{}\n" }  // texts alone: always encodable
    }
}

/// What was to be said could not be written: the disk is full, say. Whoever reads what is there must not take it for all.
struct OutputTrouble: Explained, Hashable {
    let number: Int32

    var explanation: Explanation {
        Explanation(
            code: "output", summary: "the output cannot be written: \(String(cString: strerror(number)))",
            hint: "what is there of it is not all; write it to a place that has room")
    }
}
