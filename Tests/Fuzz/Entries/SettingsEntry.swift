import Domain

@testable import SettingsFile

/// Settings or errors; every error with file, line and column. Settings that are taken are the same when they are read
/// again, and every sound document is the same when it is written out and parsed again.
func fuzzSettings(_ bytes: [UInt8]) throws(Fault) {
    let texts = bytes.split(separator: 0x1C, maxSplits: 3, omittingEmptySubsequences: false).enumerated().map {
        SettingsText(file: "file-\($0).toml", bytes: Array($1))
    }
    let outcome = read(texts)
    try demand(read(texts) == outcome, "the same texts are read differently again")
    switch outcome {
    case .success(let reading):
        try judge(SettingsCheck.diagnostics(of: reading, now: Timestamp(unixSeconds: 1_795_000_000)), of: texts)
    case .failure(let trouble):
        try demand(!trouble.errors.isEmpty, "settings are refused without an error")
        try judge(trouble.diagnostics, of: texts)
        try demandShowable(trouble.explanation.summary, upTo: 8192, "the summary")
    }
    for text in texts { try judgeTree(text.bytes) }
}

private func read(_ texts: [SettingsText]) -> Result<SettingsReading, SettingsTrouble> {
    Result { () throws(SettingsTrouble) in try SettingsReading(texts) }
}

private func judge(_ diagnostics: [Diagnostic], of texts: [SettingsText]) throws(Fault) {
    let lines = Dictionary(uniqueKeysWithValues: texts.map { text in (text.file, text.bytes.count { $0 == 10 } + 1) })
    for diagnostic in diagnostics {
        guard let lines = lines[diagnostic.file] else { throw Fault(description: "no file is named: \(diagnostic)") }
        guard let place = diagnostic.place else { throw Fault(description: "no place is named: \(diagnostic)") }
        try demand((1...lines).contains(place.line) && place.column >= 1, "the place is not in the file: \(diagnostic)")
        try demandShowable(diagnostic.description, upTo: 8192, "a diagnostic")
    }
}

private func judgeTree(_ bytes: [UInt8]) throws(Fault) {
    let document = TOMLParser.parse(bytes)
    guard document.troubles.isEmpty else { return }
    let written = TOMLText.write(document.root)
    let again = TOMLParser.parse(Array(written.utf8))
    // Each header on the way was a level of its own there and is one here: the depth is the same.
    try demand(again.troubles.isEmpty, "a sound document is refused when it is written out: \(again.troubles)")
    try demand(TOMLText.write(again.root) == written, "a sound document is another one when it is written out")
}

/// A document with all tables inline and every text in basic strings.
private enum TOMLText {
    static func write(_ root: TOMLTable) -> String {
        root.entries.map { "\(quoted($0.key.text)) = \(value($0.value))\n" }.joined()
    }

    private static func value(_ value: TOMLValue) -> String {
        switch value.content {
        case .string(let text): quoted(text)
        case .integer(let number): String(number)
        case .float(let number): float(number)
        case .boolean(let truth): String(truth)
        case .date(let date): date.text
        case .array(let array): "[\(array.items.map(Self.value).joined(separator: ", "))]"
        case .table(let table):
            "{\(table.entries.map { "\(quoted($0.key.text)) = \(Self.value($0.value))" }.joined(separator: ", "))}"
        case .unread: "unread"
        }
    }

    private static func float(_ number: Double) -> String {
        if number.isNaN { return "nan" }
        if number.isInfinite { return number < 0 ? "-inf" : "inf" }
        return "\(number)".contains("e") ? "\(number)".replacing("e+", with: "e") : "\(number)"
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
