/// The 21 status words of a certificate pack.
///
/// - SeeAlso: <https://developers.cloudflare.com/ssl/reference/certificate-statuses/>, as of 2026-11.
public enum PackStatus: String, StatusVocabulary {
    case initializing
    case pendingValidation = "pending_validation"
    case deleted
    case pendingIssuance = "pending_issuance"
    case pendingDeployment = "pending_deployment"
    case pendingDeletion = "pending_deletion"
    case pendingExpiration = "pending_expiration"
    case expired
    case active
    case initializingTimedOut = "initializing_timed_out"
    case validationTimedOut = "validation_timed_out"
    case issuanceTimedOut = "issuance_timed_out"
    case deploymentTimedOut = "deployment_timed_out"
    case deletionTimedOut = "deletion_timed_out"
    case pendingCleanup = "pending_cleanup"
    case stagingDeployment = "staging_deployment"
    case stagingActive = "staging_active"
    case deactivating
    case inactive
    case backupIssued = "backup_issued"
    case holdingDeployment = "holding_deployment"

    public var stage: Stage {
        switch self {
        case .initializing: .underway(.start)
        case .pendingValidation: .underway(.validation)
        case .pendingIssuance: .underway(.issuance)
        case .pendingDeployment: .underway(.deployment)
        case .active: .serving
        case .initializingTimedOut: .stalled(.start)
        case .validationTimedOut: .stalled(.validation)
        case .issuanceTimedOut: .stalled(.issuance)
        case .deploymentTimedOut: .stalled(.deployment)
        case .deletionTimedOut: .stalled(.deletion)
        case .holdingDeployment: .holding
        case .backupIssued, .stagingDeployment, .stagingActive: .standby
        case .pendingCleanup: .retiring
        case .pendingDeletion, .deactivating: .leaving
        case .inactive: .inactive
        case .pendingExpiration, .expired: .expired
        case .deleted: .gone
        }
    }

    /// The documented steps. Removal may begin anywhere before the end, so `pending_deletion` follows nearly everything.
    public var successors: Set<PackStatus> {
        switch self {
        case .initializing: [.pendingValidation, .initializingTimedOut, .holdingDeployment, .pendingDeletion]
        case .pendingValidation: [.pendingIssuance, .validationTimedOut, .initializing, .pendingDeletion]
        case .pendingIssuance:
            [.pendingDeployment, .issuanceTimedOut, .backupIssued, .holdingDeployment, .pendingDeletion]
        case .pendingDeployment: [.active, .deploymentTimedOut, .pendingDeletion]
        // A renewal by Cloudflare keeps the pack and begins again at its validation.
        case .active:
            [
                .initializing, .pendingValidation, .pendingIssuance, .pendingDeployment, .pendingCleanup,
                .pendingExpiration, .deactivating, .pendingDeletion,
            ]
        case .initializingTimedOut: [.initializing, .pendingDeletion]
        case .validationTimedOut: [.initializing, .pendingValidation, .pendingDeletion]
        case .issuanceTimedOut: [.initializing, .pendingIssuance, .pendingDeletion]
        case .deploymentTimedOut: [.initializing, .pendingDeployment, .pendingDeletion]
        case .deletionTimedOut: [.pendingDeletion]
        case .pendingCleanup: [.pendingDeletion, .deleted]
        case .stagingDeployment: [.stagingActive, .deploymentTimedOut, .pendingDeletion]
        case .stagingActive: [.pendingDeployment, .deactivating, .pendingDeletion]
        case .deactivating: [.inactive]
        case .inactive: [.pendingDeployment, .pendingDeletion]
        case .backupIssued: [.pendingDeployment, .active, .pendingExpiration, .expired, .pendingDeletion]
        case .holdingDeployment: [.pendingDeployment, .pendingDeletion]
        case .pendingExpiration: [.expired, .pendingDeletion]
        case .expired: [.pendingDeletion, .deleted]
        case .pendingDeletion: [.deleted, .deletionTimedOut]
        case .deleted: []  // an identifier is never used twice
        }
    }
}
