/// S15: no secret is in a log line or the database.
///
/// The token is looked for in every piece of news, and in the database's file at the end of the run (by the run).
/// Argument lists and errors of the tool are checked by unit tests.
struct S15Secrets: Checker {
    let invariant = "S15"

    mutating func hear(_ text: () -> String) -> [String] {
        text().holds(Setting.secret) ? ["the token is in a piece of news"] : []
    }
}

extension String {
    /// By bytes: `contains` goes character by character, and every piece of news is asked.
    fileprivate func holds(_ secret: String) -> Bool {
        guard let first = secret.utf8.first else { return true }
        var text = self
        return text.withUTF8 { text in
            text.indices.contains { text[$0] == first && text[$0...].starts(with: secret.utf8) }
        }
    }
}
