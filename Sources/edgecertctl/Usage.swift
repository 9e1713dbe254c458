import ArgumentParser
import Domain
import SettingsFile

/// What is said about a command line that cannot be meant.
enum Usage {
    /// The word in the place of a command that is none; nil where the trouble is another one.
    static func failure(of arguments: [String]) -> Failure? {
        let words = arguments.drop { $0 == "help" }.filter { !$0.hasPrefix("-") }
        guard let word = words.first, !commands.contains(word), word != "help" else { return nil }
        let near = Suggestion.nearest(to: word, among: commands)
        return Failure(
            "usage", "there is no command '\(word)'",
            hint: near.map { "did you mean '\($0)'?" } ?? "'edgecertctl --help' shows which there are",
            exitCode: Failure.usage)
    }

    private static var commands: [String] { Edgecertctl.configuration.subcommands.map { $0._commandName } }

    /// The parser's own message, without a guess that has little in common with what was typed.
    static func message(_ text: String) -> String {
        let parts = text.split(separator: "'", omittingEmptySubsequences: false).map(String.init)
        // Unknown option '--sate'. Did you mean '--zone'?
        guard parts.count == 5, parts[2].hasSuffix("Did you mean ") else { return text }
        let (typed, guess) = (parts[1].drop { $0 == "-" }, parts[3].drop { $0 == "-" })
        guard Suggestion.nearest(to: String(typed), among: [String(guess)]) == nil else { return text }
        return "\(parts[0])'\(parts[1])'"
    }
}
