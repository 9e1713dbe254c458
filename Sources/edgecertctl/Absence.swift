import ControlAPI
import Domain
import Glibc
import StateStore

extension VarlinkTrouble {
    /// As ``explanation``, unless the database is held by a daemon that lives: then its socket is what is missing, and
    /// starting it would not help.
    ///
    /// - Parameter database: The daemon's database, as far as this is known here.
    func explanation(beside database: String) -> Explanation {
        guard case .socket(let trouble) = self else { return explanation }
        let (socket, what): (String, String)
        switch trouble {
        case .missing(let path): (socket, what) = (path, "there is no \(path)")
        case .refused(let path): (socket, what) = (path, "nobody answers at \(path)")
        default: return explanation
        }
        let named = NamedProcess.daemon(environment("MAINPID"))
        guard let process = StoreHolder.process(of: database) ?? named else { return explanation }
        // A daemon holds its database from before its socket is there until after it is gone.
        let hint =
            socket == SocketOptions.usual
            ? "unless it is just starting or stopping, 'systemctl restart edgecertd' makes the socket again"
            : "unless it is just starting or stopping, check the path that was given (--socket, EDGECERT_SOCKET): "
                + "the usual one is \(SocketOptions.usual)"
        return Explanation(
            code: "daemon-socket-gone", summary: "the daemon runs (process \(process)), but \(what)", hint: hint)
    }
}

/// The process that systemd names to what it runs for a reload, in whose sandbox the kernel's list of locks is not to be
/// seen.
enum NamedProcess {
    /// - Parameters:
    ///   - number: `MAINPID`. Every unit's commands have one, so that it is believed of a daemon alone.
    ///   - name: Of a process; nil where this user may not see it.
    static func daemon(_ number: String?, name: (Int32) -> String? = name) -> Int32? {
        guard let process = number.flatMap(Int32.init), process > 0 else { return nil }
        return name(process).map { $0 == "edgecertd" } ?? true ? process : nil
    }

    static func name(of process: Int32) -> String? {
        let file = open("/proc/\(process)/comm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 64)  // the kernel keeps 15
        let count = read(file, &bytes, bytes.count)
        guard count > 0 else { return nil }
        return String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}

extension Failure {
    init(_ trouble: VarlinkTrouble, beside database: String = ReadingOptions.databaseBeside) {
        self.init(trouble.explanation(beside: database), exitCode: Int32(clamping: trouble.exitCode))
    }
}
