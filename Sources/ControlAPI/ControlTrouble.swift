import Domain

/// Why a call was not answered with its reply: each case is one error of the protocol.
public enum ControlTrouble: Error, Hashable, Sendable {
    /// A parameter is missing, or not of its type: `org.varlink.service.InvalidParameter`.
    case invalidParameter(String)
    /// There is no such method: `org.varlink.service.MethodNotFound`.
    case methodNotFound(String)
    /// There is no such interface: `org.varlink.service.InterfaceNotFound`.
    case interfaceNotFound(String)
    /// The method answers with a stream, and the caller did not ask for `more`: `org.varlink.service.ExpectedMore`.
    case expectedMore
    /// One of the interface's own errors.
    case told(Told, Explanation, exitCode: Int)
    /// The caller is gone, or stuck: nothing can be said to it any more.
    case callerLeft

    /// The errors of `io.edgecert.Control`. The raw value is the error's name. Never renamed.
    public enum Told: String, Hashable, Sendable, CaseIterable {
        /// The caller may not do this.
        case notPermitted = "NotPermitted"
        /// The request itself is at fault.
        case unfit = "Unfit"
        /// It would be unsafe.
        case unsafe = "Unsafe"
        /// Cloudflare, the disk or the settings stood in the way.
        case trouble = "Trouble"
    }
}

extension ControlTrouble: Explained {
    public var explanation: Explanation {
        switch self {
        case .invalidParameter(let name):
            Explanation(code: "control-parameter", summary: "the parameter '\(name)' is missing, or not of its type")
        case .methodNotFound(let name):
            Explanation(
                code: "control-method", summary: "there is no method '\(name)'",
                hint: "is the daemon of another version than the tool? 'edgecertctl status' shows it")
        case .interfaceNotFound(let name):
            Explanation(code: "control-interface", summary: "there is no interface '\(name)'")
        case .expectedMore:
            Explanation(code: "control-more", summary: "the method answers with a stream: call it with 'more'")
        case .told(_, let explanation, _): explanation
        case .callerLeft: Explanation(code: "control-caller-left", summary: "the caller is gone")
        }
    }

    /// The exit code that the tool ends with for it.
    public var exitCode: Int {
        guard case .told(_, _, let code) = self else { return 1 }
        return code
    }

    static func notPermitted(_ method: ControlMethod, to peer: PeerCredentials) -> ControlTrouble {
        .told(
            .notPermitted,
            Explanation(
                code: "control-not-permitted",
                summary: "uid \(peer.uid) may read, but not ask for \(method.rawValue)",
                hint:
                    "be root, or a member of the group \(ControlRights.adminGroupName) (log in again after joining it)"),
            exitCode: 1)
    }
}
