import Domain

/// How a pack is shown: at which moment, and with which word in place of its status.
struct PackView: Sendable {
    var moment: Timestamp
    var zone: ZoneID
    var statusWord: String?
}

extension ModelPack {
    /// As a listing or a GET shows it.
    func write(to writer: inout JSONWriter, as view: PackView) {
        let status = view.statusWord ?? history.status(at: view.moment) ?? status
        let shown = swappedAt.map { $0 > view.moment } ?? false ? formerCertificates : certificates
        writer.object { writer in
            writer.member("id", id.text)
            writer.member("type", type)
            writer.member("hosts", hosts)
            writePrimary(of: shown, to: &writer)
            if form != .bare { writer.member("status", status) }
            writer.array("certificates") { writer in
                for certificate in shown { write(certificate, status: status, in: view.zone, to: &writer) }
            }
            if form != .bare { writer.member("created_on", createdAt.written(digits: digits)) }
            writer.member("validity_days", validityDays)
            writer.member("validation_method", method)
            writeChallenge(to: &writer, at: view.moment)
            writer.member("certificate_authority", authority)
            if type == "advanced" { writer.member("cloudflare_branding", branding) }
        }
    }

    /// As the answer to an order or a restart shows it: without certificates and records.
    func writeReceipt(to writer: inout JSONWriter, statusWord: String?) {
        writer.object { writer in
            writer.member("id", id.text)
            writer.member("type", type)
            writer.member("hosts", hosts)
            writer.member("status", statusWord ?? status)
            writer.member("validation_method", method)
            writer.member("validity_days", validityDays)
            writer.member("certificate_authority", authority)
            writer.member("cloudflare_branding", branding)
        }
    }

    private func writePrimary(of certificates: [EdgeCertificate], to writer: inout JSONWriter) {
        guard form != .bare else { return }
        writer.key("primary_certificate")
        switch (form, certificates.first) {
        case (.nulls, _): writer.null()
        case (_, nil): writer.string("0")
        case (.numeric, let first?): writer.number(first.number)
        case (_, let first?): writer.string(first.id)
        }
    }

    private func write(
        _ certificate: EdgeCertificate, status: String, in zone: ZoneID, to writer: inout JSONWriter
    ) {
        writer.object { writer in
            writer.key("id")
            if form == .numeric { writer.number(certificate.number) } else { writer.string(certificate.id) }
            writer.member("hosts", hosts)
            writer.member("issuer", certificate.issuer)
            writer.member("signature", certificate.signature)
            writer.member("status", status)
            writer.member("bundle_method", "ubiquitous")
            writer.member("zone_id", zone.text)
            writer.member("uploaded_on", certificate.uploadedAt.written(digits: digits))
            writer.member("modified_on", certificate.uploadedAt.written(digits: 6))
            writer.member("expires_on", certificate.expiresAt.written(digits: digits == 0 ? 0 : 6))
            writer.key("priority")
            writer.null()
        }
    }

    private func writeChallenge(to writer: inout JSONWriter, at moment: Timestamp) {
        if let challenge, moment >= challenge.visibleFrom {
            writer.array("validation_records") { writer in
                for record in challenge.records { record.write(to: &writer, form: form) }
            }
        }
        if !errors.isEmpty {
            writer.array("validation_errors") { writer in
                for message in errors { writer.object { $0.member("message", message) } }
            }
        } else if form == .nulls {
            writer.key("validation_errors")
            writer.null()
        }
    }
}

extension Challenge.Record {
    /// Unused members are left out, or empty in the form that has them all.
    func write(to writer: inout JSONWriter, form: PackSeed.Form) {
        writer.object { writer in
            writer.member("status", "pending")
            switch self {
            case .txt(let name, let value):
                writer.member("txt_name", name)
                writer.member("txt_value", value)
                if form == .nulls {
                    writer.member("http_url", "")
                    writer.member("http_body", "")
                    writer.key("emails")
                    writer.null()
                }
            case .http(let url, let body):
                writer.member("http_url", url)
                writer.member("http_body", body)
            case .email(_, let addresses): writer.member("emails", addresses)
            }
        }
    }
}

extension Timestamp {
    /// RFC 3339 in UTC with so many fraction digits: Cloudflare writes 0, 3, 5, 6 or 9 of them.
    func written(digits: Int) -> String {
        let seconds = rfc3339.prefix(19)
        guard digits > 0 else { return "\(seconds)Z" }
        let milliseconds = unixMilliseconds - unixSeconds * 1000
        let fraction = String(String(milliseconds + 1000).dropFirst() + "000000").prefix(digits)
        return "\(seconds).\(fraction)Z"
    }

    /// As HTTP writes it: `Sat, 21 Nov 2026 03:28:38 GMT`.
    var httpDate: String {
        let text = rfc3339
        let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let parts = text.prefix(10).split(separator: "-")
        let days = unixSeconds >= 0 ? unixSeconds / 86_400 : (unixSeconds - 86_399) / 86_400
        guard parts.count == 3, let month = Int(parts[1]), names.indices.contains(month - 1) else { return text }
        let weekday = weekdays[Int((days % 7 + 7) % 7)]
        return "\(weekday), \(parts[2]) \(names[month - 1]) \(parts[0]) \(text.dropFirst(11).prefix(8)) GMT"
    }
}
