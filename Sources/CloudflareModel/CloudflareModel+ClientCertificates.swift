import Domain

extension CloudflareModel {
    /// Certificates of one status with its word, of every one with `all`, the active ones where nothing is said
    /// (assumed, as with packs: the default is not documented).
    func clientCertificateList(_ call: inout Call, inZoneAt place: Int) throws(Refusal) -> [UInt8] {
        var page = try ListPage(call.request, allowsOffset: true)
        let wanted = call.request.parameter("status") ?? "active"
        guard wanted == "all" || ClientCertificateStatus(rawValue: wanted) != nil else {
            throw .invalid("status is invalid")
        }
        let moment = call.listMoment(lag: settings.listLag)
        let places = zones[place].certificates.indices.filter { index in
            guard let status = zones[place].certificates[index].status(at: moment) else { return false }
            return wanted == "all" || wanted == status
        }
        let shown = page.cut(places, fault: call.fault)
        let word = call.statusWord
        return Self.envelope(page) { writer in
            writer.array { writer in
                for index in shown {
                    zones[place].certificates[index].write(
                        to: &writer, at: moment, account: account, statusWord: word)
                }
            }
        }
    }

    func clientCertificate(_ id: ObjectID, _ call: inout Call, inZoneAt place: Int) throws(Refusal) -> [UInt8] {
        shown(try clientCertificatePlace(id, inZoneAt: place), call, inZoneAt: place)
    }

    mutating func createClientCertificate(_ call: inout Call, inZoneAt place: Int) throws(Refusal) -> [UInt8] {
        let body = try call.members()
        guard let csr = body["csr"]?.text else { throw .invalidRequest("csr is required") }
        guard csr.utf8.count <= 16_384, let request = SigningRequest(pem: csr) else {
            throw .invalidRequest("csr is not a PEM certificate signing request")
        }
        guard let validityDays = body["validity_days"]?.integer, (1...5475).contains(validityDays) else {
            throw .invalidRequest("validity_days must be from 1 to 5475")
        }
        let now = call.now
        let used = zones[place].certificates.count { $0.countsForQuota(at: now) }
        guard used < zones[place].conduct.clientCertificateQuota else { throw .clientCertificateQuota }
        // Real ones begin at a whole minute.
        let issuedAt = Timestamp(unixSeconds: now.unixSeconds - (now.unixSeconds % 60 + 60) % 60)
        let expiresAt = issuedAt + .days(validityDays)
        let serial = [0x40 | (chance.bytes(1)[0] & 0x3F)] + chance.bytes(19)
        let signed: SignedCertificate
        do throws(SigningRefusal) {
            signed = try signer.sign(
                SigningOrder(request: csr, serial: serial, notBefore: issuedAt, notAfter: expiresAt))
        } catch {
            throw .invalidRequest(error.message)
        }
        let certificate = ModelClientCertificate(
            id: ObjectID(chance.uuid()), signed: signed, echo: Self.echo(csr, draw: chance.next()),
            request: request.der, serial: Self.hex(serial), validityDays: validityDays, issuedAt: issuedAt,
            expiresAt: expiresAt, createdAt: now, history: StatusHistory("active", at: now))
        let index = zones[place].certificates.count
        zones[place].certificates.append(certificate)
        zones[place].certificatePlaces[certificate.id] = index
        call.effect = .clientCertificateCreated(
            certificate: certificate.id, zone: zones[place].id, commonName: signed.commonName, request: request.der,
            validityDays: validityDays)
        return shown(index, call, inZoneAt: place)
    }

    mutating func revokeClientCertificate(
        _ id: ObjectID, _ call: inout Call, inZoneAt place: Int
    ) throws(Refusal) -> [UInt8] {
        let index = try clientCertificatePlace(id, inZoneAt: place)
        let status = zones[place].certificates[index].status(at: call.now)
        guard status != "revoked", status != "pending_revocation" else { throw .alreadyRevoked }
        zones[place].certificates[index].revoke(at: call.now, taking: chance.span(in: settings.pace.revocation))
        call.effect = .revocationBegun(certificate: id, zone: zones[place].id)
        return shown(index, call, inZoneAt: place)
    }

    mutating func reactivateClientCertificate(
        _ id: ObjectID, _ call: inout Call, inZoneAt place: Int
    ) throws(Refusal) -> [UInt8] {
        let index = try clientCertificatePlace(id, inZoneAt: place)
        guard try call.members()["reactivate"]?.flag == true else { throw .invalidRequest("reactivate must be true") }
        switch zones[place].certificates[index].status(at: call.now) {
        case "pending_revocation": break
        case "revoked" where settings.reactivatesRevoked: break
        default: throw .notReactivable
        }
        zones[place].certificates[index].reactivate(at: call.now, taking: chance.span(in: settings.pace.reactivation))
        call.effect = .reactivationBegun(certificate: id)
        return shown(index, call, inZoneAt: place)
    }

    private func shown(_ index: Int, _ call: Call, inZoneAt place: Int) -> [UInt8] {
        Self.envelope { writer in
            zones[place].certificates[index].write(
                to: &writer, at: call.now, account: account, statusWord: call.statusWord)
        }
    }

    private func clientCertificatePlace(_ id: ObjectID, inZoneAt place: Int) throws(Refusal) -> Int {
        guard let index = zones[place].certificatePlaces[id] else { throw .noSuchClientCertificate }
        return index
    }

    /// The request may come back with other line ends.
    private static func echo(_ csr: String, draw: UInt64) -> String {
        let lines = csr.split(whereSeparator: \.isNewline)
        return switch draw % 3 {
        case 0: lines.joined(separator: "\n") + "\n"
        case 1: lines.joined(separator: "\n")
        default: lines.joined(separator: "\r\n") + "\r\n"
        }
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
