import Domain

/// One zone with what is in it.
struct ModelZone: Sendable {
    let id: ZoneID
    let name: String
    let createdAt: Timestamp
    var conduct: ZoneConduct
    /// In order of creation.
    private(set) var packs: [ModelPack] = []
    private var places: [ObjectID: Int] = [:]
    /// The earliest moment at which something happens to a pack by itself.
    private var nextDue: Timestamp?
    /// Packs that went in the last hour, for listings that lag.
    private(set) var departed: [Departed] = []
    var certificates: [ModelClientCertificate] = []
    var certificatePlaces: [ObjectID: Int] = [:]
    var knownNames: [String: Timestamp] = [:]

    struct Departed: Sendable {
        var pack: ModelPack
        var at: Timestamp
    }

    init(id: ZoneID, name: String, createdAt: Timestamp, conduct: ZoneConduct) {
        (self.id, self.name, self.createdAt, self.conduct) = (id, name, createdAt, conduct)
    }

    mutating func add(_ pack: ModelPack) {
        places[pack.id] = packs.count
        packs.append(pack)
        note(pack.due)
    }

    func place(of id: ObjectID) -> Int? { places[id] }

    /// Changes one pack in its place.
    mutating func change(_ place: Int, _ body: (inout ModelPack) -> Void) {
        body(&packs[place])
        note(packs[place].due)
    }

    mutating func changeAll(_ body: (inout ModelPack) -> Void) {
        for place in packs.indices { change(place, body) }
    }

    /// Brings the zone up to `now`. Costs next to nothing when nothing is due.
    mutating func advance(to now: Timestamp, settings: ModelSettings, published: [String: Set<String>]) {
        guard let due = nextDue, due <= now else { return }
        let world = surroundings(settings: settings, published: published)
        nextDue = nil
        var isSomeGone = false
        for place in packs.indices {
            for (host, at) in packs[place].advance(to: now, in: world) { knownNames[host] = at }
            note(packs[place].due)
            isSomeGone = isSomeGone || packs[place].status == PackStatus.deleted.rawValue
        }
        guard isSomeGone else { return }
        for pack in packs where pack.status == PackStatus.deleted.rawValue { remember(pack, at: now) }
        keep { $0.status != PackStatus.deleted.rawValue }
    }

    /// Takes a pack away at once, as if somebody had done it long ago.
    mutating func remove(_ id: ObjectID, at moment: Timestamp) {
        guard let place = places[id] else { return }
        remember(packs[place], at: moment)
        keep { $0.id != id }
    }

    func surroundings(settings: ModelSettings, published: [String: Set<String>]) -> Surroundings {
        Surroundings(
            conduct: conduct, pace: settings.pace, timeouts: settings.timeouts, published: published,
            knownNames: knownNames)
    }

    private mutating func keep(_ belongs: (ModelPack) -> Bool) {
        packs = packs.filter(belongs)
        places = Dictionary(uniqueKeysWithValues: packs.enumerated().map { ($1.id, $0) })
    }

    private mutating func remember(_ pack: ModelPack, at moment: Timestamp) {
        departed.removeAll { moment - $0.at > .hours(1) }
        if departed.count < 1000 { departed.append(Departed(pack: pack, at: moment)) }
    }

    private mutating func note(_ due: Timestamp?) {
        guard let due else { return }
        nextDue = min(nextDue ?? due, due)
    }
}
