import CSystemd
import Domain
import Glibc

/// The listening sockets that systemd made and handed over (`edgecertd.socket`).
public enum PassedSockets {
    /// The name in `FileDescriptorName=`.
    public static let controlName = "control"

    /// The listening Unix stream socket that was handed over under this name; nil when there is none, because the
    /// program was not started by systemd or the socket unit is off.
    ///
    /// Call it once, early, before there are other threads: it takes `$LISTEN_PID`, `$LISTEN_FDS` and `$LISTEN_FDNAMES`
    /// out of the environment, so that no command that is run later believes them to be its own. Descriptors with
    /// other names are closed.
    ///
    /// - Returns: A descriptor that the caller owns; closed on exec.
    public static func take(named name: String = controlName) throws(PassedSocketTrouble) -> CInt? {
        var list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(1, &list)
        guard count >= 0 else { throw .unreadable(detail: errorText(-count)) }
        var names: [String] = []
        for index in 0..<Int(count) {
            names.append(list?[index].map { String(cString: $0) } ?? "")
            free(list?[index])
        }
        free(list)
        let passed = names.enumerated().map { (descriptor: firstDescriptor + CInt($0.offset), name: $0.element) }
        for other in passed where other.name != name { close(other.descriptor) }
        let ours = passed.filter { $0.name == name }.map(\.descriptor)
        guard let socket = ours.first else { return nil }
        guard ours.count == 1 else { throw .several(name: name, count: ours.count) }
        guard sd_is_socket_unix(socket, CInt(SOCK_STREAM.rawValue), 1, nil, 0) > 0 else { throw .unfit(name: name) }
        return socket
    }

    /// `SD_LISTEN_FDS_START`, a macro that does not import.
    private static let firstDescriptor: CInt = 3
}

/// Why a socket that was handed over cannot be used.
public enum PassedSocketTrouble: Error, Hashable, Sendable {
    case unreadable(detail: String)
    case several(name: String, count: Int)
    /// Not a listening Unix stream socket.
    case unfit(name: String)
}

extension PassedSocketTrouble: Explained {
    public var explanation: Explanation {
        switch self {
        case .unreadable(let detail):
            Explanation(
                code: "socket-unreadable", summary: "the sockets that systemd hands over cannot be told: \(detail)")
        case .several(let name, let count):
            Explanation(
                code: "socket-several", summary: "systemd hands over \(count) sockets named '\(name)'",
                hint: "leave one ListenStream= in edgecertd.socket ('systemctl cat edgecertd.socket')")
        case .unfit(let name):
            Explanation(
                code: "socket-unfit", summary: "the socket '\(name)' is not a listening Unix stream socket",
                hint: "edgecertd.socket wants ListenStream= with a path ('systemctl cat edgecertd.socket')")
        }
    }
}
