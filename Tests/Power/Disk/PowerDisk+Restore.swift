import CPowerTap
import Glibc
import TestKit

/// What a power cut took.
public struct Loss: Hashable, Sendable {
    /// Writes that were not synced: all, those of which nothing is left, and those of which a part is.
    public var unsynced = 0
    public var dropped = 0
    public var torn = 0
    /// Changes of names that were not synced: all, and those that are gone.
    public var unsyncedNames = 0
    public var droppedNames = 0

    public init() {}

    public static func += (left: inout Loss, right: Loss) {
        left.unsynced += right.unsynced
        left.dropped += right.dropped
        left.torn += right.torn
        left.unsyncedNames += right.unsyncedNames
        left.droppedNames += right.droppedNames
    }
}

extension PowerDisk {
    /// Power is back: the folder holds what the disk has kept. Nothing of the root may be open.
    public func restore(by dice: inout some RandomNumberGenerator) -> Loss {
        edgecert_untap()
        let open = handles.filter { $0.value.isFile }
        precondition(open.isEmpty, "still open: \(open.keys.sorted())")
        var loss = Loss()
        readModes(top, root)
        loseNames(&loss, &dice)
        var files: [Node] = []
        collect(top, into: &files)
        for node in files { lose(node, &loss, &dice) }
        empty(root)
        clearAttic(but: Set(files.map(\.number)))
        write(top, to: root)
        cutIsOver()
        mount()
        return loss
    }

    /// Where what was told of all calls does not make what the process sees: nowhere, or the tap has a leak.
    public func leaks() -> [String] {
        edgecert_untap()
        defer { mount() }
        return leaks(top, root)
    }

    private func leaks(_ folder: Node, _ path: String) -> [String] {
        var found: [String] = []
        if Set(Self.names(in: path)) != Set(folder.names.keys) { found.append("\(path) has other names") }
        for (name, node) in folder.names.sorted(by: { $0.key < $1.key }) {
            switch node.kind {
            case .folder: found += leaks(node, "\(path)/\(name)")
            case .file:
                if Files.read("\(path)/\(name)") != node.current { found.append("\(path)/\(name) has another content") }
            case .link, .memory: break
            }
        }
        return found
    }

    // MARK: Chance

    private func loseNames(_ loss: inout Loss, _ dice: inout some RandomNumberGenerator) {
        loss.unsyncedNames += moves.count
        let isJournal = Bool.random(using: &dice)
        let first = Int.random(in: 0...moves.count, using: &dice)
        for (number, move) in moves.enumerated() {
            let isKept = isJournal ? number < first : Bool.random(using: &dice)
            if isKept { move.apply() } else { loss.droppedNames += 1 }
        }
    }

    private func lose(_ node: Node, _ loss: inout Loss, _ dice: inout some RandomNumberGenerator) {
        if case .memory = node.kind { node.changes = [.write(at: 0, Files.read(place(of: node)) ?? [])] }
        guard !node.changes.isEmpty else { return }
        let size = node.current.count
        // Nothing is kept, half of it, most, or all; or the first so many pieces and no other.
        let chance = [0, 0.5, 0.9, 1, 1][Int.random(in: 0..<5, using: &dice)]
        let isPrefix = chance == 1 && Bool.random(using: &dice)
        let pieces = Piece.all(of: node.changes)
        let first = Int.random(in: 0...pieces.count, using: &dice)
        var filler = Filler(isStale: Bool.random(using: &dice), state: dice.next())
        var kept: [Int: Int] = [:]
        for (number, piece) in pieces.enumerated() {
            let isKept = isPrefix ? number < first : Double.random(in: 0..<1, using: &dice) < chance
            guard isKept else { continue }
            kept[piece.change, default: 0] += 1
            switch piece.what {
            case .write(let place, let bytes): node.bytes.put(bytes[...], at: place) { filler.next() }
            case .size(let size): node.bytes.size(to: size) { 0 }
            }
        }
        // The file has its new size, and not what was written there.
        if node.bytes.count < size, Bool.random(using: &dice) { node.bytes.size(to: size) { filler.next() } }
        note(node, pieces, kept, &loss)
        node.changes = []
    }

    private func note(_ node: Node, _ pieces: [Piece], _ kept: [Int: Int], _ loss: inout Loss) {
        guard case .file = node.kind else { return }
        var all: [Int: Int] = [:]
        for piece in pieces { all[piece.change, default: 0] += 1 }
        loss.unsynced += all.count
        loss.dropped += all.keys.count { kept[$0] == nil }
        loss.torn += all.count { kept[$0.key] != nil && kept[$0.key] != $0.value }
    }
}
