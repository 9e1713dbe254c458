import Domain

/// A report as a person reads it. Pure: the same report and style give the same text.
public protocol ReportText {
    /// Whole lines, each with its end.
    func text(_ style: TextStyle) -> String
}

extension SubjectState {
    var colour: TextStyle.Colour {
        switch self {
        case .ok: .green
        case .moving: .cyan
        case .suspended, .released: .yellow
        case .wrong, .held, .expired, .unknown: .red
        }
    }
}

extension ListReport: ReportText {
    public func text(_ style: TextStyle) -> String {
        guard !rows.isEmpty else {
            return "no subject answers to that; 'edgecertctl status' tells of zones that have not been seen yet\n"
        }
        var table = Table("SUBJECT", "STATE", "STATUS", "ENDS IN", "SEEN", "WHAT")
        for row in rows { row.add(to: &table) }
        let end = truncated ? "there are more: narrow it down with --zone or a filter\n" : ""
        return table.text(style) + end
    }
}

extension SubjectRow {
    fileprivate func add(to table: inout Table) {
        table.add(
            .init(path, wished ? nil : .dim), .init(state.rawValue, state.colour), .init(status ?? "-"),
            .init(remaining, remainingColour), .init(seenSecondsAgo.map { age($0) } ?? "never"), .init(headline))
    }

    private var remaining: String {
        // What is removed or revoked ends no more.
        guard let left = remainingSeconds, stage != Stage.gone.code, stage != Stage.revoked.code else { return "-" }
        return left > 0 ? ShortDuration.text(.seconds(left)) : "ended"
    }

    private var remainingColour: TextStyle.Colour? {
        guard let left = remainingSeconds else { return nil }
        return left <= 3 * 86_400 ? .red : left <= 28 * 86_400 ? .yellow : nil
    }
}

/// `3m ago`
func age(_ seconds: Int) -> String { seconds < 1 ? "now" : "\(ShortDuration.text(.seconds(seconds))) ago" }

/// `2026-11-21 03:28:38Z (in 3m)`
func moment(_ moment: Moment?, at now: Moment) -> String? {
    guard let moment else { return nil }
    let left = moment.timestamp - now.timestamp
    let words =
        left.wholeSeconds == 0
        ? "now" : left > .zero ? "in \(ShortDuration.text(left))" : "\(ShortDuration.text(left)) ago"
    return "\(moment.text) (\(words))"
}

extension StatusReport: ReportText {
    public func text(_ style: TextStyle) -> String {
        var facts = Facts()
        let colour: TextStyle.Colour =
            switch exitCode {
            case .asWanted: .green
            case .moving: .cyan
            case .wrong, .notReachable: .red
            }
        facts.add(
            "certificates", headline,
            exitCode == .wrong || subjects.needsEyes + troubleCount > 0 ? .red : subjects.moving > 0 ? .cyan : .green)
        facts.add("daemon", daemonLine, daemon == nil ? colour : nil)
        facts.add("settings", daemon?.settingsTrouble.map { "refused: \($0)" }, .red)
        facts.add("state", daemon?.stateTrouble.map { "not trusted: \($0)" }, .red)
        facts.add("database", daemon?.storeTrouble, .red)
        facts.add("zones", zoneLine)
        facts.add("subjects", subjectLine)
        facts.add(
            "to publish",
            subjects.awaitingRecords > 0
                ? "records for \(counted(subjects.awaitingRecords, "subject")): 'edgecertctl records' lists them" : nil,
            .yellow)
        facts.add("Cloudflare", cloudflareLine)
        facts.add("orders", openOrders > 0 ? "\(openOrders) open" : nil)
        return facts.text(style) + troubleText(style) + suspensionText(style)
    }

    private var daemonLine: String {
        guard let daemon else { return "does not answer; this is what the database holds" }
        let next = moment(daemon.nextPass, at: at).map { ", next pass \($0)" } ?? ""
        return "edgecertd \(daemon.version), mode \(daemon.mode), up since \(daemon.startedAt.text)\(next)"
    }

    private var zoneLine: String {
        var line = "\(zones.managed)"
        if zones.unmanaged > 0 { line += ", and \(zones.unmanaged) that the settings name no more" }
        if zones.unseen > 0 { line += ", \(zones.unseen) not seen for too long" }
        if let zone = zones.oldestSight, let seconds = zones.oldestSightSeconds {
            line += "; the oldest sight is of \(zone), \(age(seconds))"
        }
        return line
    }

    private var subjectLine: String {
        let parts = [
            (subjects.ok, "ok"), (subjects.moving, "moving"), (subjects.wrong, "wrong"), (subjects.held, "held"),
            (subjects.suspended, "suspended"), (subjects.released, "released"), (subjects.expired, "expired"),
            (subjects.unknown, "unknown"),
        ]
        let words = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        let others = subjects.notWished > 0 ? "; \(subjects.notWished) not in the settings" : ""
        return "\(subjects.wished) wished\(words.isEmpty ? "" : ": \(words)")\(others)"
    }

    private var cloudflareLine: String? {
        guard let daemon else { return nil }
        var parts: [String] = []
        if let left = daemon.budgetLeft { parts.append("\(counted(left, "request")) left in this window") }
        parts.append("settled zones are looked at every \(ShortDuration.text(.seconds(daemon.lookEverySeconds)))")
        if let until = moment(daemon.blockedUntil, at: at) { parts.append("blocked until \(until)") }
        if let skew = daemon.clockSkewSeconds, skew.magnitude > 60 { parts.append("clock off by \(skew) s") }
        return parts.joined(separator: ", ")
    }

    private func troubleText(_ style: TextStyle) -> String {
        guard !troubles.isEmpty else { return "" }
        var table = Table("TROUBLE", "WITH", "SINCE", "WHAT")
        for row in troubles { row.add(to: &table) }
        let rest = troubleCount - troubles.count
        return "\n" + table.text(style) + (rest > 0 ? "and \(rest) more\n" : "")
    }

    private func suspensionText(_ style: TextStyle) -> String {
        guard !suspensions.isEmpty else { return "" }
        var table = Table("SUSPENDED", "UNTIL", "BY", "REASON")
        for row in suspensions {
            table.add(.init(row.scope), .time(moment(row.until, at: at) ?? ""), .init(row.by), .init(row.reason))
        }
        return "\n" + table.text(style)
    }
}

extension EpisodeRow {
    func add(to table: inout Table) {
        // The first column says `held` already.
        let words = [words == condition ? "" : words, detail].filter { !$0.isEmpty }.joined(separator: ": ")
        table.add(.init(condition, .red), .init(scope), .init(age(ageSeconds)), .init(words))
    }
}
