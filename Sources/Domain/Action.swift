/// One atomic change. A new kind adds a case here, and a file for its actions.
public enum Action: Hashable, Sendable {
    case pack(PackAction)
    case clientCertificate(ClientCertificateAction)

    /// What a mode permits or not, and what the brakes count.
    public enum Effect: String, Hashable, Sendable, CaseIterable {
        /// Asks nothing of Cloudflare: adoption, delivery, the operator's command.
        case local
        case create
        case change
        case remove
    }

    public var effect: Effect {
        switch self {
        case .pack(let action): action.effect
        case .clientCertificate(let action): action.effect
        }
    }

    /// The thing at Cloudflare that is changed; nil for an order.
    public var object: ObjectID? {
        switch self {
        case .pack(let action): action.object
        case .clientCertificate(let action): action.object
        }
    }

    /// One word for the database, the journal and the tool. Never renamed.
    public var code: String {
        switch self {
        case .pack(let action): action.code
        case .clientCertificate(let action): action.code
        }
    }

    /// True for what S6 counts: orders, and restarts of a validation.
    public var countsAsIssuance: Bool {
        switch self {
        case .pack(.order), .pack(.restart), .clientCertificate(.create): true
        case .pack, .clientCertificate: false
        }
    }
}

public enum PackAction: Hashable, Sendable {
    /// Take an equal pack for ours. Nothing is asked of Cloudflare.
    case adopt(ObjectID)
    case order(PackWish)
    /// PATCH the pack: begin again after a time-out.
    case restart(ObjectID)
    /// PATCH the verification: check at once, and by this method from now on.
    case recheck(ObjectID, ValidationMethod)
    case setBranding(ObjectID, Bool)
    case delete(ObjectID)

    public var effect: Action.Effect {
        switch self {
        case .adopt: .local
        case .order: .create
        case .restart, .recheck, .setBranding: .change
        case .delete: .remove
        }
    }

    public var object: ObjectID? {
        switch self {
        case .order: nil
        case .adopt(let id), .restart(let id), .recheck(let id, _), .setBranding(let id, _), .delete(let id): id
        }
    }

    public var code: String {
        switch self {
        case .adopt: "adopt"
        case .order: "order"
        case .restart: "restart"
        case .recheck: "recheck"
        case .setBranding: "set-branding"
        case .delete: "delete"
        }
    }
}

public enum ClientCertificateAction: Hashable, Sendable {
    /// Take a certificate whose key is in hand for ours. Nothing is asked of Cloudflare.
    case adopt(ObjectID)
    /// Make (or find) the key and the request of this generation, and have it signed.
    case create(ClientCertificateWish, generation: Int)
    /// Check the certificate against its key, put both in place, whole.
    case deliver(ObjectID, generation: Int)
    /// Run the operator's command for a delivered generation.
    case runCommand(ObjectID, generation: Int)
    /// Only when a person asks for it (S8).
    case reactivate(ObjectID)
    case revoke(ObjectID)

    public var effect: Action.Effect {
        switch self {
        case .adopt, .deliver, .runCommand: .local
        case .create: .create
        case .reactivate: .change
        case .revoke: .remove
        }
    }

    public var object: ObjectID? {
        switch self {
        case .create: nil
        case .adopt(let id), .deliver(let id, _), .runCommand(let id, _), .reactivate(let id), .revoke(let id): id
        }
    }

    public var code: String {
        switch self {
        case .adopt: "adopt"
        case .create: "create"
        case .deliver: "deliver"
        case .runCommand: "run-command"
        case .reactivate: "reactivate"
        case .revoke: "revoke"
        }
    }
}
