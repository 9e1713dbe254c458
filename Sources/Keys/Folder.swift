import Domain
import Engine
import Glibc

/// An open folder. Everything in it is reached through its descriptor, never again by its path, so that nobody can
/// put another folder in its place between two steps.
///
/// Each step that changes the disk is told to the probe afterwards; one that throws ends the work there, as a loss of
/// power would.
final class Folder {
    let descriptor: CInt
    /// For people: it is never opened again.
    let path: String
    let probe: Probe

    typealias Probe = @Sendable (_ step: String) throws(KeyTrouble) -> Void

    private init(descriptor: CInt, path: String, probe: @escaping Probe) {
        (self.descriptor, self.path, self.probe) = (descriptor, path, probe)
    }

    deinit { close(descriptor) }

    /// Opens a folder that must be there.
    static func opening(_ path: String, probe: @escaping Probe) throws(KeyTrouble) -> Folder {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .failed("cannot be opened", path) }
        return Folder(descriptor: descriptor, path: path, probe: probe)
    }

    /// The folder of this name; nil when there is none.
    func folder(_ name: String) throws(KeyTrouble) -> Folder? {
        let descriptor = openat(self.descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        if descriptor < 0 && errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw .failed("cannot be opened", place(name)) }
        return Folder(descriptor: descriptor, path: place(name), probe: probe)
    }

    /// Makes a folder that only its owner may enter, and of the group that this folder gives to what is made in it.
    func makeFolder(_ name: String, mode: mode_t = 0o700) throws(KeyTrouble) -> Folder {
        guard mkdirat(descriptor, name, mode) == 0 else { throw .failed("cannot be made", place(name)) }
        try probe("made \(name)")
        guard let made = try folder(name) else { throw .file(path: place(name), detail: "went away as it was made") }
        return made
    }

    /// The names of everything in it, in no order.
    func entries() throws(KeyTrouble) -> [String] {
        // A descriptor of its own: reading a folder moves the place that its descriptor is at.
        let own = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0, let stream = fdopendir(own) else { throw .failed("cannot be listed", path) }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw .failed("cannot be listed", path) }
        return names
    }

    /// Puts what is here under `name` in place of `newName` in `target`, at once.
    func rename(_ name: String, to newName: String, in target: Folder) throws(KeyTrouble) {
        guard renameat(descriptor, name, target.descriptor, newName) == 0 else {
            throw .failed("cannot be put in place", target.place(newName))
        }
        try probe("renamed \(name) to \(newName)")
    }

    /// Makes a symbolic link.
    func link(_ name: String, to target: String) throws(KeyTrouble) {
        guard symlinkat(target, descriptor, name) == 0 else { throw .failed("cannot be made", place(name)) }
        try probe("linked \(name)")
    }

    /// Where a symbolic link points; nil when there is no such link.
    func linkTarget(_ name: String) throws(KeyTrouble) -> String? {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let length = bytes.withUnsafeMutableBytes { buffer in
            buffer.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.map { readlinkat(descriptor, name, $0, text.count) } ?? -1
            }
        }
        if length < 0 && (errno == ENOENT || errno == EINVAL) { return nil }
        guard length >= 0 else { throw .failed("cannot be read", place(name)) }
        return String(decoding: bytes.prefix(length), as: UTF8.self)
    }

    /// Removes a file, a link, or a folder with all that is in it. Nothing there is as good as removed.
    func remove(_ name: String) throws(KeyTrouble) {
        if unlinkat(descriptor, name, 0) == 0 { return try probe("removed \(name)") }
        if errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM, let folder = try folder(name) else {
            throw .failed("cannot be removed", place(name))
        }
        for entry in try folder.entries() { try folder.remove(entry) }
        guard unlinkat(descriptor, name, AT_REMOVEDIR) == 0 else { throw .failed("cannot be removed", place(name)) }
        try probe("removed \(name)")
    }

    /// Comes back when the names in it are on the disk.
    func sync() throws(KeyTrouble) {
        guard fsync(descriptor) == 0 else { throw .failed("cannot be brought to the disk", path) }
        try probe("synced")
    }

    func place(_ name: String) -> String { path.hasSuffix("/") ? "\(path)\(name)" : "\(path)/\(name)" }
}

extension KeyTrouble {
    /// What `errno` says of the call that has just failed.
    static func failed(_ what: String, _ path: String) -> KeyTrouble {
        let code = errno
        return .file(path: path, detail: "\(what): \(String(cString: strerror(code)))")
    }
}
