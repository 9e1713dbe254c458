/// What a disk writes as one: a part of a write that lies in one sector, or a change of size.
struct Piece {
    /// The change that it is of, by its place in the list.
    var change: Int
    var what: ByteChange

    static let sector = 512

    static func all(of changes: [ByteChange]) -> [Piece] {
        changes.enumerated().flatMap { number, change -> [Piece] in
            guard case .write(var place, let bytes) = change else { return [Piece(change: number, what: change)] }
            var pieces: [Piece] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let part = rest.prefix(sector - place % sector)
                pieces.append(Piece(change: number, what: .write(at: place, Array(part))))
                place += part.count
                rest = rest.dropFirst(part.count)
            }
            return pieces
        }
    }
}

/// What stands where a file has grown and nothing of it was written: zeros, or what lay there before.
struct Filler {
    var isStale: Bool
    var state: UInt64

    mutating func next() -> UInt8 {
        guard isStale else { return 0 }
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 56)
    }
}
