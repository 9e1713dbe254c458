import Domain

/// One `[[zone]]` as one file has it, before the files are put together.
struct ZoneDraft {
    /// nil when the name was refused or left out; that is noted.
    var name: String?
    var id: ZoneID?
    var mode: Mode?
    var wishes: [Draft] = []

    /// One wish of the zone.
    struct Draft {
        var kind: SubjectKind
        /// nil when it was refused or left out.
        var name: String?
        /// nil when something of it was refused.
        var wish: Wish?
        var places: TablePlaces
    }

    var places: TablePlaces

    /// - Parameter keepsPlaces: False for no places but those of the headers.
    init(_ reader: inout TableReader, number zone: Int, keepsPlaces: Bool) {
        name = reader.required("name", .zoneName)
        id = reader.value("id", .zoneID).map { ZoneID($0) }
        mode = reader.value("mode", .word as Form<Mode>)
        for (number, table) in reader.tables("certificate_pack", header: "zone.certificate_pack") {
            var table = table
            let (name, wish) = PackWish.read(&table, zone: self.name)
            let places = table.places(zone: zone, kind: .certificatePack, number: number, ofKeys: keepsPlaces)
            wishes.append(
                Draft(kind: .certificatePack, name: name, wish: wish.map { .pack($0) }, places: places))
        }
        for (number, table) in reader.tables("client_certificate", header: "zone.client_certificate") {
            var table = table
            let (name, wish) = ClientCertificateWish.read(&table)
            let places = table.places(zone: zone, kind: .clientCertificate, number: number, ofKeys: keepsPlaces)
            wishes.append(
                Draft(kind: .clientCertificate, name: name, wish: wish.map { .clientCertificate($0) }, places: places))
        }
        places = reader.places(zone: zone, ofKeys: keepsPlaces)
        reader.finish(homes: SettingsDecoder.homes)
    }
}

extension PackWish {
    /// - Parameter zone: nil when the zone's name is not known; whether the hosts lie in it is then not judged.
    fileprivate static func read(_ reader: inout TableReader, zone: String?) -> (String?, PackWish?) {
        let name = reader.required("name", .wishName)
        let texts = reader.required("hosts", .texts("an array of host names, such as [\"example.com\"]"))
        let hosts = texts.flatMap { [reader] in hostSet($0, zone: zone, reader: reader) }
        let authority = reader.required("certificate_authority", .word as Form<CertificateAuthority>)
        let method = reader.required("validation_method", .word as Form<ValidationMethod>)
        // What the API takes: OpenAPI document of 2026-07.
        let days = reader.required("validity_days", .oneOf([14, 30, 90, 365]))
        let branding = reader.value("cloudflare_branding", .truth)
        reader.finish(homes: SettingsDecoder.homes)
        guard let name, let hosts, let authority, let method, let days else { return (name, nil) }
        let wish = PackWish(
            name: name, hosts: hosts, authority: authority, method: method, validityDays: days,
            branding: branding ?? false)
        return (name, wish)
    }

    private static func hostSet(_ texts: [PlacedText], zone: String?, reader: TableReader) -> HostSet? {
        guard !texts.isEmpty else {
            reader.note(
                "bad-value", at: reader.place(of: "hosts"), key: "hosts", found: "an empty array",
                allowed: "at least one host name")
            return nil
        }
        var firsts: [String: Int] = [:]
        var areGood = true
        for (index, text) in texts.enumerated() {
            let host = HostSet.normalized(text.text)
            let key = "hosts[\(index + 1)]"
            if let fault = HostName.fault(in: text.text, allowsWildcard: true) {
                areGood = false
                reader.note(
                    "bad-host", at: text.place, key: key, found: text.text.quoted,
                    allowed: "a host name, or \"*.\" and a host name", hint: fault)
            } else if let zone, host != zone, !host.hasSuffix(".\(zone)") {
                areGood = false
                let hint =
                    HostSet.isBranding(host) ? "Cloudflare adds it by itself with cloudflare_branding = true" : nil
                reader.note(
                    "host-outside-zone", at: text.place, key: key, found: text.text.quoted,
                    allowed: "\(zone.quoted) or a name below it", hint: hint)
            } else if let first = firsts[host] {
                reader.note(
                    "host-twice", .warning, at: text.place, key: key, found: "\(text.text.quoted) a second time",
                    allowed: "each host once", hint: "it is hosts[\(first + 1)] already")
            }
            firsts[host] = firsts[host] ?? index
        }
        return areGood ? HostSet(texts.map(\.text)) : nil
    }
}
