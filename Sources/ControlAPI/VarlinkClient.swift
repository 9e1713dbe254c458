import Domain
import FoundationEssentials
import Glibc

/// What can go wrong between the tool and the daemon.
public enum VarlinkTrouble: Error, Hashable, Sendable {
    case socket(SocketTrouble)
    /// No reply within the time.
    case silent(path: String, after: Duration)
    /// The daemon ended the connection before the last reply.
    case cut(path: String)
    /// The reply is not what the method promises.
    case unreadable(method: String, detail: String)
    /// The daemon's own answer.
    case answered(ControlTrouble)
}

extension VarlinkTrouble: Explained {
    public var explanation: Explanation {
        switch self {
        case .socket(let trouble): trouble.explanation
        case .silent(let path, let time):
            Explanation(
                code: "daemon-silent", summary: "no reply at \(path) within \(time.wholeSeconds) s",
                hint: "'systemctl status edgecertd' shows whether it is stuck; --reply-timeout waits longer")
        case .cut(let path):
            Explanation(
                code: "daemon-cut", summary: "the daemon ended the connection at \(path) before its reply",
                hint: "it may have been restarted, or have too many callers: try again")
        case .unreadable(let method, let detail):
            Explanation(
                code: "daemon-unreadable", summary: "the reply to \(method) cannot be read: \(detail)",
                hint: "is the daemon of another version than the tool?")
        case .answered(let trouble): trouble.explanation
        }
    }

    /// The exit code that the tool ends with for it.
    public var exitCode: Int {
        switch self {
        case .answered(let trouble): trouble.exitCode
        case .socket(.denied), .socket(.path): 1
        case .socket, .silent, .cut, .unreadable: 69
        }
    }
}

/// One connection to the daemon, for one call after another. Blocks its thread while it waits.
public final class VarlinkClient {
    private let path: String
    private let descriptor: Descriptor
    private var incoming = MessageFraming(limit: 64 << 20)

    public init(path: String) throws(VarlinkTrouble) {
        self.path = path
        do {
            descriptor = try UnixSocket.connected(to: path)
        } catch {
            throw .socket(error)
        }
    }

    /// - Parameter patience: For each reply; nil waits for ever.
    public func call<Reply: Decodable>(
        _ method: ControlMethod, _ parameters: some Encodable = NoParameters(), as type: Reply.Type,
        patience: Duration? = .seconds(60)
    ) throws(VarlinkTrouble) -> Reply {
        try send(method, parameters, more: false)
        return try reply(to: method, type, patience).parameters
    }

    /// Calls `body` with each reply of a stream, until the last one, or until it says false: the connection is then
    /// of no more use.
    public func stream<Reply: Decodable>(
        _ method: ControlMethod, _ parameters: some Encodable, as type: Reply.Type,
        patience: Duration? = .seconds(60), _ body: (Reply) -> Bool
    ) throws(VarlinkTrouble) {
        try send(method, parameters, more: true)
        while true {
            let (parameters, continues) = try reply(to: method, type, patience)
            if !body(parameters) || !continues { return }
        }
    }

    /// Begins a stream whose replies are taken one at a time by ``nextReply(to:as:patience:)``.
    public func begin(_ method: ControlMethod, _ parameters: some Encodable) throws(VarlinkTrouble) {
        try send(method, parameters, more: true)
    }

    /// The next reply of a stream; nil when none came within the time.
    public func nextReply<Reply: Decodable>(
        to method: ControlMethod, as type: Reply.Type, patience: Duration
    ) throws(VarlinkTrouble) -> Reply? {
        do throws(VarlinkTrouble) {
            return try reply(to: method, type, patience).parameters
        } catch .silent {
            return nil
        }
    }

    private struct Call<Parameters: Encodable>: Encodable {
        let method: String
        let parameters: Parameters
        let more: Bool?
    }

    private struct Reply<Parameters: Decodable>: Decodable {
        let parameters: Parameters
        let continues: Bool?
    }

    private struct Mark: Decodable { let error: String? }

    private func send(
        _ method: ControlMethod, _ parameters: some Encodable, more: Bool
    ) throws(VarlinkTrouble) {
        var message: [UInt8]
        do {
            let call = Call(method: method.qualifiedName, parameters: parameters, more: more ? true : nil)
            message = Array(try JSONEncoder().encode(call)) + [0]
        } catch {
            throw .unreadable(method: method.rawValue, detail: "the call cannot be written: \(error)")
        }
        while !message.isEmpty {
            let count = message.withUnsafeBytes {
                Glibc.send(descriptor.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                message.removeFirst(count)
            } else if errno != EINTR {
                throw .cut(path: path)
            }
        }
    }

    private func reply<Parameters: Decodable>(
        to method: ControlMethod, _ type: Parameters.Type, _ patience: Duration?
    ) throws(VarlinkTrouble) -> (parameters: Parameters, continues: Bool) {
        let message = Data(try nextMessage(patience))
        do {
            let decoder = JSONDecoder()
            if try decoder.decode(Mark.self, from: message).error != nil {
                throw VarlinkTrouble.answered(ControlTrouble(try decoder.decode(ErrorBody.self, from: message)))
            }
            let reply = try decoder.decode(Reply<Parameters>.self, from: message)
            return (reply.parameters, reply.continues ?? false)
        } catch let trouble as VarlinkTrouble {
            throw trouble
        } catch let error as DecodingError {
            throw .unreadable(method: method.rawValue, detail: "'\(error.memberName)' is missing, or not of its type")
        } catch {
            throw .unreadable(method: method.rawValue, detail: "\(error)")
        }
    }

    private func nextMessage(_ patience: Duration?) throws(VarlinkTrouble) -> [UInt8] {
        let deadline = patience.map { Patience.monotonic.now() + $0 }
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            do {
                if let message = try incoming.next() { return message }
            } catch {
                throw .unreadable(method: "the call", detail: "it is too long, or empty")
            }
            try waitForBytes(deadline, patience)
            let count = recv(descriptor.number, &piece, piece.count, 0)
            if count > 0 {
                incoming.append(piece[..<count])
            } else if count == 0 || errno != EINTR {
                throw .cut(path: path)
            }
        }
    }

    /// Waits until there is something to receive.
    private func waitForBytes(_ deadline: Duration?, _ patience: Duration?) throws(VarlinkTrouble) {
        while true {
            let left = deadline.map { max(.zero, $0 - Patience.monotonic.now()) }
            var look = pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0)
            let found = poll(&look, 1, left.map { Int32(clamping: $0.wholeMilliseconds) } ?? -1)
            if found > 0 { return }
            if found == 0, let deadline, Patience.monotonic.now() >= deadline {
                throw .silent(path: path, after: patience ?? .zero)
            }
            if found < 0, errno != EINTR { throw .cut(path: path) }
        }
    }
}
