import Domain
import Engine

/// Finds what people mean by a name they type.
///
/// A subject is written `zone/kind/name`; any part that is not needed may be left out (`zone/name`, `kind/name`,
/// `name`), and the kinds may be written `pack` and `cert`.
public struct SubjectFinder: Sendable {
    private let ledger: any LedgerReading
    /// Above it a list of matches only says how many more there are.
    private static let shown = 5

    public init(_ ledger: any LedgerReading) { self.ledger = ledger }

    /// What went wrong with a name.
    public enum Trouble: Error, Hashable, Sendable {
        case none(text: String, near: [String])
        case several(text: String, matches: [String], more: Int)
        case noZone(text: String, near: [String])
        case noKind(text: String)
        case store(StoreTrouble)
    }

    public func subject(_ text: String) throws(Trouble) -> Subject {
        let pattern = try Pattern(text)
        let zones = try stored { () throws(StoreTrouble) in try ledger.zones() }
        let names = Dictionary(zones.map { ($0.id, $0.name) }) { first, _ in first }
        var found: [(subject: Subject, path: String)] = []
        var more = 0
        var near = Nearest(to: pattern.text)
        try stored { () throws(StoreTrouble) in
            try ledger.forEachSubject(SubjectFilter(kind: pattern.kind, includesOver: true)) { record, _ in
                let subject = record.subject
                let zone = names[subject.zone] ?? subject.zone.text
                let path = subject.path(zoneName: zone)
                guard subject.name == pattern.name, pattern.zone.map({ $0 == zone || $0 == subject.zone.text }) ?? true
                else { return near.offer(path, as: pattern.shape(zone: zone, subject)) }
                if found.count < Self.shown { found.append((subject, path)) } else { more += 1 }
            }
        }
        guard let first = found.first else { throw .none(text: text, near: near.names) }
        guard found.count == 1 else { throw .several(text: text, matches: found.map(\.path), more: more) }
        return first.subject
    }

    /// A zone by its name or identifier.
    public func zone(_ text: String) throws(Trouble) -> ZoneID {
        let zones = try stored { () throws(StoreTrouble) in try ledger.zones() }
        let name = HostSet.normalized(text)
        if let zone = zones.first(where: { $0.name == name || $0.id.text == text }) { return zone.id }
        var near = Nearest(to: name)
        for zone in zones { near.offer(zone.name, as: zone.name) }
        throw .noZone(text: text, near: near.names)
    }

    /// A zone where one has the name, else a subject; everything for nil.
    public func scope(_ text: String?) throws(Trouble) -> Suspension.Scope {
        guard let text else { return .all }
        if !text.contains("/") {
            do {
                return .zone(try zone(text))
            } catch .noZone(_, let near) where text.contains(".") && !near.isEmpty {
                throw .noZone(text: text, near: near)
            } catch .noZone {
                return .subject(try subject(text))
            }
        }
        return .subject(try subject(text))
    }

    /// `certificate_pack` and `client_certificate`, or what people call them for short.
    public static func kind(_ text: String) throws(Trouble) -> SubjectKind {
        switch text {
        case "certificate_pack", "pack", "packs": .certificatePack
        case "client_certificate", "cert", "certs", "client": .clientCertificate
        default: throw .noKind(text: text)
        }
    }

    private func stored<Result>(_ read: () throws(StoreTrouble) -> Result) throws(Trouble) -> Result {
        do {
            return try read()
        } catch {
            throw .store(error)
        }
    }

    /// A typed name, in its parts.
    private struct Pattern {
        let zone: String?
        let kind: SubjectKind?
        let name: String

        init(_ text: String) throws(Trouble) {
            let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            switch parts.count {
            case 3: (zone, kind, name) = (HostSet.normalized(parts[0]), try SubjectFinder.kind(parts[1]), parts[2])
            case 2:
                // A zone's name has a dot or is an identifier, a kind's never is.
                do {
                    (zone, kind, name) = (nil, try SubjectFinder.kind(parts[0]), parts[1])
                } catch {
                    (zone, kind, name) = (HostSet.normalized(parts[0]), nil, parts[1])
                }
            default: (zone, kind, name) = (nil, nil, text)
            }
        }

        /// What was typed, with short forms written out.
        var text: String { [zone, kind?.rawValue, name].compactMap { $0 }.joined(separator: "/") }

        /// A subject's name with as many parts as were typed, to be compared with them.
        func shape(zone: String, _ subject: Subject) -> String {
            [self.zone == nil ? nil : zone, kind?.rawValue, subject.name].compactMap { $0 }.joined(separator: "/")
        }
    }
}

extension SubjectFinder.Trouble: Explained {
    public var explanation: Explanation {
        switch self {
        case .none(let text, let near):
            Explanation(code: "no-such-subject", summary: "there is no subject '\(text)'", hint: Self.hint(near))
        case .several(let text, let matches, let more):
            Explanation(
                code: "ambiguous-subject",
                summary: "'\(text)' may be " + matches.joined(separator: ", ") + (more > 0 ? " and \(more) more" : ""),
                hint: "write more of it: zone/kind/name")
        case .noZone(let text, let near):
            Explanation(code: "no-such-zone", summary: "there is no zone '\(text)'", hint: Self.hint(near))
        case .noKind(let text):
            Explanation(
                code: "no-such-kind", summary: "there is no kind '\(text)'",
                hint: "certificate_pack (or pack) and client_certificate (or cert) are possible")
        case .store(let trouble): trouble.explanation
        }
    }

    private static func hint(_ near: [String]) -> String {
        near.isEmpty ? "'edgecertctl list --all' shows all of them" : "did you mean \(near.joined(separator: " or "))?"
    }
}

/// Keeps the few names that are nearest to one that was typed.
struct Nearest {
    private let wanted: [UInt8]
    private var best: [(distance: Int, name: String)] = []

    init(to text: String) { wanted = Array(text.lowercased().utf8.prefix(200)) }

    var names: [String] { best.map(\.name) }

    /// - Parameter shape: What is compared; `name` is what is shown.
    mutating func offer(_ name: String, as shape: String) {
        let other = Array(shape.lowercased().utf8.prefix(200))
        let shorter = min(wanted.count, other.count)
        let limit = shorter < 4 ? 1 : max(2, shorter / 5)
        guard abs(wanted.count - other.count) <= limit else { return }
        let distance = Self.distance(wanted, other)
        guard distance <= limit else { return }
        best.append((distance, name))
        best.sort { ($0.distance, $0.name) < ($1.distance, $1.name) }
        if best.count > 3 { best.removeLast() }
    }

    /// Letters to be put in, taken out or changed.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let above = row[j + 1]
                row[j + 1] = min(above + 1, row[j] + 1, diagonal + (a == b ? 0 : 1))
                diagonal = above
            }
        }
        return row[right.count]
    }
}
