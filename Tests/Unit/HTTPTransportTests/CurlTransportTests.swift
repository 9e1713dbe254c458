import CloudflareAPI
import Domain
import Glibc
import HTTPTransport
import Synchronization
import Testing

@Suite("CurlTransport")
struct CurlTransportTests {
    init() { signal(SIGPIPE, SIG_IGN) }

    private func request(
        _ server: LocalServer, _ method: HTTPRequest.Method = .get, _ target: String = "/x", body: String? = nil,
        timeout: Duration = .seconds(20), limit: Int = 1 << 20
    ) -> HTTPRequest {
        HTTPRequest(
            method: method, baseURL: server.url, target: target, headers: [HTTPHeader("X-One", "1")],
            token: Secret("tok-123"), body: body.map { Array($0.utf8) }, connectTimeout: .seconds(10),
            totalTimeout: timeout, answerLimitBytes: limit)
    }

    /// Sends, and gives back the trouble that comes of it.
    private func failure(_ transport: CurlTransport, _ request: HTTPRequest) async -> TransportTrouble? {
        do {
            let response = try await transport.send(request)
            Issue.record("answered: \(response)")
            return nil
        } catch {
            return error
        }
    }

    @Test("an answer comes back whole, with its status and its headers, whatever the status")
    func wholeAnswer() async throws {
        let server = LocalServer { connection in
            while connection.request() != nil {
                connection.answer("{\"a\":1}", status: "404 Not Found", headers: ["CF-Ray: 8-FRA", "cf-ray:  b  "])
            }
        }
        defer { server.stop() }
        let transport = try CurlTransport()
        let response = try await transport.send(request(server))
        #expect(response.status == 404)
        #expect(response.headers("cf-ray") == ["8-FRA", "b"])
        #expect(response.body == Array("{\"a\":1}".utf8))
        await transport.close()
    }

    @Test("the request carries its own headers, the token, and no form's content type")
    func headers() async throws {
        let server = LocalServer { connection in while connection.request() != nil { connection.answer("") } }
        defer { server.stop() }
        let transport = try CurlTransport()
        _ = try await transport.send(request(server, .delete, "/zones/a%2Fb?x=%20"))
        _ = try await transport.send(request(server, .patch, body: "{}"))
        let (deletion, change) = (server.seen[0], server.seen[1])
        #expect(deletion.hasPrefix("DELETE /zones/a%2Fb?x=%20 HTTP/1.1\n"))
        #expect(deletion.contains("\nAuthorization: Bearer tok-123\n"))
        #expect(deletion.contains("\nX-One: 1\n"))
        #expect(!deletion.lowercased().contains("content-type") && !deletion.lowercased().contains("content-length"))
        #expect(change.hasPrefix("PATCH /x HTTP/1.1\n") && change.hasSuffix("\n\n{}"))
        #expect(!change.lowercased().contains("content-type") && !change.lowercased().contains("expect:"))
        await transport.close()
    }

    @Test("a connection with HTTP/1 serves one question, whatever the server offers")
    func noKeepAlive() async throws {
        let server = LocalServer { connection in while connection.request() != nil { connection.answer("ok") } }
        defer { server.stop() }
        let transport = try CurlTransport()
        for _ in 0..<5 { _ = try await transport.send(request(server)) }
        #expect(server.connectionCount == 5)
        await transport.close()
    }

    @Test(
        "an answer that nobody asked for was taken for the answer to the next question on its connection",
        arguments: [10, 10_000, 100_000, 900_000])
    func surplusAnswer(length: Int) async throws {
        let filling = String(repeating: " ", count: length)
        let server = LocalServer { connection in
            while let request = connection.request() {
                let target = String(request.split(separator: " ")[1])
                connection.answer(target + filling)
                connection.answer("surplus of \(target)\(filling)")
            }
        }
        defer { server.stop() }
        let transport = try CurlTransport()
        for number in 1...20 {
            let response = try await transport.send(request(server, .get, "/\(number)"))
            #expect(String(decoding: response.body.prefix { $0 != 0x20 }, as: UTF8.self) == "/\(number)")
        }
        await transport.close()
    }

    @Test("a change is sent once, also when its connection breaks without an answer")
    func changesAreSentOnce() async throws {
        let server = LocalServer { connection in
            while let request = connection.request() {
                if request.hasPrefix("POST") { return connection.reset() }
                connection.answer("ok")
            }
        }
        defer { server.stop() }
        let transport = try CurlTransport()
        _ = try await transport.send(request(server))
        let trouble = await failure(transport, request(server, .post, body: "{}"))
        #expect(trouble?.cause == .reset)
        guard case .maybeSent = trouble else {
            Issue.record("taken for never sent: \(String(describing: trouble))")
            return
        }
        #expect(server.seen.filter { $0.hasPrefix("POST") }.count == 1)
        await transport.close()
    }

