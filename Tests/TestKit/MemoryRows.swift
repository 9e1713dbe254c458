import Domain
import Engine

/// The rows of a ``MemoryLedger``, and what is asked of them.
struct MemoryRows: Sendable {
    struct ObjectKey: Hashable, Sendable {
        var kind: SubjectKind
        var id: ObjectID
    }
    struct EpisodeKey: Hashable, Sendable {
        var scope: Episode.Scope
        var condition: Episode.Condition
    }
    struct ApprovalKey: Hashable, Sendable {
        var subject: Subject
        var reason: Reason
    }

    var countsOfUnwanted = 0
    var zones: [ZoneID: ZoneRecord] = [:]
    var subjects: [ZoneID: [Subject: SubjectRecord]] = [:]
    var objects: [ZoneID: [ObjectKey: ObjectRecord]] = [:]
    var operations: [OperationID: Operation] = [:]
    var transitions: [Transition] = []
    var checkpoints: [Subject: Checkpoint] = [:]
    /// Open ones.
    var episodes: [EpisodeKey: Episode] = [:]
    var closedEpisodes: [Episode] = []
    var approvals: [ApprovalKey: Approval] = [:]
    var suspensions: [Suspension.Scope: Suspension] = [:]
    var audit: [AuditEntry] = []
    var notes: [NoteKey: String] = [:]
    var commits: [[Change]] = []
    var writeTrouble: StoreTrouble?
    var zoneWithoutRoom: ZoneID?
    var readTrouble: StoreTrouble?
    var commitsLeft: Int?

    mutating func apply(_ change: Change) {
        switch change {
        case .zone(let zone): zones[zone.id] = zone
        case .subject(let record): subjects[record.subject.zone, default: [:]][record.subject] = record
        case .object(let record):
            let key = ObjectKey(kind: record.subject.kind, id: record.id)
            objects[record.subject.zone, default: [:]][key] = record
        case .operation(var operation):
            if !operation.isOpen { operation.baseline = [] }
            operations[operation.id] = operation
        case .episode(let episode):
            let key = EpisodeKey(scope: episode.scope, condition: episode.condition)
            if episode.resolvedAt != nil, episodes[key] != nil { closedEpisodes.append(episode) }
            episodes[key] = episode.resolvedAt == nil ? episode : nil
        case .transition(let transition): transitions.append(transition)
        case .audit(let entry): audit.append(entry)
        case .approval(let approval):
            approvals[ApprovalKey(subject: approval.subject, reason: approval.reason)] = approval
        case .approvalUsed(let subject, let reason):
            approvals[ApprovalKey(subject: subject, reason: reason)] = nil
        case .suspension(let suspension): suspensions[suspension.scope] = suspension
        case .resumption(let scope): suspensions[scope] = nil
        case .note(let key, let text): notes[key] = text
        }
    }

    func state(of zone: ZoneID, now: Timestamp) -> ZoneState {
        let all = (objects[zone] ?? [:]).values.sorted(by: Self.isOlder)
        let lately = now - .days(35)
        var newestOver: [Subject: ObjectID] = [:]
        for object in all where object.isOurs && object.sighting.stage.isOver {
            newestOver[object.subject] = object.id  // the last in the order is the newest
        }
        return ZoneState(
            zone: zones[zone],
            subjects: (subjects[zone] ?? [:]).values.sorted { $0.subject < $1.subject },
            objects: all.filter { object in
                guard object.sighting.stage.isOver else { return true }
                return object.isOurs && (object.since >= lately || newestOver[object.subject] == object.id)
            },
            openOperations: operations.values.filter { $0.isOpen && $0.subject.zone == zone }
                .sorted { ($0.committedAt, $0.id) < ($1.committedAt, $1.id) },
            approvals: approvals.values.filter { $0.subject.zone == zone }
                .sorted { ($0.subject, $0.reason.rawValue) < ($1.subject, $1.reason.rawValue) },
            suspensions: sortedSuspensions { $0.place.rank == 0 || $0.place.zone == zone.text },
            episodes: sortedEpisodes { $0.place.zone == zone.text && $0.place.rank > 0 })
    }

    func counts(names: Set<String>, now: Timestamp) -> BrakeCounts {
        let (day, week) = (now - .days(1), now - .days(7))
        var counts = BrakeCounts()
        var removed: [ZoneID: Set<ObjectID>] = [:]
        for operation in operations.values where operation.committedAt > week - .days(1) {
            let moment = lastMoment(of: operation, now: now)
            guard moment > week else { continue }
            let isToday = moment > day
            if operation.action.countsAsIssuance, operation.state.code != "failed" {
                if operation.action.effect == .create, isToday { counts.ordersInADay += 1 }
                if operation.reason != .renewalDue, let name = issuanceName(of: operation), names.contains(name) {
                    counts.issuances[name, default: .init(inADay: 0, inAWeek: 0)].inAWeek += 1
                    if isToday { counts.issuances[name]?.inADay += 1 }
                }
            }
            if operation.action.effect == .remove, operation.reason == .noLongerWanted, isToday,
                ["open", "accepted"].contains(operation.state.code), let object = operation.action.object
            {
                removed[operation.subject.zone, default: []].insert(object)
            }
        }
        counts.removalsInADay = removed.mapValues(\.count)
        return counts
    }

    /// At which it may have taken effect.
    private func lastMoment(of operation: Operation, now: Timestamp) -> Timestamp {
        switch operation.state {
        case .open: now
        case .accepted(let moment, _), .lost(let moment): moment
        case .failed(let moment, _, _): moment
        }
    }

