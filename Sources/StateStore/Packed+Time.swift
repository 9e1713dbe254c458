import Domain

extension Packed {
    init(_ moment: Timestamp) { self = .number(moment.unixMilliseconds) }

    /// Whole milliseconds: the settings know nothing finer.
    init(_ span: Duration) { self = .number(span.wholeMilliseconds) }

    func moment(_ name: String) throws(Unreadable) -> Timestamp {
        Timestamp(unixMilliseconds: try number(name))
    }

    func optionalMoment(_ name: String) throws(Unreadable) -> Timestamp? {
        try optionalNumber(name).map(Timestamp.init(unixMilliseconds:))
    }

    func moments(_ name: String) throws(Unreadable) -> [Timestamp] {
        var moments: [Timestamp] = []
        for item in try list(name) {
            guard case .number(let number) = item else { throw Unreadable("'\(name)' holds something that is no time") }
            moments.append(Timestamp(unixMilliseconds: number))
        }
        return moments
    }

    func span(_ name: String) throws(Unreadable) -> Duration { .milliseconds(try number(name)) }

    func count(_ name: String) throws(Unreadable) -> Int { Int(clamping: try number(name)) }

    func optionalCount(_ name: String) throws(Unreadable) -> Int? { try optionalNumber(name).map(Int.init(clamping:)) }
}
