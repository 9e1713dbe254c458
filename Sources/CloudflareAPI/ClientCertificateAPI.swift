import Domain
import Engine

/// API Shield client certificates: `/zones/{zone}/client_certificates`.
enum ClientCertificateAPI: KindAPI {
    private static func certificates(_ zone: ZoneID) -> [Call.Part] {
        [.word("zones"), .zone(zone), .word("client_certificates")]
    }

    static func listing(in zone: ZoneID, status: String) -> Call {
        Call(family: .clientCertificates, method: .get, path: certificates(zone), query: [("status", status)])
    }

    /// A certificate that moves on between two of these listings must not slip through: they are asked for in the
    /// order of the moves, and the first once more at the end, so that whatever moved is met again further on. Only
    /// what is revoked *and* called back within the moments of one look could be missed, and S1 keeps that from doing
    /// harm.
    ///
    ///     pending_revocation → pending_reactivation → active → pending_revocation
    static var changeableStatuses: [String] {
        let round: [ClientCertificateStatus] = [.pendingRevocation, .pendingReactivation, .active, .pendingRevocation]
        return round.map(\.rawValue)
    }

    static func get(_ id: ObjectID, in zone: ZoneID) -> Call {
        Call(family: .clientCertificates, method: .get, path: certificates(zone) + [.object(id)])
    }

    static func call(for operation: Operation) -> Call? {
        guard case .clientCertificate(let action) = operation.action else { return nil }
        let certificates = certificates(operation.subject.zone)
        switch action {
        case .adopt, .deliver, .runCommand: return nil
        case .create(let wish, _):
            guard let request = operation.request else { return nil }
            return Call(
                family: .clientCertificates, method: .post, path: certificates,
                body: ["csr": .string(request.pem), "validity_days": .number(String(wish.validityDays))])
        case .reactivate(let id):
            return Call(
                family: .clientCertificates, method: .patch, path: certificates + [.object(id)],
                body: ["reactivate": true])
        case .revoke(let id):
            return Call(family: .clientCertificates, method: .delete, path: certificates + [.object(id)])
        }
    }

    /// The answer to a creation had no `status` in 2020. The certificate stands in it and is signed, so it is taken
    /// for serving; the word stays empty until a look shows one.
    static func sighting(after operation: Operation, _ json: JSON) -> Sighting? {
        guard var sighting = sighting(json) else { return nil }
        if case .clientCertificate(.create) = operation.action, json["status"].isNull, !json["certificate"].isNull {
            sighting.stage = .serving
        }
        return sighting
    }

    static func sighting(_ json: JSON) -> Sighting? {
        guard let id = ObjectID(json) else { return nil }
        let status = json["status"].words ?? ""
        return Sighting(
            id: id, status: status, stage: ClientCertificateStatus(rawValue: status)?.stage ?? .unread,
            traits: .clientCertificate(
                ClientCertificateTraits(
                    commonName: json["common_name"].words ?? "",
                    requestDER: json["csr"].text.flatMap(SigningRequest.init(pem:))?.der,
                    certificatePEM: json["certificate"].text, serialNumber: json["serial_number"].words,
                    fingerprintSHA256: json["fingerprint_sha256"].words, validityDays: json["validity_days"].int,
                    issuedOn: json["issued_on"].date, notAfter: json["expires_on"].date)))
    }
}
