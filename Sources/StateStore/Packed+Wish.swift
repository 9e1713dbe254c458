import Domain

extension PackWish {
    var packed: Packed {
        .record(of: [
            "name": .text(name), "hosts": .texts(hosts.names), "authority": .text(authority.rawValue),
            "method": .text(method.rawValue), "validity_days": .number(Int64(validityDays)),
            "branding": .flag(branding),
        ])
    }

    init(_ packed: Packed) throws(Unreadable) {
        self.init(
            name: try packed.text("name"), hosts: HostSet(try packed.texts("hosts")),
            authority: try packed.word("authority"), method: try packed.word("method"),
            validityDays: try packed.count("validity_days"), branding: try packed.optionalFlag("branding") ?? false)
    }
}

extension ClientCertificateWish {
    var packed: Packed {
        .record(of: [
            "name": .text(name), "common_name": .text(commonName), "alternative_names": .texts(alternativeNames),
            "key": key.packed, "distinguished_name": distinguishedName.packed,
            "validity_days": .number(Int64(validityDays)), "renew_before": Packed(renewBefore),
            "overlap": Packed(overlap), "group": group.map(Packed.text), "command": .texts(command),
            "command_timeout": Packed(commandTimeout),
        ])
    }

    init(_ packed: Packed) throws(Unreadable) {
        self.init(
            name: try packed.text("name"), commonName: try packed.text("common_name"),
            alternativeNames: try packed.texts("alternative_names"), key: try KeySource(try packed.need("key")),
            distinguishedName: try DistinguishedNameParts(try packed.need("distinguished_name")),
            validityDays: try packed.count("validity_days"), renewBefore: try packed.span("renew_before"),
            overlap: try packed.span("overlap"), group: try packed.optionalText("group"),
            command: try packed.texts("command"), commandTimeout: try packed.span("command_timeout"))
    }
}

extension KeySource {
    /// Where a key comes from; never a key.
    fileprivate var packed: Packed {
        switch self {
        case .made(let algorithm): .record(of: ["made": .text(algorithm.rawValue)])
        case .request(let file): .record(of: ["request_file": .text(file)])
        }
    }

    fileprivate init(_ packed: Packed) throws(Unreadable) {
        if let file = try packed.optionalText("request_file") {
            self = .request(file: file)
        } else {
            self = .made(try packed.word("made"))
        }
    }
}

extension DistinguishedNameParts {
    fileprivate var packed: Packed {
        .record(of: [
            "country": country.map(Packed.text), "state": state.map(Packed.text),
            "location": location.map(Packed.text), "organization": organization.map(Packed.text),
            "unit": unit.map(Packed.text),
        ])
    }

    fileprivate init(_ packed: Packed) throws(Unreadable) {
        self.init(
            country: try packed.optionalText("country"), state: try packed.optionalText("state"),
            location: try packed.optionalText("location"), organization: try packed.optionalText("organization"),
            unit: try packed.optionalText("unit"))
    }
}
