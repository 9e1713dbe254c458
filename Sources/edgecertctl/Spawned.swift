import ControlAPI
import Glibc

/// Another program's answer: no shell, its standard output, and an end to waiting.
enum Spawned {
    /// - Returns: nil when it cannot be started, does not end in time, or ends with anything but 0.
    static func output(_ command: [String], within time: Duration = .seconds(5)) -> String? {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return nil }
        defer { close(ends[0]) }
        for end in ends where fcntl(end, F_SETFD, FD_CLOEXEC) != 0 { return nil }
        guard let process = start(command, writingTo: ends[1]) else { return nil }
        let text = read(ends[0], until: Patience.monotonic.now() + time)
        if text == nil { kill(process, SIGKILL) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status == 0 ? text : nil
    }

    /// Closes `descriptor` here, whatever comes of it.
    private static func start(_ command: [String], writingTo descriptor: Int32) -> pid_t? {
        defer { close(descriptor) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, descriptor, STDOUT_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        let arguments = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        guard let name = command.first, posix_spawnp(&process, name, &actions, nil, arguments, environ) == 0 else {
            return nil
        }
        return process
    }

    /// At most 64 KiB.
    private static func read(_ descriptor: Int32, until deadline: Duration) -> String? {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while bytes.count < 64 << 10 {
            let left = (deadline - Patience.monotonic.now()).components.seconds
            var look = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard left >= 0, poll(&look, 1, Int32(clamping: (left + 1) * 1000)) > 0 else { return nil }
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count == 0 { break }
            if count > 0 { bytes += piece[..<count] } else if errno != EINTR { return nil }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
