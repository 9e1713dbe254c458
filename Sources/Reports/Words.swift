import Domain

/// What codes mean, in a clause for people. A new code does not compile without its words.
extension Reason {
    public var words: String {
        switch self {
        case .asWanted: "as wanted"
        case .notManaged: "the settings name its zone no more: it is watched, and left alone"
        case .discovered: "found at Cloudflare and not in the settings: it is watched, and left alone"
        case .released: "given out of hand: it is watched, and left alone"
        case .notSeen: "the look failed, which proves nothing about it"
        case .absenceUnproven: "missing from one complete look: a second one has to agree"
        case .providerWorking: "Cloudflare is at work on it"
        case .providerRemoving: "Cloudflare is removing it"
        case .waitingForZone: "it waits for its zone to become active"
        case .operationOpen: "a change was sent and nobody knows yet whether it was made"
        case .proving: "the new one must serve for a while before the old one goes"
        case .overlapRunning: "the old one stays valid until the overlap has passed"
        case .changedRecently: "it was changed less than a minute ago"
        case .clockSkewed: "this machine's clock differs from Cloudflare's: nothing is changed until it is set right"
        case .planningOnly: "the first pass after an upgrade or on a new database only plans"
        case .modeForbids: "the mode in force does not allow the change"
        case .renewalByCloudflare: "Cloudflare is renewing it by itself"
        case .retryLater: "the last try failed, and it is tried again later"
        case .suspended: "changes are suspended"
        case .adoptable: "an equal one exists at Cloudflare and can be taken over"
        case .missing: "it is wanted, and not there"
        case .expired: "it has expired"
        case .wishChanged: "the settings want something else"
        case .methodChanged: "the settings want another validation method"
        case .brandingChanged: "the settings want other branding"
        case .stepStalled: "Cloudflare gave up on a step"
        case .superseded: "a newer one serves in its place"
        case .noLongerWanted: "the settings want it no more"
        case .removalStalled: "Cloudflare gave up on removing it"
        case .renewalDue: "it is due for renewal"
        case .undelivered: "key and certificate are not in place yet"
        case .commandDue: "the command after a change has still to run"
        case .personAsked: "a person asked for it"
        case .sameHostSetRefused: "Cloudflare refuses a second pack with the same hosts beside the old one"
        case .wouldUncover: "a host would be left without a certificate"
        case .nameLimit: "too many orders for these names in a short time"
        case .daemonLimit: "too many orders in one day"
        case .removalLimit: "too many removals at once"
        case .undoneOutside: "what was done here was undone from outside, twice"
        case .revokedOutside: "it was revoked, and none is made in its place unasked"
        case .statusUnread: "Cloudflare's status word is not known to this version"
        case .preflightFailed: "the wish breaks a rule of Cloudflare or of its authority"
        case .refused: "Cloudflare refused the change, and would refuse it again"
        case .quotaExhausted: "Cloudflare has no place left for one more"
        case .keyTrouble: "its key or certificate file is in trouble"
        case .stateUntrusted: "the state was begun anew or restored, and nobody has approved it yet"
        case .storeTrouble: "the state cannot be written"
        }
    }

    /// What the lift of a hold for this reason does, beginning with the command.
    func liftCommand(path: String) -> (command: String, meaning: String)? {
        switch lift {
        case nil: nil
        case .approve where self == .stateUntrusted:
            ("edgecertctl approve --state", "trusts the state as it is now; changes are made again from then on")
        case .approve where self == .sameHostSetRefused:
            (
                "edgecertctl approve \(path)",
                "removes the old pack first and orders the new one then, once, while every host is otherwise covered"
            )
        case .approve where self == .wouldUncover:
            ("edgecertctl approve \(path)", "makes the change once, although the hosts named above lose their cover")
        case .approve where self == .removalLimit:
            ("edgecertctl approve \(path)", "removes it once, past the limit")
        case .approve where self == .revokedOutside:
            ("edgecertctl approve \(path)", "orders a new certificate in place of the revoked one, once")
        case .approve:
            ("edgecertctl approve \(path)", "makes the change that is held, once, past the limit")
        case .unhold:
            ("edgecertctl unhold \(path)", "forgets what led to the hold and decides anew at the next pass")
        }
    }
}

extension Episode.Condition {
    public var words: String {
        switch self {
        case .overdue: "it takes longer than it should"
        case .stalled: "Cloudflare gave up on a step"
        case .held: "held"
        case .expiring: "it nears its end and nothing is renewing it"
        case .expired: "expired"
        case .renewalOverdue: "Cloudflare should have renewed it by now"
        case .uncovered: "nothing serves for it"
        case .commandFailed: "the command after a change fails"
        case .keyTrouble: "its key or certificate file is in trouble"
        case .failing: "a change to it keeps failing"
        case .statusUnread: "Cloudflare's status word is not known to this version"
        case .suspended: "changes are suspended"
        case .zoneUnseen: "its zone was not seen completely for three intervals"
        case .zoneUnknown: "a zone of the settings was not found at Cloudflare"
        case .clockSkewed: "this machine's clock differs from Cloudflare's"
        case .tokenRefused: "Cloudflare does not accept the token"
        case .tokenExpiring: "the token nears its end"
        case .rateLimited: "Cloudflare blocks every request for a while"
        case .settingsRefused: "the settings on disk are refused"
        case .storeUnwritable: "the state cannot be written"
        case .stateUntrusted: "the state is not trusted"
        }
    }

    /// Which of several is told first; the lower, the worse.
    var rank: Int {
        let order: [Episode.Condition] = [
            .expired, .uncovered, .stateUntrusted, .storeUnwritable, .tokenRefused, .zoneUnknown, .keyTrouble,
            .failing, .expiring, .renewalOverdue, .stalled, .commandFailed, .held, .overdue, .zoneUnseen, .clockSkewed,
            .settingsRefused, .rateLimited, .tokenExpiring, .statusUnread, .suspended,
        ]
        return order.firstIndex(of: self) ?? order.count
    }
}

extension Action {
    /// What is done, in a clause: `order a pack for a.example.com (lets_encrypt, txt, 90 days)`.
    public var words: String {
        switch self {
        case .pack(let action): action.words
        case .clientCertificate(let action): action.words
        }
    }
}

extension PackAction {
    var words: String {
        switch self {
        case .adopt(let id): "adopt the pack \(id)"
        case .order(let wish):
            "order a pack for \(wish.hosts.names.joined(separator: ", "))"
                + " (\(wish.authority.rawValue), \(wish.method.rawValue), \(counted(wish.validityDays, "day")))"
        case .restart(let id): "restart the validation of the pack \(id)"
        case .recheck(let id, let method): "have the pack \(id) checked again by \(method.rawValue)"
        case .setBranding(let id, let wanted): "switch branding \(wanted ? "on" : "off") for the pack \(id)"
        case .delete(let id): "delete the pack \(id)"
        }
    }
}

extension ClientCertificateAction {
    var words: String {
        switch self {
        case .adopt(let id): "adopt the client certificate \(id)"
        case .create(let wish, let generation):
            "have a client certificate signed for \(wish.commonName), generation \(generation)"
        case .deliver(let id, let generation): "put the client certificate \(id) in place, generation \(generation)"
        case .runCommand(_, let generation): "run the command after a change for generation \(generation)"
        case .reactivate(let id): "reactivate the client certificate \(id)"
        case .revoke(let id): "revoke the client certificate \(id)"
        }
    }
}
