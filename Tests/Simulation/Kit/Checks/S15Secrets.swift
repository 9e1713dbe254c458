/// S15: no secret is in a log line or the database.
///
/// The token is looked for in every piece of news, and in the database's file at the end of the run (by the run).
/// Argument lists and errors of the tool are checked by unit tests.
struct S15Secrets: Checker {
    let invariant = "S15"

    mutating func hear(_ text: () -> String) -> [String] {
        text().contains(Setting.secret) ? ["the token is in a piece of news"] : []
    }
}
