public import Engine

/// The machine's own source of chance.
public struct SystemChance: Chance {
    public init() {}

    public func next() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
