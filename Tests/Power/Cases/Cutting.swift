import CloudflareModel
import Glibc
import PowerDisk
import TestKit
import Testing

/// A folder on a disk that forgets, for one test.
final class Cutting {
    let root: String
    private let attic: String
    private(set) var disk: PowerDisk!  // set by whoever begins, on the thread that goes on

    init() {
        let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        root = "\(parent)/edgecert-power-test-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        attic = root + ".attic"
        mkdir(root, 0o750)
    }

    deinit {
        for folder in [root, attic] { Files.removeFolder(folder) }
    }

    func begin() { disk = PowerDisk(root: root, attic: attic) }

    func path(_ name: String) -> String { "\(root)/\(name)" }

    /// Makes or opens a file, writes, syncs if that is wished, and closes it.
    func write(_ name: String, _ bytes: [UInt8], syncs: Bool = false) {
        let file = open(path(name), O_WRONLY | O_CREAT, 0o600)
        #expect(Glibc.write(file, bytes, bytes.count) == bytes.count)
        if syncs { #expect(fsync(file) == 0) }
        close(file)
    }

    func syncFolder(_ name: String = ".") {
        let folder = open(path(name), O_RDONLY | O_DIRECTORY)
        #expect(fsync(folder) == 0)
        close(folder)
    }

    func read(_ name: String) -> [UInt8]? { Files.read(path(name)) }

    /// Does some work on a fresh disk for each of its calls, with the power cut instead of that call, until the work is
    /// done without one. Chance has its way some times for each.
    /// - Parameters:
    ///   - chances: How many times the power is cut at each call.
    ///   - before: Fills the folder; all of it is on the disk.
    ///   - work: What throws in here does so because the power is gone.
    ///   - after: Looks at what the disk has kept.
    /// - Returns: How many cuts there were.
    @discardableResult
    static func atEachCall(
        chances: UInt64 = 2, before: (Cutting) throws -> Void = { _ in }, work: (Cutting) throws -> Void,
        after: (Cutting) throws -> Void
    ) throws -> Int {
        var cuts = 0
        for call in 1... {
            for chance in 0..<chances {
                let cutting = Cutting()
                try before(cutting)
                cutting.begin()
                defer { cutting.disk.unmount() }
                cutting.disk.cutAt = call
                do { try work(cutting) } catch { #expect(cutting.disk.isCut, "\(error)") }
                guard cutting.disk.isCut else { return cuts }
                #expect(cutting.disk.leaks() == [])
                var dice = SplitMix64(seed: UInt64(call) << 8 + chance)
                _ = cutting.disk.restore(by: &dice)
                try after(cutting)
                cuts += 1
            }
        }
        return cuts
    }
}
