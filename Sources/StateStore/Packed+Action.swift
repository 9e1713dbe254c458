import Domain

extension Action {
    var packed: Packed {
        switch self {
        case .pack(let action): action.packed(SubjectKind.certificatePack)
        case .clientCertificate(let action): action.packed(SubjectKind.clientCertificate)
        }
    }

    init(_ packed: Packed) throws(Unreadable) {
        let kind: SubjectKind = try packed.word("kind")
        switch kind {
        case .certificatePack: self = .pack(try PackAction(packed))
        case .clientCertificate: self = .clientCertificate(try ClientCertificateAction(packed))
        }
    }
}

extension PackAction {
    fileprivate func packed(_ kind: SubjectKind) -> Packed {
        var wish: Packed?
        var method: Packed?
        var branding: Packed?
        switch self {
        case .adopt, .restart, .delete: break
        case .order(let wanted): wish = wanted.packed
        case .recheck(_, let wanted): method = .text(wanted.rawValue)
        case .setBranding(_, let wanted): branding = .flag(wanted)
        }
        return .record(of: [
            "kind": .text(kind.rawValue), "code": .text(code), "object": object.map { .text($0.text) }, "wish": wish,
            "method": method, "branding": branding,
        ])
    }

    fileprivate init(_ packed: Packed) throws(Unreadable) {
        switch try packed.text("code") {
        case "adopt": self = .adopt(try packed.object())
        case "order": self = .order(try PackWish(try packed.need("wish")))
        case "restart": self = .restart(try packed.object())
        case "recheck": self = .recheck(try packed.object(), try packed.word("method"))
        case "set-branding":
            guard let branding = try packed.optionalFlag("branding") else { throw Unreadable("no 'branding'") }
            self = .setBranding(try packed.object(), branding)
        case "delete": self = .delete(try packed.object())
        case let code: throw Unreadable("'\(code)' is no action on a pack")
        }
    }
}

extension ClientCertificateAction {
    fileprivate func packed(_ kind: SubjectKind) -> Packed {
        var wish: Packed?
        var generation: Packed?
        switch self {
        case .adopt, .reactivate, .revoke: break
        case .create(let wanted, let number): (wish, generation) = (wanted.packed, .number(Int64(number)))
        case .deliver(_, let number), .runCommand(_, let number): generation = .number(Int64(number))
        }
        return .record(of: [
            "kind": .text(kind.rawValue), "code": .text(code), "object": object.map { .text($0.text) }, "wish": wish,
            "generation": generation,
        ])
    }

    fileprivate init(_ packed: Packed) throws(Unreadable) {
        switch try packed.text("code") {
        case "adopt": self = .adopt(try packed.object())
        case "create":
            self = .create(
                try ClientCertificateWish(try packed.need("wish")), generation: try packed.count("generation"))
        case "deliver": self = .deliver(try packed.object(), generation: try packed.count("generation"))
        case "run-command": self = .runCommand(try packed.object(), generation: try packed.count("generation"))
        case "reactivate": self = .reactivate(try packed.object())
        case "revoke": self = .revoke(try packed.object())
        case let code: throw Unreadable("'\(code)' is no action on a client certificate")
        }
    }
}

extension Packed {
    fileprivate func object() throws(Unreadable) -> ObjectID { ObjectID(try text("object")) }
}
