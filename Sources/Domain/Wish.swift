/// What the settings want of one subject. A new kind adds a case here, and a file for its wish.
public enum Wish: Hashable, Sendable {
    case pack(PackWish)
    /// Kept beside the list it is in: it is five times a pack's size, and there may be a hundred thousand packs.
    indirect case clientCertificate(ClientCertificateWish)

    public var kind: SubjectKind {
        switch self {
        case .pack: .certificatePack
        case .clientCertificate: .clientCertificate
        }
    }

    /// The name in the settings, unique in its zone and kind.
    public var name: String {
        switch self {
        case .pack(let wish): wish.name
        case .clientCertificate(let wish): wish.name
        }
    }
}

/// One zone of the settings with all that is wanted in it.
public struct ZoneWish: Hashable, Sendable {
    public var name: String {
        didSet { packs = PackedPackWishes(packs.unpacked(zone: oldValue), zone: name) }
    }
    /// nil when the settings leave it out: it is then asked for by name, once, if the token may list zones.
    public var id: ZoneID?
    /// The stricter of the daemon's mode and the zone's own.
    public var mode: Mode
    private var packs: PackedPackWishes
    private var others: [Wish]

    public init(name: String, id: ZoneID?, mode: Mode, wishes: [Wish]) {
        (self.name, self.id, self.mode) = (HostSet.normalized(name), id, mode)
        var packs: [PackWish] = []
        var others: [Wish] = []
        for wish in wishes {
            switch wish {
            case .pack(let pack): packs.append(pack)
            case .clientCertificate: others.append(wish)
            }
        }
        self.packs = PackedPackWishes(packs.sorted { $0.name < $1.name }, zone: self.name)
        self.others = others.sorted { ($0.kind, $0.name) < ($1.kind, $1.name) }
    }

    /// In order of kind and name. Unpacked anew each time: to be asked for once in a pass.
    public var wishes: [Wish] {
        get { packs.unpacked(zone: name).map(Wish.pack) + others }
        set { self = ZoneWish(name: name, id: id, mode: mode, wishes: newValue) }
    }

    /// The wished client certificates alone: no pack is unpacked for them.
    public var clientCertificates: [ClientCertificateWish] {
        others.compactMap { wish in
            guard case .clientCertificate(let certificate) = wish else { return nil }
            return certificate
        }
    }

    /// The kinds that have to be looked at: those with a wish. What a kind without one costs is nothing.
    public var kinds: [SubjectKind] {
        SubjectKind.allCases.filter { kind in
            kind == .certificatePack ? !packs.isEmpty : others.contains { $0.kind == kind }
        }
    }
}

/// How far the daemon may go. Each mode may do what the ones before it may.
public enum Mode: String, Hashable, Sendable, CaseIterable, Comparable {
    /// Looks, records and tells; asks for no change.
    case observe
    /// Orders what is missing; never changes or removes.
    case create
    /// Also restarts, re-checks and changes; never removes.
    case upsert
    /// All of it.
    case enforce

    public static func < (left: Mode, right: Mode) -> Bool { left.rank < right.rank }
    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    public func permits(_ effect: Action.Effect) -> Bool {
        switch effect {
        case .local: self >= .create
        case .create: self >= .create
        case .change: self >= .upsert
        case .remove: self >= .enforce
        }
    }
}
