import Glibc

/// Who has a database open for writing, told from outside and without touching its lock: an attempt to take it, however
/// short, could be what keeps a daemon from starting.
public enum StoreHolder {
    /// The process that holds the lock of the database at `path`.
    ///
    /// - Returns: nil when nobody does, and where the kernel does not show it to this user.
    public static func process(of path: String) -> Int32? {
        let store = StoreFile(path: path)
        var facts = stat()
        guard stat("\(store.folder)/\(store.lockName)", &facts) == 0 else { return nil }
        let locks = text(of: "/proc/locks")
        return process(holding: UInt64(facts.st_ino), on: UInt64(facts.st_dev), in: locks) { process in
            text(of: "/proc/\(process)/comm") == "\(daemonName)\n"
        }
    }

    private static let daemonName = "edgecertd"

    /// One line a lock: `7: FLOCK  ADVISORY  WRITE 126 fe:00:88 0 EOF`, the device in hexadecimal digits.
    ///
    /// - Parameter isDaemon: Decides where the device is another one than that of the file: over stacked file systems
    ///   the kernel tells two numbers.
    static func process(
        holding inode: UInt64, on device: UInt64, in locks: String, isDaemon: (Int32) -> Bool
    ) -> Int32? {
        for line in locks.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 6, words[1] == "FLOCK", words[3] == "WRITE", let process = Int32(words[4]) else {
                continue
            }
            let numbers = words[5].split(separator: ":")
            guard numbers.count == 3, UInt64(numbers[2]) == inode else { continue }
            let isSameDevice =
                UInt64(numbers[0], radix: 16) == major(device) && UInt64(numbers[1], radix: 16) == minor(device)
            if isSameDevice || isDaemon(process) { return process }
        }
        return nil
    }

    /// As the C library's macros of these names take a device's number apart.
    private static func major(_ device: UInt64) -> UInt64 { device >> 8 & 0xfff | device >> 32 & 0xffff_f000 }
    private static func minor(_ device: UInt64) -> UInt64 { device & 0xff | device >> 12 & 0xffff_ff00 }

    /// At most 4 MiB; what cannot be read is empty.
    static func text(of path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < 4 << 20 {
            let count = read(file, &piece, piece.count)
            guard count > 0 else { break }
            bytes += piece[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
