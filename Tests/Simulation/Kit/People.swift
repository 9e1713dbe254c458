import CloudflareModel
import Domain
import Engine
import StateStore
import TestKit

/// What people and the machine do, every few hours: edits, commands, hands at Cloudflare, backups, clocks.
extension Run {
    static let peopleEvery: Duration = .hours(6)
    static let publishersEvery: Duration = .hours(2)

    func beginPeople() {
        _ = clock.at(clock.up + Self.peopleEvery, owner: 0) { [self] in
            turn()
            beginPeople()
        }
    }

    /// Whoever keeps the records of manual zones looks after them.
    func beginPublishing() {
        guard !setting.manual.isEmpty else { return }
        _ = clock.at(clock.up + Self.publishersEvery, owner: 0) { [self] in
            publish()
            beginPublishing()
        }
    }

    private func turn() {
        if injector.isCalm(at: clock.up) { return }
        if fires(.edit, "") {
            edit()
            // Now and then somebody forgets to reload.
            if people.happens(0.9) { reload() }
        }
        if fires(.badSettings, "") { spoil() }
        if fires(.dashboard, "") { touchCloudflare() }
        if fires(.command, "") { ask() }
        if fires(.conduct, "") { changeConduct() }
        if fires(.backup, "") { backUp() }
        if fires(.restore, "") { putBack() }
        if fires(.restart, "") { stop(down: .seconds(people.within(1...5000))) }
        mayCrash("by itself", times: 4)
        if fires(.clockStep, "one hour") { stepClock(people.happens(0.5) ? .hours(1) : .hours(-1)) }
        if fires(.clockLeap, "400 days") { stepClock(.days(400)) }
        if fires(.sleep, "8 hours") {
            memory.hinderedAt = clock.trueNow
            clock.sleep(.hours(8))
            sleptAt = clock.up
            memory.hinderedAt = clock.trueNow
        }
        if fires(.deaf, "") { isDeaf.toggle() }
    }

    /// Somebody publishes what manual zones ask for, sooner or later.
    private func publish() {
        guard injector.isCalm(at: clock.up) || people.happens(0.5) else { return }
        for zone in setting.manual {
            transport.withModel { model, now in
                do { try model.publishWanted(zone: zone.text, at: now) } catch { preconditionFailure("\(error)") }
            }
        }
    }

    private func stepClock(_ offset: Duration) {
        clock.setWall(offset: offset)
        memory.steppedAt = clock.trueNow
        if let engine = life?.engine { Task { await engine.wake() } }
        // The time service puts it right again.
        _ = clock.at(clock.up + .seconds(people.within(60...100_000)), owner: 0) { [self] in setClockRight() }
    }

    func setClockRight() {
        guard clock.wallOffset != .zero else { return }
        clock.setWall(offset: .zero)
        memory.steppedAt = clock.trueNow
        trace { "the clock is right again" }
        if let engine = life?.engine { Task { await engine.wake() } }
    }

    // MARK: Settings

    /// Changes the settings on disk; somebody reloads.
    func edit() {
        var settings = good
        guard !settings.zones.isEmpty || people.happens(0.9) else { return }
        let place = people.below(settings.zones.count)
        switch people.below(12) {
        case 0 where settings.zones.count > 1: settings.zones.remove(at: place)
        case 1:
            let missing = setting.settings.zones.filter { one in !settings.zones.contains { $0.name == one.name } }
            if let back = people.pick(missing) { settings.zones.append(back) }
        case 2 where !settings.zones.isEmpty:
            settings.zones[place].mode = people.happens(0.7) ? .enforce : people.pick(Mode.allCases) ?? .enforce
        default:
            if !settings.zones.isEmpty { editWishes(&settings.zones[place]) }
        }
        settings.zones.sort { $0.name < $1.name }
        trace { "the settings change" }
        good = settings
        disk = .success(settings)
    }

