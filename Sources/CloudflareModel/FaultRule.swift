import Domain

/// What goes wrong with one request.
public enum Fault: Hashable, Sendable {
    case delay(Duration)
    case resetBefore, resetAfter
    /// A 5xx in Cloudflare's envelope, without or with the effect.
    case serverErrorBefore(status: Int)
    case serverErrorAfter(status: Int)
    /// 429 for this request alone, without effect.
    case limited(retryAfter: Int?)
    case truncated(at: Int)
    /// A page of HTML from something in between, without effect.
    case html(status: Int)
    /// 200 with no body, with the effect.
    case emptyBody
    /// One entry of a listing twice, one not at all.
    case duplicateEntry, missingEntry
    /// This word in place of every status.
    case unknownStatus(String)
    /// A listing as it was this long ago.
    case staleList(Duration)
    /// 200 with `success: false`, without effect.
    case unsuccessful
    /// The header `Date` is wrong by so many seconds.
    case dateSkew(seconds: Int)

    /// One word for rules and the ledger. Never renamed.
    public var code: String {
        switch self {
        case .delay: "delay"
        case .resetBefore: "reset_before"
        case .resetAfter: "reset_after"
        case .serverErrorBefore: "server_error_before"
        case .serverErrorAfter: "server_error_after"
        case .limited: "limited"
        case .truncated: "truncated"
        case .html: "html"
        case .emptyBody: "empty_body"
        case .duplicateEntry: "duplicate_entry"
        case .missingEntry: "missing_entry"
        case .unknownStatus: "unknown_status"
        case .staleList: "stale_list"
        case .unsuccessful: "unsuccessful"
        case .dateSkew: "date_skew"
        }
    }

    public static let codes = [
        "delay", "reset_before", "reset_after", "server_error_before", "server_error_after", "limited", "truncated",
        "html", "empty_body", "duplicate_entry", "missing_entry", "unknown_status", "stale_list", "unsuccessful",
        "date_skew",
    ]
}

/// When something goes wrong: requests that match, of which the first few are let by, then some are struck.
public struct FaultRule: Hashable, Sendable {
    /// Given by the model when the rule is added.
    public internal(set) var id = 0
    /// nil for every method.
    public var method: String?
    /// Path without `/client/v4`, `*` for any run of characters; nil for every path.
    public var path: String?
    /// The label of a token; nil for every one.
    public var token: String?
    /// Matching requests that pass before the rule begins.
    public var skip: Int
    /// Requests that it strikes at most; nil for no end.
    public var count: Int?
    /// Of those that match, drawn by the model's seed.
    public var probability: Double
    /// One of them is drawn where there are several.
    public var faults: [Fault]

    var seen = 0
    public internal(set) var struck = 0

    public init(
        _ faults: [Fault], method: String? = nil, path: String? = nil, token: String? = nil, skip: Int = 0,
        count: Int? = nil, probability: Double = 1
    ) {
        (self.faults, self.method, self.path, self.token) = (faults, method, path, token)
        (self.skip, self.count, self.probability) = (skip, count, probability)
    }

    public init(
        _ fault: Fault, method: String? = nil, path: String? = nil, token: String? = nil, skip: Int = 0,
        count: Int? = nil, probability: Double = 1
    ) {
        self.init(
            [fault], method: method, path: path, token: token, skip: skip, count: count, probability: probability)
    }

    mutating func strikes(_ request: ModelRequest, token label: String?, chance: inout SplitMix64) -> Fault? {
        if let method, method != request.method { return nil }
        if let path, !Self.matches(Array(request.apiPath.utf8)[...], Array(path.utf8)[...]) { return nil }
        if let token, token != label { return nil }
        seen += 1
        guard seen > skip, !faults.isEmpty, count.map({ struck < $0 }) ?? true else { return nil }
        guard probability >= 1 || chance.happens(probability) else { return nil }
        struck += 1
        return faults.count == 1 ? faults[0] : faults[Int(chance.next() % UInt64(faults.count))]
    }

    /// Greedy matching with one point to come back to: linear but for the runs between stars.
    static func matches(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        var (place, mark) = (text.startIndex, pattern.startIndex)
        var retry: (place: Int, mark: Int)?
        while place < text.endIndex {
            if mark < pattern.endIndex, pattern[mark] == UInt8(ascii: "*") {
                retry = (place, mark + 1)
                mark += 1
            } else if mark < pattern.endIndex, pattern[mark] == text[place] {
                (place, mark) = (place + 1, mark + 1)
            } else if let (from, next) = retry {
                retry = (from + 1, next)
                (place, mark) = (from + 1, next)
            } else {
                return false
            }
        }
        return pattern[mark...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
