import Domain

extension Traits {
    var text: String {
        switch self {
        case .pack(let pack): PackedText.write(["kind": .text(kind.rawValue), "pack": pack.packed])
        case .clientCertificate(let certificate):
            PackedText.write(["kind": .text(kind.rawValue), "client_certificate": certificate.packed])
        }
    }

    init(_ packed: Packed) throws(Unreadable) {
        let kind: SubjectKind = try packed.word("kind")
        switch kind {
        case .certificatePack: self = .pack(try PackTraits(try packed.need("pack")))
        case .clientCertificate:
            self = .clientCertificate(try ClientCertificateTraits(try packed.need("client_certificate")))
        }
    }
}

extension PackTraits {
    fileprivate var packed: Packed {
        .record(of: [
            "type": .text(type), "hosts": .texts(hosts.names), "authority": authority.map(Packed.text),
            "method": method.map(Packed.text), "validity_days": validityDays.map { .number(Int64($0)) },
            "branding": branding.map(Packed.flag),
            "certificates": certificates.isEmpty ? nil : .list(certificates.map(\.packed)),
            "validation_records": validationRecords.isEmpty ? nil : .list(validationRecords.map(\.packed)),
            "validation_errors": validationErrors.isEmpty ? nil : .texts(validationErrors),
        ])
    }

    fileprivate init(_ packed: Packed) throws(Unreadable) {
        self.init(
            type: try packed.text("type"), hosts: HostSet(try packed.texts("hosts")),
            authority: try packed.optionalText("authority"), method: try packed.optionalText("method"),
            validityDays: try packed.optionalCount("validity_days"), branding: try packed.optionalFlag("branding"))
        for item in try packed.list("certificates") { certificates.append(try IssuedCertificate(item)) }
        for item in try packed.list("validation_records") { validationRecords.append(try ValidationRecord(item)) }
        validationErrors = try packed.texts("validation_errors")
    }
}

extension IssuedCertificate {
    fileprivate var packed: Packed {
        .record(of: [
            "id": .text(id), "issuer": issuer.map(Packed.text), "uploaded_on": uploadedOn.map(Packed.init),
            "not_after": notAfter.map(Packed.init),
        ])
    }

    fileprivate init(_ packed: Packed) throws(Unreadable) {
        self.init(
            id: try packed.text("id"), issuer: try packed.optionalText("issuer"),
            uploadedOn: try packed.optionalMoment("uploaded_on"), notAfter: try packed.optionalMoment("not_after"))
    }
}

extension ValidationRecord {
    fileprivate var packed: Packed {
        let (form, first, second): (String, Packed, Packed?) =
            switch form {
            case .txt(let name, let value): ("txt", .text(name), .text(value))
            case .http(let url, let body): ("http", .text(url), .text(body))
            case .email(let addresses): ("email", .texts(addresses), nil)
            case .cname(let name, let target): ("cname", .text(name), .text(target))
            }
        return .record(of: [
            "form": .text(form), "at": first, "is": second, "status": status.map(Packed.text),
        ])
    }

    fileprivate init(_ packed: Packed) throws(Unreadable) {
        let form: Form
        switch try packed.text("form") {
        case "txt": form = .txt(name: try packed.text("at"), value: try packed.text("is"))
        case "http": form = .http(url: try packed.text("at"), body: try packed.text("is"))
        case "email": form = .email(try packed.texts("at"))
        case "cname": form = .cname(name: try packed.text("at"), target: try packed.text("is"))
        case let word: throw Unreadable("'\(word)' is no form of a validation record")
        }
        self.init(form: form, status: try packed.optionalText("status"))
    }
}

extension ClientCertificateTraits {
    fileprivate var packed: Packed {
        .record(of: [
            "common_name": .text(commonName), "request_der": requestDER.map(Packed.text),
            "certificate_pem": certificatePEM.map(Packed.text), "serial_number": serialNumber.map(Packed.text),
            "fingerprint_sha256": fingerprintSHA256.map(Packed.text),
            "validity_days": validityDays.map { .number(Int64($0)) }, "issued_on": issuedOn.map(Packed.init),
            "not_after": notAfter.map(Packed.init),
        ])
    }

    fileprivate init(_ packed: Packed) throws(Unreadable) {
        self.init(
            commonName: try packed.text("common_name"), requestDER: try packed.optionalText("request_der"),
            certificatePEM: try packed.optionalText("certificate_pem"),
            serialNumber: try packed.optionalText("serial_number"),
            fingerprintSHA256: try packed.optionalText("fingerprint_sha256"),
            validityDays: try packed.optionalCount("validity_days"),
            issuedOn: try packed.optionalMoment("issued_on"), notAfter: try packed.optionalMoment("not_after"))
    }
}
