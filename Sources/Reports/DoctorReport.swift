import Domain

/// What `edgecertctl doctor` found.
public struct DoctorReport: Codable, Hashable, Sendable {
    public var at: Moment
    public var findings: [HealthFinding]

    public init(at: Moment, findings: [HealthFinding]) { (self.at, self.findings) = (at, findings) }

    /// 69 when daemon or Cloudflare cannot be reached, else 1 when anything is bad.
    public var exitCode: Int32 {
        let bad = findings.filter { $0.state == .bad }
        if bad.contains(where: { $0.about == .reach || $0.about == .socket }) { return 69 }
        return bad.isEmpty ? 0 : 1
    }
}

/// One thing that was looked at.
public struct HealthFinding: Codable, Hashable, Sendable {
    /// What was looked at. The raw value is part of the JSON. Never renamed.
    public enum About: String, Codable, Hashable, Sendable, CaseIterable {
        case settings, token, reach, clock, database, disk, socket, daemon, unit, watchdog
    }

    public enum State: String, Codable, Hashable, Sendable, CaseIterable {
        case good
        /// It works, and a person should have a look.
        case doubtful
        case bad
        /// It could not be looked at, or there is nothing to look at here.
        case unknown
    }

    public var about: About
    public var state: State
    public var text: String
    /// What to do about it.
    public var hint: String?

    public init(_ about: About, _ state: State, _ text: String, hint: String? = nil) {
        (self.about, self.state, self.text, self.hint) = (about, state, text, hint)
    }

    public init(_ about: About, _ state: State, _ explanation: Explanation) {
        self.init(about, state, explanation.summary, hint: explanation.hint)
    }
}

extension DoctorReport: ReportText {
    public func text(_ style: TextStyle) -> String {
        let width = HealthFinding.About.allCases.reduce(0) { max($0, $1.rawValue.count) }
        return findings.map { finding in
            let colour: TextStyle.Colour =
                switch finding.state {
                case .good: .green
                case .doubtful: .yellow
                case .bad: .red
                case .unknown: .dim
                }
            let word = finding.state.rawValue + String(repeating: " ", count: 8 - finding.state.rawValue.count)
            let name = finding.about.rawValue
            let padding = String(repeating: " ", count: width - name.count)
            let hint = finding.hint.map { "\(String(repeating: " ", count: width + 12))\(TextStyle.plain($0))\n" } ?? ""
            return "\(name)\(padding)  \(style.paint(word, colour))  \(TextStyle.plain(finding.text))\n" + hint
        }.joined()
    }
}

/// How the figures that a doctor measures are judged. Pure.
extension HealthFinding {
    /// - Parameter mode: Of the file that the unit takes the token from.
    public static func tokenFile(path: String, mode: UInt32) -> HealthFinding? {
        guard mode & 0o007 != 0 else { return nil }
        return HealthFinding(
            .token, .doubtful, "everybody on this machine may open \(path)",
            hint: "'chmod o= \(path)', and roll the token if others were on this machine")
    }

    /// - Parameter skew: This machine's clock minus Cloudflare's `Date:`, in whole seconds.
    public static func clock(skew: Duration) -> HealthFinding {
        let seconds = skew.wholeSeconds
        let text =
            seconds == 0
            ? "agrees with Cloudflare's" : "\(seconds.magnitude) s \(seconds > 0 ? "ahead of" : "behind") Cloudflare's"
        // S11: more than 60 s blocks changes.
        if seconds.magnitude > 60 {
            return HealthFinding(
                .clock, .bad, text + ": nothing is changed at Cloudflare until it is right",
                hint: "'timedatectl' shows whether the time is synchronised; systemd-timesyncd or chrony does it")
        }
        return HealthFinding(.clock, seconds.magnitude > 10 ? .doubtful : .good, text)
    }

    public static func token(status: String, expiresOn: Timestamp?, now: Timestamp) -> HealthFinding {
        guard status == "active" else {
            return HealthFinding(
                .token, .bad, "Cloudflare calls it '\(status)'", hint: "make a new one and put it in its place")
        }
        guard let expiresOn else { return HealthFinding(.token, .good, "active, without an end") }
        let left = expiresOn - now
        let text =
            "active until \(Moment(expiresOn).text) (\(ShortDuration.text(left)) \(left > .zero ? "left" : "ago"))"
        let hint = "make a new one and put it in its place before that: the daemon reads it at the next reload"
        if left <= .zero { return HealthFinding(.token, .bad, text, hint: hint) }
        return left < .days(14)
            ? HealthFinding(.token, .doubtful, text, hint: hint) : HealthFinding(.token, .good, text)
    }

    /// Whoever may not look has found nothing bad.
    public static func unreadable(_ about: About, _ text: String) -> HealthFinding {
        HealthFinding(about, .unknown, text, hint: "be root, or a member of the group 'edgecert', to have it looked at")
    }

    /// What is not there while a daemon has it open is a file that somebody removed: starting it again would begin a new one.
    public static func databaseRemoved(path: String) -> HealthFinding {
        HealthFinding(
            .database, .bad, "there is no \(path), though the daemon runs with it: it was removed",
            hint:
                "stop edgecertd, put a backup in its place, start edgecertd; nothing is changed at Cloudflare until then"
        )
    }

