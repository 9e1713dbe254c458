import ArgumentParser
import CloudflareModel
import Domain
import Glibc
import SimulatorServer

@main
struct SimulatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edgecert-sim",
        abstract: "Cloudflare's certificate API on this machine alone, with a fast clock and faults on demand.",
        discussion: helpText, version: "0.1.0")

    @Option(help: "Where to listen: 127.0.0.1:PORT, [::1]:PORT or localhost:PORT; port 0 takes a free one.")
    var listen = "127.0.0.1:8787"

    @Flag(name: .customLong("tls"), help: "Speak TLS, with a certificate of a root made at the start.")
    var usesTLS = false

    @Option(name: .customLong("ca-out"), help: "Write that root there in PEM, for clients to trust.")
    var rootFile: String?

    @Option(name: .customLong("client-ca-out"), help: "Write the root of the client certificates there in PEM.")
    var clientRootFile: String?

    @Option(name: .customLong("scenario"), help: "JSON file with zones, tokens, settings and faults (see above).")
    var scenarioFile: String?

    @Option(help: "Simulated seconds in one of ours, 0 to 1000000.")
    var speed = 1.0

    @Option(name: .customLong("start-time"), help: "Simulated time to begin with, RFC 3339. (default: now)")
    var startTime: String?

    @Flag(help: "Begin with the clock standing still.")
    var paused = false

    @Option(help: "Seed of identifiers, tokens, times and faults: the same seed gives the same run.")
    var seed: UInt64 = 1

    @Option(
        name: .customLong("token-file"),
        help: """
            The first token: taken from this file if it is there, made and written there (mode 0600) otherwise. Other \
            tokens of the scenario are written to FILE.LABEL. (default: a file in a new directory under /tmp, removed \
            at the end)
            """)
    var tokenFile: String?

    @Option(
        name: .customLong("ready-file"),
        help: "Write addresses and files there as JSON once connections are taken; removed at the end.")
    var readyFile: String?

    @Flag(name: .customLong("no-limiter"), help: "Switch the request limit off.")
    var hasNoLimiter = false

    @Option(name: .customLong("list-lag"), help: "Listings show the world as it was so long ago, like 5s.")
    var listLag: String?

    @Flag(help: "Every step at Cloudflare takes one simulated second.")
    var immediate = false

    func run() async throws {
        let signals = StopSignals()
        do throws(SimulatorTrouble) {
            try await serve(until: signals)
        } catch {
            let explanation = error.explanation
            Output.error("edgecert-sim: error: \(explanation.summary)")
            if let hint = explanation.hint { Output.error("edgecert-sim: hint: \(hint)") }
            throw ExitCode(1)
        }
    }

    private func serve(until signals: StopSignals) async throws(SimulatorTrouble) {
        let address = try LoopbackAddress(listen)
        if let readyFile { unlink(readyFile) }  // one of an earlier run would be believed
        defer { if let readyFile { unlink(readyFile) } }
        var scenario = try scenario()
        let tokens = try TokenFiles(tokenFile, scenario: &scenario)
        defer { tokens.removeTemporary() }
        var clock = SimulatorClock(startingAt: try start(), speed: speed)
        if paused { clock.pause(true) }
        let simulator = try Simulator(scenario, seed: seed, clock: clock)
        try tokens.write(simulator.withWorld { $0.model.secrets })
        if let clientRootFile {
            try TextFile(clientRootFile).write(simulator.withWorld { $0.clientRootPEM }, mode: 0o644)
        }
        let server = try await SimulatorServer.start(simulator, at: address, withTLS: usesTLS)
        do throws(SimulatorTrouble) {
            try announce(server, tokens)
        } catch {
            await server.stop()
            throw error
        }
        await signals.first()
        await server.stop()
    }

    private func scenario() throws(SimulatorTrouble) -> Scenario {
        var scenario = Scenario.standard
        if let scenarioFile {
            let json = try TextFile(scenarioFile).bytes()
            do throws(ScenarioTrouble) { scenario = try Scenario(json: json) } catch {
                throw .scenario(.init("\(scenarioFile): \(error.explanation.summary)"))
            }
        }
        if hasNoLimiter { scenario.settings.limiter.isOn = false }
        if immediate { scenario.settings.pace = .immediate }
        if let listLag {
            guard let lag = Fields.duration(.string(listLag)) else {
                throw .scenario(.init("--list-lag '\(listLag)' is not a duration like 5s or 2m"))
            }
            scenario.settings.listLag = lag
        }
        return scenario
    }

    private func start() throws(SimulatorTrouble) -> Timestamp {
        guard let startTime else {
            var now = timespec()
            clock_gettime(CLOCK_REALTIME, &now)
            return Timestamp(unixSeconds: Int64(now.tv_sec)) + .milliseconds(now.tv_nsec / 1_000_000)
        }
        guard let moment = Timestamp(cloudflare: startTime) else {
            throw .scenario(.init("--start-time '\(startTime)' is not a date like 2026-11-21T03:28:38Z"))
        }
        return moment
    }

    /// The first line is the address that a client's settings take; the rest is for people.
    private func announce(_ server: SimulatorServer, _ tokens: TokenFiles) throws(SimulatorTrouble) {
        if let rootFile, let pem = server.rootPEM { try TextFile(rootFile).write(pem, mode: 0o644) }
        if let readyFile {
            let text = JSONWriter.text { writer in
                writer.object { writer in
                    writer.member("base_url", server.origin + "/client/v4")
                    writer.member("control_url", server.origin + "/sim")
                    writer.member("token_file", tokens.path)
                    writer.member("ca_file", orNull: server.rootPEM == nil ? nil : rootFile)
                    writer.member("pid", Int(getpid()))
                }
            }
            try TextFile(readyFile).write(String(decoding: text, as: UTF8.self) + "\n", mode: 0o644)
        }
        Output.line("\(server.origin)/client/v4")
        Output.line("control path: \(server.origin)/sim")
        Output.line("token file: \(tokens.path)")
        if usesTLS { Output.line("root certificate: \(rootFile ?? "not written; give --ca-out FILE")") }
    }
}
