import Dispatch
import Glibc

/// One of libcurl's sockets, watched by Dispatch through a duplicate of our own.
///
/// libcurl closes a socket as soon as it is done with it, and the next socket gets the same number while Dispatch still
/// takes the old one off its list: events of the new one would be lost. The duplicate keeps its number until its
/// sources are off the list, and is closed then.
///
/// Used on the queue of its sources alone.
final class WatchedSocket {
    private let descriptor: Int32
    private let reading: any DispatchSourceRead
    private let writing: any DispatchSourceWrite
    private var isReading = false
    private var isWriting = false

    /// - Parameter closed: Called on the queue once the duplicate is closed.
    /// - Returns: nil when there is no descriptor left.
    init?(
        _ socket: Int32, queue: DispatchQueue, ready: @escaping @Sendable (_ writable: Bool) -> Void,
        closed: @escaping @Sendable () -> Void
    ) {
        let descriptor = fcntl(socket, F_DUPFD_CLOEXEC, 0)
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
        reading = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        writing = DispatchSource.makeWriteSource(fileDescriptor: descriptor, queue: queue)
        reading.setEventHandler { @Sendable in ready(false) }
        writing.setEventHandler { @Sendable in ready(true) }
        let both = DispatchGroup()
        both.enter()
        both.enter()
        reading.setCancelHandler { @Sendable in both.leave() }
        writing.setCancelHandler { @Sendable in both.leave() }
        both.notify(queue: queue) { @Sendable in
            close(descriptor)
            closed()
        }
    }

    func watch(reading wantsReading: Bool, writing wantsWriting: Bool) {
        if wantsReading != isReading {
            wantsReading ? reading.resume() : reading.suspend()
            isReading = wantsReading
        }
        if wantsWriting != isWriting {
            wantsWriting ? writing.resume() : writing.suspend()
            isWriting = wantsWriting
        }
    }

    /// The end of its use. A suspended source cannot be cancelled to the end: both are resumed once more.
    func cancel() {
        reading.cancel()
        writing.cancel()
        watch(reading: true, writing: true)
    }
}
