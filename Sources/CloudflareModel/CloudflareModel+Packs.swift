import Domain

extension CloudflareModel {
    /// Active packs; those of every status with `status=all`, those of one with its word. The older `ssl_status` is
    /// taken as well.
    func packList(_ call: inout Call, inZoneAt place: Int) throws(Refusal) -> [UInt8] {
        var page = try ListPage(call.request)
        let wanted = call.request.parameter("status") ?? call.request.parameter("ssl_status") ?? "active"
        let zone = zones[place]
        let view = PackView(
            moment: call.listMoment(lag: settings.listLag), zone: zone.id, statusWord: call.statusWord)
        let isShown: (ModelPack) -> Bool = { pack in
            guard let status = pack.history.status(at: view.moment), status != PackStatus.deleted.rawValue else {
                return false
            }
            return wanted == "all" || wanted == status
        }
        let ghosts = zone.departed.filter { $0.at > view.moment && isShown($0.pack) }.map(\.pack)
        let shown = page.cut(zone.packs.filter(isShown) + ghosts, fault: call.fault)
        return Self.envelope(page) { writer in
            writer.array { writer in
                for pack in shown { pack.write(to: &writer, as: view) }
            }
        }
    }

    func packQuota(inZoneAt place: Int) -> [UInt8] {
        let conduct = zones[place].conduct
        let used = zones[place].packs.count(where: \.countsForQuota)
        return Self.envelope { writer in
            writer.object { writer in
                writer.object("advanced") { writer in
                    writer.member("allocated", conduct.hasAdvancedCertificateManager ? conduct.packQuota : 0)
                    writer.member("used", used)
                }
            }
        }
    }

    func pack(_ id: ObjectID, _ call: inout Call, inZoneAt place: Int) throws(Refusal) -> [UInt8] {
        let pack = zones[place].packs[try packPlace(id, inZoneAt: place)]
        let view = PackView(moment: call.now, zone: zones[place].id, statusWord: call.statusWord)
        return Self.envelope { pack.write(to: &$0, as: view) }
    }

    mutating func orderPack(_ call: inout Call, inZoneAt place: Int) throws(Refusal) -> [UInt8] {
        let conduct = zones[place].conduct
        guard conduct.hasAdvancedCertificateManager else { throw .noAdvancedCertificateManager }
        let order = try PackOrder(try call.members(), zone: zones[place].name, conduct: conduct)
        guard zones[place].packs.count(where: \.countsForQuota) < conduct.packQuota else { throw .packQuota }
        if settings.refusesDuplicates,
            zones[place].packs.contains(where: { $0.standsInTheWay && $0.hostSet == order.hosts })
        {
            throw .duplicateHosts
        }
        let hosts = order.branding ? order.hosts.adding([PackOrder.brandingHost]) : order.hosts
        var pack = ModelPack(
            id: ObjectID(chance.uuid()), type: "advanced", hosts: hosts.names, authority: order.authority.rawValue,
            method: order.method.rawValue, validityDays: order.validityDays, branding: order.branding,
            status: PackStatus.initializing.rawValue, createdAt: call.now, chance: SplitMix64(seed: chance.next()))
        pack.begin(at: call.now, in: zones[place].surroundings(settings: settings, published: published))
        zones[place].add(pack)
        call.effect = .orderAccepted(pack: pack.id, zone: zones[place].id, hosts: order.hosts)
        let word = call.statusWord
        return Self.envelope { pack.writeReceipt(to: &$0, statusWord: word) }
    }

    /// Restarts a pack that timed out, or sets its branding; both begin it anew.
    mutating func changePack(_ id: ObjectID, _ call: inout Call, inZoneAt place: Int) throws(Refusal) -> [UInt8] {
        let index = try packPlace(id, inZoneAt: place)
        let pack = zones[place].packs[index]
        let branding = call.request.body.isEmpty ? nil : try call.members()["cloudflare_branding"]?.flag
        if let branding, branding != pack.branding {
            guard pack.standsInTheWay, pack.authority != CertificateAuthority.letsEncrypt.rawValue else {
                throw .notRestartable
            }
            call.effect = .rebranded(pack: id, branding: branding)
        } else {
            guard isRestartable(pack.status) else { throw .notRestartable }
            call.effect = .restarted(pack: id)
        }
        let world = zones[place].surroundings(settings: settings, published: published)
        let now = call.now
        zones[place].change(index) { pack in
            if let branding, branding != pack.branding {
                pack.branding = branding
                let bare = pack.hostSet
                pack.hosts = (branding ? bare.adding([PackOrder.brandingHost]) : bare).names
            }
            pack.begin(at: now, in: world)
        }
        let (changed, word) = (zones[place].packs[index], call.statusWord)
        return Self.envelope { changed.writeReceipt(to: &$0, statusWord: word) }
    }

    private func isRestartable(_ status: String) -> Bool {
        switch PackStatus(rawValue: status) {
        case .validationTimedOut: true
        case .initializingTimedOut, .deploymentTimedOut: !settings.restartsStrictly
        default: false
        }
    }

    mutating func deletePack(_ id: ObjectID, _ call: inout Call, inZoneAt place: Int) throws(Refusal) -> [UInt8] {
        let index = try packPlace(id, inZoneAt: place)
        let pack = zones[place].packs[index]
        guard pack.type != "universal" else { throw .notDeletable }
        guard pack.status != PackStatus.pendingDeletion.rawValue else { throw .packBusy }
        let world = zones[place].surroundings(settings: settings, published: published)
        let now = call.now
        zones[place].change(index) { $0.beginDeletion(at: now, in: world) }
        call.effect = .packDeletionBegun(pack: id, zone: zones[place].id)
        return Self.envelope { $0.object { $0.member("id", id.text) } }
    }

    func packPlace(_ id: ObjectID, inZoneAt place: Int) throws(Refusal) -> Int {
        guard let index = zones[place].place(of: id) else { throw .noSuchPack }
        return index
    }
}
