import Domain

extension HistoryReport: ReportText {
    public func text(_ style: TextStyle) -> String {
        let gone = pruned.map { "\($0.count) older lines, up to \($0.upTo.text), were pruned\n" } ?? ""
        guard !rows.isEmpty else { return gone + "nothing happened in that time\n" }
        var table = Table("WHEN", "SUBJECT", "EVENT", "FROM", "TO", "WHY")
        for row in rows {
            let why = [row.reason, row.move == "surprising" ? "surprising" : nil, row.detail].compactMap { $0 }
            table.add(
                .time(row.at.text), .init(row.path), .init(row.event), .init(row.fromStatus ?? row.fromStage ?? "-"),
                .init(row.toStatus ?? row.toStage ?? "-"),
                .init(why.filter { !$0.isEmpty }.joined(separator: ", "), row.move == "surprising" ? .yellow : nil))
        }
        let more = truncated ? "there may be more before these: --since, --until or --limit\n" : ""
        return gone + table.text(style) + more
    }
}

extension [OrderRow] {
    var table: Table {
        var table = Table("ORDER", "WHEN", "SUBJECT", "STATE", "WHAT")
        for row in self {
            let colour: TextStyle.Colour? =
                switch row.state {
                case "open": .cyan
                case "failed", "lost": .red
                default: nil
                }
            let asked = row.askedBy.map { " (asked by \($0))" } ?? ""
            let answer = row.message.map { ": \($0)" } ?? ""
            table.add(
                .init(row.id), .time(row.at.text), .init(row.path), .init(row.state, colour),
                .init("\(row.words), because \(row.reason)\(asked)\(answer)"))
        }
        return table
    }
}

extension OrdersReport: ReportText {
    public func text(_ style: TextStyle) -> String {
        guard !rows.isEmpty else { return "no orders in that time\n" }
        return rows.table.text(style)
            + (truncated ? "there may be more before these: --since, --until or --limit\n" : "")
    }
}

extension AuditReport: ReportText {
    public func text(_ style: TextStyle) -> String {
        guard !rows.isEmpty else { return "no person asked for anything in that time\n" }
        var table = Table("WHEN", "WHO", "VERB", "TARGET", "OUTCOME")
        for row in rows {
            let detail = row.detail.isEmpty ? "" : " (\(row.detail))"
            table.add(
                .time(row.at.text), .init(row.person), .init(row.verb), .init(row.target),
                .init(row.outcome + detail))
        }
        return table.text(style)
    }
}

extension RecordsReport: ReportText {
    public func text(_ style: TextStyle) -> String {
        guard !packs.isEmpty else { return "nothing has to be published\n" }
        return packs.map { $0.text(style, at) }.joined(separator: "\n")
    }

    /// The records as a fragment of a zone file, with a comment for each pack.
    public var zoneFile: String {
        let comments = packs.map { pack in
            "; \(TextStyle.plain(pack.path)) \(TextStyle.plain(pack.status)) since \(pack.since.timestamp.shown)\n"
        }
        return comments.joined() + ZoneFragment(packs).text
    }
}

extension PackRecords {
    fileprivate func text(_ style: TextStyle, _ now: Moment) -> String {
        var facts = Facts()
        facts.add("status", "\(status) for \(ShortDuration.text(.seconds(ageSeconds)))")
        let isLate = deadline.map { $0 < now } ?? false
        facts.add("deadline", moment(deadline, at: now), isLate ? .red : nil)
        facts.add("valid until", moment(notAfter, at: now))
        for error in errors { facts.add("error", error, .red) }
        var table = Table("TYPE", "NAME", "STATUS", "VALUE")
        for row in records {
            table.add(.init(row.type), .init(row.name ?? "-"), .init(row.status ?? "-"), .init(row.value))
        }
        let waiting =
            deadline == nil
            ? "  what to publish comes with the next try\n" : "  Cloudflare has not said yet what to publish\n"
        // A value that is cut off is of no use: these tables are as wide as they are.
        let values = table.text(TextStyle(width: nil, isColoured: style.isColoured))
        return style.paint(TextStyle.plain(path), .bold) + "\n" + facts.text(style, indent: 2)
            + (table.isEmpty ? waiting : values)
    }
}

extension CommandReport: ReportText {
    public func text(_ style: TextStyle) -> String {
        let told = lines.map { TextStyle.plain($0) + "\n" }.joined()
        let shown = planned.filter { $0.decision.verdict != "rest" }
        guard !planned.isEmpty else { return told }
        guard !shown.isEmpty else { return told + "as wanted: \(counted(planned.count, "subject")); nothing to do\n" }
        var table = Table("SUBJECT", "VERDICT", "EFFECT", "WHAT")
        for row in shown { row.add(to: &table) }
        let rest = planned.count - shown.count
        return told + table.text(style) + (rest > 0 ? "as wanted besides: \(counted(rest, "subject"))\n" : "")
    }
}

extension PlannedRow {
    fileprivate func add(to table: inout Table) {
        let colour: TextStyle.Colour? =
            switch (decision.verdict, effect) {
            case ("hold", _): .red
            case ("act", "remove"): .yellow
            case ("act", _): .cyan
            default: nil
            }
        let detail = decision.detail.isEmpty ? "" : ": \(decision.detail)"
        let because = "\(decision.words) (\(decision.reason))\(detail)"
        let what = decision.actionWords.map { "\($0), because \(because)" } ?? because
        table.add(.init(path), .init(decision.verdict, colour), .init(effect ?? "-"), .init(what))
    }
}

extension WatchLine: ReportText {
    public func text(_ style: TextStyle) -> String {
        let colour: TextStyle.Colour? = priority <= 3 ? .red : priority == 4 ? .yellow : nil
        let facts = fields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        let words = [path ?? zone, message, facts].compactMap { $0 }.filter { !$0.isEmpty }
        let gap = lost.map { "(\($0) lines were lost: this reader was too slow)\n" } ?? ""
        return gap + at.text + "  " + style.paint(TextStyle.plain(words.joined(separator: "  ")), colour) + "\n"
    }
}
