import Domain

/// What would go dark if a client certificate were revoked.
public struct RevocationForecast: Hashable, Sendable {
    /// Cloudflare's identifier of the one that would be revoked.
    public let object: String
    private let subject: String
    private let certificate: ObjectDetail
    /// Others of the subject that serve and have not ended.
    private let others: [ObjectDetail]

    /// - Parameter object: nil for the one in use: delivered, valid, of the highest generation.
    public init(_ detail: SubjectDetail, object: String?) throws(Trouble) {
        guard detail.row.kind == SubjectKind.clientCertificate.rawValue else {
            throw .notACertificate(path: detail.row.path)
        }
        let live = detail.objects.filter {
            $0.stage == Stage.serving.code || $0.stage == Stage.underway(.reactivation).code
        }
        let inUse = live.filter { $0.ownership != "foreign" }.max {
            ($0.deliveredAt != nil ? 1 : 0, $0.generation ?? 0, $0.firstSeen)
                < ($1.deliveredAt != nil ? 1 : 0, $1.generation ?? 0, $1.firstSeen)
        }
        guard let chosen = object == nil ? inUse : detail.objects.first(where: { $0.id == object }) else {
            throw .nothing(path: detail.row.path, object: object)
        }
        certificate = chosen
        (self.object, subject) = (chosen.id, detail.row.path)
        others = live.filter { $0.id != chosen.id && $0.valid }
    }

    public enum Trouble: Error, Hashable, Sendable {
        case notACertificate(path: String)
        case nothing(path: String, object: String?)
    }

    public func text(_ style: TextStyle) -> String {
        var facts = Facts()
        facts.add("subject", subject, .bold)
        facts.add("certificate", certificate.id)
        facts.add("common name", certificate.commonName)
        facts.add("serial number", certificate.serialNumber)
        facts.add("valid until", certificate.notAfter?.text)
        let isUsed = certificate.deliveredAt != nil && certificate.valid
        if others.isEmpty {
            facts.add(
                "goes dark", "every client that shows this certificate; no other one of this subject is valid", .red)
        } else {
            let names = others.map(\.id).joined(separator: ", ")
            facts.add("goes dark", "every client that still shows this certificate; valid besides: \(names)", .yellow)
        }
        if isUsed { facts.add("in use", "its key and certificate were put in place here", .red) }
        facts.add(
            "afterwards",
            "it stays revoked until a person reactivates it, and none is ordered in its place until 'approve'")
        return facts.text(style)
    }
}

extension RevocationForecast.Trouble: Explained {
    public var explanation: Explanation {
        switch self {
        case .notACertificate(let path):
            Explanation(
                code: "not-a-client-certificate", summary: "\(path) is no client certificate",
                hint: "packs are not revoked; taken out of the settings they are removed")
        case .nothing(let path, nil):
            Explanation(code: "nothing-to-revoke", summary: "no client certificate of \(path) is active")
        case .nothing(let path, let object?):
            Explanation(
                code: "nothing-to-revoke", summary: "\(path) has no certificate \(object)",
                hint: "'edgecertctl show \(path)' lists them")
        }
    }
}
