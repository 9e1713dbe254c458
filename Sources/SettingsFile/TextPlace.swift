/// Where something stands in a text: line and column, both from 1.
///
/// Columns count characters as editors show them in their status line: Unicode scalars, a tab for one. A byte order
/// mark at the beginning counts for none.
public struct TextPlace: Hashable, Comparable, Sendable {
    // 32 bits each: a settings file of ten thousand zones has some hundred thousand of these in memory.
    private let storedLine: UInt32
    private let storedColumn: UInt32

    public init(line: Int, column: Int) {
        (storedLine, storedColumn) = (UInt32(clamping: line), UInt32(clamping: column))
    }

    public var line: Int { Int(storedLine) }
    public var column: Int { Int(storedColumn) }

    public static func < (left: TextPlace, right: TextPlace) -> Bool {
        (left.storedLine, left.storedColumn) < (right.storedLine, right.storedColumn)
    }
}
