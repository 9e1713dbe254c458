import Dispatch
import Domain
public import Engine
import Glibc
import Subprocess
import Synchronization
import SystemPackage

/// Runs an operator's command as a process of its own session, with nothing on its standard input, `/` as its working
/// directory, and no more environment than `PATH`, `LANG` and what the caller gives.
///
/// When its time is up, the whole session is asked to end (SIGTERM), and made to (SIGKILL) five seconds later. A child
/// that the command leaves behind in the background is let be when the command ends by itself: neither its life nor
/// the pipe that it inherited holds us up.
public struct SubprocessRunner: CommandRunner {
    /// How long after SIGTERM comes SIGKILL.
    private let grace: Duration

    public init() { self.init(grace: .seconds(5)) }

    init(grace: Duration) { self.grace = grace }

    /// - Parameter command: The program, as an absolute path or as a name that is looked for in `PATH`, and its
    ///   arguments as they are: no shell reads them.
    public func run(
        _ command: [String], environment: [String: String], timeout: Duration
    ) async -> CommandOutcome {
        guard let program = command.first, !program.isEmpty else { return .unstartable("the command is empty") }
        guard !(command + environment.flatMap { [$0.key, $0.value] }).contains(where: { $0.utf8.contains(0) }) else {
            return .unstartable("a NUL byte cannot be handed to a program")
        }
        var variables: [Environment.Key: String] = ["PATH": Self.path, "LANG": "C.UTF-8"]
        for (name, value) in environment { Environment.Key(rawValue: name).map { variables[$0] = value } }
        let watch = Watch()
        do {
            let executable: Executable = program.hasPrefix("/") ? .path(FilePath(program)) : .name(program)
            let result = try await Subprocess.run(
                executable, arguments: Arguments(Array(command.dropFirst())), environment: .custom(variables),
                workingDirectory: "/", platformOptions: options, input: .none, output: .sequence,
                error: .combinedWithOutput
            ) { execution in
                await follow(execution, timeout: timeout, watch: watch)
            }
            return outcome(result.terminationStatus, watch, timeout: timeout)
        } catch {
            return .unstartable(brief(error))
        }
    }

    /// Debian's for services, with the folders for an administrator's own programs.
    private static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    private var options: PlatformOptions {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = ending  // when our own task is cancelled
        return options
    }

    private var ending: [TeardownStep] {
        [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: grace)]
    }

    private func outcome(_ status: TerminationStatus, _ watch: Watch, timeout: Duration) -> CommandOutcome {
        let (output, isLate) = watch.state.withLock { ($0.tail.text, $0.isLate) }
        if isLate { return .timedOut(after: timeout, output: output) }
        switch status {
        case .exited(0): return .succeeded(output: output)
        case .exited(let code): return .failed(exitStatus: Int(code), output: output)
        case .signaled(let signal): return .signalled(Int(signal), output: output)
        }
    }

    private enum Event { case exited, drained, late, cancelled }

    /// Drains the output until the process has ended, by itself or because its time was up.
    private func follow<Input>(
        _ execution: Execution<Input, SequenceOutput, CombinedErrorOutput>, timeout: Duration, watch: Watch
    ) async {
        await withTaskGroup(of: Event.self) { group in
            group.addTask {
                await Self.exit(of: execution.processIdentifier.value)
                return .exited
            }
            group.addTask {
                await Self.drain(execution, watch)
                return .drained
            }
            group.addTask {
                // Longer than a year is as good as for ever, and can be counted.
                do { try await Task.sleep(for: min(timeout, .days(365))) } catch { return .cancelled }
                return .late
            }
            var missing: Set<Event> = [.exited, .drained]
            while !missing.isEmpty, let event = await group.next() {
                missing.remove(event)
                if event == .exited { watch.state.withLock { $0.hasExited = true } }
                // A grandchild may go on after the process itself; late is who has not exited.
                guard event == .late, missing.contains(.exited) else { continue }
                watch.state.withLock { $0.isLate = true }
                await execution.teardown(using: ending)
                // Whoever of the session outlived its leader. The leader itself is not reaped yet, so that the number
                // of the group is still its own. An error says that nobody is left.
                kill(-execution.processIdentifier.value, SIGKILL)
            }
            group.cancelAll()
        }
    }

    private static func drain<Input>(
        _ execution: Execution<Input, SequenceOutput, CombinedErrorOutput>, _ watch: Watch
    ) async {
        var afterExit = 0
        do {
            for try await buffer in execution.standardOutput {
                let isOver = watch.state.withLock { state in
                    buffer.withUnsafeBytes { state.tail.append($0) }
                    if state.hasExited { afterExit += buffer.count }
                    return afterExit > 1 << 20  // the most that a pipe may hold: the rest is a grandchild's
                }
                if isOver { return }
            }
        } catch {
            watch.state.withLock { $0.tail.append("\n[its output could not be read: \(brief(error))]".utf8) }
        }
    }

    /// Comes back when the process has ended, and leaves it to be reaped by whoever started it.
    ///
    /// Waits in a thread of its own, which is sure to come back: a process that does not end in time is killed.
    private static func exit(of process: pid_t) async {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "io.edgecert.command").async {
                var information = siginfo_t()
                while waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
                continuation.resume()
            }
        }
    }

    /// What the tasks of one run share.
    private final class Watch: Sendable {
        struct State {
            var tail = OutputTail()
            var hasExited = false
            var isLate = false
        }
        let state = Mutex(State())
    }
}
