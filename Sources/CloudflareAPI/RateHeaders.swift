import Domain
import Engine

/// Reads what the headers of an answer say of limits and of time.
///
/// `Ratelimit: "default";r=50;t=30` and `Ratelimit-Policy: "default";q=1200;w=300` are lists of structured fields and
/// may hold several members; the name links one to the other. Read leniently: what is odd is left out.
/// - SeeAlso: <https://developers.cloudflare.com/fundamentals/api/reference/limits/>, as of 2026-04.
enum RateHeaders {
    static func signal(from response: HTTPResponse) -> ReplySignal {
        let date = response.header("Date").flatMap(Timestamp.init(httpDate:))
        return ReplySignal(
            httpStatus: response.status, date: date, windows: windows(from: response),
            retryAfter: response.header("Retry-After").flatMap { delay($0, sentAt: date) })
    }

    static func windows(from response: HTTPResponse) -> [RateWindow] {
        var windows: [RateWindow] = []
        func change(_ name: String, _ change: (inout RateWindow) -> Void) {
            if let place = windows.firstIndex(where: { $0.name == name }) {
                change(&windows[place])
            } else if windows.count < 16 {
                windows.append(RateWindow(name: name))
                change(&windows[windows.count - 1])
            }
        }
        for member in members(response.headers("Ratelimit")) {
            change(member.name) { window in
                window.remaining = member.numbers["r"]
                window.resetsAfter = member.numbers["t"].map(span)
            }
        }
        for member in members(response.headers("Ratelimit-Policy")) {
            change(member.name) { window in
                window.quota = member.numbers["q"]
                window.length = member.numbers["w"].map(span)
            }
        }
        return windows.filter { $0.remaining ?? $0.quota != nil || $0.resetsAfter ?? $0.length != nil }
    }

    /// Whole seconds, or an HTTP date, which is set against the answer's own `Date`: the local clock may be wrong.
    static func delay(_ text: String, sentAt date: Timestamp?) -> Duration? {
        let text = text.trimmed
        if let seconds = whole(text) { return span(seconds) }
        guard let date, let end = Timestamp(httpDate: text) else { return nil }
        return max(.zero, min(end - date, longest))
    }

    /// Nothing that Cloudflare announces lasts longer than a few minutes; no header can silence us for a week.
    private static let longest: Duration = .hours(24)

    private static func span(_ seconds: Int) -> Duration { min(.seconds(seconds), longest) }

    private struct Member {
        var name: String
        var numbers: [String: Int]
    }

    private static func members(_ lines: [String]) -> [Member] {
        lines.flatMap { split($0, at: ",") }.prefix(64).compactMap { text in
            let parts = split(text, at: ";").map(\.trimmed)
            guard let first = parts.first, let name = unquoted(first), !name.isEmpty, name.utf8.count <= 100 else {
                return nil
            }
            var numbers: [String: Int] = [:]
            for part in parts.dropFirst() {
                guard let sign = part.utf8.firstIndex(of: UInt8(ascii: "=")) else { continue }
                let value = String(part[part.utf8.index(after: sign)...]).trimmed
                guard let number = whole(unquoted(value) ?? value) else { continue }
                numbers[String(part[..<sign]).trimmed.lowercased()] = number
            }
            return Member(name: Words.printable(name), numbers: numbers)
        }
    }

    /// Not inside of quotation marks.
    private static func split(_ text: String, at mark: Unicode.Scalar) -> [String] {
        var isQuoted = false
        let parts = text.utf8.split(omittingEmptySubsequences: false) { byte in
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            return byte == UInt8(ascii: mark) && !isQuoted
        }
        return parts.map { String(Substring($0)) }
    }

    private static func unquoted(_ text: String) -> String? {
        guard text.hasPrefix("\"") else { return text }
        guard text.count >= 2, text.hasSuffix("\"") else { return nil }
        return String(text.dropFirst().dropLast())
    }

    /// A number that is not negative; digits after a point are dropped.
    private static func whole(_ text: String) -> Int? {
        let digits = text.utf8.prefix { $0 != UInt8(ascii: ".") }
        guard !digits.isEmpty, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(Substring(digits)) ?? Int.max / 2
    }
}

extension ReplySignal {
    /// How long to wait after an answer that says "too many requests": as it says itself, else until the exhausted
    /// windows begin anew, else the five minutes that Cloudflare blocks for. At least a second.
    var waitWhenLimited: Duration {
        if let retryAfter { return max(retryAfter, .seconds(1)) }
        // A window that is not used up is not the one that was hit: its end says nothing of the block's.
        let spans = windows.filter { $0.remaining == 0 }.compactMap(\.resetsAfter)
        return max(spans.max() ?? .minutes(5), .seconds(1))
    }
}

extension String {
    /// Without spaces and tabs at its ends.
    fileprivate var trimmed: String {
        let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard let start = utf8.firstIndex(where: { !isSpace($0) }), let end = utf8.lastIndex(where: { !isSpace($0) })
        else {
            return ""
        }
        return String(Substring(utf8[start...end]))
    }
}
