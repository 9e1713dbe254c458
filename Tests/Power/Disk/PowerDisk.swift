import CPowerTap
import Glibc

/// The disk below one folder, that forgets: it keeps apart what the process has written and what has reached the disk,
/// and at a power cut keeps of the rest what chance will have.
///
/// The process works in the folder as ever. Every call of this thread that writes, syncs, makes, names or removes
/// something there is told to this, SQLite's too. What POSIX promises of a sync is held to, and nothing more:
///
/// - a sync of a file keeps its content, and not its name; a sync of a folder keeps its names;
/// - a write that was not synced is kept by 512-byte sectors, any of them, in any order; the file may have grown all the
///   same, by zeros or by what lay there before;
/// - a change of names is kept whole or not at all; either the first so many are kept, as by a journal, or any of them.
///
/// Rights are kept at once. Files stay the same files (by their inode), as the store looks at that.
public final class PowerDisk {
    /// A disk that says it has synced and has not: what finds the cuts' violations must find it out.
    public enum Lie: Sendable {
        case none
        /// Of logs of a database.
        case logs
        /// Of folders.
        case folders
        /// Of all files but databases and their logs.
        case files
    }

    public let root: String
    /// Calls so far that changed or synced something, and other places that were passed.
    public private(set) var calls = 0
    /// The power is cut instead of the call with this number, counted from 1.
    public var cutAt: Int?
    public private(set) var isCut = false
    /// Called at the cut. Until ``restore(by:)`` every call that would change something fails.
    public var onCut: () -> Void = {}
    /// How often each kind of call was met.
    public private(set) var counts: [String: Int] = [:]
    let lie: Lie
    let attic: String
    let top = Node(0, .folder)
    var handles: [Int32: Node] = [:]
    var moves: [Move] = []
    private var made = 0
    private let rootText: UnsafeMutablePointer<CChar>

    /// - Parameters:
    ///   - root: A folder. What is in it is on the disk.
    ///   - attic: A folder on the same file system, for the disk's own use.
    public init(root: String, attic: String, lie: Lie = .none) {
        (self.root, self.attic, self.lie) = (root, attic, lie)
        guard let text = strdup(root) else { preconditionFailure("no memory") }
        rootText = text
        mkdir(attic, 0o700)
        adopt(top, root)
        mount()
    }

    deinit { free(rootText) }

