import CFuzzer
import Glibc

/// `edgecert-fuzz TARGET SECONDS WORD...`: so many seconds of processor time (0 for no end), the words are libFuzzer's.
/// `edgecert-fuzz stretch FOLDER`: see ``Stretch``.
@main struct Runner {
    private static let words = CommandLine.arguments
    /// Set once, before the fuzzer's driver calls for the first time.
    /// A merge starts this program again with libFuzzer's words alone; the target is in its environment.
    private static let isChild = words.count > 1 && words[1].hasPrefix("-")
    private static let inherited = getenv("EDGECERT_FUZZ_TARGET").map { String(cString: $0) }
    private static let target = (isChild ? inherited : words.dropFirst().first).flatMap(FuzzTarget.init)
    private static let seconds = isChild ? 0 : words.count > 2 ? Int(words[2]) : nil

    static func main() {
        if words.count == 3, words[1] == "stretch" { return Stretch(corpus: words[2]).run() }
        guard let target, seconds != nil else {
            say("usage: edgecert-fuzz TARGET SECONDS WORD...\ntargets: \(FuzzTarget.allCases.map(\.rawValue))\n")
            exit(2)
        }
        let handed = [words[0], "-max_len=\(target.longest)"] + words.dropFirst(isChild ? 1 : 3)
        setenv("EDGECERT_FUZZ_TARGET", target.rawValue, 1)
        var pointers = handed.map { strdup($0) } + [nil]
        var count = CInt(handed.count)
        let code = pointers.withUnsafeMutableBufferPointer { buffer in
            var start = buffer.baseAddress
            return LLVMFuzzerRunDriver(&count, &start) { bytes, size in Runner.runOnce(bytes, size) }
        }
        exit(code)
    }

    private static func runOnce(_ bytes: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
        do {
            try target?.run(Array(UnsafeBufferPointer(start: bytes, count: size)))
        } catch {
            say("FAULT: \(error)\n")
            abort()
        }
        endInTime()
        return 0
    }

    private static func endInTime() {
        var time = timespec()
        // Cannot fail for this clock; were it to, the fuzzer would go on.
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        // libFuzzer takes it for a person's Ctrl-C: it says what it has done, and ends.
        if let seconds, seconds > 0, time.tv_sec >= seconds { raise(SIGINT) }
    }
}

func say(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
}
