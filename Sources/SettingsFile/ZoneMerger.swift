import Domain

/// Puts together what the files say of the zones: the same zone in two files is one zone with the wishes of both.
struct ZoneMerger {
    private struct Zone {
        var name: String
        var id: ZoneID?
        var mode: Mode?
        var modeReader: TableReader?
        var wishes: [ZoneDraft.Draft] = []
        /// Of each file in which the zone stands.
        var readers: [TableReader]
    }

    private struct WishKey: Hashable {
        var kind: SubjectKind
        var text: String
    }

    private var zones: [Zone] = []
    private var byID: [ZoneID: Int] = [:]
    private var byName: [String: [Int]] = [:]

    mutating func add(_ draft: ZoneDraft, reader: TableReader) {
        guard let name = draft.name else { return }
        if let id = draft.id, let known = byID[id] {
            guard zones[known].name == name else {
                noteSecond(
                    "zone-id-twice", known, reader, key: "id", found: "the id of \(zones[known].name.quoted)",
                    allowed: "an id of one zone")
                return
            }
            join(draft, reader, to: known)
            return
        }
        let candidates = (byName[name] ?? []).filter { draft.id == nil || zones[$0].id == nil }
        if candidates.count > 1 {
            noteSecond(
                "zone-ambiguous", candidates[0], reader, key: "name", found: "the name of \(candidates.count) zones",
                allowed: "a name with an id")
        } else if let known = candidates.first {
            join(draft, reader, to: known)
        } else {
            let zone = Zone(
                name: name, id: draft.id, mode: draft.mode, modeReader: draft.mode.map { _ in reader },
                wishes: draft.wishes, readers: [reader])
            zones.append(zone)
            byName[name, default: []].append(zones.count - 1)
            if let id = draft.id { byID[id] = zones.count - 1 }
        }
    }

    private mutating func join(_ draft: ZoneDraft, _ reader: TableReader, to known: Int) {
        guard !zones[known].readers.contains(where: { $0.file == reader.file }) else {
            noteSecond(
                "zone-twice", known, reader, key: "name", found: "\(zones[known].name.quoted) a second time",
                allowed: "a zone once in a file",
                hint: "two zones of one name need an id each")
            return
        }
        zones[known].readers.append(reader)
        zones[known].wishes += draft.wishes
        if let mode = draft.mode { (zones[known].mode, zones[known].modeReader) = (mode, reader) }
        if let id = draft.id {
            zones[known].id = id
            byID[id] = known
        }
    }

    private func noteSecond(
        _ code: String, _ known: Int, _ reader: TableReader, key: String, found: String, allowed: String,
        hint: String? = nil
    ) {
        let first = zones[known].readers.first.map { "the first is at \($0.file.escaped):\($0.place.line)" }
        reader.note(
            code, at: reader.place(of: key), key: key, found: found, allowed: allowed,
            hint: [first, hint].compactMap { $0 }.joined(separator: "; "))
    }

    /// The zones in order of name, with the stricter of the daemon's mode and their own.
    func wishes(mode: Mode, places: inout SettingsPlaces) -> [ZoneWish] {
        var wishes: [ZoneWish] = []
        for zone in zones {
            noteWithoutEffect(zone, mode: mode)
            var good: [Wish] = []
            for draft in distinct(zone.wishes) {
                guard let wish = draft.wish else { continue }
                good.append(wish)
                let name = SettingsPlaces.WishName(zone: zone.name, id: zone.id, kind: wish.kind, name: wish.name)
                let reader = draft.reader
                places.set(name, .init(file: reader.file, path: reader.path, place: reader.place, keys: reader.places))
            }
            wishes.append(ZoneWish(name: zone.name, id: zone.id, mode: min(mode, zone.mode ?? mode), wishes: good))
        }
        return wishes.sorted { ($0.name, $0.id?.text ?? "") < ($1.name, $1.id?.text ?? "") }
    }

    /// Notes names and host sets that are wished twice, and keeps the first of each.
    private func distinct(_ drafts: [ZoneDraft.Draft]) -> [ZoneDraft.Draft] {
        var names: [WishKey: TableReader] = [:]
        var hostSets: [String: TableReader] = [:]
        return drafts.filter { draft in
            if let name = draft.name {
                let key = WishKey(kind: draft.kind, text: name)
                if let first = names[key] {
                    noteSecondWish(
                        "name-twice", draft.reader, first, key: "name", found: "\(name.quoted) a second time",
                        allowed: "a name once in its zone and kind")
                    return false
                }
                names[key] = draft.reader
            }
            if case .pack(let pack)? = draft.wish {
                if let first = hostSets[pack.hosts.key] {
                    noteSecondWish(
                        "hosts-twice", draft.reader, first, key: "hosts", found: "the very hosts of another pack",
                        allowed: "each set of hosts in one pack",
                        hint: "Cloudflare refuses a second order for the same hosts")
                }
                hostSets[pack.hosts.key] = draft.reader
            }
            return true
        }
    }

    private func noteSecondWish(
        _ code: String, _ second: TableReader, _ first: TableReader, key: String, found: String, allowed: String,
        hint: String? = nil
    ) {
        let place = first.place(of: key)
        let other = "the first is \(first.path) at \(first.file.escaped):\(place.line):\(place.column)"
        second.note(
            code, at: second.place(of: key), key: key, found: found, allowed: allowed,
            hint: [other, hint].compactMap { $0 }.joined(separator: "; "))
    }

    private func noteWithoutEffect(_ zone: Zone, mode: Mode) {
        if let own = zone.mode, own > mode, let reader = zone.modeReader {
            reader.note(
                "mode-without-effect", .warning, at: reader.place(of: "mode"), key: "mode", found: own.rawValue.quoted,
                allowed: "a mode as strict as the daemon's \(mode.rawValue.quoted), or stricter",
                hint: "the stricter of the two holds: set daemon.mode")
        }
        if zone.wishes.isEmpty, let reader = zone.readers.first {
            reader.note(
                "zone-without-wishes", .warning, at: reader.place, key: "", found: "nothing wished in this zone",
                allowed: "a certificate_pack or a client_certificate", hint: "the zone is not looked at")
        }
    }
}
