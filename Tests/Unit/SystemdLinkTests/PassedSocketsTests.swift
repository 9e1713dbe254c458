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
            hand(over: [("other", pipeEnd()), ("control", listener())])
            let taken = try PassedSockets.take()
            let isClosedOnExec = fcntl(4, F_GETFD) & FD_CLOEXEC != 0
            let isClean = getenv("LISTEN_PID") == nil && getenv("LISTEN_FDS") == nil && getenv("LISTEN_FDNAMES") == nil
            _exit(taken == 4 && isClosedOnExec && isClean && fcntl(3, F_GETFD) == -1 ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }

    @Test("what is not a listening Unix socket is refused, and so are two of one name")
    func refused() async {
        await #expect(processExitsWith: .success) {
            hand(over: [("control", pipeEnd())])
            _exit(trouble() == .unfit(name: "control") ? EXIT_SUCCESS : EXIT_FAILURE)
        }
        await #expect(processExitsWith: .success) {
            hand(over: [("control", listener()), ("control", listener())])
            _exit(trouble() == .several(name: "control", count: 2) ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }
}

private func trouble() -> PassedSocketTrouble? {
    do throws(PassedSocketTrouble) {
        _ = try PassedSockets.take()
        return nil
    } catch {
        return error
    }
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
