import Domain

/// Turns what is wanted, what was seen and what is remembered into a ``Plan``. No clock, no chance, no I/O.
public struct Planner: Sendable {
    public init() {}
}
