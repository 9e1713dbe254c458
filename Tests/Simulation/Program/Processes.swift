import FoundationEssentials
import Simulation
import Subprocess
import SystemPackage

/// Runs seeds in processes of this program, so many side by side: quicker than threads, which share locks and the counts
/// of references (12 to 20 %, November 2026), and what a long run leaves in memory goes with its process.
struct Processes {
    let seeds: Range<UInt64>
    let days: Int
    /// Then a process is given one seed at a time, so that the first violation is of the first seed or nearly so.
    let isFirstEnough: Bool

    /// Tells each outcome as it comes; stops early when that says so.
    ///
    /// - Throws: when a process ends otherwise than it should; then no number can be trusted.
    func run(_ workers: Int, _ tell: (Outcome) -> Bool) async throws {
        var left = chunks(workers)[...]
        try await withThrowingTaskGroup(of: [Outcome].self) { group in
            for chunk in left.prefix(workers) { group.addTask { try await outcomes(chunk) } }
            left = left.dropFirst(workers)
            while let outcomes = try await group.next() {
                for outcome in outcomes where !tell(outcome) { return group.cancelAll() }
                if let chunk = left.popFirst() { group.addTask { try await self.outcomes(chunk) } }
            }
        }
    }

    /// A process that did not tell of all its seeds.
    struct Lost: Error, CustomStringConvertible {
        let description: String
    }

    /// Ten seeds each, and towards the end ever fewer, so that no process works on while the others have nothing left.
    private func chunks(_ workers: Int) -> [Range<UInt64>] {
        var chunks: [Range<UInt64>] = []
        var next = seeds.lowerBound
        while next < seeds.upperBound {
            let left = seeds.upperBound - next
            let size = isFirstEnough ? 1 : min(10, max(1, left / 4 / UInt64(workers)))
            chunks.append(next..<next + size)
            next += size
        }
        return chunks
    }

    private func outcomes(_ chunk: Range<UInt64>) async throws -> [Outcome] {
        let result = try await Subprocess.run(
            .path("/proc/self/exe"),
            arguments: [
                "--outcomes", "--first", "\(chunk.lowerBound)", "--seeds", "\(chunk.count)", "--days", "\(days)",
            ],
            output: .string(limit: 1 << 24), error: .currentStandardError)
        let lines = result.standardOutput.split(separator: "\n")
        guard result.terminationStatus.isSuccess, lines.count == chunk.count else {
            throw Lost(
                description: "the process of the seeds \(chunk.lowerBound) to \(chunk.upperBound - 1) told of "
                    + "\(lines.count) and ended: \(result.terminationStatus)")
        }
        return try lines.map { try JSONDecoder().decode(Outcome.self, from: Data($0.utf8)) }
    }

    static func line(_ outcome: Outcome) throws -> String {
        String(decoding: try JSONEncoder().encode(outcome), as: UTF8.self)
    }
}
