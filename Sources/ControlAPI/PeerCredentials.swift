import Glibc

/// Who is at the other end of a unix socket, as the kernel says: nothing of it is the caller's own word.
public struct PeerCredentials: Hashable, Sendable {
    public var uid: UInt32
    public var gid: UInt32
    public var pid: Int32
    /// Supplementary groups at the time of the connection.
    public var groups: [UInt32]

    public init(uid: UInt32, gid: UInt32, pid: Int32 = 0, groups: [UInt32] = []) {
        (self.uid, self.gid, self.pid, self.groups) = (uid, gid, pid, groups)
    }

    /// Asks the kernel about a connected socket; nil when it does not say, and nobody is served then.
    init?(ofSocket socket: Int32) {
        // struct ucred: pid, uid, gid, 32 bits each.
        var answer: [UInt32] = [0, 0, 0]
        var size = socklen_t(12)
        guard getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &answer, &size) == 0, size == 12 else { return nil }
        self.init(
            uid: answer[1], gid: answer[2], pid: Int32(bitPattern: answer[0]), groups: Self.groups(ofSocket: socket))
    }

    /// Empty where the kernel does not say: a right is then missing, never one too many.
    private static func groups(ofSocket socket: Int32) -> [UInt32] {
        var room = 64
        while room <= 65_536 {  // NGROUPS_MAX
            var groups = [UInt32](repeating: 0, count: room)
            var size = socklen_t(room * 4)
            if getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, &groups, &size) == 0 {
                return Array(groups.prefix(Int(size) / 4))
            }
            guard errno == ERANGE else { return [] }
            room *= 4
        }
        return []
    }
}

/// Who may ask for what over the control socket.
///
/// Whoever the socket's file mode lets in may read. To change something takes root, the daemon's own user, or
/// membership of the administrators' group.
public struct ControlRights: Hashable, Sendable {
    public var daemonUID: UInt32
    /// The group `edgecert-admin`; nil where the machine has none.
    public var adminGroup: UInt32?

    public init(daemonUID: UInt32, adminGroup: UInt32?) {
        (self.daemonUID, self.adminGroup) = (daemonUID, adminGroup)
    }

    /// The rights as this process has to apply them: its own user, and the group as the machine knows it now.
    public static func ofThisProcess() -> ControlRights {
        ControlRights(daemonUID: geteuid(), adminGroup: Accounts.groupID(named: adminGroupName))
    }

    public static let adminGroupName = "edgecert-admin"

    public func isAdministrator(_ peer: PeerCredentials) -> Bool {
        if peer.uid == 0 || peer.uid == daemonUID { return true }
        guard let adminGroup else { return false }
        return peer.gid == adminGroup || peer.groups.contains(adminGroup)
    }

    public func permits(_ method: ControlMethod, to peer: PeerCredentials) -> Bool {
        !method.changes || isAdministrator(peer)
    }
}

/// The machine's users and groups.
public enum Accounts {
    /// nil when there is no such group, or the machine cannot say.
    public static func groupID(named name: String) -> UInt32? {
        var entry = group()
        var buffer = [CChar](repeating: 0, count: 1 << 16)  // a group with some thousand members
        var found: UnsafeMutablePointer<group>?
        guard getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return entry.gr_gid
    }

    /// `uid 1000 (alice)`, or `uid 1000` when the machine knows no name: what the audit holds.
    public static func person(uid: UInt32) -> String {
        var entry = passwd()
        var buffer = [CChar](repeating: 0, count: 1 << 14)
        var found: UnsafeMutablePointer<passwd>?
        guard getpwuid_r(uid, &entry, &buffer, buffer.count, &found) == 0, found != nil, let name = entry.pw_name
        else { return "uid \(uid)" }
        return "uid \(uid) (\(String(cString: name)))"
    }
}