    @Test("a name that does not exist, and a port that nobody listens on: never sent")
    func notReached() async throws {
        let server = LocalServer(isListening: false) { _ in }
        defer { server.stop() }
        let transport = try CurlTransport()
        let refused = await failure(transport, request(server, .post, body: "{}"))
        #expect(refused.map(wasNeverSent) == true && refused?.cause == .connection)
        let name = String(repeating: "a", count: 64)  // one letter more than a label may have: no server is asked
        let nameless = HTTPRequest(method: .post, baseURL: "https://\(name).invalid", target: "/", body: [])
        #expect(await failure(transport, nameless).map(wasNeverSent) == true)
        await transport.close()
    }

    @Test("what does not answer a TLS greeting as TLS is never told anything")
    func plainTextServer() async throws {
        let server = LocalServer { connection in
            connection.write("HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.waitForEnd()
        }
        defer { server.stop() }
        let transport = try CurlTransport()
        var request = request(server, .post, body: "{}")
        request.baseURL = "https://127.0.0.1:\(server.port)"
        let trouble = await failure(transport, request)
        #expect(trouble.map(wasNeverSent) == true && trouble?.cause == .tls)
        await transport.close()
    }

    @Test("an answer that ends too early is a trouble, not a short answer")
    func truncated() async throws {
        let server = LocalServer { connection in
            guard connection.request() != nil else { return }
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"success\":true")
        }
        defer { server.stop() }
        let transport = try CurlTransport()
        let trouble = await failure(transport, request(server, .post, body: "{}"))
        #expect(trouble.map(wasNeverSent) == false && trouble?.cause == .truncated)
        await transport.close()
    }

    @Test("an answer that never comes is given up when its time is over")
    func slow() async throws {
        let server = LocalServer { connection in
            _ = connection.request()
            connection.waitForEnd()
        }
        defer { server.stop() }
        let transport = try CurlTransport()
        // Where other work holds the machine up, the time can be over before anything is sent. Then it is told so, and
        // there is more time.
        var trouble: TransportTrouble?
        for time in [Duration.milliseconds(150), .seconds(2), .seconds(20)]
        where trouble.map(wasNeverSent) != false {
            trouble = await failure(transport, request(server, .post, body: "{}", timeout: time))
            #expect(trouble?.cause == .timeout)
        }
        #expect(trouble.map(wasNeverSent) == false)
        #expect(server.seen.count <= 1, "what arrived was told as never sent")
        await transport.close()
    }

    @Test(
        "an endless answer is cut off at its limit, whether its length is announced or not", arguments: [true, false])
    func tooLarge(isAnnounced: Bool) async throws {
        let server = LocalServer { connection in
            guard connection.request() != nil else { return }
            connection.write("HTTP/1.1 200 OK\r\n\(isAnnounced ? "Content-Length: 999999999\r\n" : "")\r\n")
            while connection.write(String(repeating: "x", count: 4096)) {}
        }
        defer { server.stop() }
        let transport = try CurlTransport()
        let trouble = await failure(transport, request(server, limit: 100_000))
        #expect(trouble?.cause == .tooLarge)
        await transport.close()
    }

    @Test("an answer of exactly the limit is taken, one byte more is not")
    func limitIsExact() async throws {
        let server = LocalServer { connection in while connection.request() != nil { connection.answer("12345") } }
        defer { server.stop() }
        let transport = try CurlTransport()
        #expect(try await transport.send(request(server, limit: 5)).body.count == 5)
        #expect(await failure(transport, request(server, limit: 4))?.cause == .tooLarge)
        await transport.close()
    }

    @Test("endless headers are cut off")
    func endlessHeaders() async throws {
        let server = LocalServer { connection in
            guard connection.request() != nil else { return }
            connection.write("HTTP/1.1 200 OK\r\n")
            while connection.write("X-More: \(String(repeating: "x", count: 1000))\r\n") {}
        }
        defer { server.stop() }
        let transport = try CurlTransport()
        #expect(await failure(transport, request(server)) != nil)
        await transport.close()
    }

    @Test("a redirection is an answer like any other, and not followed")
    func redirection() async throws {
        let server = LocalServer { connection in
            while connection.request() != nil {
                connection.answer("", status: "302 Found", headers: ["Location: /elsewhere"])
            }
        }
        defer { server.stop() }
        let transport = try CurlTransport()
        #expect(try await transport.send(request(server)).status == 302)
        #expect(server.seen.count == 1)
        await transport.close()
    }

