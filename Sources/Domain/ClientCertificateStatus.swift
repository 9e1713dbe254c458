/// The four status words of an API Shield client certificate.
///
/// - SeeAlso: <https://developers.cloudflare.com/api/resources/client_certificates/>, as of 2026-11.
public enum ClientCertificateStatus: String, StatusVocabulary {
    case active
    case pendingReactivation = "pending_reactivation"
    case pendingRevocation = "pending_revocation"
    case revoked

    public var stage: Stage {
        switch self {
        case .active: .serving
        case .pendingReactivation: .underway(.reactivation)
        case .pendingRevocation: .leaving
        case .revoked: .revoked
        }
    }

    public var successors: Set<ClientCertificateStatus> {
        switch self {
        case .active: [.pendingRevocation]
        case .pendingRevocation: [.revoked, .pendingReactivation]
        case .revoked: [.pendingReactivation]
        case .pendingReactivation: [.active]
        }
    }
}
