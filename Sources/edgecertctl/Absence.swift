import ControlAPI
import Domain
import StateStore

extension VarlinkTrouble {
    /// As ``explanation``, unless the database is held by a daemon that lives: then its socket is what is missing, and
    /// starting it would not help.
    ///
    /// - Parameter database: The daemon's database, as far as this is known here.
    func explanation(beside database: String) -> Explanation {
        guard case .socket(let trouble) = self else { return explanation }
        let what: String
        switch trouble {
        case .missing(let path): what = "there is no \(path)"
        case .refused(let path): what = "nobody answers at \(path)"
        default: return explanation
        }
        // systemd names the process to what it runs for a reload, in whose sandbox the kernel's list is not to be seen.
        let named = environment("MAINPID").flatMap(Int32.init)
        guard let process = StoreHolder.process(of: database) ?? named else { return explanation }
        return Explanation(
            code: "daemon-socket-gone", summary: "the daemon runs (process \(process)), but \(what)",
            hint: "'systemctl restart edgecertd' makes the socket again; if it is elsewhere, give --socket")
    }
}

extension Failure {
    init(_ trouble: VarlinkTrouble, beside database: String = ReadingOptions.databaseBeside) {
        self.init(trouble.explanation(beside: database), exitCode: Int32(clamping: trouble.exitCode))
    }
}
