import Domain
import Engine
import Glibc
import Keys
import SettingsFile

extension SettingsCheck {
    /// With the signing requests that this user can read. Where a file is not here (settings are checked on another
    /// machine) nothing is said of it: the daemon looks at it before it orders.
    static func diagnosticsWithRequests(of reading: SettingsReading, now: Timestamp) -> [Diagnostic] {
        diagnostics(of: reading, now: now) { file in
            guard access(file, R_OK) == 0 else { return nil }
            do throws(KeyTrouble) { return .names(try OperatorsRequest.names(in: file)) } catch {
                return .flawed(error.explanation.summary)
            }
        }
    }
}
