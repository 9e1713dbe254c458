import Glibc

/// What the file system tells of a file, for who cannot name `stat` itself: beside Foundation the compiler at times takes
/// the C structure for one of CoreFoundation's, and does not find its members.
public struct FileFacts: Sendable {
    /// Kind and rights, as `st_mode` has them.
    public let mode: UInt32
    /// In bytes.
    public let size: Int64

    /// True for a regular file that holds nothing.
    public var isEmptyFile: Bool { size == 0 && mode & UInt32(S_IFMT) == UInt32(S_IFREG) }

    /// Of what is there behind symbolic links; nil where nothing is, or this user may not know.
    public init?(of path: String) {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        (mode, size) = (facts.st_mode, Int64(facts.st_size))
    }
}
