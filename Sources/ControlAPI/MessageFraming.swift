/// Takes NUL-ended messages out of bytes as they come. Bounded: what is longer than the limit is never kept.
struct MessageFraming {
    enum Trouble: Error, Equatable {
        /// More bytes than the limit without an end.
        case tooLong
        /// A NUL with nothing before it.
        case empty
    }

    let limit: Int
    private var bytes: [UInt8] = []
    /// What stands before has been taken. It goes when it is half of all: a thousand messages in one piece would
    /// otherwise be moved a thousand times.
    private var start = 0
    /// Up to here there is no NUL: a long message is searched once, however many pieces it comes in.
    private var searched = 0

    init(limit: Int) { self.limit = limit }

    var isEmpty: Bool { count == 0 }
    var count: Int { bytes.count - start }

    mutating func append(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

    /// The next whole message, without its NUL; nil when its end has not come yet.
    mutating func next() throws(Trouble) -> [UInt8]? {
        guard let end = bytes[searched...].firstIndex(of: 0) else {
            searched = bytes.count
            if count > limit { throw .tooLong }
            return nil
        }
        if end == start { throw .empty }
        if end - start > limit { throw .tooLong }
        let message = Array(bytes[start..<end])
        (start, searched) = (end + 1, end + 1)
        if start >= bytes.count / 2 {
            bytes.removeFirst(start)
            (start, searched) = (0, 0)
        }
        return message
    }
}
