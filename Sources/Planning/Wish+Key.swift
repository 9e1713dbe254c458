import Domain

// Wishes as texts, to be kept beside what was done for them: "is this still what is wished?"

extension PackWish {
    var wishKey: String {
        [hosts.key, authority.rawValue, method.rawValue, "\(validityDays)", branding ? "branded" : "plain"]
            .joined(separator: "\n")
    }
}

extension ClientCertificateWish {
    /// All that a certificate has from its wish. When it is renewed and where it goes does not make it another.
    var wishKey: String { "\(requestKey)\n\(validityDays)" }

    /// What goes into the signing request.
    var requestKey: String {
        let source =
            switch key {
            case .made(let algorithm): algorithm.rawValue
            case .request(let file): "file \(file)"
            }
        let parts = distinguishedName
        return [
            commonName, alternativeNames.sorted().joined(separator: ","), source, parts.country ?? "",
            parts.state ?? "",
            parts.location ?? "", parts.organization ?? "", parts.unit ?? "",
        ].joined(separator: "\n")
    }
}

extension Action {
    /// What a lasting refusal is kept under: the same request will meet the same answer.
    var refusalKey: String {
        switch self {
        case .pack(.order(let wish)): wish.wishKey
        case .clientCertificate(.create(let wish, _)): wish.wishKey
        case .pack, .clientCertificate: "\(code) \(object?.text ?? "")"
        }
    }
}