    @Test("an answer that was packed stays packed: nothing can swell past the limit")
    func packed() async throws {
        let server = LocalServer { connection in
            while connection.request() != nil { connection.answer("\u{1F}zz", headers: ["Content-Encoding: gzip"]) }
        }
        defer { server.stop() }
        let transport = try CurlTransport()
        #expect(try await transport.send(request(server)).body == Array("\u{1F}zz".utf8))
        #expect(!server.seen[0].lowercased().contains("accept-encoding"))
        await transport.close()
    }

    @Test(
        "nothing is sent to what is neither https nor loopback, nor with a line end in a header",
        arguments: [
            "http://example.com", "http://127.0.0.1@example.com", "ftp://127.0.0.1", "http://127.0.0.1.example.com",
            "http://localhost.example.com", "127.0.0.1", "http://[::1", "https://", "https://exa mple.com",
        ])
    func unfit(baseURL: String) async throws {
        let transport = try CurlTransport()
        let trouble = await failure(transport, HTTPRequest(method: .get, baseURL: baseURL, target: "/"))
        #expect(trouble.map(wasNeverSent) == true)
        let split = HTTPRequest(
            method: .get, baseURL: "https://example.com", target: "/", headers: [HTTPHeader("A", "b\r\nC: d")])
        #expect(await failure(transport, split)?.cause == .unfit)
        await transport.close()
    }

    @Test("a cancelled request comes back at once, and its connection is gone")
    func cancellation() async throws {
        let (arrived, arrival) = AsyncStream<Void>.makeStream()
        let server = LocalServer { connection in
            _ = connection.request()
            arrival.yield()
            connection.waitForEnd()
        }
        defer { server.stop() }
        let transport = try CurlTransport()
        let sending = Task { await failure(transport, request(server, .post, body: "{}")) }
        for await _ in arrived { break }
        sending.cancel()
        let trouble = await sending.value
        #expect(trouble.map(wasNeverSent) == false && trouble?.cause == .cancelled)
        await transport.close()
    }

    @Test("a request that was cancelled before it began is never sent")
    func cancelledBefore() async throws {
        let server = LocalServer { connection in while connection.request() != nil { connection.answer("") } }
        defer { server.stop() }
        let transport = try CurlTransport()
        let sending = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await failure(transport, request(server))
        }
        let trouble = await sending.value
        #expect(trouble.map(wasNeverSent) == true && trouble?.cause == .cancelled)
        await transport.close()
        #expect(server.seen.isEmpty)
    }

    @Test("more requests than the limit wait for their turn, and all are answered")
    func bounded() async throws {
        let underWay = Mutex((now: 0, most: 0))
        let server = LocalServer { connection in
            guard connection.request() != nil else { return }
            underWay.withLock { ($0.now, $0.most) = ($0.now + 1, max($0.most, $0.now + 1)) }
            usleep(2000)  // the server's work, in which another request may come
            underWay.withLock { $0.now -= 1 }
            connection.answer("ok")
        }
        defer { server.stop() }
        let transport = try CurlTransport(limit: 2)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<40 { group.addTask { try await transport.send(request(server)).status } }
            for try await status in group { #expect(status == 200) }
        }
        #expect(underWay.withLock { $0.most } == 2)
        await transport.close()
    }

    @Test("closing ends what is under way, leaves no descriptor behind, and lets nothing in afterwards")
    func closing() async throws {
        let (arrived, arrival) = AsyncStream<Void>.makeStream()
        let server = LocalServer { connection in
            while let request = connection.request() {
                if request.hasPrefix("POST") {
                    arrival.yield()
                    return connection.waitForEnd()
                }
                connection.answer("ok")
            }
        }
        defer { server.stop() }
        let transport = try CurlTransport()
        _ = try await transport.send(request(server))
        let sending = Task { await failure(transport, request(server, .post, body: "{}")) }
        for await _ in arrived { break }
        // The request under way has one; whether the kept connection still has the other is curl's affair.
        #expect(server.clientDescriptors >= 1)
        await transport.close()
        #expect(server.clientDescriptors == 0)
        #expect(await sending.value.map(wasNeverSent) == false)
        #expect(await failure(transport, request(server))?.cause == .closed)
    }

    @Test("roots that cannot be read are told at the start")
    func missingRoots() {
        #expect(throws: HTTPTransportTrouble.self) { try CurlTransport(trustedRootsFile: "/nonexistent/roots.pem") }
    }

    private func wasNeverSent(_ trouble: TransportTrouble) -> Bool {
        guard case .neverSent = trouble else { return false }
        return true
    }
}
