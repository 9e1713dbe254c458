import ArgumentParser
import Domain
import Glibc
import Reports

/// How a report is printed.
struct PrintOptions: ParsableArguments {
    @Flag(help: "Print JSON of a stable shape instead of text.")
    var json = false

    @Option(help: ArgumentHelp("Colour the text: auto (on a terminal, unless NO_COLOR is set), always or never."))
    var color = Colouring.auto

    enum Colouring: String, ExpressibleByArgument, CaseIterable { case auto, always, never }

    var style: TextStyle {
        let isColoured =
            switch color {
            case .always: true
            case .never: false
            case .auto: Output.isTerminal(STDOUT_FILENO) && (environment("NO_COLOR") ?? "").isEmpty
            }
        return TextStyle(width: Output.width, isColoured: isColoured)
    }

    func show(_ report: some ReportText & Encodable) throws {
        try Output.write(json ? Output.json(report) : report.text(style))
    }
}

/// Where the daemon is.
struct SocketOptions: ParsableArguments {
    static let usual = "/run/edgecertd/control.sock"

    @Option(help: "The control socket (EDGECERT_SOCKET).")
    var socket = environment("EDGECERT_SOCKET") ?? SocketOptions.usual

    @Option(
        name: .customLong("reply-timeout"),
        help: ArgumentHelp("How long to wait for each reply.", valueName: "duration"))
    var replyTimeout = Span(.seconds(60))
}

/// Where what is kept can be read.
struct ReadingOptions: ParsableArguments {
    @OptionGroup var printing: PrintOptions
    @OptionGroup var daemon: SocketOptions

    @Option(
        help: ArgumentHelp(
            "Read this database instead of asking the daemon.",
            discussion: "Without it the one of EDGECERT_DATABASE, or the usual one, is read when the daemon is down."))
    var database: String?

    static var databaseBeside: String { environment("EDGECERT_DATABASE") ?? "/var/lib/edgecertd/edgecert.db" }
}

/// A duration as it is typed: `90s`, `15m`, `4h`, `30d`.
struct Span: ExpressibleByArgument {
    let duration: Duration
    init(_ duration: Duration) { self.duration = duration }

    init?(argument: String) {
        guard let duration = ShortDuration.parse(argument) else { return nil }
        self.duration = duration
    }

    var defaultValueDescription: String { ShortDuration.text(duration) }
}

/// A moment as it is typed: RFC 3339, a day, or a duration ago.
struct When: ExpressibleByArgument {
    let timestamp: Timestamp

    init?(argument: String) {
        guard let timestamp = ShortDuration.moment(argument, before: Wall.now()) else { return nil }
        self.timestamp = timestamp
    }
}

/// The wall clock.
enum Wall {
    static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)  // cannot fail for this clock
        return Timestamp(unixMilliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

/// nil where the variable is not set or empty.
func environment(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
}
