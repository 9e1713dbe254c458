/// The last bytes of what a command writes. What came before is forgotten, so that a command that never stops writing
/// costs no memory.
struct OutputTail {
    static let limitBytes = 4 << 10

    private var bytes: [UInt8] = []

    mutating func append(_ more: some Collection<UInt8>) {
        bytes.append(contentsOf: more.suffix(Self.limitBytes))
        if bytes.count > Self.limitBytes { bytes.removeFirst(bytes.count - Self.limitBytes) }
    }

    /// What is not UTF-8 becomes U+FFFD: a character that was cut in two at the front among it.
    var text: String { String(decoding: bytes, as: UTF8.self) }
}
