import Domain
import Engine

/// Goes through the subjects and their objects side by side, one subject at a time: two cursors in the same order.
final class SubjectListing {
    private let subjects: Records<SubjectRecord>
    private let objects: Records<ObjectRecord>
    private let includesOver: Bool
    private var nextSubject: SubjectRecord?
    private var nextObject: ObjectRecord?

    init(_ database: Database, _ filter: SubjectFilter) throws(StoreTrouble) {
        let (clause, values) = filter.clause
        includesOver = filter.includesOver
        subjects = try database.records(.subject, "\(clause) ORDER BY zone, kind, name", values)
        objects = try database.records(.object, "\(clause) ORDER BY zone, kind, name, first_seen, since, id", values)
        nextSubject = try subjects.next()
        nextObject = try objects.next()
    }

    /// The next subject that passes, with its objects; nil past the last.
    func next() throws(StoreTrouble) -> (SubjectRecord, [ObjectRecord])? {
        while let subject = [nextSubject?.subject, nextObject?.subject].compactMap(\.self).min(by: Subject.isFirst) {
            var record = SubjectRecord(subject: subject, isWished: false)
            if let found = nextSubject, found.subject == subject {
                record = found
                nextSubject = try subjects.next()
            }
            var things: [ObjectRecord] = []
            while let object = nextObject, object.subject == subject {
                if includesOver || record.isWished || !object.sighting.stage.isOver { things.append(object) }
                nextObject = try objects.next()
            }
            if includesOver || record.isWished || !things.isEmpty { return (record, things) }
        }
        return nil
    }
}

extension Subject {
    /// The database's order, which is by bytes.
    fileprivate static func isFirst(_ left: Subject, _ right: Subject) -> Bool {
        for (one, other) in [
            (left.zone.text, right.zone.text), (left.kind.rawValue, right.kind.rawValue), (left.name, right.name),
        ] where !one.utf8.elementsEqual(other.utf8) {
            return one.utf8.lexicographicallyPrecedes(other.utf8)
        }
        return false
    }
}

extension SubjectFilter {
    fileprivate var clause: (String, [Value]) {
        var terms: [String] = []
        var values: [Value] = []
        for (column, value) in [("zone", zone?.text), ("kind", kind?.rawValue), ("name", name)] {
            guard let value else { continue }
            terms.append("\(column) = ?")
            values.append(.text(value))
        }
        return (terms.isEmpty ? "" : " WHERE " + terms.joined(separator: " AND "), values)
    }
}
