import Domain
import Engine
import Glibc

/// The folder of one client certificate, `STATE/keys/ZONE/NAME`, with its generations and the link to the one in use.
struct SubjectFolder {
    let folder: Folder

    /// What is being made has such a name until it is whole. What bears one when the lock is taken is left over.
    static let unfinished = ".new-"

    /// The folder as it is, to be looked at; nil when there is none.
    static func existing(_ place: Place, probe: @escaping Folder.Probe) throws(KeyTrouble) -> SubjectFolder? {
        let state = try Folder.opening(place.state, probe: probe)
        guard let keys = try state.folder("keys"), let zone = try keys.folder(place.zone),
            let subject = try zone.folder(place.name)
        else { return nil }
        return SubjectFolder(folder: subject)
    }

    /// Hands the folder to the one caller that may change it now, rid of what an earlier one left unfinished. Made if
    /// missing. The lock goes with the call, also with one that is killed.
    static func changing<Result>(
        _ place: Place, access: FileAccess, probe: @escaping Folder.Probe,
        _ work: (SubjectFolder) throws(KeyTrouble) -> Result
    ) throws(KeyTrouble) -> Result {
        let state = try Folder.opening(place.state, probe: probe)
        let keys = try state.passage("keys", access: access)
        let zone = try keys.passage(place.zone, access: access)
        let folder = try zone.folderMadeIfMissing(place.name, mode: access.folderMode)
        try access.open(folder.descriptor, path: folder.path)
        try zone.sync()
        let lock = try folder.lock()
        defer { close(lock) }
        for name in try folder.entries() where name.hasPrefix(unfinished) { try folder.remove(name) }
        return try work(SubjectFolder(folder: folder))
    }

    func generation(_ number: Int) throws(KeyTrouble) -> GenerationFolder? {
        guard GenerationName.range.contains(number), let found = try folder.folder(GenerationName.text(number)) else {
            return nil
        }
        return GenerationFolder(folder: found)
    }

    /// Newest first.
    func generations() throws(KeyTrouble) -> [Int] {
        try folder.entries().compactMap(GenerationName.number).sorted(by: >)
    }

    /// Where a subject's folder is.
    struct Place {
        let state: String
        let zone: String
        let name: String
        /// For people.
        var path: String { "\(state)/keys/\(zone)/\(name)" }

        init(state: String, zoneName: String, name: String) throws(KeyTrouble) {
            let keys = state.hasSuffix("/") ? "\(state)keys" : "\(state)/keys"
            zone = try folderName(for: zoneName, within: keys)
            self.name = try folderName(for: name, within: "\(keys)/\(zone)")
            self.state = state
        }
    }
}

extension Folder {
    /// Waits until no other caller has it, in this process or another. It is let go by closing the descriptor.
    fileprivate func lock() throws(KeyTrouble) -> CInt {
        // A file of its own: whoever may read the folder could lock the folder itself, and hold us up for ever.
        let file = openat(descriptor, ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .failed("cannot be opened", place(".lock")) }
        while flock(file, LOCK_EX) != 0 {
            guard errno == EINTR else {
                let trouble = KeyTrouble.failed("cannot be locked", place(".lock"))
                close(file)
                throw trouble
            }
        }
        return file
    }

    func folderMadeIfMissing(_ name: String, mode: mode_t = 0o700) throws(KeyTrouble) -> Folder {
        if let found = try folder(name) { return found }
        guard mkdirat(descriptor, name, mode) == 0 || errno == EEXIST else {
            throw .failed("cannot be made", place(name))
        }
        try probe("made \(name)")
        guard let made = try folder(name) else { throw .file(path: place(name), detail: "went away as it was made") }
        return made
    }

    /// A folder on the way to a subject's. For a group's sake it lets everybody through who knows what to ask for, and
    /// nobody list it.
    fileprivate func passage(_ name: String, access: FileAccess) throws(KeyTrouble) -> Folder {
        let folder = try folderMadeIfMissing(name)
        if access.group != nil {
            var status = stat()
            guard fstat(folder.descriptor, &status) == 0 else { throw .failed("cannot be read", folder.path) }
            let rights = status.st_mode & 0o7777
            if rights & 0o011 != 0o011 {
                guard fchmod(folder.descriptor, rights | 0o011) == 0 else {
                    throw .failed("cannot be made passable for the group", folder.path)
                }
                try probe("made \(name) passable")
            }
        }
        try sync()
        return folder
    }
}

extension FileAccess {
    /// Lets the group into a subject's own folder. An operator's rights on it are kept, above all the setgid bit.
    fileprivate func open(_ descriptor: CInt, path: String) throws(KeyTrouble) {
        guard let group else { return }
        try check(descriptor, path: path)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .failed("cannot be read", path) }
        let rights = status.st_mode & 0o7777
        guard rights & 0o050 != 0o050 else { return }
        guard fchmod(descriptor, rights | 0o050) == 0 else {
            // A service that may not set the setgid bit may not even keep it.
            let detail =
                "its mode is \(String(rights, radix: 8)), and cannot be changed: \(String(cString: strerror(errno)))"
            throw .group(path: path, wanted: group.name, detail: detail)
        }
    }
}
