import Domain
import Testing

@testable import SettingsFile

/// SplitMix64: the same numbers from the same seed everywhere.
private struct Dice: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

@Suite("Mutated settings") struct MutationTests {
    /// Pieces that have a meaning somewhere in TOML or in the settings.
    static let pieces = [
        "\"", "'", "\"\"\"", "'''", "[", "]", "[[", "{", "}", "=", ".", ",", "#", "\\", "\\u", "\n", "\r", "\r\n", "\t",
        "\u{0}", "é",
        "\u{FEFF}", "0x", "1e999", "-", "_", "inf", "nan", "9223372036854775808", "2026-02-29", "true", "d", "[zone]",
        "[[zone]]",
        "token = 'x'", "\"99999999999999999d\"", "..", "/", "*.", "-1",
    ]

    @Test(
        "whatever bytes are changed, the settings are read or every error names a place",
        arguments: [1, 2, 3, 4] as [UInt64])
    func mutations(seed: UInt64) throws {
        let text = uncommented("#", uncommented("#: ", try sampleSettings()))
        let sample = Array(text.split(separator: "\n").filter { !$0.hasPrefix("# ") }.joined(separator: "\n").utf8)
        var dice = Dice(state: seed)
        var taken = 0
        var faults: [String] = []
        for round in 0..<600 {
            var bytes = sample
            for _ in 0...Int.random(in: 0..<3, using: &dice) { mutate(&bytes, &dice) }
            do throws(SettingsTrouble) {
                let reading = try SettingsReading([SettingsText(file: "f", bytes: bytes)])
                _ = SettingsCheck.diagnostics(of: reading, now: Timestamp(unixSeconds: 1_795_000_000))
                taken += 1
            } catch {
                let lines = bytes.count { $0 == 10 } + 1
                let areGood = error.diagnostics.allSatisfy { diagnostic in
                    let isNamed = diagnostic.place.map { (1...lines).contains($0.line) && $0.column >= 1 } == true
                    return isNamed && !diagnostic.description.utf8.contains { $0 < 32 }
                }
                if error.errors.isEmpty || !areGood { faults.append("round \(round): \(error)") }
            }
        }
        #expect(faults == [], "seed \(seed)")
        #expect((1..<600).contains(taken), "seed \(seed)")
    }

    private func mutate(_ bytes: inout [UInt8], _ dice: inout Dice) {
        let place = Int.random(in: 0..<max(1, bytes.count), using: &dice)
        let end = min(bytes.count, place + Int.random(in: 0...12, using: &dice))
        switch Int.random(in: 0..<5, using: &dice) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
        case 1: bytes.removeSubrange(place..<end)
        case 2: bytes.insert(contentsOf: (Self.pieces.randomElement(using: &dice) ?? "").utf8, at: place)
        case 3: bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &dice))
        default: bytes.replaceSubrange(place..<end, with: (Self.pieces.randomElement(using: &dice) ?? "").utf8)
        }
    }
}
