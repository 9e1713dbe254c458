import CloudflareModel
import Glibc
import PowerDisk
import TestKit
import Testing

/// What the disk may forget, and what it may not.
@Suite("A disk that forgets") struct PowerDiskTests {
    private let old = [UInt8](repeating: 1, count: 2048)
    private let new = [UInt8](repeating: 2, count: 2048)

    /// What comes of the same deeds, chance after chance.
    private func fates<Fate: Hashable>(
        _ deeds: (Cutting) -> Void, look: (Cutting) -> Fate, before: (Cutting) -> Void = { _ in }
    ) -> Set<Fate> {
        Set(
            (0..<60 as Range<UInt64>).map { chance in
                let cutting = Cutting()
                before(cutting)
                cutting.begin()
                defer { cutting.disk.unmount() }
                deeds(cutting)
                #expect(cutting.disk.leaks() == [])
                var dice = SplitMix64(seed: chance)
                _ = cutting.disk.restore(by: &dice)
                return look(cutting)
            })
    }

    @Test("keeps what was synced, file and name")
    func synced() {
        let fates = fates {
            $0.write("a", new, syncs: true)
            $0.syncFolder()
        } look: {
            $0.read("a")
        }
        #expect(fates == [new])
    }

    @Test("keeps the name of a new file by a sync of its folder alone")
    func names() {
        let fates = fates {
            $0.write("a", new, syncs: true)
        } look: {
            $0.read("a")
        }
        #expect(fates == [nil, new])
    }

    @Test("keeps of a write that was not synced all, nothing, or some of its sectors")
    func torn() {
        let fates = fates({ $0.write("a", new) }, look: { $0.read("a") ?? [] }, before: { $0.write("a", old) })
        #expect(fates.isSuperset(of: [old, new]) && fates.count > 4)
        for fate in fates {
            #expect(fate.count == 2048)
            for sector in 0..<4 { #expect(Set(fate[sector * 512..<sector * 512 + 512]).count == 1) }
        }
    }

    @Test("lets a file grow, and what was written there be gone")
    func grown() {
        let fates = fates {
            $0.write("a", [])
            $0.syncFolder()
            $0.write("a", new)
        } look: {
            $0.read("a") ?? []
        }
        #expect(fates.contains([]) && fates.contains(new) && fates.contains([UInt8](repeating: 0, count: 2048)))
        #expect(fates.contains { $0.count == 2048 && Set($0).count > 3 }, "what lay there before")
    }

    @Test("keeps a renaming whole or not at all")
    func renamed() {
        let fates = fates {
            $0.write("a.new", new, syncs: true)
            $0.syncFolder()
            rename($0.path("a.new"), $0.path("a"))
        } look: {
            [$0.read("a"), $0.read("a.new")]
        } before: {
            $0.write("a", old)
        }
        #expect(fates == [[old, new], [new, nil]])
    }

    @Test("shows a file that was named before it was synced as empty, or torn")
    func namedTooEarly() {
        let fates = fates {
            $0.write("a.new", new)
            rename($0.path("a.new"), $0.path("a"))
            $0.syncFolder()
        } look: {
            $0.read("a") ?? []
        } before: {
            $0.write("a", old)
        }
        #expect(fates.contains([]) && fates.contains(new) && !fates.contains(old))
    }

    @Test("keeps a folder, a link and what is in them only when each folder was synced")
    func folders() {
        func deeds(_ cutting: Cutting, _ syncs: Bool) {
            mkdir(cutting.path("keys"), 0o700)
            cutting.write("keys/a", new, syncs: true)
            symlink("a", cutting.path("keys/current"))
            guard syncs else { return }
            cutting.syncFolder("keys")
            cutting.syncFolder()
        }
        #expect(
            fates {
                deeds($0, true)
            } look: {
                $0.read("keys/current")
            } == [new])
        let lost = fates {
            deeds($0, false)
        } look: {
            Files.names(in: $0.path("keys"))
        }
        #expect(lost.isSuperset(of: [[], ["a"], ["a", "current"]]))
    }

    @Test("gives back the very same file, and lets nothing more be done once the power is gone")
    func sameFile() {
        let cutting = Cutting()
        cutting.write("a", old)
        var (first, second) = (stat(), stat())
        #expect(stat(cutting.path("a"), &first) == 0)
        cutting.begin()
        defer { cutting.disk.unmount() }
        cutting.disk.cutAt = 2
        let file = open(cutting.path("a"), O_WRONLY)
        #expect(pwrite(file, new, 1024, 0) == 1024)
        #expect(pwrite(file, new, 1024, 1024) == -1 && errno == EIO)
        #expect(cutting.disk.isCut && unlink(cutting.path("a")) == -1 && mkdir(cutting.path("b"), 0o700) == -1)
        close(file)
        var dice = SplitMix64(seed: 1)
        _ = cutting.disk.restore(by: &dice)
        #expect(stat(cutting.path("a"), &second) == 0 && first.st_ino == second.st_ino)
        #expect(cutting.read("a")?.suffix(1024) == old.suffix(1024))
        #expect(unlink(cutting.path("a")) == 0)
    }

    @Test("notices what was done behind its back")
    func leaks() {
        let cutting = Cutting()
        cutting.begin()
        cutting.write("a", new)
        cutting.disk.unmount()
        cutting.write("a", old)
        cutting.write("b", old)
        #expect(cutting.disk.leaks().count == 2)
        cutting.disk.unmount()
    }
}
