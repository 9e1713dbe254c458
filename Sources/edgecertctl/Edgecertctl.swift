import ArgumentParser
import Domain
import Glibc

/// What an operator types.
@main struct Program {
    static func main() async {
        signal(SIGPIPE, SIG_IGN)  // writing to a pager that was closed is an end, not a crash
        do {
            var command = try Edgecertctl.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let ending as Ending {
            exit(ending.code)
        } catch let failure as Failure {
            failure.print()
            exit(failure.exitCode)
        } catch let trouble as OutputTrouble {
            exit(Self.report(trouble))
        } catch {
            exit(Self.report(error))
        }
    }

    private static func report(_ trouble: OutputTrouble) -> Int32 {
        Output.complain("error", trouble.explanation.summary)
        Output.complain("hint", trouble.explanation.hint ?? "")
        return Failure.unwritten
    }

    /// Help and versions go to standard output; what is wrong with the command line to standard error, with 2.
    private static func report(_ error: any Error) -> Int32 {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let isHelp = Edgecertctl.exitCode(for: error) == .success
        if !isHelp || arguments.first == "help", let failure = Usage.failure(of: arguments) {
            failure.print()
            return failure.exitCode
        }
        guard !isHelp else {
            do { try Output.write(Edgecertctl.fullMessage(for: error) + "\n") } catch { return report(error) }
            return 0
        }
        if let explained = error as? any Explained {
            Failure(explained.explanation).print()
            return 1
        }
        Failure(
            "usage", Usage.message(Edgecertctl.message(for: error)),
            hint: "'edgecertctl --help' and 'edgecertctl help COMMAND' show what is possible"
        ).print()
        return Failure.usage
    }
}

struct Edgecertctl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edgecertctl",
        abstract: "Shows what edgecertd keeps, why, and has it do things.",
        discussion: """
            A SUBJECT is written zone/kind/name, as 'list' shows it; what is not needed to find it may be left out \
            (zone/name, kind/name, name), and the kinds may be written 'pack' and 'cert'. A SCOPE is a subject or a \
            zone. Reading works from the database when the daemon is down, and says so.

            Exit codes: 0 as wanted; 1 trouble with the request itself; 2 usage; 3 something is wrong with a \
            certificate; 4 something is moving; 5 refused for safety; 69 daemon or Cloudflare not reachable; 74 the output \
            cannot be written. With \
            --json an error is printed as {"error": {"code", "summary", "hint"}}, too.
            """,
        version: "edgecertctl \(Edgecert.version)",
        groupedSubcommands: [
            CommandGroup(
                name: "Reading",
                subcommands: [
                    Status.self, List.self, Show.self, Why.self, History.self, Orders.self, Records.self, Audit.self,
                    Watch.self, Wait.self, Plan.self,
                ]),
            CommandGroup(
                name: "Changing",
                subcommands: [
                    Reconcile.self, Suspend.self, Resume.self, Adopt.self, Release.self, Approve.self, Unhold.self,
                    Revoke.self, Reactivate.self, Reload.self,
                ]),
            CommandGroup(name: "Keeping", subcommands: [Check.self, Doctor.self, Backup.self]),
        ])
}