    private func editWishes(_ zone: inout ZoneWish) {
        var wishes = zone.wishes
        let place = people.below(wishes.count)
        let number = people.below(1000)
        switch people.below(9) {
        case 0: wishes.append(.pack(Setting.pack("pack\(number)", zone.name, &people)))
        case 1: wishes.append(.clientCertificate(Setting.certificate("client\(number)", zone.name, &people)))
        case 2 where !wishes.isEmpty: wishes.remove(at: place)
        case 3 where people.happens(0.1): wishes = []
        default:
            guard !wishes.isEmpty else { return }
            wishes[place] = changed(wishes[place], zone.name, number)
        }
        var seen: Set<String> = []
        wishes = wishes.filter { seen.insert("\($0.kind.rawValue)/\($0.name)").inserted }
        zone = ZoneWish(name: zone.name, id: zone.id, mode: zone.mode, wishes: wishes)
    }

    private func changed(_ wish: Wish, _ zone: String, _ number: Int) -> Wish {
        let fresh = Setting.pack("any", zone, &people)
        switch wish {
        case .pack(var pack):
            switch people.below(5) {
            case 0: pack.name = "pack\(number)"
            case 1: pack.hosts = pack.hosts.adding(["new\(number % 7).\(zone)"])
            case 2: pack.hosts = fresh.hosts
            case 3:
                (pack.authority, pack.method, pack.validityDays) = (fresh.authority, fresh.method, fresh.validityDays)
            default: pack.branding = pack.authority != .letsEncrypt && !pack.branding
            }
            if pack.hosts.names.contains(where: { $0.hasPrefix("*") }) { pack.method = .txt }
            return .pack(pack)
        case .clientCertificate(var one):
            switch people.below(4) {
            case 0: one.name = "client\(number)"
            case 1: one.validityDays = people.pick([40, 60, 90, 365]) ?? 90
            case 2: one.commonName = "n\(number).\(zone)"
            default: one.command = one.command.isEmpty ? ["/usr/bin/true"] : []
            }
            if case .request(let file) = one.key, people.happens(0.3) { keysInMemory?.renew(file: file) }
            return .clientCertificate(one)
        }
    }

    private func spoil() {
        disk = .failure(SettingsRefusal(errors: ["edgecertd.toml:3:1: no such key 'mood'"]))
        if people.happens(0.7) { reload() }
        _ = clock.at(clock.up + .seconds(people.within(600...90_000)), owner: 0) { [self] in mendSettings() }
    }

    func mendSettings() {
        guard case .failure = disk else { return }
        disk = .success(good)
        trace { "the settings are mended" }
        if life == nil { boot() } else { reload() }
    }

    // MARK: Commands

    private func ask() {
        let rows = rows
        func subjects(_ rest: String) -> [Subject] {
            (rows?.ask("SELECT zone, kind, name FROM subjects WHERE \(rest) ORDER BY zone, kind, name") ?? [])
                .compactMap {
                    guard let kind = $0[1].flatMap(SubjectKind.init(rawValue:)) else { return nil }
                    return Subject(zone: ZoneID($0[0] ?? ""), kind: kind, name: $0[2] ?? "")
                }
        }
        func words(_ subject: Subject) -> String { "\(subject.zone)/\(subject.kind.rawValue)/\(subject.name)" }
        let scope: Suspension.Scope =
            people.happens(0.3) ? .all : people.pick(setting.scenario.zones.compactMap(\.id)).map { .zone($0) } ?? .all
        switch people.below(13) {
        case 0, 1:
            if let one = people.pick(subjects("verdict = 'hold'")) { command(.approve(one), words(one)) }
        case 2, 3:
            if let one = people.pick(subjects("verdict = 'hold'")) { command(.unhold(one), words(one)) }
        case 4:
            let end = clock.now() + .seconds(people.within(600...260_000))
            command(.suspend(scope, reason: "freeze", until: end), "\(scope)")
        case 5: command(.resume(scope), "\(scope)")
        case 6:
            if let one = people.pick(subjects("is_wished = 1")) { command(.release(one), words(one)) }
        case 7:
            guard
                let row = people.pick(
                    rows?.ask("SELECT zone, kind, id FROM objects WHERE ownership = 'foreign' ORDER BY zone, kind, id")
                        ?? []),
                let one = people.pick(subjects("is_wished = 1").filter { $0.zone.text == row[0] })
            else { return }
            command(.adopt(ObjectID(row[2] ?? ""), as: one), words(one))
        case 8:
            if let one = people.pick(subjects("kind = 'client_certificate'")) {
                command(.revoke(one, nil, reason: "lost"), words(one))
            }
        case 9:
            if let one = people.pick(subjects("kind = 'client_certificate'")) {
                command(.reactivate(one, nil), words(one))
            }
        case 10: command(.approveState, "all")
        case 11: command(.reconcile(.all), "all")
        default: command(.plan(.all), "all")
        }
    }

