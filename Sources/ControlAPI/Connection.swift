import Glibc

/// One caller: what has come, what is to go, and the call in between. Lives inside the server's actor.
final class Connection {
    let id: Int
    let peer: PeerCredentials
    let descriptor: Descriptor
    var incoming: MessageFraming
    /// Written from `outgoingStart` on.
    private(set) var outgoing: [UInt8] = []
    private var outgoingStart = 0
    /// The call in flight; the next one is not begun before its end.
    var call: (number: Int, oneway: Bool, isStream: Bool, task: Task<Void, Never>)?
    var calls = 0
    /// The stream that waits for room.
    var waiting: CheckedContinuation<Void, Never>?
    /// No more calls will come; the one in flight may still be answered.
    var isHalfClosed = false
    /// When the last bytes came or a call ended: for idle and half-sent ones.
    var quietSince: Duration
    /// When the first byte came of a call that is not whole yet.
    var begunAt: Duration?
    /// When bytes were last taken by the caller, while there are any.
    var unreadSince: Duration?
    /// There is something to be read by a caller who does not read.
    var isBlocked = false

    init(id: Int, peer: PeerCredentials, descriptor: Descriptor, limit: Int, now: Duration) {
        (self.id, self.peer, self.descriptor, self.quietSince) = (id, peer, descriptor, now)
        incoming = MessageFraming(limit: limit)
    }

    var unreadCount: Int { outgoing.count - outgoingStart }

    func append(_ message: [UInt8]) {
        if outgoingStart > 0, outgoingStart >= outgoing.count / 2 {
            outgoing.removeFirst(outgoingStart)
            outgoingStart = 0
        }
        outgoing.append(contentsOf: message)
    }

    enum Flow { case drained, blocked, broken }

    /// Writes as much as the socket takes.
    func flush(now: Duration) -> Flow {
        while unreadCount > 0 {
            let count = outgoing[outgoingStart...].withUnsafeBytes {
                send(descriptor.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                outgoingStart += count
                unreadSince = now
            } else if errno == EAGAIN {
                if unreadSince == nil { unreadSince = now }
                return .blocked
            } else if errno != EINTR {
                return .broken
            }
        }
        (outgoing, outgoingStart, unreadSince) = ([], 0, nil)
        return .drained
    }

    enum Arrival { case bytes, nothing, end, broken }

    /// Takes what has come, at most 64 KiB at once so that no caller keeps the others waiting.
    func receive() -> Arrival {
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor.number, &piece, piece.count, 0)
            if count > 0 {
                incoming.append(piece[..<count])
                return .bytes
            }
            if count == 0 { return .end }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .nothing
            default: return .broken
            }
        }
    }

    func stop() {
        call?.task.cancel()
        call = nil
        waiting?.resume()
        waiting = nil
        shutdown(descriptor.number, Int32(SHUT_RDWR))
    }
}
