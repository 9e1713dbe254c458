import ArgumentParser
import ControlAPI
import Domain
import Glibc
import Reports

/// A command that the daemon carries out.
protocol DaemonCommand: ParsableCommand {
    var options: ChangeOptions { get }
}

struct ChangeOptions: ParsableArguments {
    @OptionGroup var printing: PrintOptions
    @OptionGroup var daemon: SocketOptions
}

extension DaemonCommand {
    func perform(_ method: ControlMethod, _ parameters: some Encodable = NoParameters()) throws -> CommandReport {
        let report = try Commanding(options: options.daemon).perform(method, parameters)
        do { try options.printing.show(report) } catch let trouble as OutputTrouble {
            Output.complain("note", "the daemon has carried it out all the same")
            throw trouble
        }
        return report
    }
}

struct Plan: DaemonCommand {
    static let configuration = CommandConfiguration(
        abstract: "What would be done, and why. Nothing is done by it.",
        discussion: """
            Ends with 0 when nothing is to do, 4 when something would be done, 3 when something is held, 69 when \
            something could not be looked at.
            """)
    @OptionGroup var options: ChangeOptions
    @Argument(help: "A subject or a zone; left out for all.") var scope: String?

    func run() throws { throw Ending(try perform(.plan, ScopeParameters(scope: scope)).exitCode) }
}

struct Reconcile: DaemonCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look, plan and act now, ahead of the schedule.",
        discussion: "What is shown is what was decided first; the exit codes are those of 'plan'.")
    @OptionGroup var options: ChangeOptions
    @Argument(help: "A subject or a zone; left out for all.") var scope: String?

    func run() throws { throw Ending(try perform(.reconcile, ScopeParameters(scope: scope)).exitCode) }
}

struct Suspend: DaemonCommand {
    static let configuration = CommandConfiguration(
        abstract: "Change nothing of a subject, a zone or anything for a while.",
        discussion: "Looks, history and warnings go on. Who did it, why and until when is shown until it ends.")
    @OptionGroup var options: ChangeOptions
    @Argument(help: "A subject or a zone.") var scope: String?
    @Flag(help: "Everything.") var all = false
    @Option(help: "Why; shown to everyone.") var reason: String
    @Option(name: .customLong("for"), help: ArgumentHelp("How long.", valueName: "duration")) var span: Span?
    @Option(help: ArgumentHelp("Until when, as RFC 3339.", valueName: "time")) var until: String?

    func validate() throws {
        guard (scope == nil) == all else { throw ValidationError("give either a SCOPE or --all") }
        guard (span == nil) != (until == nil) else { throw ValidationError("give either --for or --until") }
        if let until, Timestamp(cloudflare: until) == nil {
            throw ValidationError("--until is an RFC 3339 time, as 2026-11-21T03:28:38Z")
        }
        if reason.allSatisfy(\.isWhitespace) { throw ValidationError("--reason must say something") }
    }

    func run() throws {
        // How long is counted by the daemon's clock, which may be a simulator's.
        let seconds = span.map { Int(clamping: $0.duration.wholeSeconds) }
        _ = try perform(
            .suspend, SuspendParameters(scope: scope, reason: reason, until: until, forSeconds: seconds))
    }
}

struct Resume: DaemonCommand {
    static let configuration = CommandConfiguration(abstract: "End a suspension.")
    @OptionGroup var options: ChangeOptions
    @Argument(help: "The subject or zone that was suspended.") var scope: String?
    @Flag(help: "The suspension of everything.") var all = false

    func validate() throws {
        guard (scope == nil) == all else { throw ValidationError("give either a SCOPE or --all") }
    }

    func run() throws { _ = try perform(.resume, ScopeParameters(scope: scope)) }
}

struct Adopt: DaemonCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take a thing at Cloudflare for a subject's own.",
        discussion: """
            From then on it may be changed and removed as the settings say. What differs from the wish is refused with 5, \
            unless it is meant to be replaced.
            """)
    @OptionGroup var options: ChangeOptions
    @Argument(help: "Cloudflare's identifier of the pack or certificate.") var object: String
    @Argument(help: "The subject that it is for.") var subject: String
    @Flag(help: "Take also what differs from the wish: it is removed once what is wished serves.") var replace = false

    func run() throws {
        _ = try perform(.adopt, AdoptParameters(object: object, subject: subject, replace: replace ? true : nil))
    }
}

struct Release: DaemonCommand {
    static let configuration = CommandConfiguration(
        abstract: "Give a subject out of hand: it is watched from then on, and left alone.")
    @OptionGroup var options: ChangeOptions
    @Argument(help: "The subject.") var subject: String

    func run() throws { _ = try perform(.release, SubjectParameters(subject: subject)) }
}

struct Approve: DaemonCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a change that is held for safety, once.",
        discussion: "'edgecertctl why SUBJECT' says what is held and what approving it will do.")
    @OptionGroup var options: ChangeOptions
    @Argument(help: "The subject that is held.") var subject: String?
    @Flag(help: "Trust a state that was begun anew or restored.") var state = false

    func validate() throws {
        guard (subject == nil) == state else { throw ValidationError("give either a SUBJECT or --state") }
    }

    func run() throws {
        _ = try perform(.approve, ApproveParameters(subject: subject, state: state ? true : nil))
    }
}

struct Unhold: DaemonCommand {
    static let configuration = CommandConfiguration(abstract: "Forget what led to a hold, and decide anew.")
    @OptionGroup var options: ChangeOptions
    @Argument(help: "The subject that is held.") var subject: String

    func run() throws { _ = try perform(.unhold, SubjectParameters(subject: subject)) }
}

struct Reload: DaemonCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have the daemon read its settings again.",
        discussion: "Ends with 1 and the settings' errors when they are bad; the last good ones stay in force then.")
    @OptionGroup var options: ChangeOptions

    func run() throws { _ = try perform(.reload) }
}
