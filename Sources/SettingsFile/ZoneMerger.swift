import Domain

/// Puts together what the files say of the zones: the same zone in two files is one zone with the wishes of both.
struct ZoneMerger {
    private struct Zone {
        var name: String
        var id: ZoneID?
        var mode: Mode?
        var modePlaces: TablePlaces?
        var wishes: [ZoneDraft.Draft] = []
        /// Of each file in which the zone stands.
        var places: [TablePlaces]
    }

    private struct WishKey: Hashable {
        var kind: SubjectKind
        var text: String
    }

    private var zones: [Zone] = []
    private var byID: [ZoneID: Int] = [:]
    private var byName: [String: [Int]] = [:]

    mutating func add(_ draft: ZoneDraft, log: DiagnosticLog) {
        guard let name = draft.name else { return }
        if let id = draft.id, let known = byID[id] {
            guard zones[known].name == name else {
                noteSecond(
                    "zone-id-twice", known, draft, log, key: "id", found: "the id of \(zones[known].name.quoted)",
                    allowed: "an id of one zone")
                return
            }
            join(draft, to: known, log: log)
            return
        }
        let candidates = (byName[name] ?? []).filter { draft.id == nil || zones[$0].id == nil }
        if candidates.count > 1 {
            noteSecond(
                "zone-ambiguous", candidates[0], draft, log, key: "name",
                found: "the name of \(candidates.count) zones",
                allowed: "a name with an id")
        } else if let known = candidates.first {
            join(draft, to: known, log: log)
        } else {
            let zone = Zone(
                name: name, id: draft.id, mode: draft.mode, modePlaces: draft.mode.map { _ in draft.places },
                wishes: draft.wishes, places: [draft.places])
            zones.append(zone)
            byName[name, default: []].append(zones.count - 1)
            if let id = draft.id { byID[id] = zones.count - 1 }
        }
    }

    private mutating func join(_ draft: ZoneDraft, to known: Int, log: DiagnosticLog) {
        guard !zones[known].places.contains(where: { $0.file == draft.places.file }) else {
            noteSecond(
                "zone-twice", known, draft, log, key: "name", found: "\(zones[known].name.quoted) a second time",
                allowed: "a zone once in a file",
                hint: "two zones of one name need an id each")
            return
        }
        zones[known].places.append(draft.places)
        zones[known].wishes += draft.wishes
        if let mode = draft.mode { (zones[known].mode, zones[known].modePlaces) = (mode, draft.places) }
        if let id = draft.id {
            zones[known].id = id
            byID[id] = known
        }
    }

    private func noteSecond(
        _ code: String, _ known: Int, _ draft: ZoneDraft, _ log: DiagnosticLog, key: String, found: String,
        allowed: String,
        hint: String? = nil
    ) {
        let first = zones[known].places.first.map { "the first is at \($0.file.escaped):\($0.place.line)" }
        log.note(
            code, of: draft.places, key: key, found: found, allowed: allowed,
            hint: [first, hint].compactMap { $0 }.joined(separator: "; "))
    }

    /// The zones in order of name, with the stricter of the daemon's mode and their own.
    func wishes(
        mode: Mode, log: DiagnosticLog, keep: (SettingsPlaces.WishName, TablePlaces) -> Void
    ) -> [ZoneWish] {
        var wishes: [ZoneWish] = []
        for zone in zones {
            noteWithoutEffect(zone, mode: mode, log)
            var good: [Wish] = []
            for draft in distinct(zone.wishes, log) {
                guard let wish = draft.wish else { continue }
                good.append(wish)
                keep(.init(zone: zone.name, id: zone.id, kind: wish.kind, name: wish.name), draft.places)
            }
            wishes.append(
                ZoneWish(
                    name: zone.name.copied, id: zone.id.map { ZoneID($0.text.copied) },
                    mode: min(mode, zone.mode ?? mode),
                    wishes: good))
        }
        return wishes.sorted { ($0.name, $0.id?.text ?? "") < ($1.name, $1.id?.text ?? "") }
    }

    /// Notes names and host sets that are wished twice, and keeps the first of each.
    private func distinct(_ drafts: [ZoneDraft.Draft], _ log: DiagnosticLog) -> [ZoneDraft.Draft] {
        var names: [WishKey: TablePlaces] = [:]
        var hostSets: [String: TablePlaces] = [:]
        return drafts.filter { draft in
            if let name = draft.name {
                let key = WishKey(kind: draft.kind, text: name)
                if let first = names[key] {
                    log.note(
                        "name-twice", of: draft.places, key: "name", found: "\(name.quoted) a second time",
                        allowed: "a name once in its zone and kind", hint: Self.other(first, key: "name"))
                    return false
                }
                names[key] = draft.places
            }
            if case .pack(let pack)? = draft.wish {
                if let first = hostSets[pack.hosts.key] {
                    log.note(
                        "hosts-twice", of: draft.places, key: "hosts", found: "the very hosts of another pack",
                        allowed: "each set of hosts in one pack",
                        hint: Self.other(first, key: "hosts") + "; Cloudflare refuses a second order for the same hosts"
                    )
                }
                hostSets[pack.hosts.key] = draft.places
            }
            return true
        }
    }

    private static func other(_ first: TablePlaces, key: String) -> String {
        let place = first.place(of: key)
        return "the first is \(first.path) at \(first.file.escaped):\(place.line):\(place.column)"
    }

    private func noteWithoutEffect(_ zone: Zone, mode: Mode, _ log: DiagnosticLog) {
        if let own = zone.mode, own > mode, let places = zone.modePlaces {
            log.note(
                "mode-without-effect", .warning, of: places, key: "mode", found: own.rawValue.quoted,
                allowed: "a mode as strict as the daemon's \(mode.rawValue.quoted), or stricter",
                hint: "the stricter of the two holds: set daemon.mode")
        }
        if zone.wishes.isEmpty, let places = zone.places.first {
            log.note(
                "zone-without-wishes", .warning, of: places, key: "", found: "nothing wished in this zone",
                allowed: "a certificate_pack or a client_certificate", hint: "the zone is not looked at")
        }
    }
}

extension DiagnosticLog {
    /// Notes what was found out about a table after it was read.
    /// - Parameter key: Empty for the table itself.
    fileprivate func note(
        _ code: String, _ severity: Diagnostic.Severity = .error, of places: TablePlaces, key: String, found: String,
        allowed: String, hint: String?
    ) {
        let path = key.isEmpty ? places.path : "\(places.path).\(key)"
        note(
            Diagnostic(
                severity, code: code, file: places.file, place: places.place(of: key), key: path, found: found,
                allowed: allowed, hint: hint))
    }
}

extension String {
    /// The same in another place of the heap: a text of the file's tree that lives on holds the page that it is on, after
    /// all that was around it has been freed.
    fileprivate var copied: String { String(decoding: Array(utf8), as: UTF8.self) }
}
