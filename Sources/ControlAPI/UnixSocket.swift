import Domain
import Glibc

/// What can go wrong with the place that the socket is at.
public enum SocketTrouble: Error, Hashable, Sendable {
    /// The path does not fit into a socket address (107 bytes), or is empty.
    case path(String)
    /// Another daemon answers there.
    case taken(String)
    /// Something that is no socket is there; it is left alone.
    case notASocket(String)
    /// There is no socket: the daemon is not running, or its socket is elsewhere.
    case missing(String)
    /// A socket without anyone behind it.
    case refused(String)
    /// The file's mode does not let this user in.
    case denied(String)
    /// Anything else, with what the system calls it.
    case system(path: String, step: String, number: Int32)
}

extension SocketTrouble: Explained {
    public var explanation: Explanation {
        switch self {
        case .path(let path):
            Explanation(
                code: "socket-path", summary: "'\(path)' is no path for a socket", hint: "1 to 107 bytes are possible")
        case .taken(let path):
            Explanation(
                code: "socket-taken", summary: "another process answers at \(path)",
                hint: "is a second edgecertd running? 'ss -lxp' tells")
        case .notASocket(let path):
            Explanation(
                code: "socket-not-a-socket", summary: "\(path) is there, and is no socket",
                hint: "move it away, or set daemon.control_socket to another path")
        case .missing(let path):
            Explanation(
                code: "daemon-down", summary: "there is no \(path): the daemon is not running",
                hint: "start it with 'systemctl start edgecertd', or give --socket")
        case .refused(let path):
            Explanation(
                code: "daemon-down", summary: "nobody answers at \(path): the daemon is not running",
                hint: "'systemctl status edgecertd' and 'journalctl -u edgecertd' tell why")
        case .denied(let path):
            Explanation(
                code: "socket-denied", summary: "\(path) may not be opened by this user",
                hint: "join the group 'edgecert' to read, 'edgecert-admin' to change, and log in again; or be root")
        case .system(let path, let step, let number):
            Explanation(code: "socket-system", summary: "\(path): \(step): \(String(cString: strerror(number)))")
        }
    }
}

/// Unix stream sockets at a path.
enum UnixSocket {
    /// A listening socket at `path` with the file mode 0660. A socket file that nobody answers at is replaced.
    static func listening(at path: String, backlog: Int32) throws(SocketTrouble) -> Descriptor {
        try clear(path)
        let descriptor = try open(path)
        // Between bind and listen nobody can connect, so the mode is set before anyone could use another.
        try check(withAddress(path) { bind(descriptor.number, $0, $1) }, path, "bind")
        try check(chmod(path, 0o660), path, "chmod")
        try check(listen(descriptor.number, backlog), path, "listen")
        return descriptor
    }

    static func connected(to path: String) throws(SocketTrouble) -> Descriptor {
        let descriptor = try open(path)
        while true {
            if try withAddress(path, { connect(descriptor.number, $0, $1) }) == 0 { return descriptor }
            switch errno {
            case EINTR: continue
            case ENOENT, ENOTDIR: throw .missing(path)
            case ECONNREFUSED: throw .refused(path)
            case EACCES, EPERM: throw .denied(path)
            default: throw .system(path: path, step: "connect", number: errno)
            }
        }
    }

    private static func clear(_ path: String) throws(SocketTrouble) {
        var facts = stat()
        guard lstat(path, &facts) == 0 else {
            if errno == ENOENT { return }
            throw .system(path: path, step: "stat", number: errno)
        }
        guard facts.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path) }
        do {
            _ = try connected(to: path)
        } catch .refused, .missing {
            guard unlink(path) == 0 || errno == ENOENT else {
                throw .system(path: path, step: "unlink", number: errno)
            }
            return
        }
        throw .taken(path)
    }

    private static func open(_ path: String) throws(SocketTrouble) -> Descriptor {
        let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw .system(path: path, step: "socket", number: errno) }
        return Descriptor(number)
    }

    private static func check(_ result: Int32, _ path: String, _ step: String) throws(SocketTrouble) {
        guard result == 0 else { throw .system(path: path, step: step, number: errno) }
    }

    private static func withAddress(
        _ path: String, _ use: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(SocketTrouble) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.contains(0) else {
            throw .path(path)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                use($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
