import Glibc
import TestKit
import Testing

/// What the fuzzers have found worth keeping, and a short walk around it, in an ordinary build.
@Suite("Bad input", .serialized) struct ReplayTests {
    @Test(
        "every case of the corpus is answered, or refused in words that name the place", arguments: FuzzTarget.allCases)
    func replay(target: FuzzTarget) throws {
        let cases = try Corpus.cases(of: target)
        #expect(cases.count >= 3, "a corpus of \(cases.count) cases")
        for (name, bytes) in cases {
            do throws(Fault) { try target.run(bytes) } catch { Issue.record("\(target.rawValue)/\(name): \(error)") }
        }
    }

    @Test("so is whatever a few changes make of them", arguments: FuzzTarget.allCases)
    func mutations(target: FuzzTarget) throws {
        let seed: UInt64 = 20_261_125
        print("bad input: \(target.rawValue) with seed \(seed)")
        let chance = SeededChance(seed: seed)
        let cases = try Corpus.cases(of: target).map(\.bytes)
        for round in 0..<(target == .database ? 60 : 400) {
            var mutator = Mutator(chance: chance)
            let bytes = mutator.mutated(cases)
            do throws(Fault) {
                try target.run(bytes)
            } catch {
                Issue.record("\(target.rawValue), seed \(seed), round \(round): \(error): \(bytes)")
            }
        }
    }
}

/// A few of the changes that libFuzzer makes.
private struct Mutator {
    let chance: SeededChance

    private func below(_ count: Int) -> Int { Int(chance.next() % UInt64(max(1, count))) }

    mutating func mutated(_ cases: [[UInt8]]) -> [UInt8] {
        guard var bytes = cases.isEmpty ? nil : cases[below(cases.count)] else { return [] }
        for _ in 0...below(4) {
            let place = below(bytes.count)
            let end = min(bytes.count, place + below(16))
            let other = cases[below(cases.count)]
            switch below(6) {
            case _ where bytes.isEmpty: bytes = other
            case 0: bytes[place] ^= 1 << UInt8(below(8))
            case 1: bytes[place] = UInt8(below(256))
            case 2: bytes.removeSubrange(place..<end)
            case 3: bytes.insert(contentsOf: bytes[place..<end], at: below(bytes.count))
            case 4: bytes.replaceSubrange(place..., with: other.dropFirst(below(other.count)))
            default: bytes.insert(contentsOf: Array("99999999999999999999".utf8), at: place)
            }
        }
        return bytes
    }
}

private enum Corpus {
    static func cases(of target: FuzzTarget, from here: String = #filePath) throws -> [(name: String, bytes: [UInt8])] {
        let folder = "/" + here.split(separator: "/").dropLast(2).joined(separator: "/") + "/Corpus/\(target.rawValue)"
        let list = try #require(opendir(folder), "no \(folder)")
        defer { closedir(list) }
        var cases: [(name: String, bytes: [UInt8])] = []
        while let entry = readdir(list) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { cases.append((name, try bytes(of: "\(folder)/\(name)"))) }
        }
        return cases.sorted { $0.name < $1.name }
    }

    private static func bytes(of path: String) throws -> [UInt8] {
        let file = try #require(fopen(path, "r"), "no \(path)")
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer.prefix(count) }
        return bytes
    }
}