    /// Reading takes an empty file for none. Whoever truncated it did not remove it, and a daemon may not notice.
    public static func databaseEmpty(path: String, isRunning: Bool) -> HealthFinding {
        HealthFinding(
            .database, .bad, "\(path) is empty" + (isRunning ? ", though the daemon runs" : ""),
            hint: isRunning
                ? "unless it just began a new one, stop edgecertd, put a backup in its place, start edgecertd"
                : "put a backup in its place before edgecertd starts: with an empty file it begins a new one")
    }

    /// - Parameter files: Further files that the file system can take; nil where it does not say.
    public static func disk(path: String, freeBytes: UInt64, files: UInt64?) -> HealthFinding {
        let text = "\(freeBytes >> 20) MiB free for \(path)" + (files.map { ", room for \($0) more files" } ?? "")
        let hint = "free space there: without it nothing is changed at Cloudflare"
        if freeBytes < 32 << 20 || files.map({ $0 < 64 }) ?? false {
            return HealthFinding(.disk, .bad, text, hint: hint)
        }
        return freeBytes < 256 << 20
            ? HealthFinding(.disk, .doubtful, text, hint: hint) : HealthFinding(.disk, .good, text)
    }

    /// - Parameter properties: What `systemctl show` said, by name.
    public static func unit(_ properties: [String: String]) -> [HealthFinding] {
        guard properties["LoadState"] == "loaded" else {
            return [
                HealthFinding(
                    .unit, .doubtful, "there is no edgecertd.service (\(properties["LoadState"] ?? "unknown"))",
                    hint: "'make install' and 'systemctl daemon-reload' put it in place")
            ]
        }
        let active = properties["ActiveState"] ?? "unknown"
        let restarts = properties["NRestarts"].flatMap(Int.init) ?? 0
        var text = "\(active) (\(properties["SubState"] ?? "?")), \(counted(restarts, "restart"))"
        if let result = properties["Result"], result != "success" { text += ", last result '\(result)'" }
        let isWell = active == "active" || active == "reloading"
        let unit = HealthFinding(
            .unit, !isWell ? .bad : restarts > 0 ? .doubtful : .good, text,
            hint: isWell && restarts == 0 ? nil : hint(active, properties["Result"] ?? "success"))
        // Of a unit that is down systemd does not tell what the watchdog will be.
        return isWell ? [unit, watchdog(properties["WatchdogUSec"] ?? "")] : [unit]
    }

    private static func hint(_ active: String, _ result: String) -> String {
        let why = "'journalctl -u edgecertd -e' tells why"
        switch (active, result) {
        case ("inactive", "success"): return "'systemctl enable --now edgecertd' starts it"
        // Also what the limit of starts refuses is told as the result of the run before.
        case ("failed", _): return "\(why); 'systemctl reset-failed edgecertd' and 'systemctl start edgecertd' start it"
        default: return why
        }
    }

    private static func watchdog(_ interval: String) -> HealthFinding {
        if interval.isEmpty || interval == "0" || interval == "infinity" {
            return HealthFinding(
                .watchdog, .doubtful, "off: a daemon that is stuck would not be restarted",
                hint: "set WatchdogSec=60s in the unit ('systemctl edit edgecertd')")
        }
        return HealthFinding(.watchdog, .good, "a daemon that is stuck for \(interval) is restarted")
    }

    public static func daemon(_ report: StatusReport) -> [HealthFinding] {
        guard let daemon = report.daemon else { return [] }
        var findings: [HealthFinding] = []
        if let trouble = daemon.settingsTrouble {
            findings.append(
                HealthFinding(
                    .daemon, .bad, "runs with the last good settings: \(trouble)",
                    hint: "'edgecertctl check' shows all that is wrong; then 'systemctl reload edgecertd'"))
        }
        if let trouble = daemon.stateTrouble {
            findings.append(
                HealthFinding(
                    .daemon, .bad, "does not trust its state: \(trouble)",
                    hint: "look at 'edgecertctl plan', then 'edgecertctl approve --state'"))
        }
        if let trouble = daemon.storeTrouble {
            findings.append(
                HealthFinding(
                    .daemon, .bad, "changes nothing: \(trouble)",
                    hint: daemon.storeHint ?? "free space there, or make it writable; it goes on by itself then"))
        }
        if let until = daemon.blockedUntil, until > report.at {
            findings.append(
                HealthFinding(
                    .daemon, .doubtful, "Cloudflare refuses every request until \(until.text)",
                    hint: "something else spends the token's limit; lower cloudflare.request_share"))
        }
        // What cannot be written down makes every sight old.
        if report.zones.unseen > 0, daemon.storeTrouble == nil {
            findings.append(
                HealthFinding(
                    .daemon, .bad, "\(counted(report.zones.unseen, "zone")) not seen for too long",
                    hint: "'edgecertctl list --wrong' and the journal tell why"))
        }
        if findings.isEmpty {
            let mode = daemon.mode == "observe" ? ", mode observe: it changes nothing" : ", mode \(daemon.mode)"
            let isWrong = report.exitCode == .wrong
            findings.append(
                HealthFinding(
                    .daemon, isWrong ? .doubtful : .good, "version \(daemon.version)\(mode); \(report.headline)",
                    hint: isWrong ? "'edgecertctl status' and 'edgecertctl list --wrong' tell what is wrong" : nil))
        }
        return findings
    }
}
