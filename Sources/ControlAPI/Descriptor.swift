import Glibc

/// An open socket, closed when nothing refers to it any more.
final class Descriptor: Sendable {
    let number: Int32
    init(_ number: Int32) { self.number = number }
    deinit { close(number) }

    /// Non-blocking, and not handed on to commands that are run.
    func prepare() -> Bool {
        let flags = fcntl(number, F_GETFL)
        return flags >= 0 && fcntl(number, F_SETFL, flags | O_NONBLOCK) == 0 && fcntl(number, F_SETFD, FD_CLOEXEC) == 0
    }

    /// True once the other end is closed altogether, not only for writing.
    var isHungUp: Bool {
        var look = pollfd(fd: number, events: 0, revents: 0)
        return poll(&look, 1, 0) > 0 && look.revents & Int16(POLLHUP | POLLERR | POLLNVAL) != 0
    }
}
