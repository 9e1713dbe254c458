import Domain

/// Which packs keep which hosts covered: what must be left after every removal (S4).
struct Cover {
    /// A cover with less left than this does not count.
    static let leastLife: Duration = .days(7)
    /// What a pack of ours served this lately still counts as to be covered.
    static let memory: Duration = .days(30)

    /// The packs that cover, by each name in them.
    private var packs: [String: Set<ObjectID>] = [:]
    /// Hosts that are to stay covered.
    private var needed: Set<String> = []
    private var neededUnder: [String: [String]] = [:]

    /// - Parameter leaving: Things whose removal is under way, although they may still look alive.
    init(_ objects: some Sequence<ObjectRecord>, wishes: some Sequence<Wish>, leaving: Set<ObjectID>, now: Timestamp) {
        var needed: Set<String> = []
        for case .pack(let wish) in wishes { needed.formUnion(wish.hosts.names) }
        for record in objects {
            guard let pack = record.pack else { continue }
            if record.isOurs, record.mattersForCover(at: now) { needed.formUnion(pack.hosts.names) }
            guard record.isCover(at: now), !leaving.contains(record.id) else { continue }
            for name in pack.hosts.names { packs[name, default: []].insert(record.id) }
        }
        self.needed = needed.filter { !HostSet.isBranding($0) }
        for host in self.needed {
            if let parent = Self.wildcard(above: host) { neededUnder[parent, default: []].append(host) }
        }
    }

    /// The hosts that would be without cover after one more removal; none when nothing is lost.
    ///
    /// - Parameter gone: What was decided to be removed before it.
    func uncovered(byRemoving record: ObjectRecord, after gone: Set<ObjectID>) -> [String] {
        guard let pack = record.pack else { return [] }
        var hosts: Set<String> = []
        for name in pack.hosts.names {
            if needed.contains(name) { hosts.insert(name) }
            hosts.formUnion(neededUnder[name] ?? [])
        }
        return hosts.filter { covering($0).subtracting(gone).subtracting([record.id]).isEmpty }.sorted()
    }

    func isCovered(_ host: String) -> Bool { !covering(host).isEmpty }

    private func covering(_ host: String) -> Set<ObjectID> {
        var found = packs[host] ?? []
        if let wildcard = Self.wildcard(above: host) { found.formUnion(packs[wildcard] ?? []) }
        return found
    }

    /// `*.b.c` for `a.b.c`; nil for a wildcard and for a single label.
    private static func wildcard(above host: String) -> String? {
        guard !host.hasPrefix("*."), let dot = host.firstIndex(of: ".") else { return nil }
        return "*" + host[dot...]
    }
}

extension ObjectRecord {
    /// True for what can be counted on: at work in production, of a type that Cloudflare keeps renewing or that we keep,
    /// seen, not asked to go, and with a while to live.
    fileprivate func isCover(at now: Timestamp) -> Bool {
        guard stage == .serving, missingSince == nil, removedFor == nil, let pack,
            pack.isAdvanced || pack.type == "universal", let notAfter
        else { return false }
        return notAfter - now > Cover.leastLife
    }

    /// True when its hosts were served by it within the last 30 days, or may be still.
    fileprivate func mattersForCover(at now: Timestamp) -> Bool {
        stage == .serving || lastServedAt.map { now - $0 < Cover.memory } ?? false
            || mayServe && notAfter.map { $0 > now } ?? false
    }

    /// True when its removal could take something away: it serves, or did and may still while it is renewed.
    var mayServe: Bool {
        switch stage {
        case .serving: true
        case .underway, .stalled, .holding, .retiring, .inactive, .unread: lastServedAt != nil
        case .standby, .leaving, .expired, .revoked, .gone: false
        }
    }
}
