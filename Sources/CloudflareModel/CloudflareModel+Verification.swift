import Domain

extension CloudflareModel {
    /// One entry for each pack, in the vocabulary of the verification service, which is not that of the packs.
    mutating func verificationList(_ call: inout Call, inZoneAt place: Int) -> [UInt8] {
        if call.request.parameter("retry") == "true" {
            let now = call.now
            zones[place].changeAll { pack in
                if pack.challenge != nil { pack.recheck(at: now) }
            }
        }
        let (packs, moment) = (zones[place].packs, call.now)
        return Self.envelope { writer in
            writer.array { writer in
                for pack in packs { Self.writeVerification(of: pack, at: moment, to: &writer) }
            }
        }
    }

    func verification(of id: ObjectID, _ call: inout Call, inZoneAt place: Int) throws(Refusal) -> [UInt8] {
        let (pack, moment) = (zones[place].packs[try packPlace(id, inZoneAt: place)], call.now)
        return Self.envelope { Self.writeVerification(of: pack, at: moment, to: &$0) }
    }

    /// Sets the method and checks at once. A pack whose validation timed out begins it again with new tokens.
    mutating func recheckPack(_ id: ObjectID, _ call: inout Call, inZoneAt place: Int) throws(Refusal) -> [UInt8] {
        let index = try packPlace(id, inZoneAt: place)
        let body = try call.members()
        guard let method = body["validation_method"]?.text.flatMap(ValidationMethod.init) else {
            throw .invalid("validation_method must be one of txt, http, email")
        }
        let pack = zones[place].packs[index]
        try PackOrder.check(method, authority: pack.authority, hosts: pack.hosts)
        guard pack.status != PackStatus.pendingDeletion.rawValue else { throw .packBusy }
        let world = zones[place].surroundings(settings: settings, published: published)
        let now = call.now
        zones[place].change(index) { pack in
            pack.changeMethod(to: method.rawValue, at: now, in: world)
            if pack.challenge != nil {
                pack.recheck(at: now)
            } else if pack.status == PackStatus.validationTimedOut.rawValue {
                pack.runs += 1
                pack.errors = []
                pack.history.note(PackStatus.pendingValidation.rawValue, at: now)
                pack.beginValidation(at: now, givingUpAfter: world.timeouts.validation, in: world)
            } else if pack.status == PackStatus.active.rawValue, let start = pack.renewalStart, now >= start {
                pack.beginRenewal(at: now, in: world)
            }
        }
        call.effect = .rechecked(pack: id, method: method.rawValue)
        let status = call.statusWord ?? PackStatus.pendingValidation.rawValue
        return Self.envelope { writer in
            writer.object { writer in
                writer.member("status", status)
                writer.member("validation_method", method.rawValue)
            }
        }
    }

    private static func writeVerification(of pack: ModelPack, at moment: Timestamp, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("certificate_status", verificationStatus(pack.status))
            writer.member("cert_pack_uuid", pack.id.text)
            writer.member("validation_method", pack.method)
            writer.member("verification_type", pack.method == "txt" ? "cname" : "meta tag")
            writer.member("verification_status", pack.challenge == nil)
            if let challenge = pack.challenge, moment >= challenge.visibleFrom {
                writer.array("verification_info") { writer in
                    for record in challenge.records { record.write(to: &writer, form: .modern) }
                }
            }
            if let first = pack.certificates.first { writer.member("signature", first.signature) }
            writer.member("brand_check", false)
            if let host = pack.hostSet.names.first { writer.member("hostname", host) }
        }
    }

    private static func verificationStatus(_ status: String) -> String {
        switch PackStatus(rawValue: status) {
        case .pendingIssuance: "issuing"
        case .initializingTimedOut, .validationTimedOut, .issuanceTimedOut, .deploymentTimedOut: "timing_out"
        default: status
        }
    }
}
