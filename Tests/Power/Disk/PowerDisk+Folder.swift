import Glibc
import TestKit

/// The real folder: read, emptied and filled, with nobody told of it.
extension PowerDisk {
    static func names(in path: String) -> [String] {
        guard let names = Files.listing(of: path) else { preconditionFailure("\(path) cannot be listed: \(errno)") }
        return names
    }

    /// Takes what is in a folder for kept.
    func adopt(_ folder: Node, _ path: String) {
        for name in Self.names(in: path) {
            let entry = "\(path)/\(name)"
            var facts = stat()
            must(lstat(entry, &facts), entry)
            switch facts.st_mode & S_IFMT {
            case S_IFDIR:
                folder.kept[name] = make(.folder)
                folder.kept[name].map { adopt($0, entry) }
            case S_IFREG:
                let node = makeFile(name, entry)
                node.bytes = Files.read(entry) ?? []
                folder.kept[name] = node
            default: preconditionFailure("\(entry) is neither a file nor a folder")
            }
        }
        folder.names = folder.kept
    }

    func readModes(_ folder: Node, _ path: String) {
        var facts = stat()
        if stat(path, &facts) == 0 { folder.mode = facts.st_mode & 0o7777 }
        for (name, node) in folder.names {
            if case .folder = node.kind { readModes(node, "\(path)/\(name)") }
        }
    }

    /// The files that the disk has names for.
    func collect(_ folder: Node, into files: inout [Node]) {
        for (_, node) in folder.kept.sorted(by: { $0.key < $1.key }) {
            if case .folder = node.kind { collect(node, into: &files) }
            if node.isFile, !files.contains(where: { $0 === node }) { files.append(node) }
        }
    }

    func empty(_ path: String) {
        for name in Self.names(in: path) {
            let entry = "\(path)/\(name)"
            var facts = stat()
            guard lstat(entry, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR else {
                unlink(entry)
                continue
            }
            empty(entry)
            rmdir(entry)
        }
    }

    func clearAttic(but numbers: Set<Int>) {
        for name in Self.names(in: attic) where Int(name).map({ !numbers.contains($0) }) ?? true {
            unlink("\(attic)/\(name)")
        }
    }

    /// Makes a folder what the disk has kept of it, and forgets everything else.
    func write(_ folder: Node, to path: String) {
        folder.names = folder.kept
        for (name, node) in folder.kept.sorted(by: { $0.key < $1.key }) {
            let entry = "\(path)/\(name)"
            switch node.kind {
            case .folder:
                must(mkdir(entry, 0o700), entry)
                write(node, to: entry)
                must(chmod(entry, node.mode), entry)
            case .link(let target): must(symlink(target, entry), entry)
            case .file, .memory:
                put(node)
                must(link(place(of: node), entry), entry)
            }
        }
    }

    private func put(_ node: Node) {
        let file = open(place(of: node), O_WRONLY | O_TRUNC | O_CLOEXEC)
        must(file, place(of: node))
        must(Glibc.write(file, node.bytes, node.bytes.count) == node.bytes.count ? 0 : -1, place(of: node))
        close(file)
    }

    private func must(_ code: Int32, _ path: String) {
        precondition(code >= 0, "\(path): \(String(cString: strerror(errno)))")
    }
}
