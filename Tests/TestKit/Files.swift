import Glibc

/// The few things that tests do with files and folders.
public enum Files {
    /// A whole file; nil where it cannot be read.
    public static func read(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var facts = stat()
        guard fstat(file, &facts) == 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(facts.st_size))
        let count = Glibc.read(file, &bytes, bytes.count)
        return count == bytes.count ? bytes : nil
    }

    /// A copy that is a file of its own, in place of whatever was there.
    public static func copy(_ from: String, to target: String) -> Bool {
        guard let bytes = read(from) else { return false }
        unlink(target)
        let file = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
        guard file >= 0 else { return false }
        defer { close(file) }
        return write(file, bytes, bytes.count) == bytes.count
    }

    /// False for what cannot be read.
    public static func contains(_ text: String, in path: String) -> Bool {
        guard let bytes = read(path) else { return false }
        let wanted = Array(text.utf8)
        guard let first = wanted.first else { return true }
        return bytes.withUnsafeBufferPointer { whole in
            whole.indices.contains { whole[$0] == first && whole[$0...].starts(with: wanted) }
        }
    }

    /// In order of their names; nil for a folder that cannot be listed.
    public static func listing(of path: String) -> [String]? {
        guard let list = opendir(path) else { return nil }
        defer { closedir(list) }
        var names: [String] = []
        while let entry = readdir(list) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// None for a folder that cannot be listed.
    public static func names(in path: String) -> [String] { listing(of: path) ?? [] }

    /// Removes all that is in a folder, with the folders in it.
    public static func clear(_ path: String) {
        for name in names(in: path) where unlink("\(path)/\(name)") != 0 { removeFolder("\(path)/\(name)") }
    }

    /// With all that is in it.
    public static func removeFolder(_ path: String) {
        clear(path)
        rmdir(path)
    }
}
