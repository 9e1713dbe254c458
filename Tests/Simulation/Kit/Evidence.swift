import CloudflareModel
import Domain

/// A change that Cloudflare accepted, with what was so at that moment.
struct Deed {
    var effect: LedgerEntry.Effect
    /// True time, the time since the machine started, and what the machine's clock showed.
    var at: Timestamp
    var up: Duration
    var wall: Timestamp
    /// The zone's packs and certificates as they were just before.
    var zone: ZoneID
    var packs: [PackFacts]
    var certificates: [ClientCertificateFacts]
    /// The operation that was open for it in the database when the request arrived; nil when there was none.
    var operation: OperationRow?
    /// The thing that it is about: what it made, changed or removed.
    var object: ObjectID

    var isRemoval: Bool {
        switch effect {
        case .packDeletionBegun, .revocationBegun: true
        default: false
        }
    }

    var isCreation: Bool {
        switch effect {
        case .orderAccepted, .clientCertificateCreated: true
        default: false
        }
    }

    var kind: SubjectKind {
        switch effect {
        case .orderAccepted, .restarted, .rebranded, .rechecked, .packDeletionBegun: .certificatePack
        case .clientCertificateCreated, .reactivationBegun, .revocationBegun: .clientCertificate
        }
    }
    var isByPerson: Bool { operation?.askedBy != nil }

    var words: String {
        let what =
            switch effect {
            case .orderAccepted(_, _, let hosts): "ordered a pack for \(hosts.key)"
            case .restarted: "restarted"
            case .rebranded(_, let branding): "set branding to \(branding) of"
            case .rechecked(_, let method): "re-checked by \(method)"
            case .packDeletionBegun: "deleted"
            case .clientCertificateCreated(_, _, let name, _, _): "had a certificate made for \(name)"
            case .revocationBegun: "revoked"
            case .reactivationBegun: "reactivated"
            }
        return "\(what) \(object) (operation \(operation?.id ?? "none"), \(operation?.reason ?? "-"))"
    }
}

/// What everybody in a run knows to be so, kept beside the product and never asked of it.
struct Memory {
    /// What our token had made, with the subject that the operation's row named.
    var made: [ObjectID: String] = [:]
    /// Orders by our token: what and when.
    var adopted: Set<ObjectID> = []
    var released: Set<ObjectID> = []
    /// When somebody changed things at Cloudflare behind our back, by zone.
    var outsideChange: [ZoneID: Timestamp] = [:]
    /// Removals from outside of what was ours, by subject.
    var undone: [String: [Timestamp]] = [:]
    /// When the daemon was last given a listing without a lie, by zone and kind.
    var honestLook: [String: Timestamp] = [:]
    /// When it was last given a listing that lied, or was told a lie by a GET.
    var lies: [ZoneID: Timestamp] = [:]
    var lastListing: [ZoneID: Timestamp] = [:]
    /// What the database said then of the era that the zone was planned under.
    var planned: [ZoneID: String] = [:]
    /// Commands of people: verb and target, with true time.
    var commands: [(at: Timestamp, verb: String, target: String)] = []
    var restoredAt: Timestamp?
    var steppedAt: Timestamp?
    /// Since when the daemon has been up, in time since the machine started; nil while it is down.
    var upSince: Duration?
    /// Settings in force: as last taken up by the running daemon.
    var inForce: Settings
    var settingsChangedAt: Timestamp
    /// The store threw, or the token or the limiter kept the daemon off.
    var hinderedAt: Timestamp?
    /// What our packs were seen to serve, by zone and host.
    var served: [ZoneID: [String: Timestamp]] = [:]

    func wish(of subject: String) -> Wish? {
        for zone in inForce.zones {
            for wish in zone.wishes where subject.hasSuffix("/\(wish.kind.rawValue)/\(wish.name)") {
                if let id = zone.id, !subject.hasPrefix(id.text) { continue }
                if zone.id == nil, !subject.hasPrefix(Self.number(zone.name)) { continue }
                return wish
            }
        }
        return nil
    }

    /// Zones' identifiers begin with the number in their name.
    static func number(_ name: String) -> String { String(name.dropFirst(4).prefix { $0 != "." }) }

    func zoneWish(_ id: ZoneID) -> ZoneWish? {
        inForce.zones.first { $0.id == id || ($0.id == nil && id.text.hasPrefix(Self.number($0.name))) }
    }

    func isOurs(_ id: ObjectID) -> Bool { (made[id] != nil || adopted.contains(id)) && !released.contains(id) }

    func commanded(_ verb: String, _ target: String, since moment: Timestamp) -> Bool {
        commands.contains { $0.verb == verb && $0.at >= moment && ($0.target == target || $0.target == "all") }
    }
}

/// What a checker may look at between two steps.
struct Witness {
    var memory: Memory
    var rows: Rows?
    /// True when the database was written since the last step.
    var isWritten: Bool
    var newTransitions: [TransitionRow]
    var now: Timestamp
    var up: Duration
    var wall: Timestamp
    var isUp: Bool
    var isMakingProgress: Bool
    var timers: Int
}

struct TransitionRow {
    var seq: Int
    var zone: String
    var kind: String
    var name: String
    var object: String?
    var at: Int64
    var event: String
    var from: String
    var to: String

    init?(_ row: [String?]) {
        guard row.count == 9, let seq = row[0].flatMap({ Int($0) }), let zone = row[1], let kind = row[2],
            let name = row[3], let at = row[5].flatMap({ Int64($0) }), let event = row[6]
        else { return nil }
        (self.seq, self.zone, self.kind, self.name, object, self.at) = (seq, zone, kind, name, row[4], at)
        (self.event, from, to) = (event, row[7] ?? "", row[8] ?? "")
    }

    static let columns =
        "seq, zone, kind, name, object, at, event, from_stage || ' ' || from_status, to_stage || ' ' || to_status"
}

/// One invariant of the design, held against what was seen at Cloudflare and in the database.
protocol Checker {
    /// `S3`.
    var invariant: String { get }
    /// Called for each change that Cloudflare accepted, in order. What is wrong with it, in words.
    mutating func judge(_ deed: Deed, _ memory: Memory, _ rows: Rows?) -> [String]
    /// Called for each request and its reply.
    mutating func judge(_ exchange: Exchange, _ memory: Memory) -> [String]
    /// Called when everything rests, before time goes on.
    mutating func check(_ witness: Witness) -> [String]
    /// Called for each piece of news.
    mutating func hear(_ text: () -> String) -> [String]
    /// The database was put back to an earlier one: this.
    mutating func noteRestore(_ rows: Rows)
}

extension Checker {
    mutating func judge(_ deed: Deed, _ memory: Memory, _ rows: Rows?) -> [String] { [] }
    mutating func judge(_ exchange: Exchange, _ memory: Memory) -> [String] { [] }
    mutating func check(_ witness: Witness) -> [String] { [] }
    mutating func hear(_ text: () -> String) -> [String] { [] }
    mutating func noteRestore(_ rows: Rows) {}
}

/// One request at the moment that it was sent, and what the daemon was told of the limits.
struct Exchange {
    var life: Int
    var up: Duration
    var isAnswer: Bool
    /// Of an answer.
    var status: Int?
    var retryAfter: Int?
    /// The quota and window that the model holds to, and our share.
    var quota: Int
    var window: Duration
    var share: Double
}
