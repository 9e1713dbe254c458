import Domain

/// What is wrong with a scenario or with a request to the control path, and where.
public struct ScenarioTrouble: Explained, Hashable {
    /// `zones[0].packs[2].type`; empty for the whole.
    public let place: String
    public let fault: String

    public init(place: String, fault: String) { (self.place, self.fault) = (place, fault) }

    public var explanation: Explanation {
        Explanation(code: "scenario-invalid", summary: place.isEmpty ? fault : "\(place): \(fault)")
    }
}

/// Reads the members of one JSON object by name, and tells of those that nobody asked for.
public struct Fields: Sendable {
    private let members: [JSONValue.Member]
    private let place: String
    private var asked: [String] = []

    public init(_ value: JSONValue, at place: String = "") throws(ScenarioTrouble) {
        guard let members = value.members else { throw ScenarioTrouble(place: place, fault: "not an object") }
        (self.members, self.place) = (members, place)
    }

    /// Throws for the first member that was not asked for.
    public func finish() throws(ScenarioTrouble) {
        guard let stranger = members.first(where: { !asked.contains($0.key) }) else { return }
        let known = asked.sorted().joined(separator: ", ")
        throw ScenarioTrouble(place: path(stranger.key), fault: "unknown; known are: \(known)")
    }

    public mutating func value(_ key: String) -> JSONValue? {
        asked.append(key)
        let value = members.first { $0.key == key }?.value
        return value == .null ? nil : value
    }

    public mutating func text(_ key: String) throws(ScenarioTrouble) -> String? {
        guard let value = value(key) else { return nil }
        guard let text = value.text else { throw trouble(key, "not a string") }
        return text
    }

    public mutating func flag(_ key: String) throws(ScenarioTrouble) -> Bool? {
        guard let value = value(key) else { return nil }
        guard let flag = value.flag else { throw trouble(key, "neither true nor false") }
        return flag
    }

    public mutating func integer(_ key: String, in range: ClosedRange<Int>) throws(ScenarioTrouble) -> Int? {
        guard let value = value(key) else { return nil }
        guard let number = value.integer, range.contains(number) else {
            throw trouble(key, "not a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    public mutating func decimal(_ key: String, in range: ClosedRange<Double>) throws(ScenarioTrouble) -> Double? {
        guard let value = value(key) else { return nil }
        guard let number = value.decimal, range.contains(number) else {
            throw trouble(key, "not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    public mutating func texts(_ key: String) throws(ScenarioTrouble) -> [String]? {
        guard let value = value(key) else { return nil }
        guard let elements = value.elements else { throw trouble(key, "not a list of strings") }
        var texts: [String] = []
        for element in elements {
            guard let text = element.text else { throw trouble(key, "not a list of strings") }
            texts.append(text)
        }
        return texts
    }

    /// One word of a vocabulary.
    public mutating func word<Word: RawRepresentable & CaseIterable>(
        _ key: String, _ vocabulary: Word.Type
    ) throws(ScenarioTrouble) -> Word? where Word.RawValue == String {
        guard let text = try text(key) else { return nil }
        guard let word = Word(rawValue: text) else {
            let allowed = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw trouble(key, "'\(text)' is none of: \(allowed)")
        }
        return word
    }

    /// `"250ms"`, `"90s"`, `"15m"`, `"2h"`, `"30d"`, or a number of seconds.
    public mutating func duration(_ key: String) throws(ScenarioTrouble) -> Duration? {
        guard let value = value(key) else { return nil }
        guard let span = Self.duration(value) else { throw trouble(key, Self.durationFault) }
        return span
    }

    /// Two durations, from and to; one for both.
    public mutating func durations(_ key: String) throws(ScenarioTrouble) -> ClosedRange<Duration>? {
        guard let value = value(key) else { return nil }
        if let span = Self.duration(value) { return span...span }
        guard let elements = value.elements, elements.count == 2, let from = Self.duration(elements[0]),
            let to = Self.duration(elements[1]), from <= to
        else { throw trouble(key, "not a duration, and no list of two in order") }
        return from...to
    }

    /// RFC 3339.
    public mutating func moment(_ key: String) throws(ScenarioTrouble) -> Timestamp? {
        guard let text = try text(key) else { return nil }
        guard let moment = Timestamp(cloudflare: text) else {
            throw trouble(key, "not a date like 2026-11-21T03:28:38Z")
        }
        return moment
    }

    public mutating func objects(_ key: String) throws(ScenarioTrouble) -> [Fields] {
        guard let value = value(key) else { return [] }
        guard let elements = value.elements else { throw trouble(key, "not a list of objects") }
        var all: [Fields] = []
        for (index, element) in elements.enumerated() { all.append(try Fields(element, at: "\(path(key))[\(index)]")) }
        return all
    }

    public mutating func object(_ key: String) throws(ScenarioTrouble) -> Fields? {
        guard let value = value(key) else { return nil }
        return try Fields(value, at: path(key))
    }

    public func required<Value>(_ key: String, _ value: Value?) throws(ScenarioTrouble) -> Value {
        guard let value else { throw trouble(key, "missing") }
        return value
    }

    public func trouble(_ key: String, _ fault: String) -> ScenarioTrouble {
        ScenarioTrouble(place: path(key), fault: fault)
    }

    private func path(_ key: String) -> String { place.isEmpty ? key : "\(place).\(key)" }

    private static let durationFault = "not a duration like \"250ms\", \"90s\", \"15m\", \"2h\" or \"30d\""

    /// nil for anything else than a span from 0 to 100 years.
    public static func duration(_ value: JSONValue) -> Duration? {
        let hundredYears = 36_500.0 * 86_400
        if let seconds = value.decimal {
            guard (0...hundredYears).contains(seconds) else { return nil }
            return .milliseconds(Int64(seconds * 1000))
        }
        guard let text = value.text else { return nil }
        for (unit, milliseconds) in [("ms", 1.0), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]
        where text.hasSuffix(unit) {
            guard let count = Double(text.dropLast(unit.count)) else { continue }
            guard (0...hundredYears * 1000).contains(count * milliseconds) else { return nil }
            return .milliseconds(Int64(count * milliseconds))
        }
        return nil
    }
}
