/// What may be asked over the control socket: the methods of the interface `io.edgecert.Control`.
///
/// The raw value is the method's name in the interface. Never renamed.
public enum ControlMethod: String, Hashable, Sendable, CaseIterable {
    case status = "Status"
    case list = "List"
    case show = "Show"
    case why = "Why"
    case history = "History"
    case orders = "Orders"
    case records = "Records"
    case audit = "Audit"
    case watch = "Watch"
    case plan = "Plan"
    case reconcile = "Reconcile"
    case adopt = "Adopt"
    case release = "Release"
    case approve = "Approve"
    case unhold = "Unhold"
    case suspend = "Suspend"
    case resume = "Resume"
    case revoke = "Revoke"
    case reactivate = "Reactivate"
    case reload = "Reload"

    /// `io.edgecert.Control.Status`
    public var qualifiedName: String { "\(ControlInterface.name).\(rawValue)" }

    /// True for what takes the rights of an administrator.
    public var changes: Bool {
        switch self {
        case .status, .list, .show, .why, .history, .orders, .records, .audit, .watch, .plan: false
        case .reconcile, .adopt, .release, .approve, .unhold, .suspend, .resume, .revoke, .reactivate, .reload: true
        }
    }
}
