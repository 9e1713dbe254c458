import Domain
import Engine

@testable import CloudflareAPI

/// Windows and waits that nothing can be silenced by for ever, and moments that are the same when they are written out
/// and read again.
func fuzzHeaders(_ bytes: [UInt8]) throws(Fault) {
    let lines = bytes.split(separator: 10, maxSplits: 63).map { String(decoding: $0, as: UTF8.self) }
    let headers = lines.map { line -> HTTPHeader in
        let colon = line.firstIndex(of: ":") ?? line.endIndex
        return HTTPHeader(String(line[..<colon]), String(line[colon...].dropFirst().drop { $0 == " " }))
    }
    let status = headers.count % 2 == 0 ? 200 : 429
    let signal = RateHeaders.signal(from: HTTPResponse(status: status, headers: headers))
    let spans = [signal.retryAfter] + signal.windows.flatMap { [$0.resetsAfter, $0.length] }
    for span in spans.compactMap(\.self) {
        try demand(span >= .zero && span <= .hours(24), "a span of \(span)")
    }
    for count in signal.windows.flatMap({ [$0.remaining, $0.quota] }).compactMap(\.self) {
        try demand(count >= 0, "a count of \(count)")
    }
    try demand(signal.windows.count <= 16, "\(signal.windows.count) windows")
    try demand(Set(signal.windows.map(\.name)).count == signal.windows.count, "two windows of one name")
    for window in signal.windows { try demandShowable(window.name, upTo: 100, "a window's name") }
    let wait = signal.waitWhenLimited
    try demand(wait >= .seconds(1) && wait <= .hours(24), "a wait of \(wait)")
    for header in headers {
        for moment in [Timestamp(httpDate: header.value), Timestamp(cloudflare: header.value)].compactMap(\.self) {
            // "Not set" is what year 1 stands for; nothing earlier is read either.
            guard let again = Timestamp(cloudflare: moment.rfc3339) else {
                try demand(moment.rfc3339 <= "0001-01-01T00:00:00Z", "\(moment.rfc3339) is not read again")
                continue
            }
            try demand(again == moment, "\(header.value) is \(moment.rfc3339), and then \(again.rfc3339)")
        }
    }
}
