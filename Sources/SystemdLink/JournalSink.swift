import CSystemd
import Domain
import Engine
import Glibc

/// The journal, told by its native protocol, one entry for each piece of news; or standard error where that is not
/// the journal.
///
/// Under systemd every fact is a field of its own (see ``JournalEntry``). Elsewhere, and while journald is away, the
/// same text is one line of standard error with the priority before it, as `sd-daemon(3)` has it:
/// `<5>a certificate changed: example.com/certificate_pack/main from=validation to=serving`.
///
/// Telling never blocks: see ``Outbox``. Should 10,000 entries or 8 MiB of them wait, the oldest go, and a line says how
/// many. Before the program ends, ``flush(within:)`` sees the last entries off.
public final class JournalSink: NewsSink {
    public enum Way: Hashable, Sendable {
        /// The native protocol, with standard error in its place while there is no journald.
        case journal
        case standardError
    }

    private let identifier: String
    private let outbox: Outbox<JournalEntry>

    /// - Parameter identifier: `SYSLOG_IDENTIFIER`: what stands before the text in `journalctl`.
    public init(identifier: String = "edgecertd", way: Way) {
        self.identifier = identifier
        outbox = Outbox(
            label: "edgecert.journal", limit: 10_000, byteLimit: 8 << 20, bytes: \.bytes
        ) { entry, dropped in
            if dropped > 0 {
                StandardError.write("<4>\(identifier): \(dropped) entries are lost, the journal did not take them\n")
            }
            guard way == .journal, Self.send(entry) else { return StandardError.write(entry.line + "\n") }
        }
    }

    public func tell(_ news: News) { outbox.post(JournalEntry(news, identifier: identifier)) }

    /// Waits until all news told before is out, at most this long.
    public func flush(within limit: Duration = .seconds(2)) { outbox.flush(within: limit) }

    private static let socketPath = "/run/systemd/journal/socket"

    /// - Returns: False when journald has not taken the entry. `sd_journal_sendv` claims success when there is no
    ///   socket at all, so that is asked for first.
    static func send(_ entry: JournalEntry) -> Bool {
        guard access(socketPath, W_OK) == 0 else { return false }
        var bytes: [UInt8] = []
        var lengths: [Int] = []
        for field in entry.fields {
            let start = bytes.count
            bytes.append(contentsOf: "\(field.name)=\(field.value)".utf8)
            lengths.append(bytes.count - start)
        }
        return bytes.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return false }
            var offset = 0
            let vectors = lengths.map { length in
                defer { offset += length }
                return iovec(iov_base: base + offset, iov_len: length)
            }
            return sd_journal_sendv(vectors, CInt(clamping: vectors.count)) == 0
        }
    }
}

extension JournalEntry {
    fileprivate var bytes: Int {
        fields.reduce(message.utf8.count) { $0 + $1.name.utf8.count + $1.value.utf8.count + 64 }
    }
}

extension JournalSink.Way {
    /// ``journal`` when standard error is the journal's (the service manager says so in `$JOURNAL_STREAM`), else
    /// ``standardError``: whoever runs the program on a terminal or into a file wants to read the news there.
    public static func ofThisProcess() -> Self {
        guard let stream = getenv("JOURNAL_STREAM") else { return .standardError }
        var status = stat()
        guard fstat(STDERR_FILENO, &status) == 0 else { return .standardError }
        return of(stream: String(cString: stream), device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    /// - Parameter stream: Device and inode of the journal's stream in decimal, `8:29`.
    static func of(stream: String, device: UInt64, inode: UInt64) -> Self {
        stream == "\(device):\(inode)" ? .journal : .standardError
    }
}
