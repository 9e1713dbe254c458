import Domain

extension LedgerEntry {
    public func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("number", number)
            writer.member("at", at.rfc3339)
            writer.member("method", method)
            writer.member("path", path)
            if !query.isEmpty { writer.member("query", query) }
            writer.member("endpoint", endpoint)
            writer.member("token", orNull: token)
            if let status { writer.member("status", status) }
            if let code { writer.member("code", code) }
            if let fault { writer.member("fault", fault) }
            writer.member("ray", ray)
            if let effect { writer.object("effect") { effect.writeMembers(to: &$0) } }
        }
    }
}

extension LedgerEntry.Effect {
    /// One word for the ledger. Never renamed.
    public var code: String {
        switch self {
        case .orderAccepted: "order-accepted"
        case .restarted: "restarted"
        case .rebranded: "rebranded"
        case .rechecked: "rechecked"
        case .packDeletionBegun: "pack-deletion-begun"
        case .clientCertificateCreated: "client-certificate-created"
        case .revocationBegun: "revocation-begun"
        case .reactivationBegun: "reactivation-begun"
        }
    }

    func writeMembers(to writer: inout JSONWriter) {
        writer.member("kind", code)
        switch self {
        case .orderAccepted(let pack, let zone, let hosts):
            writer.member("pack", pack.text)
            writer.member("zone", zone.text)
            writer.member("hosts", hosts.names)
        case .restarted(let pack): writer.member("pack", pack.text)
        case .rebranded(let pack, let branding):
            writer.member("pack", pack.text)
            writer.member("branding", branding)
        case .rechecked(let pack, let method):
            writer.member("pack", pack.text)
            writer.member("validation_method", method)
        case .packDeletionBegun(let pack, let zone):
            writer.member("pack", pack.text)
            writer.member("zone", zone.text)
        case .clientCertificateCreated(let certificate, let zone, let commonName, let request, let validityDays):
            writer.member("client_certificate", certificate.text)
            writer.member("zone", zone.text)
            writer.member("common_name", commonName)
            writer.member("request", request)
            writer.member("validity_days", validityDays)
        case .revocationBegun(let certificate, let zone):
            writer.member("client_certificate", certificate.text)
            writer.member("zone", zone.text)
        case .reactivationBegun(let certificate): writer.member("client_certificate", certificate.text)
        }
    }
}
