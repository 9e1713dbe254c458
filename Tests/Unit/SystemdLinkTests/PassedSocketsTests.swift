import Domain
import Glibc
import Testing

@testable import SystemdLink

@Suite("Sockets handed over") struct PassedSocketsTests {
    @Test("without systemd there is none")
    func none() async {
        await #expect(processExitsWith: .success) {
            unsetenv("LISTEN_PID")
            unsetenv("LISTEN_FDS")
            _exit(try PassedSockets.take() == nil ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }

    @Test("the one named 'control' is taken, others are closed, and the environment is clean afterwards")
    func taken() async {
        await #expect(processExitsWith: .success) {
            endWithSuccess {
                hand(over: [("other", pipeEnd()), ("control", listener())])
                guard case .success(let taken) = take() else { return false }
                let isClosedOnExec = fcntl(4, F_GETFD) & FD_CLOEXEC != 0
                let variables = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]
                let isClean = variables.allSatisfy { variable in getenv(variable) == nil }
                return taken == 4 && isClosedOnExec && isClean && fcntl(3, F_GETFD) == -1
            }
        }
    }

    @Test("what is not a listening Unix socket is refused, and so are two of one name")
    func refused() async {
        await #expect(processExitsWith: .success) {
            endWithSuccess {
                hand(over: [("control", pipeEnd())])
                return take() == .failure(.unfit(name: "control"))
            }
        }
        await #expect(processExitsWith: .success) {
            endWithSuccess {
                hand(over: [("control", listener()), ("control", listener())])
                return take() == .failure(.several(name: "control", count: 2))
            }
        }
    }
}

private func take() -> Result<CInt?, PassedSocketTrouble> {
    Result { () throws(PassedSocketTrouble) in try PassedSockets.take() }
}

/// Ends the process, with success once `isAsExpected` has been true.
///
/// It is asked again for a second: the process's first thread may still be starting up, and closes the descriptor 3 that
/// it had before we put ours there.
private func endWithSuccess(_ isAsExpected: () -> Bool) -> Never {
    for _ in 0..<100 {
        if isAsExpected() { _exit(EXIT_SUCCESS) }
        usleep(10_000)
    }
    _exit(EXIT_FAILURE)
}

/// Puts the descriptors where systemd does, in a process that has nothing else to lose.
///
/// What it loses may be the descriptor that the runtime's own threads wait on, so it must end at once, by `_exit`: a
/// thread that found its descriptor gone would end it otherwise.
private func hand(over sockets: [(name: String, descriptor: CInt)]) {
    let safe = sockets.map { fcntl($0.descriptor, F_DUPFD, 64) }
    for (index, descriptor) in safe.enumerated() { dup2(descriptor, 3 + CInt(index)) }
    setenv("LISTEN_PID", String(getpid()), 1)
    setenv("LISTEN_FDS", String(sockets.count), 1)
    setenv("LISTEN_FDNAMES", sockets.map(\.name).joined(separator: ":"), 1)
}

private func pipeEnd() -> CInt {
    var ends: [CInt] = [0, 0]
    precondition(pipe(&ends) == 0)
    return ends[0]
}

/// Bound by the kernel to a name of its own choice in the abstract name space.
private func listener() -> CInt {
    let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
    var family = sa_family_t(AF_UNIX)
    let bound = withUnsafeMutableBytes(of: &family) { bytes in
        bytes.baseAddress.map { bind(descriptor, $0.assumingMemoryBound(to: sockaddr.self), 2) }
    }
    precondition(bound == 0 && listen(descriptor, 1) == 0)
    return descriptor
}
