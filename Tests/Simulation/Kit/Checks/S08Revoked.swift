import CloudflareModel
import Domain

/// S8: revoked never becomes active unless a person asks for reactivation.
///
/// Every reactivation that Cloudflare accepted is an operation that a person asked for, and somebody did ask for one
/// within two days (the machine may sleep between the two).
struct S08Revoked: Checker {
    let invariant = "S8"

    mutating func judge(_ deed: Deed, _ memory: Memory, _ rows: Rows?) -> [String] {
        guard case .reactivationBegun = deed.effect else { return [] }
        let isAsked =
            deed.isByPerson
            && memory.commanded("reactivate", deed.operation?.subject ?? "", since: deed.at - .days(2))
        return isAsked ? [] : ["nobody asked for it: \(deed.words)"]
    }
}
