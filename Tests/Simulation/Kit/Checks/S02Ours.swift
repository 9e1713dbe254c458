/// S2: only what is ours (ordered or adopted) is changed or removed.
///
/// Ours is what our token had made, and what a line of the history says was adopted; not what was released since.
struct S02Ours: Checker {
    let invariant = "S2"

    mutating func judge(_ deed: Deed, _ memory: Memory, _ rows: Rows?) -> [String] {
        guard !deed.isCreation, !memory.isOurs(deed.object) else { return [] }
        return ["not ours: \(deed.words)"]
    }
}
