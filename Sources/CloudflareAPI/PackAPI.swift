import Domain
import Engine

/// Certificate packs: `/zones/{zone}/ssl/certificate_packs`, and the verification that belongs to them.
enum PackAPI: KindAPI {
    private static func packs(_ zone: ZoneID) -> [Call.Part] {
        [.word("zones"), .zone(zone), .word("ssl"), .word("certificate_packs")]
    }

    /// Cloudflare lists the active ones alone unless it is asked for all.
    static func listing(in zone: ZoneID, status: String) -> Call {
        Call(family: .packs, method: .get, path: packs(zone), query: [("status", status)])
    }

    /// Packs are swept away when they are gone: every status is what can still change.
    static var changeableStatuses: [String] { [] }

    static func get(_ id: ObjectID, in zone: ZoneID) -> Call {
        Call(family: .packs, method: .get, path: packs(zone) + [.object(id)])
    }

    static func quota(in zone: ZoneID) -> Call {
        Call(family: .packs, method: .get, path: packs(zone) + [.word("quota")])
    }

    static func call(for operation: Operation) -> Call? {
        guard case .pack(let action) = operation.action else { return nil }
        let packs = packs(operation.subject.zone)
        switch action {
        case .adopt: return nil
        case .order(let wish):
            return Call(family: .packs, method: .post, path: packs + [.word("order")], body: body(ordering: wish))
        case .restart(let id):
            return Call(family: .packs, method: .patch, path: packs + [.object(id)], body: [:])
        case .setBranding(let id, let wanted):
            return Call(
                family: .packs, method: .patch, path: packs + [.object(id)],
                body: ["cloudflare_branding": .bool(wanted)])
        case .recheck(let id, let method):
            return Call(
                family: .verification, method: .patch,
                path: [
                    .word("zones"), .zone(operation.subject.zone), .word("ssl"), .word("verification"), .object(id),
                ],
                body: ["validation_method": .string(method.rawValue)])
        case .delete(let id): return Call(family: .packs, method: .delete, path: packs + [.object(id)])
        }
    }

    private static func body(ordering wish: PackWish) -> JSON {
        var members: [JSON.Member] = [
            .init(key: "type", value: "advanced"),
            .init(key: "hosts", value: .array(wish.hosts.names.map(JSON.string))),
            .init(key: "certificate_authority", value: .string(wish.authority.rawValue)),
            .init(key: "validation_method", value: .string(wish.method.rawValue)),
            .init(key: "validity_days", value: .number(String(wish.validityDays))),
        ]
        if wish.branding { members.append(.init(key: "cloudflare_branding", value: true)) }
        return .object(members)
    }

    /// The answer to a re-check shows the verification, not the pack.
    static func sighting(after operation: Operation, _ json: JSON) -> Sighting? {
        json["hosts"].isNull ? nil : sighting(json)
    }

    /// A pack whose hosts cannot be read is `unread` and has none: it must not be taken for equal to a wish, nor for
    /// covering less than it does.
    static func sighting(_ json: JSON) -> Sighting? {
        guard let id = ObjectID(json) else { return nil }
        let status = json["status"].words ?? ""
        let hosts = json["hosts"].array.map { $0.map(hostName) }
        let names = hosts?.compactMap { $0 } ?? []
        let isReadable = !names.isEmpty && names.count == hosts?.count
        let known = PackStatus(rawValue: status)?.stage
        return Sighting(
            id: id, status: status, stage: isReadable || known == .gone ? known ?? .unread : .unread,
            traits: .pack(
                PackTraits(
                    type: json["type"].words ?? "", hosts: HostSet(isReadable ? names : []),
                    authority: json["certificate_authority"].words, method: json["validation_method"].words,
                    validityDays: json["validity_days"].int, branding: json["cloudflare_branding"].bool,
                    certificates: (json["certificates"].array ?? []).compactMap(certificate),
                    validationRecords: (json["validation_records"].array ?? []).flatMap(records),
                    validationErrors: (json["validation_errors"].array ?? []).compactMap { error in
                        error["message"].words ?? error.words
                    })))
    }

    private static func hostName(_ json: JSON) -> String? {
        guard case .string(let name) = json, !name.isEmpty, name.utf8.count <= 255 else { return nil }
        return Words.printable(name)
    }

    private static func certificate(_ json: JSON) -> IssuedCertificate? {
        guard let id = json["id"].words else { return nil }
        return IssuedCertificate(
            id: id, issuer: json["issuer"].words, uploadedOn: json["uploaded_on"].date,
            notAfter: json["expires_on"].date)
    }

    /// Every form that one record has both halves of. The API's own example holds all four at once.
    private static func records(_ json: JSON) -> [ValidationRecord] {
        var forms: [ValidationRecord.Form] = []
        if let name = json["txt_name"].words, let value = json["txt_value"].words {
            forms.append(.txt(name: name, value: value))
        }
        if let url = json["http_url"].words, let body = json["http_body"].words {
            forms.append(.http(url: url, body: body))
        }
        let emails = (json["emails"].array ?? []).compactMap(\.words)
        if !emails.isEmpty { forms.append(.email(emails)) }
        if let name = json["cname"].words, let target = json["cname_target"].words {
            forms.append(.cname(name: name, target: target))
        }
        return forms.map { ValidationRecord(form: $0, status: json["status"].words) }
    }
}
