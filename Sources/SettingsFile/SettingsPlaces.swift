import Domain

/// Where each setting was read: what a finding about the settings points at.
public struct SettingsPlaces: Hashable, Sendable {
    /// One key in one file.
    public struct Spot: Hashable, Sendable {
        public var file: String
        public var place: TextPlace
        /// The key's full path as diagnostics write it.
        public var key: String
    }

    /// The keys of one wish, and the header that it stands under.
    struct WishPlaces: Hashable, Sendable {
        var file: String
        var path: String
        var place: TextPlace
        var keys: [(name: String, place: TextPlace)]

        static func == (left: Self, right: Self) -> Bool {
            (left.file, left.path, left.place) == (right.file, right.path, right.place)
        }
        func hash(into hasher: inout Hasher) { hasher.combine(place) }
    }

    struct WishName: Hashable, Sendable {
        var zone: String
        var id: ZoneID?
        var kind: SubjectKind
        var name: String
    }

    private var settings: [String: Spot] = [:]
    private var wishes: [WishName: WishPlaces] = [:]

    /// - Parameter key: `daemon.mode`, `cloudflare.base_url`, …
    /// - Returns: nil when the key has its default.
    public func spot(of key: String) -> Spot? { settings[key] }

    /// The place of `key` in a wish; of the wish's header when the key was left out.
    /// - Returns: nil when the settings have no such wish.
    public func spot(of key: String, in wish: Wish, of zone: ZoneWish) -> Spot? {
        let name = WishName(zone: zone.name, id: zone.id, kind: wish.kind, name: wish.name)
        guard let known = wishes[name] else { return nil }
        guard let found = known.keys.first(where: { $0.name == key }) else {
            return Spot(file: known.file, place: known.place, key: known.path)
        }
        return Spot(file: known.file, place: found.place, key: "\(known.path).\(key)")
    }

    mutating func set(_ key: String, file: String, place: TextPlace) {
        settings[key] = Spot(file: file, place: place, key: key)
    }

    mutating func set(_ name: WishName, _ places: WishPlaces) { wishes[name] = places }
}