    private func issuanceName(of operation: Operation) -> String? {
        if let name = operation.issuanceName { return name }
        guard let object = operation.action.object else { return nil }
        return objects[operation.subject.zone]?[ObjectKey(kind: operation.subject.kind, id: object)]?.sighting.traits
            .name
    }

    func unwantedOurs(outside zone: ZoneID) -> Int {
        zones.values.filter { $0.isManaged && $0.id != zone }.reduce(0) { sum, other in
            let present = (objects[other.id] ?? [:]).values.filter { $0.isOurs && !$0.sighting.stage.isOver }
            return sum + Set(present.map(\.subject)).count { subjects[other.id]?[$0]?.isWished == false }
        }
    }

    func listing(_ filter: SubjectFilter) -> [(SubjectRecord, [ObjectRecord])] {
        var found: [Subject: (SubjectRecord, [ObjectRecord])] = [:]
        for record in subjects.values.flatMap(\.values) { found[record.subject] = (record, []) }
        for object in objects.values.flatMap(\.values).sorted(by: Self.isOlder) {
            var entry =
                found[object.subject] ?? (SubjectRecord(subject: object.subject, isWished: false), [])
            if filter.includesOver || entry.0.isWished || !object.sighting.stage.isOver { entry.1.append(object) }
            found[object.subject] = entry
        }
        return found.values.filter { record, objects in
            (filter.zone == nil || filter.zone == record.subject.zone)
                && (filter.kind == nil || filter.kind == record.subject.kind)
                && (filter.name == nil || filter.name == record.subject.name)
                && (filter.includesOver || record.isWished || !objects.isEmpty)
        }.sorted { $0.0.subject < $1.0.subject }
    }

    mutating func prune(before cutoff: Timestamp, limit: Int) -> Int {
        var kept: [Transition] = []
        var closed: Set<Subject> = []
        var count = 0
        for line in transitions {
            guard count < limit, line.at < cutoff, !closed.contains(line.subject) else {
                closed.insert(line.subject)  // what follows an old line that stays, stays
                kept.append(line)
                continue
            }
            var checkpoint =
                checkpoints[line.subject] ?? Checkpoint(subject: line.subject, upTo: line.at, count: 0, standing: [:])
            checkpoint.absorb(line)
            checkpoints[line.subject] = checkpoint
            count += 1
        }
        transitions = kept
        return count
    }

    mutating func pruneSettled(before cutoff: Timestamp, limit: Int) -> Int {
        let old = operations.values.filter { one in
            one.committedAt < cutoff && one.state.resolvedAt.map { $0 < cutoff } ?? false
        }.sorted { ($0.committedAt, $0.id) < ($1.committedAt, $1.id) }.prefix(max(0, limit))
        for operation in old { operations[operation.id] = nil }
        let over = closedEpisodes.filter { $0.resolvedAt.map { $0 < cutoff } ?? false }
            .sorted { ($0.resolvedAt ?? cutoff) < ($1.resolvedAt ?? cutoff) }.prefix(max(0, limit - old.count))
        closedEpisodes.removeAll { over.contains($0) }
        return old.count + over.count
    }

    func sortedEpisodes(_ passes: (Episode.Scope) -> Bool) -> [Episode] {
        episodes.values.filter { passes($0.scope) }
            .sorted { ($0.scope.place, $0.condition.rawValue) < ($1.scope.place, $1.condition.rawValue) }
    }

    func approvals(of subject: Subject) -> [Approval] {
        approvals.values.filter { $0.subject == subject }.sorted { $0.reason.rawValue < $1.reason.rawValue }
    }

    func sortedSuspensions(_ passes: (Suspension.Scope) -> Bool) -> [Suspension] {
        suspensions.values.filter { passes($0.scope) }.sorted { $0.scope.place < $1.scope.place }
    }

    /// The order of a subject's things: by subject, then the oldest first.
    private static func isOlder(_ left: ObjectRecord, _ right: ObjectRecord) -> Bool {
        (left.subject, left.firstSeen, left.since, left.id) < (right.subject, right.firstSeen, right.since, right.id)
    }
}

/// A scope's place in the order: everything, then zones, then subjects.
struct ScopePlace: Comparable {
    var rank: Int
    var zone = ""
    var subject = ""

    static func < (left: Self, right: Self) -> Bool {
        (left.rank, left.zone, left.subject) < (right.rank, right.zone, right.subject)
    }
}

extension Episode.Scope {
    var place: ScopePlace {
        switch self {
        case .daemon: ScopePlace(rank: 0)
        case .zone(let zone): ScopePlace(rank: 1, zone: zone.text)
        case .subject(let one):
            ScopePlace(rank: 2, zone: one.zone.text, subject: "\(one.kind.rawValue)/\(one.name)")
        }
    }
}

extension Suspension.Scope {
    var place: ScopePlace {
        switch self {
        case .all: ScopePlace(rank: 0)
        case .zone(let zone): ScopePlace(rank: 1, zone: zone.text)
        case .subject(let one):
            ScopePlace(rank: 2, zone: one.zone.text, subject: "\(one.kind.rawValue)/\(one.name)")
        }
    }
}

extension Operation.State {
    fileprivate var resolvedAt: Timestamp? {
        switch self {
        case .open: nil
        case .accepted(let at, _), .failed(let at, _, _), .lost(let at): at
        }
    }
}
