import Glibc

/// What was measured, by name: written as one line of JSON.
struct Samples {
    private var milliseconds: [(name: String, values: [Double])] = []

    /// Runs `body` so often, and keeps how long each took by the wall and by the processor.
    mutating func measure(_ name: String, runs: Int, _ body: (Int) throws -> Void) rethrows {
        var (wall, processor) = ([Double](), [Double]())
        for run in 0..<runs {
            let (start, startOfWork) = (Self.read(CLOCK_MONOTONIC), Self.read(CLOCK_THREAD_CPUTIME_ID))
            try body(run)
            wall.append(Self.read(CLOCK_MONOTONIC) - start)
            processor.append(Self.read(CLOCK_THREAD_CPUTIME_ID) - startOfWork)
        }
        milliseconds.append((name, wall))
        milliseconds.append((name + ", processor", processor))
    }

    mutating func note(_ name: String, _ value: Double) { milliseconds.append((name, [value])) }

    private static func read(_ clock: clockid_t) -> Double {
        var moment = timespec()
        clock_gettime(clock, &moment)  // cannot fail: the clock exists and the address is ours
        return Double(moment.tv_sec) * 1000 + Double(moment.tv_nsec) / 1_000_000
    }

    /// `{"name": [1.5, 1.25], …}`: milliseconds, or what else a name says.
    var json: String {
        let members = milliseconds.map { sample in
            "\"\(sample.name)\": [\(sample.values.map { "\($0)" }.joined(separator: ", "))]"
        }
        return "{\(members.joined(separator: ", "))}"
    }
}
