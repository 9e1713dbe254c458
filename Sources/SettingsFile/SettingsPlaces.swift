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

    struct WishName: Hashable, Sendable {
        var zone: String
        var id: ZoneID?
        var kind: SubjectKind
        var name: String
    }

    private var settings: [String: Spot] = [:]
    private var wishes: [WishName: TablePlaces] = [:]

    /// - Parameter key: `daemon.mode`, `cloudflare.base_url`, …
    /// - Returns: nil when the key has its default.
    public func spot(of key: String) -> Spot? { settings[key] }

    /// The place of `key` in a wish; of the wish's header when the key was left out.
    /// - Returns: nil when the settings have no such wish.
    public func spot(of key: String, in wish: Wish, of zone: ZoneWish) -> Spot? {
        let name = WishName(zone: zone.name, id: zone.id, kind: wish.kind, name: wish.name)
        guard let known = wishes[name] else { return nil }
        let path = known.has(key) ? "\(known.path).\(key)" : known.path
        return Spot(file: known.file, place: known.place(of: key), key: path)
    }

    mutating func set(_ key: String, file: String, place: TextPlace) {
        settings[key] = Spot(file: file, place: place, key: key)
    }

    mutating func set(_ name: WishName, _ places: TablePlaces) { wishes[name] = places }
}

/// The places of one table's header and of its keys: what is left of a table once it is read.
///
/// Ten thousand wishes have one each, so the path is kept as numbers.
struct TablePlaces: Hashable, Sendable {
    struct Key: Hashable, Sendable {
        var name: String
        var place: TextPlace
    }

    /// Counted from 1; 0 where the table is no zone and no part of one.
    var zone: Int32
    /// The kind and the number of a wish.
    var kind: SubjectKind?
    var number: Int32
    var file: String
    var place: TextPlace
    /// Of the keys that were present, the places of their values.
    var keys: [Key]

    /// `zone[2].certificate_pack[1]`.
    var path: String {
        let zone = "zone[\(zone)]"
        return kind.map { "\(zone).\($0.rawValue)[\(number)]" } ?? zone
    }

    func has(_ key: String) -> Bool { keys.contains { $0.name == key } }

    /// The place of the key's value; of the header when the key is absent.
    func place(of key: String) -> TextPlace { keys.first { $0.name == key }?.place ?? place }
}
