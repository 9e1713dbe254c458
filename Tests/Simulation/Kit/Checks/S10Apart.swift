import CloudflareModel
import Domain

/// S10: two changes to one subject are at least 60 s apart, a re-check by the same method and a person's revocation
/// excepted.
///
/// By what Cloudflare accepted, in time that nobody steps. Not within two minutes of a database that was put back.
struct S10Apart: Checker {
    let invariant = "S10"
    private var last: [String: Duration] = [:]

    mutating func judge(_ deed: Deed, _ memory: Memory, _ rows: Rows?) -> [String] {
        guard let subject = deed.operation?.subject else { return [] }
        let before = last.updateValue(deed.up, forKey: subject)
        if case .rechecked = deed.effect { return [] }
        if case .revocationBegun = deed.effect, deed.isByPerson { return [] }
        if let restored = memory.restoredAt, deed.at - restored < .minutes(2) { return [] }
        // What the machine's clock says is whole milliseconds, and the request leaves after it was read.
        guard let before, deed.up - before < .seconds(59) else { return [] }
        return ["\((deed.up - before).wholeSeconds) s after the last change: \(deed.words)"]
    }
}
