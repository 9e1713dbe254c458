import ArgumentParser
import Domain
import Reports
import SettingsFile

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Reads settings without a daemon and says all that is wrong with them.",
        discussion: """
            Also what would be refused before an order: rules of Cloudflare, of its authorities and of the CA/Browser \
            Forum at today's date. Ends with 0 when they are good, 1 when they are not.
            """)
    @OptionGroup var printing: PrintOptions
    @OptionGroup var settings: SettingsOptions
    @Flag(help: "Warnings count as errors.") var strict = false
    @Argument(help: "Read these files, in this order, in place of the settings file and its drop-ins.")
    var files: [String] = []

    func run() throws {
        let report: CheckReport
        do throws(SettingsTrouble) {
            let reading = files.isEmpty ? try settings.reading() : try SettingsReader.reading(files: files)
            report = CheckReport(reading, SettingsCheck.diagnosticsWithRequests(of: reading, now: Wall.now()))
        } catch {
            report = CheckReport(error.diagnostics)
        }
        try printing.show(report)
        if report.errors > 0 || strict && report.warnings > 0 { throw Ending(1) }
    }
}

/// What `check` found.
struct CheckReport: Encodable, ReportText {
    let files: [String]
    let zones: Int
    let subjects: Int
    let errors: Int
    let warnings: Int
    let findings: [Found]

    struct Found: Encodable {
        let severity: String
        let code: String
        let file: String
        let line: Int?
        let column: Int?
        let key: String
        let found: String
        let allowed: String
        let suggestion: String?
        let hint: String?
        private let text: String

        private enum CodingKeys: CodingKey {
            case severity, code, file, line, column, key, found, allowed, suggestion, hint
        }

        init(_ diagnostic: Diagnostic) {
            (severity, code, file) = (diagnostic.severity.rawValue, diagnostic.code, diagnostic.file)
            (line, column) = (diagnostic.place?.line, diagnostic.place?.column)
            (key, found, allowed) = (diagnostic.key, diagnostic.found, diagnostic.allowed)
            (suggestion, hint, text) = (diagnostic.suggestion, diagnostic.hint, diagnostic.description)
        }

        func text(_ style: TextStyle) -> String { TextStyle.plain(text) + "\n" }
    }

    init(_ reading: SettingsReading, _ diagnostics: [Diagnostic]) {
        self.init(diagnostics, reading: reading)
    }

    /// For settings that cannot be taken.
    init(_ diagnostics: [Diagnostic], reading: SettingsReading? = nil) {
        files = reading?.files ?? []
        zones = reading?.settings.zones.count ?? 0
        subjects = reading?.settings.zones.reduce(0) { $0 + $1.wishes.count } ?? 0
        errors = diagnostics.count { $0.severity == .error }
        warnings = diagnostics.count - errors
        findings = diagnostics.map(Found.init)
    }

    func text(_ style: TextStyle) -> String {
        let lines = findings.map { $0.text(style) }.joined()
        let count = "\(counted(errors, "error")), \(counted(warnings, "warning"))"
        return lines
            + (errors > 0
                ? "\(count)\n" : "good: \(counted(zones, "zone")), \(counted(subjects, "subject")); \(count)\n")
    }
}
