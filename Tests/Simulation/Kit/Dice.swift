import CloudflareModel
import Engine

/// Draws from a seed; a stream for each purpose, so that what is drawn for one does not shift the others.
struct Dice: RandomNumberGenerator {
    private var source: SplitMix64

    init(seed: UInt64, _ stream: String) {
        let mixed = stream.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        var first = SplitMix64(seed: seed &* 0x9E37_79B9_7F4A_7C15 ^ mixed)
        source = SplitMix64(seed: first.next())
    }

    mutating func next() -> UInt64 { source.next() }
    mutating func unit() -> Double { Double(next() >> 11) * 0x1.0p-53 }
    mutating func happens(_ probability: Double) -> Bool { unit() < probability }
    mutating func below(_ bound: Int) -> Int { bound <= 1 ? 0 : Int(next() % UInt64(bound)) }
    mutating func within(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }
    mutating func pick<Element>(_ list: [Element]) -> Element? { list.isEmpty ? nil : list[below(list.count)] }
    mutating func seconds(_ range: ClosedRange<Int>) -> Duration { .seconds(within(range)) }
}

/// The product's own chance.
///
/// `@unchecked`: reached on the run's one thread alone.
final class DiceChance: Chance, @unchecked Sendable {
    private var dice: Dice
    init(_ dice: Dice) { self.dice = dice }
    func next() -> UInt64 { dice.next() }
}
