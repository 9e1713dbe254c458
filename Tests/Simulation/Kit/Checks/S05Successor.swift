import CloudflareModel
import Domain

/// S5: a replacement serves before its predecessor goes.
///
/// Packs: when one is deleted as superseded while it serves, another pack of ours for the same subject has been active
/// for 10 minutes. Client certificates: when one is revoked as superseded, a later one of the same subject was
/// delivered (a line of the history), the overlap has passed since, and its command succeeded where one is set.
/// Probing is not simulated. Left out: zones that the daemon could not see right (S4).
struct S05Successor: Checker {
    let invariant = "S5"

    mutating func judge(_ deed: Deed, _ memory: Memory, _ rows: Rows?) -> [String] {
        guard deed.isRemoval, let operation = deed.operation, operation.reason == "superseded",
            !S04Cover.isBlind(deed, memory)
        else { return [] }
        if case .packDeletionBegun = deed.effect {
            guard deed.packs.contains(where: { $0.id == deed.object && $0.serves(at: deed.at) }) else { return [] }
            let proven = deed.packs.contains {
                $0.id != deed.object && memory.isOurs($0.id) && $0.status == "active"
                    && deed.at - $0.since >= .minutes(10)
            }
            return proven ? [] : ["no successor has been active for 10 minutes: \(deed.words)"]
        }
        guard case .clientCertificate(let wish)? = memory.wish(of: operation.subject), let rows else { return [] }
        let delivered = rows.ask(
            "SELECT id, delivered_at, command_succeeded_at FROM objects WHERE zone = ? AND kind = ? AND name = ? "
                + "AND id <> ? AND delivered_at IS NOT NULL",
            [operation.zone, operation.kind, operation.name, deed.object.text])
        let proven = delivered.contains { row in
            guard let at = row[1].flatMap({ Int64($0) }) else { return false }
            let age = deed.wall - Timestamp(unixMilliseconds: at)
            return age >= wish.overlap && (wish.command.isEmpty || row[2] != nil)
        }
        return proven ? [] : ["no successor was delivered and its overlap over: \(deed.words)"]
    }
}
