import CCurl
import CloudflareAPI
import Dispatch
import Executors
import Glibc

/// libcurl's multi handle: its sockets are watched through one epoll instance and its time-outs by one timer, both on
/// the one queue that is this actor's executor. Nothing here blocks: names are looked up on libcurl's own threads.
actor CurlLoop {
    typealias Identifier = UInt64

    /// A request that has not been handed to libcurl yet.
    struct Waiting {
        var id: Identifier
        var request: HTTPRequest
        var address: Address
        var finish: (Transfer.Outcome) -> Void
    }

    nonisolated let executor = QueueExecutor(label: "edgecert.http", threads: .global())
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let multi: UnsafeMutableRawPointer
    private let trustedRoots: String?
    private let limit: Int
    private let epoll: Epoll
    private let timer: any DispatchSourceTimer
    private var waiting: [Waiting] = []
    private var transfers: [Identifier: Transfer] = [:]
    private var isClosed = false

    /// - Parameter limit: Requests at the same time; more wait for their turn.
    init(trustedRoots: String?, limit: Int) throws(HTTPTransportTrouble) {
        guard curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK, let multi = curl_multi_init() else {
            throw .unusableLibrary("libcurl cannot be initialised")
        }
        guard let epoll = Epoll(queue: executor.queue) else {
            let detail = String(cString: strerror(errno))
            curl_multi_cleanup(multi)
            curl_global_cleanup()
            throw .noWatch(detail)
        }
        (self.multi, self.epoll, self.trustedRoots, self.limit) = (multi, epoll, trustedRoots, max(1, limit))
        timer = DispatchSource.makeTimerSource(queue: executor.queue)
    }

    deinit { curl_global_cleanup() }

    /// Once, before anything else.
    func open() {
        let itself = Unmanaged.passUnretained(self).toOpaque()
        // These cannot fail: the options are as old as the oldest libcurl that is built against.
        edgecert_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, itself)
        edgecert_multi_set_pointer(multi, CURLMOPT_TIMERDATA, itself)
        edgecert_multi_set_socket_callback(multi) { _, socket, what, loop, _ in
            CurlLoop.from(loop).assumeIsolated { $0.watch(socket, what) }
            return 0
        }
        edgecert_multi_set_timer_callback(multi) { _, milliseconds, loop in
            CurlLoop.from(loop).assumeIsolated { $0.setTimer(milliseconds) }
            return 0
        }
        edgecert_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, limit)
        edgecert_multi_set_long(multi, CURLMOPT_MAXCONNECTS, min(limit, 8))
        epoll.start { @Sendable [weak self] in self?.assumeIsolated { $0.socketsReady() } }
        timer.setEventHandler { @Sendable [weak self] in
            self?.assumeIsolated { $0.step(CURL_SOCKET_TIMEOUT, 0) }
        }
        timer.schedule(deadline: .distantFuture)
        timer.activate()
    }

    /// libcurl was given the loop itself, which outlives the multi handle that calls back.
    private static func from(_ pointer: UnsafeMutableRawPointer?) -> CurlLoop {
        guard let pointer else { preconditionFailure("libcurl has lost the loop") }
        return Unmanaged<CurlLoop>.fromOpaque(pointer).takeUnretainedValue()
    }

    // MARK: Requests

    func start(_ request: Waiting) {
        guard !isClosed else { return request.finish(.failure(.neverSent(.closed, "the transport is shut down"))) }
        waiting.append(request)
        startWaiting()
    }

    func cancel(_ id: Identifier) {
        if let place = waiting.firstIndex(where: { $0.id == id }) {
            waiting.remove(at: place).finish(.failure(.neverSent(.cancelled, "cancelled before it was sent")))
        } else if let transfer = remove(id) {
            transfer.end(.cancelled, "cancelled on its way")
            startWaiting()
        }
    }

    private func startWaiting() {
        while transfers.count < limit, !waiting.isEmpty {
            let next = waiting.removeFirst()
            guard
                let transfer = Transfer(
                    next.request, address: next.address, trustedRoots: trustedRoots, finish: next.finish)
            else {
                next.finish(.failure(.neverSent(.unfit, "libcurl does not take the request")))
                continue
            }
            transfers[next.id] = transfer
            guard curl_multi_add_handle(multi, transfer.easy) == CURLM_OK else {
                transfers[next.id] = nil
                transfer.end(.unfit, "libcurl does not take the request")
                continue
            }
        }
    }

    private func remove(_ id: Identifier) -> Transfer? {
        guard let transfer = transfers.removeValue(forKey: id) else { return nil }
        curl_multi_remove_handle(multi, transfer.easy)
        return transfer
    }

    // MARK: What libcurl asks for

    private func setTimer(_ milliseconds: Int) {
        timer.schedule(
            deadline: milliseconds < 0 ? .distantFuture : .now() + .milliseconds(milliseconds),
            leeway: .milliseconds(1))
    }

    /// libcurl means to say so before it closes a socket. One that the kernel does not watch ends with its request's time-out.
    private func watch(_ socket: Int32, _ what: Int32) {
        _ = epoll.watch(
            socket, key: UInt64(UInt32(bitPattern: socket)),
            reading: what == CURL_POLL_IN || what == CURL_POLL_INOUT,
            writing: what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
    }

    /// A socket that libcurl has closed meanwhile, or whose number is another one's by now, does no harm: it knows of none,
    /// or finds nothing to read there.
    private func socketsReady() {
        for event in epoll.events() {
            step(
                Int32(truncatingIfNeeded: event.key),
                (event.isReadable ? CURL_CSELECT_IN : 0) | (event.isWritable ? CURL_CSELECT_OUT : 0))
        }
    }

    /// Lets libcurl do what there is to do, and ends what is done.
    private func step(_ socket: Int32, _ what: Int32) {
        guard !isClosed else { return }
        var running: Int32 = 0
        curl_multi_socket_action(multi, socket, what, &running)
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            let code = message.pointee.data.result
            guard let id = transfers.first(where: { $0.value.easy == easy })?.key else { continue }
            remove(id)?.end(code)
        }
        startWaiting()
    }

    // MARK: The end

    /// Ends every request and closes every connection.
    func shutDown() {
        guard !isClosed else { return }
        isClosed = true
        for request in waiting { request.finish(.failure(.neverSent(.closed, "the transport is shut down"))) }
        waiting = []
        for id in transfers.keys.sorted() { remove(id)?.end(.closed, "the transport is shut down") }
        curl_multi_cleanup(multi)
        timer.cancel()
        epoll.cancel()
    }

    /// Shuts down, and comes back when no descriptor is left.
    func close() async {
        shutDown()
        await withCheckedContinuation { continuation in epoll.cancel { continuation.resume() } }
    }
}
