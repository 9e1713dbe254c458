import Domain

/// S18: a subject whose change was undone from outside twice is held.
///
/// No order for a subject from which somebody took a serving pack of ours, as it is wished, away twice, each time with a
/// look that showed it afterwards, until a person lifted the hold or changed the settings. Reverted methods are not
/// simulated.
struct S18Undone: Checker {
    let invariant = "S18"

    mutating func judge(_ deed: Deed, _ memory: Memory, _ rows: Rows?) -> [String] {
        guard deed.isCreation, let operation = deed.operation else { return [] }
        let lifts = memory.commands.filter { ["unhold", "approve", "release", "adopt"].contains($0.verb) }.map(\.at)
        let since = max(lifts.max() ?? .distantPast, memory.settingsChangedAt, memory.restoredAt ?? .distantPast)
        let look = memory.honestLook["\(deed.zone)/\(operation.kind)"] ?? .distantPast
        let undone = (memory.undone[operation.subject] ?? []).filter { $0 > since && $0 < look }
        return undone.count >= 2 ? ["undone \(undone.count) times before: \(deed.words)"] : []
    }
}
