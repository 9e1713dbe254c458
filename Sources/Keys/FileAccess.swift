import Domain
import Engine
import Glibc

/// Who may read the files of a subject: their owner, or also one group.
///
/// The group is never given, only found: no program without privileges can give a file away, and the service has none.
/// A folder with that group and the setgid bit hands its group to all that is made in it.
struct FileAccess {
    let group: Group?

    struct Group {
        let name: String
        let id: gid_t
    }

    /// - Throws: ``KeyTrouble/group(path:wanted:detail:)`` when the machine knows no such group.
    init(groupNamed name: String?, path: String) throws(KeyTrouble) {
        guard let name else {
            group = nil
            return
        }
        guard let id = try groupID(named: name, path: path) else {
            throw .group(path: path, wanted: name, detail: "this machine has no group of that name")
        }
        group = Group(name: name, id: id)
    }

    var fileMode: mode_t { group == nil ? 0o600 : 0o640 }
    var folderMode: mode_t { group == nil ? 0o700 : 0o750 }

    /// Sets the mode of something open, after making sure that it is of the group which the mode lets in.
    func apply(to descriptor: CInt, mode: mode_t, path: String) throws(KeyTrouble) {
        try check(descriptor, path: path)
        guard fchmod(descriptor, mode) == 0 else { throw .failed("cannot be given its mode", path) }
    }

    func check(_ descriptor: CInt, path: String) throws(KeyTrouble) {
        guard let group else { return }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .failed("cannot be read", path) }
        guard status.st_gid == group.id else {
            throw .group(
                path: path, wanted: group.name, detail: "it is of group \(status.st_gid), not of \(group.id)")
        }
    }
}

/// The number of a group; nil when there is none of that name.
private func groupID(named name: String, path: String) throws(KeyTrouble) -> gid_t? {
    var size = 1024
    while size <= 1 << 20 {  // a group of ten thousand members takes some 200 KiB
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: size)
        let code = getgrnam_r(name, &entry, &buffer, buffer.count, &found)
        if code == 0 { return found.map { $0.pointee.gr_gid } }
        // POSIX lets these stand for "no such name" too.
        if code == ENOENT || code == ESRCH { return nil }
        guard code == ERANGE || code == EINTR else {
            throw .group(path: path, wanted: name, detail: "it cannot be looked up: \(String(cString: strerror(code)))")
        }
        if code == ERANGE { size *= 4 }
    }
    throw .group(path: path, wanted: name, detail: "it has too many members to be looked up")
}
