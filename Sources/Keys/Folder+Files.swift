import Domain
import Engine
import Glibc

extension Folder {
    /// The content of a regular file; nil when there is none.
    /// - Parameter limit: A file of more bytes than this is refused.
    func read(_ name: String, limit: Int) throws(KeyTrouble) -> [UInt8]? {
        let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        if file < 0 && errno == ENOENT { return nil }
        guard file >= 0 else { throw .failed("cannot be opened", place(name)) }
        defer { close(file) }
        return try readRegularFile(file, path: place(name), limit: limit)
    }

    /// Makes a file that is not there yet, with its whole content, and comes back when it is on the disk.
    ///
    /// The file is its owner's alone from its first instant, whatever the umask; the group's right to read is added
    /// once the file is known to be of that group.
    func write(_ name: String, _ bytes: [UInt8], access: FileAccess) throws(KeyTrouble) {
        let file = openat(descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .failed("cannot be made", place(name)) }
        var isOpen = true
        defer { if isOpen { close(file) } }
        try probe("made \(name)")
        try access.apply(to: file, mode: access.fileMode, path: place(name))
        try probe("gave \(name) its mode")
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .failed("cannot be written", place(name)) }
            written += count
        }
        try probe("wrote \(name)")
        guard fsync(file) == 0 else { throw .failed("cannot be brought to the disk", place(name)) }
        isOpen = false
        guard close(file) == 0 else { throw .failed("cannot be closed", place(name)) }
        try probe("synced \(name)")
    }

    /// Gives a file that is there already the rights that are set now.
    func settle(_ name: String, access: FileAccess) throws(KeyTrouble) {
        let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        if file < 0 && errno == ENOENT { return }
        guard file >= 0 else { throw .failed("cannot be opened", place(name)) }
        defer { close(file) }
        try access.apply(to: file, mode: access.fileMode, path: place(name))
    }

    /// Gives this folder the rights that are set now. It loses the setgid bit by it, if it had it.
    func settle(access: FileAccess) throws(KeyTrouble) {
        try access.apply(to: descriptor, mode: access.folderMode, path: path)
        try probe("gave the folder its mode")
    }
}

/// The whole of a regular file that is open; anything else, and anything longer, is refused.
func readRegularFile(_ file: CInt, path: String, limit: Int) throws(KeyTrouble) -> [UInt8] {
    var status = stat()
    guard fstat(file, &status) == 0 else { throw .failed("cannot be read", path) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .file(path: path, detail: "is not a regular file") }
    // Read to its end rather than to its size: it may grow meanwhile.
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    var length = 0
    while length < bytes.count {
        let count = bytes[length...].withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else { throw .failed("cannot be read", path) }
        if count == 0 { break }
        length += count
    }
    guard length <= limit else { throw .file(path: path, detail: "is longer than \(limit) bytes") }
    return Array(bytes.prefix(length))
}

/// The whole of a regular file that an operator names. A link to it is followed; a pipe or a device does not hang us.
func readFile(_ path: String, limit: Int) throws(KeyTrouble) -> [UInt8] {
    let file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard file >= 0 else { throw .failed("cannot be opened", path) }
    defer { close(file) }
    return try readRegularFile(file, path: path, limit: limit)
}
