import Domain
import Engine
import Planning
import StateStore

/// A database as it is after years: every pack of an account with its order, its renewals and its moves.
struct FilledDatabase {
    let account: SyntheticAccount
    /// Rows in all tables together.
    let rows: Int
    let now: Timestamp

    /// Cloudflare's words on the way of a renewal, in their order.
    private static let way: [PackStatus] = [
        .initializing, .pendingValidation, .pendingIssuance, .pendingDeployment, .active,
    ]

    /// Makes `edgecert.db` in the folder, which must exist and be empty.
    /// - Returns: How many rows there are, as they were written.
    func write(inFolder folder: String) throws(StoreTrouble) -> Int {
        let ledger = try SQLiteLedger.open(inFolder: folder, now: now).ledger
        var written = 0
        for zone in 0..<account.zones {
            let rowsOfZone = rows * (zone + 1) / account.zones - written
            let changes = changes(zone, rows: rowsOfZone)
            try ledger.commit(changes)
            written += rowsOfZone
        }
        try ledger.close()
        return written
    }

    /// The history comes first: it is the older part.
    private func changes(_ zone: Int, rows: Int) -> [Change] {
        let current = account.settled(zone, at: now).changes
        let identities = Set(current.map(Identity.init).filter { $0 != .another })
        var left = rows - identities.count - current.count { Identity($0) == .another }
        var history: [Change] = []
        for pack in 1...account.packs where left > 0 {
            history.append(.operation(order(zone, pack)))
            left -= 1
        }
        var step = 0
        while left > 0 {
            history.append(.transition(move(zone, step % account.packs + 1, step / account.packs)))
            (step, left) = (step + 1, left - 1)
        }
        return history + current
    }

    /// Which row a change writes: several of them may write the same one.
    private enum Identity: Hashable {
        case zone(ZoneID)
        case subject(Subject)
        case object(ObjectID)
        case another

        init(_ change: Change) {
            switch change {
            case .zone(let record): self = .zone(record.id)
            case .subject(let record): self = .subject(record.subject)
            case .object(let record): self = .object(record.id)
            default: self = .another
            }
        }
    }

    private func subject(_ zone: Int, _ pack: Int) -> Subject {
        Subject(zone: account.zoneID(zone), kind: .certificatePack, name: "p\(pack)")
    }

    private func order(_ zone: Int, _ pack: Int) -> Operation {
        let name = account.zoneName(zone)
        let at = now - .days(900) + .seconds(Int64(zone) * 60 + Int64(pack))
        let wish = PackWish(
            name: "p\(pack)", hosts: [name, "p\(pack).\(name)"], authority: .google, method: .txt, validityDays: 90)
        return Operation(
            id: OperationID(at: at, chance: UInt64(zone * 1000 + pack)), subject: subject(zone, pack),
            action: .pack(.order(wish)), reason: .missing, committedAt: at,
            state: .accepted(at: at + .seconds(2), object: account.packID(zone, pack)))
    }

    /// One line of the history of one pack: a renewal has five, and comes every two months.
    private func move(_ zone: Int, _ pack: Int, _ step: Int) -> Transition {
        let (renewal, place) = step.quotientAndRemainder(dividingBy: Self.way.count)
        let from = place == 0 ? PackStatus.active : Self.way[place - 1]
        let to = Self.way[place]
        return Transition(
            subject: subject(zone, pack), object: account.packID(zone, pack),
            at: now - .days(900) + .days(60 * renewal) + .minutes(place), event: .moved,
            from: .init(stage: from.stage.code, status: from.rawValue),
            to: .init(stage: to.stage.code, status: to.rawValue), move: from.move(to: to))
    }
}
