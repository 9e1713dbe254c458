import CloudflareModel
import Domain

/// S11: a clock that differs from the answers' dates by more than 60 s blocks changes, a person's revocation excepted.
///
/// By the machine's clock and true time when the request arrives, with 2 s for whole seconds in `Date:`. Left out: a
/// clock that was set while the request waited for its turn.
struct S11Skew: Checker {
    let invariant = "S11"

    mutating func judge(_ deed: Deed, _ memory: Memory, _ rows: Rows?) -> [String] {
        if case .revocationBegun = deed.effect, deed.isByPerson { return [] }
        let skew = (deed.wall - deed.at).wholeMilliseconds.magnitude
        if let stepped = memory.steppedAt, deed.at - stepped < .seconds(5) { return [] }
        return skew > 62_000 ? ["the clock is \(skew / 1000) s off: \(deed.words)"] : []
    }
}
