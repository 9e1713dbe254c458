import Domain
import Engine

@testable import SystemdLink

/// Entries that the journal takes and lines that the service manager takes, whatever the facts are made of: fields cut
/// at their limit, messages of one line, one assignment in a notification.
func fuzzNews(_ bytes: [UInt8]) throws(Fault) {
    guard bytes.count >= 3 else { return }
    let texts = bytes.dropFirst(3).split(separator: 0x1F, maxSplits: 40, omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self)
    }
    let names = News.Field.Name.allCases
    let kinds = News.Kind.allCases
    let facts = texts.enumerated().map { News.Field(names[(Int(bytes[1]) + $0) % names.count], $1) }
    let subject = Subject(zone: ZoneID(texts[0]), kind: .certificatePack, name: texts[texts.count - 1])
    let news = News(
        kinds[Int(bytes[0]) % kinds.count], News.Priority.allCases[Int(bytes[2]) % 8],
        about: bytes[2] & 8 == 0 ? subject : nil, zoneName: bytes[2] & 16 == 0 ? texts[0] : nil, facts)
    let entry = JournalEntry(news, identifier: "edgecertd")
    try demandShowable(entry.line, upTo: 8192, "the line")
    for field in entry.fields {
        try demand(
            field.name.utf8.allSatisfy { (65...90).contains($0) || $0 == 95 }, "the field's name is \(field.name)")
        try demand(
            field.value.utf8.count <= JournalEntry.valueLimit, "\(field.name) has \(field.value.utf8.count) bytes")
    }
    let status = SystemdSupervisor.text(of: .status(texts[0]), monotonicMicroseconds: 0)
    // systemd reads notifications of up to 4,096 bytes (`NOTIFY_BUFFER_MAX`, 252).
    try demandShowable(status, upTo: 4095, "the status line")
}
