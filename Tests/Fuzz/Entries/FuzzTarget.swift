/// What is fuzzed: bytes from outside go in, and nothing but a good answer or an error that names the place comes out.
///
/// The same functions are run by the fuzzers and, over the committed corpus, by the ordinary tests.
enum FuzzTarget: String, CaseIterable, Sendable {
    /// Texts of settings, as many files as there are pieces between bytes 0x1C.
    case settings
    /// Cloudflare's answers, through the client: two letters for call and status, then pages between bytes 0x1E.
    case answers
    /// Headers of an answer, one a line.
    case headers
    /// Certificates, requests and keys, as PEM or (by the first letter) as DER.
    case certificates
    /// What a caller sends over the control socket.
    case control
    /// The JSON in the database's columns, by the first letter.
    case rows
    /// What happens to the database's file, four bytes a deed.
    case database
    /// News for the journal and lines for the service manager, by the first letter.
    case news

    /// - Throws: What an answer lacks. A trap or a hang is for the fuzzer to see.
    func run(_ bytes: [UInt8]) throws(Fault) {
        switch self {
        case .settings: try fuzzSettings(bytes)
        case .answers: try fuzzAnswers(bytes)
        case .headers: try fuzzHeaders(bytes)
        case .certificates: try fuzzCertificates(bytes)
        case .control: try fuzzControl(bytes)
        case .rows: try fuzzRows(bytes)
        case .database: try fuzzDatabase(bytes)
        case .news: try fuzzNews(bytes)
        }
    }

    /// How often an entry reads its input, to compare what comes of it: its time is so many times that of one reading.
    var readings: Double {
        switch self {
        case .settings: 4
        case .control: 4
        case .certificates, .answers, .headers, .rows, .news, .database: 1
        }
    }

    /// Up to here an input teaches something new; what grows without end is measured apart (see `Stretch`).
    var longest: Int {
        switch self {
        case .settings, .answers, .certificates: 8192
        case .headers, .control, .rows, .news: 4096
        case .database: 256
        }
    }
}

/// What was promised of every input and not kept for this one.
struct Fault: Error, CustomStringConvertible {
    var description: String
}

/// The oracle's one verb.
func demand(_ fact: Bool, _ promise: @autoclosure () -> String) throws(Fault) {
    guard fact else { throw Fault(description: promise()) }
}

/// What people will read: one line, and no more of it than a screen holds.
func demandShowable(_ text: String, upTo bytes: Int, _ what: String) throws(Fault) {
    try demand(text.utf8.count <= bytes, "\(what) has \(text.utf8.count) bytes, more than \(bytes)")
    let odd = text.unicodeScalars.first { scalar in
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
    try demand(odd == nil, "\(what) holds the control character \(odd.map { String($0.value, radix: 16) } ?? "")")
}
