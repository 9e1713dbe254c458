import Engine
import Glibc
import Testing

@testable import Keys

@Suite("SubprocessRunner", .timeLimit(.minutes(2))) struct SubprocessRunnerTests {
    let runner = SubprocessRunner(grace: .milliseconds(300))
    static let longEnough: Duration = .seconds(60)

    func shell(_ script: String, timeout: Duration = longEnough) async -> CommandOutcome {
        await runner.run(["/bin/sh", "-c", script], environment: [:], timeout: timeout)
    }

    /// What a command without an end has written when its time was over. Where other work holds the machine up, the time
    /// can be over before it has begun; then it gets more.
    func timedOut(_ script: String) async -> String {
        for time in [Duration.milliseconds(300), .seconds(3), .seconds(30)] {
            let outcome = await shell(script, timeout: time)
            guard case .timedOut(time, let output) = outcome else {
                fail("\(outcome)")
                return ""
            }
            if !output.isEmpty { return output }
        }
        return ""
    }

    @Test("what a command leaves behind becomes its outcome")
    func outcomes() async {
        #expect(await shell("echo out; echo err >&2") == .succeeded(output: "out\nerr\n"))
        #expect(await shell("echo no; exit 3") == .failed(exitStatus: 3, output: "no\n"))
        #expect(await shell("kill -9 $$") == .signalled(9, output: ""))
    }

    @Test("arguments reach the program as they are: no shell reads them")
    func noShell() async {
        let odd = ["$HOME", "a b", "*", "'", "\"; rm -rf /nowhere", ""]
        let outcome = await runner.run(["/usr/bin/printf", "<%s>"] + odd, environment: [:], timeout: Self.longEnough)
        #expect(outcome == .succeeded(output: odd.map { "<\($0)>" }.joined()))
    }

    @Test("a mere name is looked for in PATH, which the caller may set")
    func names() async {
        #expect(await runner.run(["true"], environment: [:], timeout: Self.longEnough) == .succeeded(output: ""))
        guard case .unstartable = await runner.run(["true"], environment: ["PATH": "/proc"], timeout: Self.longEnough)
        else { return fail("found in a folder that has it not") }
    }

    @Test(
        "what cannot be started says so",
        arguments: [
            [], [""], ["/nowhere/at-all"], ["no-such-program-anywhere"], ["/etc/passwd"], ["/usr"], ["./true"],
            ["/bin/echo", "a\0b"],
        ])
    func unstartable(command: [String]) async {
        guard case .unstartable(let text) = await runner.run(command, environment: [:], timeout: Self.longEnough) else {
            return fail("started \(command)")
        }
        #expect(!text.isEmpty)
    }

    @Test("the environment is PATH, LANG and what is given, the working directory /, the standard input empty")
    func surroundings() async {
        setenv("EDGECERT_TEST_LEAK", "leaked", 1)
        let outcome = await runner.run(
            ["/bin/sh", "-c", "/usr/bin/env | sort; pwd; cat; ls -l /proc/self/fd | wc -l"],
            environment: ["EDGECERT_SUBJECT": "a=b c"], timeout: Self.longEnough)
        guard case .succeeded(let output) = outcome else { return fail("\(outcome)") }
        var lines = output.split(separator: "\n").map(String.init)
        #expect(lines.removeLast() == "5", "a descriptor of ours came along")  // total, 0, 1, 2 and the listing's own
        lines.removeAll { $0.hasPrefix("_=") || $0.hasPrefix("OLDPWD=") || $0.hasPrefix("SHLVL=") }  // the shell's own
        #expect(
            lines == [
                "EDGECERT_SUBJECT=a=b c", "LANG=C.UTF-8",
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "PWD=/", "/",
            ])
    }

    @Test("our blocked and ignored signals are not handed down")
    func signals() async {
        var blocked = sigset_t()
        var before = sigset_t()
        sigemptyset(&blocked)
        sigaddset(&blocked, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &blocked, &before)
        let handled = signal(SIGPIPE, SIG_IGN)
        let outcome = await shell("sed -n 's/^Sig\\(Blk\\|Ign\\):.//p' /proc/self/status")
        pthread_sigmask(SIG_SETMASK, &before, nil)
        signal(SIGPIPE, handled)
        guard case .succeeded(let output) = outcome else { return fail("\(outcome)") }
        let masks = output.split(separator: "\n").map { UInt64($0, radix: 16) }
        // The C library keeps signals 32 and 33 to itself.
        #expect(masks.map { $0.map { $0 & 0x7FFF_FFFF } } == [0, 0])
    }

    @Test("of a long output the last 4 KiB are kept")
    func longOutput() async {
        guard case .succeeded(let output) = await shell("yes 0123456 | head -c 3000000; echo end") else {
            return fail("it did not succeed")
        }
        #expect(output.utf8.count == 4096)
        #expect(output.hasSuffix("0123456\nend\n"))
    }

    @Test("a command that takes too long is ended, with all of its session, and what it wrote is told")
    func timeout() async throws {
        let marker = "86399.\(getpid())"
        #expect(await timedOut("echo begun; sleep \(marker) & sleep \(marker)") == "begun\n")
        await untilGone(marker)
    }

    @Test("a command that does not heed SIGTERM is killed, and so is a child that outlives it")
    func stubborn() async throws {
        let marker = "86398.\(getpid())"
        let both = await shell(
            "trap '' TERM; sleep \(marker) & while :; do sleep 0.05; done", timeout: .milliseconds(200))
        #expect(both == .timedOut(after: .milliseconds(200), output: ""))
        await untilGone(marker)
        // The leader goes at once, its child does not.
        let child = await shell("(trap '' TERM; sleep \(marker)) & wait", timeout: .milliseconds(200))
        #expect(child == .timedOut(after: .milliseconds(200), output: ""))
        await untilGone(marker)
    }

    @Test("a child in the background that holds the pipe does not hold us up, and is let be")
    func background() async throws {
        let marker = "86397.\(getpid())"
        guard case .succeeded(let output) = await shell("sleep \(marker) & echo $!") else {
            return fail("it did not succeed")
        }
        let child = try #require(pid_t(output.dropLast()))
        // The shell does not wait until its child has become the other program.
        while running(marker) == 0, kill(child, 0) == 0 { await Task.yield() }
        #expect(running(marker) == 1)
        #expect(kill(child, SIGKILL) == 0)
    }

    @Test("a child in the background that writes without end does not hold us up")
    func flood() async throws {
        guard case .succeeded = await shell("for i in 1 2 3 4; do yes & done; sleep 0.1") else {
            return fail("it did not succeed")
        }
    }

    @Test("a command that writes without end is ended when its time is up, and the last of it is told")
    func endless() async {
        #expect(await timedOut("yes").utf8.count == 4096)
    }

    @Test("a command that closes its output is still waited for")
    func closedOutput() async {
        #expect(await shell("exec >&- 2>&-; sleep 0.2; exit 4") == .failed(exitStatus: 4, output: ""))
    }

    @Test("a run whose task is cancelled ends its command")
    func cancelled() async {
        let marker = "86396.\(getpid())"
        let run = Task { await shell("echo begun; sleep \(marker)") }
        while running(marker) == 0 { await Task.yield() }
        run.cancel()
        #expect(await run.value == .signalled(Int(SIGTERM), output: "begun\n"))
        await untilGone(marker)
    }

    /// A process that has been killed takes a moment to go; one that has not makes the test run into its time limit.
    private func untilGone(_ marker: String) async { while running(marker) > 0 { await Task.yield() } }

    /// How many processes have exactly `sleep MARKER` as their command line.
    private func running(_ marker: String) -> Int {
        guard let folder = opendir("/proc") else { return -1 }
        defer { closedir(folder) }
        var count = 0
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            let file = open("/proc/\(name)/cmdline", O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { continue }
            defer { close(file) }
            var bytes = [UInt8](repeating: 0, count: 256)
            let length = read(file, &bytes, bytes.count)
            if length > 0, String(decoding: bytes[..<length], as: UTF8.self) == "sleep\0\(marker)\0" { count += 1 }
        }
        return count
    }
}

@Suite("OutputTail") struct OutputTailTests {
    @Test("whatever the pieces, the last 4 KiB are left", arguments: [1, 7, 4095, 4096, 4097, 9000])
    func pieces(size: Int) {
        let whole = (0..<20_000).map { UInt8(ascii: "a") + UInt8($0 % 26) }
        var tail = OutputTail()
        for start in stride(from: 0, to: whole.count, by: size) {
            tail.append(whole[start..<min(start + size, whole.count)])
        }
        #expect(tail.text == String(decoding: whole.suffix(4096), as: UTF8.self))
    }
}
