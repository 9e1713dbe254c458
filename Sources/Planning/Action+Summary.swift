import Domain

extension Action {
    /// What is done, in a few words for people.
    var summary: String {
        switch self {
        case .pack(.order(let wish)):
            "order a pack for \(wish.hosts.names.prefix(5).joined(separator: ", "))"
                + (wish.hosts.count > 5 ? " and \(wish.hosts.count - 5) more" : "")
                + " (\(wish.authority.rawValue), \(wish.method.rawValue), \(counted(wish.validityDays, "day")))"
        case .pack(.adopt(let id)): "adopt the pack \(id)"
        case .pack(.restart(let id)): "restart the validation of the pack \(id)"
        case .pack(.recheck(let id, let method)): "validate the pack \(id) by \(method.rawValue)"
        case .pack(.setBranding(let id, let on)): "set the branding of the pack \(id) \(on ? "on" : "off")"
        case .pack(.delete(let id)): "delete the pack \(id)"
        case .clientCertificate(.create(let wish, let generation)):
            "create a client certificate for \(wish.commonName) (generation \(generation), \(counted(wish.validityDays, "day")))"
        case .clientCertificate(.adopt(let id)): "adopt the client certificate \(id)"
        case .clientCertificate(.deliver(let id, _)): "put the client certificate \(id) in place"
        case .clientCertificate(.runCommand(let id, _)): "run the command for the client certificate \(id)"
        case .clientCertificate(.reactivate(let id)): "reactivate the client certificate \(id)"
        case .clientCertificate(.revoke(let id)): "revoke the client certificate \(id)"
        }
    }
}
