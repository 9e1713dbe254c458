import Glibc
import SimulatorServer

/// One small file, read or written whole.
struct TextFile {
    let path: String
    init(_ path: String) { self.path = path }

    private static let limit = 16 << 20

    /// At most 16 MiB.
    func bytes() throws(SimulatorTrouble) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(path: path, fault: Self.lastFault) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw .file(path: path, fault: Self.lastFault) }
            if count == 0 { return bytes }
            bytes += buffer.prefix(count)
            guard bytes.count <= Self.limit else { throw .file(path: path, fault: "longer than 16 MiB") }
        }
    }

    /// Written beside its place and renamed, so that a reader who waits for it never finds half of it.
    func write(_ text: String, mode: mode_t) throws(SimulatorTrouble) {
        let draft = "\(path).new-\(getpid())"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw .file(path: draft, fault: Self.lastFault) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else {
                let fault = Self.lastFault
                close(descriptor)
                unlink(draft)
                throw .file(path: path, fault: fault)
            }
            rest = rest.dropFirst(count)
        }
        close(descriptor)
        guard rename(draft, path) == 0 else {
            let fault = Self.lastFault
            unlink(draft)
            throw .file(path: path, fault: fault)
        }
    }

    static var lastFault: String {
        let code = errno
        guard let text = strerror(code) else { return "error \(code)" }
        return String(cString: text)
    }
}

/// Lines for whoever started us, unbuffered: somebody waits for the first one.
enum Output {
    static func line(_ text: String) { write(text, to: STDOUT_FILENO) }
    static func error(_ text: String) { write(text, to: STDERR_FILENO) }

    private static func write(_ text: String, to descriptor: CInt) {
        let bytes = Array((text + "\n").utf8)
        // Nobody is left to be told when even this cannot be written.
        _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}
