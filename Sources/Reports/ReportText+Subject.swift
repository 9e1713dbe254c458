import Domain

extension SubjectDetail: ReportText {
    public func text(_ style: TextStyle) -> String {
        var facts = Facts()
        facts.add("subject", row.path, .bold)
        facts.add("state", "\(row.state.rawValue): \(row.headline)", row.state.colour)
        facts.add("names", row.names.joined(separator: ", "))
        facts.add("in the settings", row.wished ? "yes" : "no")
        facts.add("zone seen", row.seenSecondsAgo.map { age($0) } ?? "never")
        facts.add("next look", moment(row.nextLook, at: at))
        facts.add("suspended", suspension.map { "until \($0.until.text) by \($0.by): \($0.reason)" }, .yellow)
        for approval in approvals { facts.add("approved", approval.words(at: at), .yellow) }
        for trouble in troubles {
            facts.add("trouble", "\(trouble.words) (since \(age(trouble.ageSeconds))) \(trouble.detail)", .red)
        }
        for order in openOrders { facts.add("open order", "\(order.id): \(order.words)", .cyan) }
        let shown = objects.map { "\n" + $0.text(style, at) }.joined()
        return facts.text(style) + (objects.isEmpty ? "\nthere is nothing at Cloudflare for it\n" : shown)
    }
}

extension ObjectDetail {
    fileprivate func text(_ style: TextStyle, _ now: Moment) -> String {
        var facts = Facts()
        let stands = status.isEmpty ? stage : "\(status) (\(stage))"  // what vanished has no status
        facts.add("status", "\(stands) since \(moment(since, at: now) ?? "")")
        facts.add("valid", valid ? "until \(moment(notAfter, at: now) ?? "")" : "no", valid ? .green : .red)
        if !valid { facts.add("end", moment(notAfter, at: now)) }
        facts.add("whose", ownership == "foreign" ? "not ours" : "ours, \(ownership)")
        facts.add("missing", missingSince.map { "from complete looks since \($0.text)" }, .red)
        facts.add("type", type)
        facts.add("hosts", hosts?.joined(separator: ", "))
        facts.add("authority", authority)
        facts.add("validation", method)
        facts.add("validity", validityDays.map { counted($0, "day") })
        for certificate in certificates ?? [] {
            let issuer = certificate.issuer ?? "unknown issuer"
            facts.add(
                "certificate",
                "\(issuer), until \(moment(certificate.notAfter, at: now) ?? "unknown") \(certificate.id)")
        }
        if let count = validationRecords, count > 0 {
            facts.add("to publish", "\(count) records: see 'edgecertctl records'", .yellow)
        }
        for error in validationErrors ?? [] { facts.add("error", error, .red) }
        facts.add("common name", commonName)
        facts.add("serial number", serialNumber)
        facts.add("fingerprint", fingerprintSHA256)
        facts.add("issued", moment(issuedOn, at: now))
        facts.add("key", generation.map { "generation \($0)" })
        facts.add("delivered", moment(deliveredAt, at: now))
        facts.add("command ran", moment(commandSucceededAt, at: now))
        facts.add("seen", "first \(firstSeen.text), last \(moment(lastSeen, at: now) ?? "")")
        return style.paint(TextStyle.plain(id), .bold) + "\n" + facts.text(style, indent: 2)
    }
}

extension WhyReport: ReportText {
    public func text(_ style: TextStyle) -> String {
        var facts = Facts()
        facts.add("subject", row.path, .bold)
        facts.add("state", "\(row.state.rawValue): \(row.headline)", row.state.colour)
        if let decision {
            facts.add("decision", "\(decision.verdict), because \(decision.words) (\(decision.reason))")
            facts.add("particulars", decision.detail)
            facts.add(decision.verdict == "hold" ? "would be" : "action", decision.actionWords)
            facts.add("decided so", moment(decision.since, at: at).map { "since \($0)" })
            facts.add("until", moment(decision.until, at: at))
        } else {
            facts.add("decision", "none yet: its zone has not been looked at")
        }
        if let lift {
            facts.add("to lift it", lift.command, .yellow)
            facts.add("which", lift.meaning)
        } else if decision?.verdict == "hold" {
            facts.add("to lift it", "mend its cause: the hold lifts itself at the next pass", .yellow)
        }
        facts.add("suspended", suspension.map { "until \($0.until.text) by \($0.by): \($0.reason)" }, .yellow)
        for approval in approvals { facts.add("approved", approval.words(at: at), .yellow) }
        facts.add("refused", refusal.map { "\($0.message) (\($0.reason), \($0.at.text))" }, .red)
        for trouble in troubles {
            facts.add("trouble", "\(trouble.words) (since \(age(trouble.ageSeconds))) \(trouble.detail)", .red)
        }
        for undone in undoneAt { facts.add("undone outside", moment(undone, at: at), .red) }
        facts.add("last change", moment(lastChangeAt, at: at))
        facts.add("last served", moment(lastServedAt, at: at))
        facts.add("zone seen", row.seenSecondsAgo.map { age($0) } ?? "never")
        facts.add("next look", moment(nextLook, at: at))
        return facts.text(style) + inputText(style) + orderText(style)
    }

    private func inputText(_ style: TextStyle) -> String {
        guard let inputs = decision?.inputs, !inputs.isEmpty else { return "" }
        var facts = Facts()
        for input in inputs { facts.add(TextStyle.plain(input.name), input.value) }
        return "\nmade from\n" + facts.text(style, indent: 2)
    }

    private func orderText(_ style: TextStyle) -> String {
        orders.isEmpty ? "" : "\nthe newest orders\n" + orders.table.text(style)
    }
}
