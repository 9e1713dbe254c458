import Domain

/// The status words of one thing in the order of their times; the last may lie ahead.
struct StatusHistory: Sendable {
    private var marks: [Mark]

    private struct Mark: Sendable {
        var at: Timestamp
        var status: String
    }

    init(_ status: String, at moment: Timestamp) { marks = [Mark(at: moment, status: status)] }

    /// The word at a moment; nil before the first.
    func status(at moment: Timestamp) -> String? {
        marks.last { $0.at <= moment }?.status
    }

    /// The last word, even if its time has not come.
    var last: String { marks[marks.endIndex - 1].status }

    /// When the last word was noted.
    var lastAt: Timestamp { marks[marks.endIndex - 1].at }

    /// Sets the word from `moment` on. What was foreseen for later is dropped.
    mutating func note(_ status: String, at moment: Timestamp) {
        while marks.count > 1, marks[marks.endIndex - 1].at > moment { marks.removeLast() }
        if marks.count == Self.limit { marks.removeFirst() }
        marks.append(Mark(at: moment, status: status))
    }

    /// Enough for one life from order to deletion; a listing is never older than that.
    private static let limit = 16
}
