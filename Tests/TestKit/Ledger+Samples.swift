import Domain
import Engine

/// Records with every member set, for tests of whatever keeps or shows them.
public enum Sample {
    public static let zone = ZoneID("023e105f4ecef8ad9ca31a8372d0c353")
    public static let otherZone = ZoneID("f00dfeedf00dfeedf00dfeedf00dfeed")
    /// 2026-11-21T00:00:00.123Z
    public static let now = Timestamp(unixMilliseconds: 1_795_219_200_123)

    public static func subject(
        _ name: String = "main", kind: SubjectKind = .certificatePack, zone: ZoneID = zone
    ) -> Subject {
        Subject(zone: zone, kind: kind, name: name)
    }

    public static func packWish(_ name: String = "main") -> PackWish {
        PackWish(
            name: name, hosts: ["example.com", "*.example.com"], authority: .letsEncrypt, method: .txt,
            validityDays: 90, branding: true)
    }

    public static func clientWish(_ name: String = "meter") -> ClientCertificateWish {
        ClientCertificateWish(
            name: name, commonName: "meter.example.com", alternativeNames: ["a.example.com"],
            key: .request(file: "/etc/edgecertd/csr/meter.pem"),
            distinguishedName: .init(
                country: "DE", state: "Hesse", location: "Fulda", organization: "Zähler \"AG\"\n", unit: "\\ 1"),
            validityDays: 30, renewBefore: .days(7), overlap: .hours(3), group: "meters",
            command: ["/usr/bin/true", "--now"], commandTimeout: .milliseconds(1500))
    }

    public static func pack(
        _ id: String = "p1", _ stage: Stage = .serving, _ status: String = "active", name: String = "main",
        zone: ZoneID = zone, ownership: ObjectRecord.Ownership = .ordered, firstSeen: Timestamp = now,
        since: Timestamp = now
    ) -> ObjectRecord {
        let traits = PackTraits(
            type: "advanced", hosts: ["example.com", "*.example.com", "sni.cloudflaressl.com"],
            authority: "lets_encrypt", method: "txt", validityDays: 90, branding: true,
            certificates: [
                IssuedCertificate(id: "c1", issuer: "Let's Encrypt", uploadedOn: now, notAfter: now + .days(90)),
                IssuedCertificate(id: "c2"),
            ],
            validationRecords: [
                ValidationRecord(form: .txt(name: "_acme-challenge.example.com", value: "v"), status: "pending"),
                ValidationRecord(form: .http(url: "http://example.com/.well-known", body: "b")),
                ValidationRecord(form: .email(["admin@example.com"])),
                ValidationRecord(form: .cname(name: "_c.example.com", target: "t.example.net")),
            ], validationErrors: ["SERVFAIL looking up TXT", "\u{1}control"])
        return ObjectRecord(
            sighting: Sighting(id: ObjectID(id), status: status, stage: stage, traits: .pack(traits)),
            subject: subject(name, zone: zone), ownership: ownership, since: since, firstSeen: firstSeen,
            lastSeen: now + .minutes(1), servingSince: now - .minutes(2), lastServedAt: now, missingSince: now,
            rung: .days3, wishKey: "pack example.com", removedFor: .superseded)
    }

    public static func clientCertificate(_ id: String = "k1", _ stage: Stage = .serving) -> ObjectRecord {
        let traits = ClientCertificateTraits(
            commonName: "meter.example.com", requestDER: "MIIB", certificatePEM: "-----BEGIN CERTIFICATE-----\nAA==\n",
            serialNumber: "35C8", fingerprintSHA256: "ab12", validityDays: 365, issuedOn: now - .days(3),
            notAfter: now + .days(362))
        return ObjectRecord(
            sighting: Sighting(id: ObjectID(id), status: "active", stage: stage, traits: .clientCertificate(traits)),
            subject: subject("meter", kind: .clientCertificate), ownership: .adopted, since: now, firstSeen: now,
            lastSeen: now, generation: 3, deliveredAt: now, commandSucceededAt: now + .seconds(1))
    }

    public static func operation(
        _ id: String = "op1", _ action: Action = .pack(.order(packWish())), because reason: Reason = .missing,
        at moment: Timestamp = now, _ state: Operation.State = .open(lackedSince: nil), zone: ZoneID = zone,
        name: String = "main"
    ) -> Operation {
        let kind: SubjectKind =
            switch action {
            case .pack: .certificatePack
            case .clientCertificate: .clientCertificate
            }
        return Operation(
            id: OperationID(id), subject: subject(name, kind: kind, zone: zone), action: action, reason: reason,
            committedAt: moment, state: state)
    }

    public static func transition(
        _ detail: String, at moment: Timestamp = now, name: String = "main", zone: ZoneID = zone
    ) -> Transition {
        Transition(
            subject: subject(name, zone: zone), object: ObjectID("p1"), at: moment, event: .moved,
            from: .init(stage: "validation", status: "pending_validation"),
            to: .init(stage: "serving", status: "active"), move: .leap, reason: .providerWorking,
            operation: OperationID("op1"), detail: detail)
    }

    /// One of every kind of action.
    public static let actions: [Action] = [
        .pack(.adopt(ObjectID("p1"))), .pack(.order(packWish())), .pack(.restart(ObjectID("p1"))),
        .pack(.recheck(ObjectID("p1"), .http)), .pack(.setBranding(ObjectID("p1"), false)),
        .pack(.delete(ObjectID("p1"))), .clientCertificate(.adopt(ObjectID("k1"))),
        .clientCertificate(.create(clientWish(), generation: 4)),
        .clientCertificate(.deliver(ObjectID("k1"), generation: 4)),
        .clientCertificate(.runCommand(ObjectID("k1"), generation: 4)),
        .clientCertificate(.reactivate(ObjectID("k1"))), .clientCertificate(.revoke(ObjectID("k1"))),
    ]
}
