import Domain

/// One API Shield client certificate as Cloudflare has it. It is never removed.
struct ModelClientCertificate: Sendable {
    let id: ObjectID
    let signed: SignedCertificate
    /// The request as it is echoed: its line ends may differ from those that came.
    let echo: String
    /// The request's DER in base 64.
    let request: String
    /// Hexadecimal, without leading zeros of its own.
    let serial: String
    let validityDays: Int
    let issuedAt: Timestamp
    let expiresAt: Timestamp
    let createdAt: Timestamp
    /// Foreseen changes are in it already: revoked follows pending_revocation by itself.
    var history: StatusHistory

    /// Expired ones stay `active`: Cloudflare has no word for them.
    func status(at moment: Timestamp) -> String? { history.status(at: moment) }

    func countsForQuota(at moment: Timestamp) -> Bool {
        ["active", "pending_reactivation"].contains(status(at: moment))
    }

    mutating func revoke(at moment: Timestamp, taking span: Duration) {
        history.note("pending_revocation", at: moment)
        history.note("revoked", at: moment + span)
    }

    mutating func reactivate(at moment: Timestamp, taking span: Duration) {
        history.note("pending_reactivation", at: moment)
        history.note("active", at: moment + span)
    }

    func write(to writer: inout JSONWriter, at moment: Timestamp, account: Scenario.Account, statusWord: String?) {
        writer.object { writer in
            writer.member("id", id.text)
            writer.object("certificate_authority") { writer in
                writer.member("id", SplitMix64.identifier(naming: "client-ca:\(account.id)"))
                writer.member("name", "Cloudflare Managed CA for account \(account.id)")
            }
            writer.member("certificate", signed.pem)
            writer.member("csr", echo)
            writer.member("ski", signed.keyIdentifier)
            writer.member("serial_number", serial)
            writer.member("signature", signed.signature)
            writer.member("common_name", signed.commonName)
            writer.member("organization", signed.subject.organization ?? "")
            writer.member("organizational_unit", signed.subject.unit ?? "")
            writer.member("country", signed.subject.country ?? "")
            writer.member("state", signed.subject.state ?? "")
            writer.member("location", signed.subject.location ?? "")
            writer.member("expires_on", expiresAt.written(digits: 0))
            writer.member("issued_on", issuedAt.written(digits: 0))
            writer.member("fingerprint_sha256", signed.fingerprintSHA256)
            writer.member("validity_days", validityDays)
            writer.member("status", statusWord ?? status(at: moment) ?? "active")
        }
    }
}

extension SplitMix64 {
    /// A UUID that belongs to a name.
    static func identifier(naming name: String) -> String {
        var chance = SplitMix64(naming: name)
        return chance.uuid()
    }
}
