import Glibc

/// Measures each target with inputs of a megabyte: every case of the corpus, repeated whole and in each of its parts, so
/// that whatever grows faster than its input is seen in seconds and in mebibytes.
struct Stretch {
    /// Folders of cases, by the name of their target.
    let corpus: String
    private static let bytes = 1 << 20
    private static let mostSeconds = 1.0
    private static let mostMiB = 50.0

    private struct Worst {
        var (seconds, mebibytes, inputs) = (0.0, 0.0, 0)
        var slowest = ""
        var largest = ""
    }

    func run() {
        var isGood = true
        say("target        inputs  slowest      largest     by\n")
        for target in FuzzTarget.allCases where target != .database {
            let worst = measure(target)
            isGood = isGood && worst.seconds <= Self.mostSeconds && worst.mebibytes <= Self.mostMiB
            say(
                "\(padded(target.rawValue, 14))\(padded("\(worst.inputs)", 8))\(padded(rounded(worst.seconds) + " s", 13))"
                    + "\(padded(rounded(worst.mebibytes) + " MiB", 12))\(worst.slowest); \(worst.largest)\n")
        }
        exit(isGood ? EXIT_SUCCESS : EXIT_FAILURE)
    }

    private func measure(_ target: FuzzTarget) -> Worst {
        var worst = Worst()
        for name in names(in: "\(corpus)/\(target.rawValue)") {
            let sample = bytes(of: "\(corpus)/\(target.rawValue)/\(name)")
            for (part, input) in Self.stretched(sample).enumerated() {
                let idle = resident()
                forgetPeak()
                let start = cpuSeconds()
                do { try target.run(input) } catch { say("\(target.rawValue) \(name) part \(part): \(error)\n") }
                let (seconds, peak) = ((cpuSeconds() - start) / target.readings, max(0, peakResident() - idle))
                worst.inputs += 1
                if seconds > Self.mostSeconds || peak > Self.mostMiB {
                    say("\(target.rawValue)/\(name), part \(part): \(rounded(seconds)) s, \(rounded(peak)) MiB\n")
                }
                if seconds > worst.seconds { (worst.seconds, worst.slowest) = (seconds, "\(name).\(part)") }
                if peak > worst.mebibytes { (worst.mebibytes, worst.largest) = (peak, "\(name).\(part)") }
            }
        }
        return worst
    }

    /// The sample with one part of it repeated: all of it, its quarters, and some thirteenths.
    private static func stretched(_ sample: [UInt8]) -> [[UInt8]] {
        guard !sample.isEmpty else { return [] }
        var inputs: [[UInt8]] = []
        for parts in [1, 4, 13] where parts <= sample.count {
            for part in stride(from: 0, to: parts, by: max(1, parts / 4)) {
                let (start, end) = (sample.count * part / parts, sample.count * (part + 1) / parts)
                var input = Array(sample[..<start])
                while input.count < bytes { input += sample[start..<end] }
                inputs.append(input + sample[end...])
            }
        }
        return inputs
    }

    private func names(in folder: String) -> [String] {
        guard let list = opendir(folder) else { return [] }
        defer { closedir(list) }
        var names: [String] = []
        while let entry = readdir(list) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    private func bytes(of path: String) -> [UInt8] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&buffer, 1, buffer.count, file)
        return Array(buffer.prefix(count))
    }

    private func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private func forgetPeak() {
        guard let file = fopen("/proc/self/clear_refs", "w") else { return }
        fputs("5", file)
        fclose(file)
    }

    private func resident() -> Double { status("VmRSS:") }
    private func peakResident() -> Double { status("VmHWM:") }

    /// A line of the process's status, in MiB.
    private func status(_ name: String) -> Double {
        let text = String(decoding: bytes(of: "/proc/self/status"), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
        return (line?.split(separator: "\t").last?.split(separator: " ").first.flatMap { Double($0) } ?? 0) / 1024
    }

    private func rounded(_ number: Double) -> String { "\((number * 1000).rounded() / 1000)" }
    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
