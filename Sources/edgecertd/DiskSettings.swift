import CMalloc
import Domain
import Engine
import SettingsFile
import Synchronization
import SystemdLink

/// The settings and the token as they are on disk at this moment.
final class DiskSettings: SettingsSource {
    private let launch: Launch
    private let credentials: Credentials
    private let held: Mutex<Secret>

    init(_ launch: Launch, credentials: Credentials) {
        (self.launch, self.credentials) = (launch, credentials)
        held = Mutex(Secret(""))
    }

    /// The token as last read.
    var token: Secret { held.withLock { $0 } }

    /// What a running daemon cannot change: it would need another database, another clock or another client.
    private let fixed = Mutex<(cloudflare: CloudflareSettings, daemon: DaemonSettings)?>(nil)

    /// Reads both. A reload takes a token that was replaced, and refuses what only a restart can take up.
    func load() async throws(SettingsRefusal) -> Settings { try read() }

    func read() throws(SettingsRefusal) -> Settings {
        defer { edgecert_give_memory_back() }  // the text and its tree are many times what is kept of them
        let settings: Settings
        do throws(SettingsTrouble) {
            settings = try SettingsReader.read(
                mainFile: launch.settingsFile, dropInDirectory: launch.dropInDirectory)
        } catch {
            throw SettingsRefusal(errors: error.errors.map(\.description))
        }
        try refuseWhatNeedsARestart(settings)
        do throws(CredentialTrouble) {
            let token = try credentials.token(tokenFile: settings.cloudflare.tokenFile)
            held.withLock { $0 = token }
        } catch {
            let hint = error.explanation.hint.map { "; \($0)" } ?? ""
            throw SettingsRefusal(errors: ["\(launch.settingsFile): error: \(error.explanation.summary)\(hint)"])
        }
        return settings
    }

    private func refuseWhatNeedsARestart(_ settings: Settings) throws(SettingsRefusal) {
        let inForce = fixed.withLock { known in
            let first = known ?? (settings.cloudflare, settings.daemon)
            known = first
            return first
        }
        let (old, new) = (inForce.cloudflare, settings.cloudflare)
        let changed = [
            (old.baseURL != new.baseURL, "cloudflare.base_url"),
            (old.connectTimeout != new.connectTimeout, "cloudflare.connect_timeout"),
            (old.requestTimeout != new.requestTimeout, "cloudflare.request_timeout"),
            (old.answerLimitBytes != new.answerLimitBytes, "cloudflare.answer_limit"),
            (old.trustedRootsFile != new.trustedRootsFile, "cloudflare.trusted_roots_file"),
            (old.followSimulatorClock != new.followSimulatorClock, "cloudflare.follow_simulator_clock"),
            (inForce.daemon.stateDirectory != settings.daemon.stateDirectory, "daemon.state_directory"),
            (inForce.daemon.controlSocket != settings.daemon.controlSocket, "daemon.control_socket"),
        ].filter(\.0).map(\.1)
        guard changed.isEmpty else {
            throw SettingsRefusal(
                errors: changed.map {
                    "\(launch.settingsFile): error: \($0) was changed, which a reload cannot take up; 'systemctl restart edgecertd' does"
                })
        }
    }
}
