import ArgumentParser
import ControlAPI
import Domain
import Glibc
import Reports

struct Revoke: DaemonCommand {
    static let configuration = CommandConfiguration(
        abstract: "Revoke a client certificate.",
        discussion: "Shows what would go dark and asks before it does it; without a terminal --yes is needed.")
    @OptionGroup var options: ChangeOptions
    @Argument(help: "The subject.") var subject: String
    @Option(help: "Cloudflare's identifier of the certificate; left out for the one in use.") var object: String?
    @Option(help: "Why; kept in the audit.") var reason: String
    @Flag(help: "Do not ask.") var yes = false

    func validate() throws {
        if reason.allSatisfy(\.isWhitespace) { throw ValidationError("--reason must say something") }
    }

    func run() throws {
        let detail = try Commanding(options: options.daemon).answered {
            try $0.call(
                .show, SubjectParameters(subject: subject), as: SubjectDetail.self,
                patience: options.daemon.replyTimeout.duration)
        }
        let forecast = try RevocationForecast(detail, object: object)
        if !options.printing.json { try Output.write(forecast.text(options.printing.style)) }
        if !yes { try Confirmation.ask("Revoke it? Type 'yes':") }
        // What was shown is what is revoked, though another one came into use meanwhile.
        let parameters = RevokeParameters(subject: detail.row.path, object: forecast.object, reason: reason)
        _ = try perform(.revoke, parameters)
    }
}

struct Reactivate: DaemonCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have a revoked client certificate become active again.")
    @OptionGroup var options: ChangeOptions
    @Argument(help: "The subject.") var subject: String
    @Option(help: "Cloudflare's identifier of the certificate; left out for the newest.") var object: String?

    func run() throws { _ = try perform(.reactivate, RevokeParameters(subject: subject, object: object)) }
}

/// A person's word before something that cannot be taken back.
enum Confirmation {
    static func ask(_ question: String) throws {
        guard Output.isTerminal(STDIN_FILENO) else {
            throw Failure(
                "not-confirmed", "nobody is there to confirm it", hint: "give --yes where that is intended", exitCode: 5
            )
        }
        try Output.write(question + " ")
        guard readLine()?.trimming() == "yes" else {
            throw Failure("not-confirmed", "nothing was done", exitCode: 5)
        }
    }
}

extension String {
    fileprivate func trimming() -> String { split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}
