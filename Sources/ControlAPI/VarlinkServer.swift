import Dispatch
import Domain
import Executors
import Glibc

/// Serves the interface `io.edgecert.Control` on a unix stream socket, in the Varlink protocol: JSON objects ended by
/// NUL, one reply to a call, or several where the caller asked for `more`.
///
/// One serial queue, no thread for a caller, no call that blocks but for the names of users and groups. A call that is
/// malformed, too long or half-sent, and a caller that does not read, end their own connection and no other.
///
/// - SeeAlso: <https://varlink.org/Service>, <https://varlink.org/Method-Call>, as of 2026-11.
public actor VarlinkServer {
    let executor = QueueExecutor(label: "io.edgecert.control")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let answering = CallExecutor()
    private let description: ServiceDescription
    private let limits: ControlLimits
    private let patience: Patience
    private let rights: @Sendable () -> ControlRights
    private let handler: any ControlHandler
    private var epoll: Epoll?
    private var listening: Descriptor?
    private var ownPath: String?
    private var connections: [Int: Connection] = [:]
    private var lastID = 0
    private var sweeping: (any DispatchSourceTimer)?

    /// - Parameters:
    ///   - version: The daemon's, for `GetInfo`.
    ///   - rights: Asked at each call that changes something, so that a group made later counts, and for each caller once
    ///     only the places for administrators are left.
    public init(
        version: String, handler: any ControlHandler, limits: ControlLimits = ControlLimits(),
        patience: Patience = .monotonic,
        rights: @escaping @Sendable () -> ControlRights = { .ofThisProcess() }
    ) {
        (self.description, self.handler) = (ServiceDescription(version: version), handler)
        (self.limits, self.patience, self.rights) = (limits, patience, rights)
    }

    /// Listens on a socket that the service manager hands over. It is closed at the end; its file stays.
    public func serve(listeningSocket: Int32) throws(SocketTrouble) {
        try serve(Descriptor(listeningSocket), path: nil)
    }

    /// Makes the socket at `path` with the mode 0660, in place of one that nobody answers at. Removed at the end.
    public func serve(path: String) throws(SocketTrouble) {
        try serve(UnixSocket.listening(at: path, backlog: 64), path: path)
    }

    /// Ends every connection and stops listening. What is written but unread stays readable for its caller.
    public func stop() {
        listening = nil
        if let ownPath { unlink(ownPath) }
        ownPath = nil
        for id in connections.keys { end(id) }
        epoll?.cancel()
        epoll = nil
    }

    /// Waits until the calls in flight are answered, or until patience ends. Streams are not waited for: they may have
    /// no end.
    public func finishCalls(within patience: Duration) async {
        let tasks = connections.values.compactMap(\.call).filter { !$0.isStream }.map(\.task)
        guard !tasks.isEmpty else { return }
        let (moments, end) = AsyncStream.makeStream(of: Void.self)
        Task {
            for task in tasks { await task.value }
            end.finish()
        }
        let milliseconds = Int(clamping: patience.components.seconds * 1000)
        executor.queue.asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { @Sendable in end.finish() }
        for await _ in moments {}
    }

    // MARK: Callers come and go

    private func serve(_ descriptor: Descriptor, path: String?) throws(SocketTrouble) {
        guard descriptor.prepare() else { throw unserved(path, "fcntl") }
        guard let epoll = Epoll(queue: executor.queue) else { throw unserved(path, "epoll_create1") }
        guard epoll.watch(descriptor.number, key: Self.listener, reading: true, writing: false) else {
            throw unserved(path, "epoll_ctl")
        }
        (listening, ownPath, self.epoll) = (descriptor, path, epoll)
        epoll.start { @Sendable [weak self] in self?.assumeIsolated { $0.handleEvents() } }
    }

    /// Takes the socket's file away again, as nobody is going to answer there.
    private func unserved(_ path: String?, _ step: String) -> SocketTrouble {
        let trouble = SocketTrouble.system(path: path ?? "the handed socket", step: step, number: errno)
        if let path { unlink(path) }
        return trouble
    }

    /// The listening socket's key; each connection's is its number, from 1 on, never used again.
    private static let listener: UInt64 = 0

    private func handleEvents() {
        for event in epoll?.events() ?? [] {
            guard event.key != Self.listener else {
                acceptAll()
                continue
            }
            let id = Int(event.key)
            if event.isReadable, connections[id]?.isHalfClosed == false { readable(id) }
            if event.isWritable, connections[id]?.isBlocked == true { roomCame(id) }
        }
    }

    private func acceptAll() {
        guard let listener = listening else { return }
        for _ in 0..<64 {
            let number = accept(listener.number, nil, nil)
            if number < 0 {
                if errno == EINTR || errno == ECONNABORTED { continue }
                if errno != EAGAIN { pauseAccepting() }
                return
            }
            let caller = Descriptor(number)
            if caller.prepare() { admit(caller) }
        }
    }

    /// Out of descriptors or memory: the caller stays in the queue, and asking again at once would only burn time.
    private func pauseAccepting() {
        if let listening { epoll?.forget(listening.number) }
        executor.queue.asyncAfter(deadline: .now() + .seconds(1)) { @Sendable [weak self] in
            self?.assumeIsolated { $0.resumeAccepting() }
        }
    }

    private func resumeAccepting() {
        guard let listening, let epoll else { return }
        if !epoll.watch(listening.number, key: Self.listener, reading: true, writing: false) { pauseAccepting() }
    }

    private func admit(_ descriptor: Descriptor) {
        guard let peer = PeerCredentials(ofSocket: descriptor.number) else { return }
        // Only where places are short does it matter who it is: the names of groups may be long in coming.
        let count = connections.count
        guard count < limits.connections,
            count < limits.connections - limits.reservedConnections || rights().isAdministrator(peer)
        else { return }
        lastID += 1
        let id = lastID
        let connection = Connection(
            id: id, peer: peer, descriptor: descriptor, limit: limits.callBytes, now: patience.now())
        guard watch(connection) else { return }
        connections[id] = connection
        keepSweeping()
    }

    /// For what it waits for: calls until it says that there are no more, and room once the caller does not read.
    private func watch(_ connection: Connection) -> Bool {
        epoll?.watch(
            connection.descriptor.number, key: UInt64(connection.id), reading: !connection.isHalfClosed,
            writing: connection.isBlocked) ?? false
    }

    private func end(_ id: Int) {
        if let connection = connections.removeValue(forKey: id) {
            epoll?.forget(connection.descriptor.number)
            connection.stop()
        }
        if connections.isEmpty {
            sweeping?.cancel()
            sweeping = nil
        }
    }

    /// Looks once a second for those whose time is up, as long as anyone is connected.
    private func keepSweeping() {
        guard sweeping == nil else { return }
        let timer = DispatchSource.makeTimerSource(queue: executor.queue)
        timer.setEventHandler { @Sendable [weak self] in self?.assumeIsolated { $0.sweep() } }
        timer.schedule(deadline: .now() + .seconds(1), repeating: .seconds(1), leeway: .milliseconds(250))
        sweeping = timer
        timer.activate()
    }

    /// Ends the connections whose time is up.
    func sweep() {
        let now = patience.now()
        for connection in connections.values where isOver(connection, now) { end(connection.id) }
    }

    var connectionCount: Int { connections.count }

    /// What has been said and not been read, of all callers together.
    var unreadBytes: Int { connections.values.reduce(0) { $0 + $1.unreadCount } }

    private func isOver(_ connection: Connection, _ now: Duration) -> Bool {
        if let since = connection.unreadSince, now - since >= limits.unread { return true }
        if connection.isHalfClosed, connection.descriptor.isHungUp { return true }
        guard connection.call == nil else { return false }
        if let begun = connection.begunAt { return now - begun >= limits.halfSent }
        return now - connection.quietSince >= limits.idle
    }

    // MARK: Calls come in

    private func readable(_ id: Int) {
        guard let connection = connections[id] else { return }
        switch connection.receive() {
        case .nothing: return
        case .broken: end(id)
        case .end: close(connection)
        case .bytes:
            connection.quietSince = patience.now()
            let before = connection.incoming.count
            if connection.call == nil { take(from: connection) }
            if connection.incoming.count == before, before > limits.callBytes {
                end(id)  // calls are heaped up faster than they are answered, or their replies read
            }
        }
    }

    /// The caller sends no more. A call in flight is answered if the caller still listens.
    private func close(_ connection: Connection) {
        let mayListen = connection.call != nil || connection.unreadCount > 0
        guard mayListen, !connection.descriptor.isHungUp else { return end(connection.id) }
        connection.isHalfClosed = true
        if !watch(connection) { end(connection.id) }
    }

    /// Begins the next call that is whole. A caller that does not read its replies gets no further ones: its calls wait.
    private func take(from connection: Connection) {
        while connection.call == nil, connections[connection.id] === connection,
            connection.unreadCount <= limits.unreadBytes
        {
            let message: [UInt8]?
            do {
                message = try connection.incoming.next()
            } catch {
                return end(connection.id)  // too long, or a NUL with nothing before it
            }
            guard let message else {
                connection.begunAt = connection.incoming.isEmpty ? nil : connection.begunAt ?? patience.now()
                if connection.isHalfClosed, connection.unreadCount == 0 { end(connection.id) }
                return
            }
            connection.begunAt = nil
            guard let header = CallHeader(message) else { return end(connection.id) }
            begin(header, message, on: connection)
        }
    }

    private func begin(_ header: CallHeader, _ message: [UInt8], on connection: Connection) {
        connection.calls += 1
        let number = connection.calls
        let oneway = header.oneway ?? false
        let answer: Result<ControlMethod, ControlTrouble>
        do {
            if let payload = try description.answer(header, message) {
                return oneway ? () : write(ReplyMessage.parameters(payload), to: connection)
            }
            answer = .success(try permitted(header, connection.peer))
        } catch {
            answer = .failure(error)
        }
        switch answer {
        case .failure(let trouble):
            if !oneway { write(ReplyMessage.error(trouble), to: connection) }
        case .success(let method):
            let call = ControlCall(
                method: method, peer: connection.peer, wantsMore: (header.more ?? false) && !oneway, message: message)
            let task = Task.detached(executorPreference: answering) { [handler, id = connection.id] in
                let result: Result<ControlPayload, ControlTrouble>
                do throws(ControlTrouble) {
                    let stream = ControlStream(server: self, connection: id, call: number)
                    result = .success(try await handler.answer(call, stream))
                } catch {
                    result = .failure(error)
                }
                await self.finish(number, on: id, result)
            }
            connection.call = (number, oneway, call.wantsMore, task)
        }
    }

    private func permitted(_ header: CallHeader, _ peer: PeerCredentials) throws(ControlTrouble) -> ControlMethod {
        guard header.upgrade != true else { throw .invalidParameter("upgrade") }
        let method = try ControlMethod(qualifiedName: header.method)
        guard !method.changes || rights().permits(method, to: peer) else { throw .notPermitted(method, to: peer) }
        return method
    }

    // MARK: Replies go out

    func stream(_ payload: ControlPayload, to id: Int, call number: Int) async throws(ControlTrouble) {
        guard let connection = connections[id], let call = connection.call, call.number == number else {
            throw .callerLeft
        }
        if call.oneway { return }
        write(try message(payload, continues: true), to: connection)
        if connections[id] === connection, connection.unreadCount > limits.unreadBytes {
            await withCheckedContinuation { connection.waiting = $0 }
        }
        guard connections[id] === connection else { throw .callerLeft }
    }

    private func finish(_ number: Int, on id: Int, _ result: Result<ControlPayload, ControlTrouble>) {
        guard let connection = connections[id], let call = connection.call, call.number == number else { return }
        connection.call = nil
        connection.quietSince = patience.now()
        if !call.oneway {
            do throws(ControlTrouble) {
                write(try message(result.get(), continues: false), to: connection)
            } catch {
                write(ReplyMessage.error(error), to: connection)
            }
        }
        take(from: connection)
    }

    private func message(_ payload: ControlPayload, continues: Bool) throws(ControlTrouble) -> [UInt8] {
        guard payload.bytes.count <= limits.replyBytes else {
            throw .told(
                .trouble,
                Explanation(
                    code: "control-reply-size", summary: "the reply has more than \(limits.replyBytes) bytes",
                    hint: "ask for less, or with 'more'"), exitCode: 1)
        }
        return ReplyMessage.parameters(payload, continues: continues)
    }

    private func write(_ message: [UInt8], to connection: Connection) {
        guard connections[connection.id] === connection else { return }
        connection.append(message)
        writable(connection.id)
    }

    private func writable(_ id: Int) {
        guard let connection = connections[id] else { return }
        let flow = connection.flush(now: patience.now())
        if flow == .broken { return end(id) }
        if connection.isBlocked != (flow == .blocked) {
            connection.isBlocked.toggle()
            guard watch(connection) else { return end(id) }
        }
        if flow == .drained, connection.isHalfClosed, connection.call == nil, connection.incoming.isEmpty {
            return end(id)
        }
        if connection.unreadCount <= limits.unreadBytes / 2 {
            connection.waiting?.resume()
            connection.waiting = nil
        }
    }

    /// The caller reads again: what waits is written, and the calls that wait are begun.
    private func roomCame(_ id: Int) {
        writable(id)
        if let connection = connections[id] { take(from: connection) }
    }
}
