import Domain
import Engine

/// A scope as the columns `rank`, `zone`, `kind` and `name` have it: everything, a zone, a subject.
private enum ScopeRank: Int64 {
    case everything, zone, subject

    func values(_ zone: String = "", _ kind: String = "", _ name: String = "") -> [Value] {
        [.integer(rawValue), .text(zone), .text(kind), .text(name)]
    }
}

extension Episode.Scope {
    var values: [Value] {
        switch self {
        case .daemon: ScopeRank.everything.values()
        case .zone(let zone): ScopeRank.zone.values(zone.text)
        case .subject(let one): ScopeRank.subject.values(one.zone.text, one.kind.rawValue, one.name)
        }
    }
}

extension Suspension.Scope {
    var values: [Value] {
        switch self {
        case .all: ScopeRank.everything.values()
        case .zone(let zone): ScopeRank.zone.values(zone.text)
        case .subject(let one): ScopeRank.subject.values(one.zone.text, one.kind.rawValue, one.name)
        }
    }
}

extension Row {
    /// Zone, kind and name from three columns on.
    func subject(_ column: Int) throws(StoreTrouble) -> Subject {
        Subject(
            zone: ZoneID(try text(column)), kind: try word(column + 1), name: try text(column + 2))
    }

    /// From the columns `zone`, `kind`, `name` and `rank`, in this order.
    func episodeScope(_ column: Int) throws(StoreTrouble) -> Episode.Scope {
        switch try rank(column + 3) {
        case .everything: .daemon
        case .zone: .zone(ZoneID(try text(column)))
        case .subject: .subject(try subject(column))
        }
    }

    func suspensionScope(_ column: Int) throws(StoreTrouble) -> Suspension.Scope {
        switch try rank(column + 3) {
        case .everything: .all
        case .zone: .zone(ZoneID(try text(column)))
        case .subject: .subject(try subject(column))
        }
    }

    private func rank(_ column: Int) throws(StoreTrouble) -> ScopeRank {
        guard let rank = ScopeRank(rawValue: try integer(column)) else { throw broken(column, "is no scope") }
        return rank
    }
}