    // MARK: Cloudflare

    private func touchCloudflare() {
        guard let zone = people.pick(setting.scenario.zones.compactMap(\.id)) else { return }
        let (packs, certificates) = facts(of: zone)
        memory.outsideChange[zone] = clock.trueNow
        let seed = PackSeed(hosts: Setting.hosts(memory.zoneWish(zone)?.name ?? "zone1.example", &people).names)
        let draw = people.below(8)
        transport.withModel { model, now in
            do {
                switch draw {
                case 0, 1, 2:
                    guard let pack = people.pick(packs.filter { $0.type == "advanced" }) else { return }
                    trace { "somebody removes \(pack.id) (\(pack.status))" }
                    try model.removePack(pack.id, at: now)
                    // What has a successor is no loss, nor what the daemon never knew to be there.
                    if let subject = memory.made[pack.id], memory.isOurs(pack.id), pack.status == "active",
                        isKnown(pack.id),
                        case .pack(let wish)? = memory.wish(of: subject), pack.meets(wish)
                    {
                        memory.undone[subject, default: []].append(now)
                    }
                case 6, 7:
                    // As a change of the branding does it.
                    guard let pack = people.pick(packs.filter { $0.type == "advanced" && $0.status == "active" }) else {
                        return
                    }
                    trace { "somebody has \(pack.id) issued anew" }
                    try model.forcePack(pack.id, status: PackStatus.initializing.rawValue, at: now)
                case 3:
                    trace { "somebody orders a pack in \(zone)" }
                    try model.add(seed, to: zone.text, at: now)
                default:
                    guard let one = people.pick(certificates) else { return }
                    let status: ClientCertificateStatus = one.status == "revoked" ? .active : .revoked
                    trace { "somebody makes \(one.id) \(status.rawValue)" }
                    try model.forceClientCertificate(one.id, status: status, at: now)
                }
            } catch { preconditionFailure("the simulation's own hand: \(error)") }
        }
    }

    private func isKnown(_ id: ObjectID) -> Bool {
        rows?.ask("SELECT 1 FROM objects WHERE id = ? AND ownership <> 'foreign'", [id.text]).isEmpty == false
    }

    private func changeConduct() {
        guard let zone = people.pick(setting.scenario.zones.compactMap(\.id)) else { return }
        let draw = people.below(6)
        trace { "the conduct of \(zone) changes (\(draw))" }
        changeConduct(of: zone) { conduct in
            switch draw {
            case 0: conduct.validation = .never
            case 1: conduct.stuck = [.deployment]
            case 2: conduct.isRefusedByCAA = true
            case 3: conduct.stuck = [.deletion]
            case 4: conduct.status = "pending"
            default: conduct.stuck = [.issuance, .initializing]
            }
        }
        _ = clock.at(clock.up + .seconds(people.within(3000...600_000)), owner: 0) { [self] in settleConduct(of: zone) }
    }

    func settleConduct(of zone: ZoneID) {
        let isManual = setting.manual.contains(zone)
        changeConduct(of: zone) { conduct in
            if conduct.validation == .never { conduct.validation = isManual ? .manual : .automatic }
            (conduct.stuck, conduct.isRefusedByCAA, conduct.status) = ([], false, "active")
        }
    }

    func changeConduct(of zone: ZoneID, _ change: (inout ZoneConduct) -> Void) {
        transport.withModel { model, now in
            do { try model.changeZone(zone.text, at: now) { change(&$0) } } catch { preconditionFailure("\(error)") }
        }
    }

    // MARK: Backups

    private func backUp() {
        guard let life, !life.isDead else { return }
        let target = "\(folder)/copy-\(backups.count)"
        do {
            try life.store.backup(to: target, now: clock.now())
            noteBackup(target)
            trace { "a backup is made" }
        } catch { trace { "no backup: \(error)" } }
    }

    private func putBack() {
        guard let copy = people.pick(backups) else { return }
        stop({ [self] in restore(copy) }, down: .seconds(people.within(2...600)))
    }
}
