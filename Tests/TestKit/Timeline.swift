import Domain
import Planning

/// Polls of one pack, drawn: a letter a poll in, a word a poll out.
///
/// `i` initializing, `v` pending validation, `V` validation timed out, `s` pending issuance, `S` issuance timed out,
/// `d` pending deployment, `D` deployment timed out, `a` active, `h` holding, `x` pending deletion, `X` deletion timed
/// out, `e` expired, `?` a word that nobody knows, `-` not there, `!` the look fails. The letter of the poll that orders
/// is what Cloudflare answers.
public func timeline(_ letters: String, every interval: Duration = .minutes(5), _ run: ZoneRun) -> String {
    var run = run
    var words: [String] = []
    for letter in letters.split(separator: " ") {
        let newest = run.objects.keys.max()
        run.unseen = letter == "!" ? [.certificatePack] : []
        if let newest, letter == "-" { run.objects[newest] = nil }
        if let newest, let status = statusWords[String(letter)] { run.show(newest, status) }
        words.append(run.pass(after: interval))
    }
    return words.joined(separator: " ")
}

private let statusWords = [
    "i": "initializing", "v": "pending_validation", "V": "validation_timed_out", "s": "pending_issuance",
    "S": "issuance_timed_out", "d": "pending_deployment", "D": "deployment_timed_out", "a": "active",
    "h": "holding_deployment", "x": "pending_deletion", "X": "deletion_timed_out", "e": "expired", "?": "polishing",
]