    func mount() {
        edgecert_tap(
            rootText,
            { context in
                guard let context else { return 0 }
                return Unmanaged<PowerDisk>.fromOpaque(context).takeUnretainedValue().allows()
            },
            { context, call in
                guard let context, let call else { return }
                Unmanaged<PowerDisk>.fromOpaque(context).takeUnretainedValue().note(call.pointee)
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Ends it. To be called on the same thread, before this goes.
    public func unmount() { edgecert_untap() }

    // MARK: What the process does

    private func allows() -> Int32 {
        guard !isCut else { return EIO }
        calls += 1
        guard calls == cutAt else { return 0 }
        isCut = true
        onCut()
        return EIO
    }

    /// A place where the power may go though nothing is done to the disk: it counts as a call.
    public func pass(_ kind: String) {
        if allows() == 0 { counts[kind, default: 0] += 1 }
    }

    private func note(_ call: edgecert_call) {
        switch call.deed {
        case edgecert_opened: opened(call)
        case edgecert_closed: handles[call.file] = nil
        case edgecert_written:
            guard let start = call.bytes, let node = handles[call.file] else { return }
            count(node, "write")
            let bytes = [UInt8](UnsafeRawBufferPointer(start: start, count: call.length))
            if case .file = node.kind { node.changes.append(.write(at: Int(call.place), bytes)) }
        case edgecert_sized:
            guard let node = handles[call.file] else { return }
            count(node, "truncate")
            if case .file = node.kind { node.changes.append(.size(Int(call.place))) }
        case edgecert_synced: if let node = handles[call.file] { synced(node) }
        default: renamed(call)
        }
    }

    private func opened(_ call: edgecert_call) {
        let (folder, name) = place(call.folder, call.name)
        guard !name.isEmpty else {
            handles[call.file] = folder
            return
        }
        if call.is_new {
            counts["make", default: 0] += 1
            let node = makeFile(name, path(call.folder, call.name))
            change([Move.Entry(folder: folder, name: name, node: node)])
        }
        guard let node = folder.names[name] else { preconditionFailure("\(name) was made unseen") }
        if call.is_emptied, node.isFile { node.changes.append(.size(0)) }
        handles[call.file] = node
    }

    private func renamed(_ call: edgecert_call) {
        let (folder, name) = place(call.folder, call.name)
        switch call.deed {
        case edgecert_folder_made:
            counts["mkdir", default: 0] += 1
            change([Move.Entry(folder: folder, name: name, node: make(.folder))])
        case edgecert_pointed:
            counts["symlink", default: 0] += 1
            let target = call.new_name.map { String(cString: $0) } ?? ""
            change([Move.Entry(folder: folder, name: name, node: make(.link(to: target)))])
        case edgecert_removed:
            counts["remove", default: 0] += 1
            change([Move.Entry(folder: folder, name: name, node: nil)])
        default:
            counts[call.deed == edgecert_named ? "rename" : "link", default: 0] += 1
            let (newFolder, newName) = place(call.new_folder, call.new_name)
            let new = Move.Entry(folder: newFolder, name: newName, node: folder.names[name])
            let old = Move.Entry(folder: folder, name: name, node: nil)
            change(call.deed == edgecert_named ? [old, new] : [new])
        }
    }

    private func change(_ entries: [Move.Entry]) {
        for entry in entries { entry.folder.names[entry.name] = entry.node }
        moves.append(Move(entries))
    }

    private func synced(_ node: Node) {
        if case .folder = node.kind {
            counts["sync folder", default: 0] += 1
            guard lie != .folders else { return }
            for move in moves where move.touches(node) { keep(move) }
            moves.removeAll { $0.touches(node) || $0.entries.isEmpty }
            return
        }
        count(node, "sync")
        if lie == .logs, name(of: node).hasSuffix("-wal") { return }
        if lie == .files, !name(of: node).hasPrefix("edgecert.db") { return }
        node.bytes = node.current
        node.changes = []
    }

    /// Puts a change of names on the disk before earlier ones of other folders, which may have touched its names.
    func keep(_ move: Move) {
        move.apply()
        for other in moves {
            if other === move { break }
            other.forget(move)
        }
    }

    private func count(_ node: Node, _ word: String) {
        let name = name(of: node)
        let kind =
            name.hasSuffix("-wal")
            ? "log"
            : name.hasSuffix("-shm")
                ? "index"
                : name.hasPrefix("edgecert.db")
                    ? "database" : "key file"
        counts["\(word) \(kind)", default: 0] += 1
    }

    // MARK: Names

    func make(_ kind: Node.Kind) -> Node {
        made += 1
        return Node(made, kind)
    }

    func makeFile(_ name: String, _ path: String) -> Node {
        let node = make(name.hasSuffix("-shm") ? .memory : .file)
        // Whatever becomes of its names, the file itself stays until it is known what the disk has kept.
        let code = link(path, place(of: node))
        precondition(code == 0, "no link into the attic: \(errno)")
        return node
    }

    func place(of node: Node) -> String { "\(attic)/\(node.number)" }

    private func name(of node: Node) -> String {
        func find(_ folder: Node) -> String? {
            for (name, one) in folder.names {
                if one === node { return name }
                if case .folder = one.kind, let found = find(one) { return found }
            }
            return nil
        }
        return find(top) ?? ""
    }

    private func path(_ folder: Int32, _ name: UnsafePointer<CChar>?) -> String {
        let text = name.map { String(cString: $0) } ?? ""
        return text.hasPrefix("/") ? text : "/proc/self/fd/\(folder)/\(text)"
    }

    /// The folder that a path leads into, and the last part of the path; empty for the root itself.
    private func place(_ folder: Int32, _ name: UnsafePointer<CChar>?) -> (Node, String) {
        let text = name.map { String(cString: $0) } ?? ""
        var node = top
        var rest = Substring(text)
        if text.hasPrefix("/") {
            precondition(text.hasPrefix(root), "\(text) is not below \(root)")
            rest = text.dropFirst(root.count)
        } else if let open = handles[folder] {
            node = open
        }
        let parts = rest.split(separator: "/").filter { $0 != "." }
        for part in parts.dropLast() {
            guard let next = node.names[String(part)] else { preconditionFailure("\(text): no folder \(part)") }
            if case .link(let target) = next.kind, let real = node.names[target] {
                node = real
            } else {
                node = next
            }
        }
        return (node, parts.last.map(String.init) ?? "")
    }

    func cutIsOver() { (isCut, cutAt, handles, moves) = (false, nil, [:], []) }
}
