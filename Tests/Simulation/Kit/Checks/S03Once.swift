import CloudflareModel
import Domain
import TestKit

/// S3: one intention makes at most one order.
///
/// Checked whole: an operation for the change was committed and open when the request arrived; no operation ever had
/// two effects; no request of ours for two certificates, and none of an operator's while another certificate of the same
/// subject has it and is not due; no order for a wish while an earlier order of ours for the very same is alive at
/// Cloudflare. The last three only where the daemon could know: not within two days of a lie, and the last two not of the
/// database's being put back either.
struct S03Once: Checker {
    let invariant = "S3"
    private var used: [String: String] = [:]

    mutating func judge(_ deed: Deed, _ memory: Memory, _ rows: Rows?) -> [String] {
        guard let operation = deed.operation else { return ["no open operation in the database: \(deed.words)"] }
        var complaints: [String] = []
        if let before = used[operation.id] {
            complaints.append("one operation, two effects: \(deed.words), after it \(before)")
        }
        used[operation.id] = deed.words
        guard deed.isCreation else { return complaints }
        if let lie = memory.lies[deed.zone], deed.at - lie < .days(2) { return complaints }
        let mine = memory.wish(of: operation.subject)
        if case .clientCertificateCreated(_, _, _, let request, _) = deed.effect, !MemoryKeyRoom.isOperators(request) {
            let twins = deed.certificates.filter { $0.request == request && $0.id != deed.object }
            if let twin = twins.first { complaints.append("\(twin.id) has the same request: \(deed.words)") }
        }
        if let restored = memory.restoredAt, deed.at - restored < .days(2) { return complaints }
        if case .clientCertificateCreated(_, _, _, let request, _) = deed.effect,
            case .clientCertificate(let wish)? = mine
        {
            let twin = deed.certificates.first { one in
                one.id != deed.object && one.request == request && one.status == "active"
                    && memory.made[one.id] == operation.subject && one.validityDays == wish.validityDays
                    && one.expiresAt - deed.at > wish.renewBefore + .days(1)
                    && Self.isUsable(one.id, memory, rows)
            }
            if let twin { complaints.append("\(twin.id) has the operator's request, and is not due: \(deed.words)") }
        }
        if case .orderAccepted(_, _, let hosts) = deed.effect, case .pack(let wish)? = mine {
            let twin = deed.packs.first { pack in
                pack.id != deed.object && Self.isOf(operation.subject, memory.made[pack.id], memory)
                    && memory.isOurs(pack.id)
                    && pack.hosts == hosts.withoutBranding && pack.authority == wish.authority.rawValue
                    && pack.validityDays == wish.validityDays && Self.isAlive(pack, deed.at)
            }
            if let twin {
                complaints.append("\(twin.id) is \(twin.status) for the same subject: \(deed.words)")
            }
        }
        return complaints
    }

    /// Made for the same subject, or for one that is wished no more, whose name may have been changed to it.
    private static func isOf(_ subject: String, _ maker: String?, _ memory: Memory) -> Bool {
        guard let maker else { return false }
        return maker == subject || memory.wish(of: maker) == nil
    }

    /// Not one that had another name, under which its key is, nor one whose keys may have been lost with the database.
    private static func isUsable(_ certificate: ObjectID, _ memory: Memory, _ rows: Rows?) -> Bool {
        let row = rows?.ask("SELECT ownership, wish_key FROM objects WHERE id = ?", [certificate.text]).first
        return row?[1] != "" && (memory.restoredAt == nil || row.map { $0[0] != "foreign" } ?? false)
    }

    static func isAlive(_ pack: PackFacts, _ now: Timestamp) -> Bool {
        [
            "initializing", "pending_validation", "pending_issuance", "pending_deployment", "holding_deployment",
            "active",
        ]
        .contains(pack.status) && pack.expiresAt.map { $0 > now + .days(7) } ?? true
    }
}
