import ArgumentParser
import CMalloc
import Clockwork
import Domain
import Glibc

/// The command line. Under systemd no argument is needed.
@main
struct EdgecertDaemon: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edgecertd",
        abstract: "Keeps certificates at Cloudflare as a settings file says.",
        discussion: """
            Runs in the foreground until SIGTERM or SIGINT; SIGHUP reloads the settings. News goes to the journal, or to \
            standard error where there is none.

            The API token comes from the systemd credential 'cloudflare-token', or from the file that \
            cloudflare.token_file names.

            Exit codes: 0 stopped when asked to; 1 something failed while running; 78 settings or token cannot be used.
            """,
        version: "edgecertd \(Edgecert.version)")

    @Option(help: "The settings file. Drop-ins are read from 'conf.d' beside it.")
    var settings = "/etc/edgecertd/edgecertd.toml"

    @Option(
        help: ArgumentHelp(
            "Where the database and the keys are.",
            discussion: "By default the folder that systemd hands over, else daemon.state_directory of the settings."))
    var stateDirectory: String?

    @Option(
        help: ArgumentHelp(
            "Where the control socket is made.",
            discussion: "By default the one that systemd hands over, else daemon.control_socket of the settings."))
    var controlSocket: String?

    func run() throws {
        // Only a matter of size: where it is refused, all works the same.
        _ = edgecert_keep_memory_small()
        // Blocked before there is a second thread, so that no signal is lost between here and its source.
        SignalWatch.block()
        signal(SIGPIPE, SIG_IGN)
        umask(0o027)
        let launch = Launch(
            settingsFile: settings, stateDirectory: stateDirectory, controlSocket: controlSocket)
        // The main thread's own priority would give it, and all that it begins, threads besides those of all other tasks.
        Task(priority: .medium) {
            Glibc.exit(await Daemon.run(launch).rawValue)
        }
        // Not dispatchMain(): it ends this thread, and for that alone reads the unwinder's tables of the whole program
        // into memory, a megabyte. Nothing is sent to the main queue.
        while true { pause() }
    }
}

/// What the command line and the environment leave to be decided.
struct Launch: Sendable {
    var settingsFile: String
    var stateDirectory: String?
    var controlSocket: String?

    /// `conf.d` beside the settings file.
    var dropInDirectory: String {
        let parts = settingsFile.split(separator: "/", omittingEmptySubsequences: false)
        return (parts.dropLast() + ["conf.d"]).joined(separator: "/")
    }

    /// The argument, else the first folder that systemd hands over, else the settings'.
    func stateDirectory(_ settings: Settings) -> String {
        if let stateDirectory { return stateDirectory }
        guard let handed = getenv("STATE_DIRECTORY"), let first = String(cString: handed).split(separator: ":").first
        else { return settings.daemon.stateDirectory }
        return String(first)
    }
}
