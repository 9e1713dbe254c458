import ArgumentParser
import CloudflareAPI
import ControlAPI
import Domain
import Engine
import Glibc
import HTTPTransport
import Reports
import SettingsFile
import StateStore
import Synchronization
import SystemdLink

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Looks at everything that the daemon needs, and says what to do about each finding.",
        discussion: "Asks Cloudflare once or twice, and changes nothing. Run it as root to have all of it looked at.")
    @OptionGroup var printing: PrintOptions
    @OptionGroup var daemon: SocketOptions
    @OptionGroup var settings: SettingsOptions

    func run() async throws {
        var findings: [HealthFinding] = []
        let settings = self.settings(&findings)
        await cloudflare(settings, &findings)
        tokenFile(&findings)
        let path = "\(settings.daemon.stateDirectory)/edgecert.db"
        var answers: [HealthFinding] = []
        let isRunning = socket(beside: path, &answers)
        database(path, isRunning: isRunning, &findings)
        disk(settings, &findings)
        findings += answers
        unit(&findings)
        let report = DoctorReport(at: Moment(Wall.now()), findings: findings)
        try printing.show(report)
        throw Ending(report.exitCode)
    }

    /// The defaults where they cannot be read, so that the rest is looked at all the same.
    private func settings(_ findings: inout [HealthFinding]) -> Settings {
        do throws(SettingsTrouble) {
            let reading = try settings.reading()
            let diagnostics = SettingsCheck.diagnosticsWithRequests(of: reading, now: Wall.now())
            let text =
                "\(counted(reading.settings.zones.count, "zone")) in \(counted(reading.files.count, "file")), \(counted(diagnostics.count, "finding"))"
            let isBad = diagnostics.contains { $0.severity == .error }
            findings.append(
                HealthFinding(
                    .settings, isBad ? .bad : diagnostics.isEmpty ? .good : .doubtful, text,
                    hint: diagnostics.isEmpty ? nil : "'edgecertctl check' shows them"))
            return reading.settings
        } catch {
            findings.append(HealthFinding(.settings, .bad, error.explanation))
            return Settings()
        }
    }

    // MARK: Cloudflare

    private func cloudflare(_ settings: Settings, _ findings: inout [HealthFinding]) async {
        let gate = DateGate()
        do {
            let token = try token(settings)
            let transport = try CurlTransport(trustedRootsFile: settings.cloudflare.trustedRootsFile)
            let client = CloudflareClient(
                options: .init(settings.cloudflare, version: Edgecert.version), token: { token },
                transport: transport, gate: gate)
            let facts = try await client.token(seeing: settings.zones)
            findings.append(HealthFinding(.reach, .good, "\(settings.cloudflare.baseURL) answers"))
            findings.append(.token(status: facts.status, expiresOn: facts.expiresOn, now: Wall.now()))
        } catch let trouble as CredentialTrouble {
            findings.append(HealthFinding(.token, .bad, trouble.explanation))
            findings.append(HealthFinding(.reach, .unknown, "not tried without a token"))
        } catch let trouble as ProviderTrouble {
            let isToken = if case .tokenRefused = trouble { true } else { false }
            if isToken { findings.append(HealthFinding(.reach, .good, "\(settings.cloudflare.baseURL) answers")) }
            findings.append(HealthFinding(isToken ? .token : .reach, .bad, trouble.explanation))
        } catch let trouble as any Explained {
            findings.append(HealthFinding(.reach, .bad, trouble.explanation))
        } catch {
            findings.append(HealthFinding(.reach, .bad, "\(error)"))
        }
        if settings.cloudflare.followSimulatorClock {
            findings.append(HealthFinding(.clock, .doubtful, "the time is a simulator's: this is not production"))
        } else {
            findings.append(
                gate.skew.map { .clock(skew: $0) }
                    ?? HealthFinding(.clock, .unknown, "no answer from Cloudflare to compare it with"))
        }
    }

    /// systemd hands the token on from there to the service alone, whoever else may read it.
    private func tokenFile(_ findings: inout [HealthFinding]) {
        let path = "/etc/edgecertd/cloudflare-token"
        guard let facts = FileFacts(of: path), let finding = HealthFinding.tokenFile(path: path, mode: facts.mode)
        else {
            return
        }
        findings.append(finding)
    }

    /// The credential of the running unit where this user may read it, else the settings' file.
    private func token(_ settings: Settings) throws(CredentialTrouble) -> Secret {
        let ofUnit = "/run/credentials/edgecertd.service"
        let folder = environment("CREDENTIALS_DIRECTORY") ?? (access(ofUnit, R_OK | X_OK) == 0 ? ofUnit : nil)
        do throws(CredentialTrouble) {
            return try Credentials(directory: folder).token(tokenFile: settings.cloudflare.tokenFile)
        } catch .nowhere {
            // The unit is down, and what it would load lies here.
            return try Credentials(directory: "/etc/edgecertd").token(tokenFile: nil)
        }
    }

    // MARK: This machine

    func database(_ path: String, isRunning: Bool, _ findings: inout [HealthFinding]) {
        do throws(StoreTrouble) {
            let ledger = try SQLiteLedger.openReading(path)
            let (zones, episodes) = (try ledger.zones().count, try ledger.openEpisodes().count)
            let untrusted = try ledger.note(.untrusted)
            let text = "\(path): \(counted(zones, "zone")), \(counted(episodes, "open trouble"))"
            findings.append(
                untrusted.map {
                    HealthFinding(
                        .database, .bad, "\(text); not trusted: \($0)",
                        hint: "look at 'edgecertctl plan', then 'edgecertctl approve --state'")
                } ?? HealthFinding(.database, .good, text))
        } catch .unopenable where access(path, R_OK) != 0 && errno == EACCES {
            findings.append(.unreadable(.database, "\(path) may not be read by this user"))
        } catch .missing where FileFacts(of: path)?.isEmptyFile == true {
            findings.append(.databaseEmpty(path: path, isRunning: isRunning))
        } catch .missing where isRunning {
            findings.append(.databaseRemoved(path: path))
        } catch {
            findings.append(HealthFinding(.database, .bad, error.explanation))
        }
    }

    private func disk(_ settings: Settings, _ findings: inout [HealthFinding]) {
        let path = settings.daemon.stateDirectory
        var facts = statvfs()
        guard statvfs(path, &facts) == 0 else {
            let why = String(cString: strerror(errno))
            return findings.append(
                HealthFinding(
                    .disk, .bad, "\(path): \(why)", hint: "systemd makes it (StateDirectory=) at the first start"))
        }
        let (bytes, overflow) = UInt64(facts.f_bavail).multipliedReportingOverflow(by: UInt64(facts.f_frsize))
        // Some file systems have no fixed number of files, and say 0 of 0.
        let files = facts.f_files == 0 ? nil : UInt64(facts.f_favail)
        findings.append(.disk(path: path, freeBytes: overflow ? .max : bytes, files: files))
    }

    /// - Returns: True when a daemon runs, whether it answers or not.
    private func socket(beside database: String, _ findings: inout [HealthFinding]) -> Bool {
        do throws(VarlinkTrouble) {
            let client = try VarlinkClient(path: daemon.socket)
            let report = try client.call(
                .status, as: StatusReport.self, patience: daemon.replyTimeout.duration)
            findings.append(HealthFinding(.socket, .good, "\(daemon.socket) answers"))
            findings += HealthFinding.daemon(report)
            return true
        } catch .answered(let answer) {
            findings.append(HealthFinding(.socket, .good, "\(daemon.socket) answers"))
            findings.append(HealthFinding(.daemon, .bad, VarlinkTrouble.answered(answer).explanation))
            return true
        } catch .socket(.denied(let path)) {
            findings.append(.unreadable(.socket, "\(path) may not be opened by this user"))
            return StoreHolder.process(of: database) != nil
        } catch {
            findings.append(HealthFinding(.socket, .bad, error.explanation(beside: database)))
            return StoreHolder.process(of: database) != nil
        }
    }

    private func unit(_ findings: inout [HealthFinding]) {
        let names = "LoadState,ActiveState,SubState,Result,NRestarts,WatchdogUSec"
        guard let shown = Spawned.output(["systemctl", "show", "edgecertd.service", "--property", names]) else {
            return findings.append(HealthFinding(.unit, .unknown, "systemd does not answer here"))
        }
        var properties: [String: String] = [:]
        for line in shown.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { properties[String(parts[0])] = String(parts[1]) }
        }
        findings += HealthFinding.unit(properties)
    }
}

/// Lets every request in, and keeps how far this machine's clock is from the answers' dates.
private final class DateGate: RequestGate {
    private let kept = Mutex<Duration?>(nil)

    var skew: Duration? { kept.withLock { $0 } }

    func enter(_ priority: RequestPriority, zone: ZoneID?) async throws(ProviderTrouble) {}

    func note(_ signal: ReplySignal) async {
        guard let date = signal.date else { return }
        let skew = Timestamp(unixSeconds: Wall.now().unixSeconds) - date
        kept.withLock { $0 = skew }
    }
}
