import CEpoll
public import Dispatch
import Glibc

/// Sockets whose events are handled on one queue, through an epoll instance of their own.
///
/// Dispatch watches that instance alone, and never a socket. With sockets it goes wrong on Linux (Swift 6.3): when the
/// other end of one hangs up, what Dispatch keeps of it may be freed on the queue while Dispatch's own thread still reads
/// it (swift-corelibs-libdispatch, issue 949, open in July 2026), and a source for reading that is activated while one
/// for writing is armed never fires. An instance does not hang up, and stays while sockets come and go.
///
/// Level-triggered: what is not dealt with is told again. Used on its queue alone.
///
/// - SeeAlso: epoll(7), epoll_ctl(2).
public final class Epoll {
    /// What has happened to a descriptor. A hang-up or an error makes it both readable and writable: the next call on it
    /// tells which.
    public struct Event: Hashable, Sendable {
        /// The key that the descriptor was watched with.
        public var key: UInt64
        public var isReadable: Bool
        public var isWritable: Bool
    }

    private let descriptor: Int32
    private let queue: DispatchQueue
    private let source: any DispatchSourceRead
    private let closing = DispatchGroup()

    /// - Returns: nil, with `errno`, when there is no descriptor or memory left for it.
    public init?(queue: DispatchQueue) {
        let descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { return nil }
        (self.descriptor, self.queue) = (descriptor, queue)
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        closing.enter()
        source.setCancelHandler { @Sendable [closing] in
            close(descriptor)
            closing.leave()
        }
    }

    deinit {
        source.cancel()
        source.activate()  // one that never was cannot be let go
    }

    /// Once. - Parameter ready: Called on the queue whenever there are ``events()``.
    public func start(_ ready: @escaping @Sendable () -> Void) {
        source.setEventHandler { @Sendable in ready() }
        source.activate()
    }

    /// Tells of nothing any more. - Parameter closed: Called on the queue once the instance's descriptor is closed.
    public func cancel(closed: @escaping @Sendable () -> Void = {}) {
        source.cancel()
        source.activate()
        closing.notify(queue: queue) { @Sendable in closed() }
    }

    /// Watches a descriptor from now on, or for other things than before; for neither, it is forgotten: a hang-up would be
    /// told again and again.
    ///
    /// - Returns: false, with `errno`, when the kernel does not watch it: no memory, or `fs.epoll.max_user_watches` is
    ///   reached.
    public func watch(_ watched: Int32, key: UInt64, reading: Bool, writing: Bool) -> Bool {
        guard reading || writing else {
            forget(watched)
            return true
        }
        var event = epoll_event()
        event.events = (reading ? EPOLLIN.rawValue : 0) | (writing ? EPOLLOUT.rawValue : 0)
        event.data.u64 = key
        // The kernel knows best whether it is there: a descriptor that was closed is not, and its number may be another's.
        if epoll_ctl(descriptor, EPOLL_CTL_MOD, watched, &event) == 0 { return true }
        return errno == ENOENT && epoll_ctl(descriptor, EPOLL_CTL_ADD, watched, &event) == 0
    }

    /// Before the descriptor is closed: a duplicate, as a child process may have, would keep it watched. One that is not
    /// watched is no error.
    public func forget(_ watched: Int32) {
        epoll_ctl(descriptor, EPOLL_CTL_DEL, watched, nil)
    }

    /// What there is now, at most 64 at once; the rest is told right afterwards. An event may be of a descriptor that was
    /// forgotten while those before it were dealt with: keys are not used again, or a false alarm does no harm.
    public func events() -> [Event] {
        var found = [epoll_event](repeating: epoll_event(), count: 64)
        let count = epoll_wait(descriptor, &found, Int32(found.count), 0)
        let either = EPOLLERR.rawValue | EPOLLHUP.rawValue
        return found.prefix(max(0, Int(count))).map { event in
            Event(
                key: event.data.u64, isReadable: event.events & (EPOLLIN.rawValue | either) != 0,
                isWritable: event.events & (EPOLLOUT.rawValue | either) != 0)
        }
    }
}
