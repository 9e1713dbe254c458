/// A file, a folder or a link below the root: as the process sees it, and as the disk has it.
final class Node {
    enum Kind {
        case file
        case folder
        case link(to: String)
        /// SQLite's index of its log: memory that happens to have a file. Nothing is promised of its content, ever.
        case memory
    }

    let number: Int
    let kind: Kind
    /// A file's content on the disk.
    var bytes: [UInt8] = []
    /// What was done to it since its last sync, in order.
    var changes: [ByteChange] = []
    /// A folder's names as the process sees them.
    var names: [String: Node] = [:]
    /// A folder's names on the disk.
    var kept: [String: Node] = [:]
    var mode: UInt32 = 0o700

    init(_ number: Int, _ kind: Kind) { (self.number, self.kind) = (number, kind) }

    var isFile: Bool {
        switch kind {
        case .file, .memory: true
        case .folder, .link: false
        }
    }

    /// The content as the process sees it.
    var current: [UInt8] {
        var all = bytes
        for change in changes { change.apply(to: &all) }
        return all
    }
}

enum ByteChange {
    case write(at: Int, [UInt8])
    case size(Int)

    func apply(to bytes: inout [UInt8]) {
        switch self {
        case .write(let place, let new): bytes.put(new[...], at: place)
        case .size(let size): bytes.size(to: size) { 0 }
        }
    }
}

extension [UInt8] {
    mutating func put(_ new: ArraySlice<UInt8>, at place: Int, filler: () -> UInt8 = { 0 }) {
        if count < place + new.count { size(to: place + new.count, filler) }
        replaceSubrange(place..<place + new.count, with: new)
    }

    mutating func size(to size: Int, _ filler: () -> UInt8) {
        if count > size { removeLast(count - size) }
        reserveCapacity(size)
        while count < size { append(filler()) }
    }
}

/// A change of names that a file system makes as one: all of it is on the disk, or nothing.
final class Move {
    struct Entry {
        var folder: Node
        var name: String
        var node: Node?
    }

    var entries: [Entry]
    init(_ entries: [Entry]) { self.entries = entries }

    func touches(_ folder: Node) -> Bool { entries.contains { $0.folder === folder } }

    func apply() {
        for entry in entries { entry.folder.kept[entry.name] = entry.node }
    }

    /// What a later change of the same names says is not said again.
    func forget(_ later: Move) {
        entries.removeAll { mine in later.entries.contains { $0.folder === mine.folder && $0.name == mine.name } }
    }
}
