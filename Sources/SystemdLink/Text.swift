import Glibc

/// The text on one line: every character that would break a line, move a cursor or turn the direction of reading
/// becomes a space. Longer ones are cut, and end in `…`.
///
/// - Parameter limit: In Unicode scalars, of at most four bytes each: one character can have any number of marks.
func singleLine(_ text: String, limit: Int) -> String {
    var clean = ""
    var count = 0
    for scalar in text.unicodeScalars {
        count += 1
        guard count <= limit else {
            if limit > 0 { clean.unicodeScalars.removeLast() }
            return clean + "…"
        }
        clean.unicodeScalars.append(scalar.isUnprintable ? " " : scalar)
    }
    return clean
}

extension Unicode.Scalar {
    /// Control characters, line and paragraph separators, and the marks that reorder what is shown.
    var isUnprintable: Bool {
        switch value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x200E...0x200F, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }
}

/// What libc says about an error number.
func errorText(_ number: CInt) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard strerror_r(number, &buffer, buffer.count) == 0 else { return "error \(number)" }
    return buffer.withUnsafeBufferPointer { text in text.baseAddress.map { String(cString: $0) } ?? "" }
}

/// Descriptor 2. Where even that is closed there is nobody left to tell.
public enum StandardError {
    public static func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if written == 0 || errno != EINTR {
                return
            }
        }
    }
}
