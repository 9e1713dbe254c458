import CCurl
import CloudflareAPI
import Domain

/// One request on its way: the easy handle, what libcurl borrows for it, and what has come so far.
///
/// Used on the loop's queue alone.
final class Transfer {
    typealias Outcome = Result<HTTPResponse, TransportTrouble>

    let easy: UnsafeMutableRawPointer
    private let isRead: Bool
    private let limit: Int
    private let finish: (Outcome) -> Void
    private var headerList: UnsafeMutablePointer<curl_slist>?
    /// libcurl reads the request's body from here, and writes its error text there.
    private let body: UnsafeMutableBufferPointer<UInt8>
    private let bodyCount: Int
    private let errorText: UnsafeMutablePointer<CChar>

    /// How often libcurl was about to send the request: 0 means that nothing has left.
    private var sendings = 0
    private var headers: [HTTPHeader] = []
    private var headerBytes = 0
    private var received: [UInt8] = []
    private var isTooLarge = false

    /// - Returns: nil when libcurl has no memory for it, or does not know an option.
    init?(_ request: HTTPRequest, address: Address, trustedRoots: String?, finish: @escaping (Outcome) -> Void) {
        guard let easy = curl_easy_init() else { return nil }
        self.easy = easy
        (isRead, limit, self.finish) = (request.method.isRead, max(0, request.answerLimitBytes), finish)
        let bytes = request.body ?? []
        body = .allocate(capacity: max(1, bytes.count))
        bodyCount = bytes.count
        body.initialize(repeating: 0)
        _ = body.update(from: bytes)
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        guard setUp(request, address, trustedRoots) else { return nil }
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(headerList)
        body.deallocate()
        errorText.deallocate()
    }

    private func setUp(_ request: HTTPRequest, _ address: Address, _ trustedRoots: String?) -> Bool {
        let itself = Unmanaged.passUnretained(self).toOpaque()
        var isSet = true
        func number(_ option: CURLoption, _ value: Int) {
            isSet = isSet && edgecert_easy_set_long(easy, option, value) == CURLE_OK
        }
        func text(_ option: CURLoption, _ value: String?) {
            isSet = isSet && edgecert_easy_set_text(easy, option, value) == CURLE_OK
        }
        func offset(_ option: CURLoption, _ value: Int) {
            isSet = isSet && edgecert_easy_set_offset(easy, option, curl_off_t(value)) == CURLE_OK
        }
        func pointer(_ option: CURLoption, _ value: UnsafeMutableRawPointer?) {
            isSet = isSet && edgecert_easy_set_pointer(easy, option, value) == CURLE_OK
        }

        text(CURLOPT_URL, request.url)
        text(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        if request.body != nil {
            offset(CURLOPT_POSTFIELDSIZE_LARGE, bodyCount)
            pointer(CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(body.baseAddress))
        }
        isSet = isSet && setHeaders(request)

        // Where it may go, and how it is checked. Redirects are not followed, cookies not kept, nothing is unpacked.
        text(CURLOPT_PROTOCOLS_STR, address.isSecure ? "https" : "http")
        number(CURLOPT_FOLLOWLOCATION, 0)
        number(CURLOPT_PATH_AS_IS, 1)
        number(CURLOPT_SSL_VERIFYPEER, 1)
        number(CURLOPT_SSL_VERIFYHOST, 2)
        number(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if let trustedRoots {
            text(CURLOPT_CAINFO, trustedRoots)
            text(CURLOPT_CAPATH, nil)
        }
        // A proxy of the environment is for what is out there, not for the simulator on this machine.
        if address.isLoopback { text(CURLOPT_NOPROXY, "*") }
        number(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        number(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        // On a connection that was kept, libcurl sends a request again when the server hangs up without a word, and an
        // order could be carried out twice. A change gets a connection of its own.
        if !request.method.isRead { number(CURLOPT_FRESH_CONNECT, 1) }

        number(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.connectTimeout))
        number(CURLOPT_TIMEOUT_MS, milliseconds(request.totalTimeout))
        number(CURLOPT_NOSIGNAL, 1)
        // A name that is still being looked up is not waited for when the request is given up.
        number(CURLOPT_QUICK_EXIT, 1)
        number(CURLOPT_TCP_KEEPALIVE, 1)
        offset(CURLOPT_MAXFILESIZE_LARGE, max(1, limit))  // 0 would mean "no limit"

        pointer(CURLOPT_PRIVATE, itself)
        pointer(CURLOPT_ERRORBUFFER, UnsafeMutableRawPointer(errorText))
        pointer(CURLOPT_WRITEDATA, itself)
        pointer(CURLOPT_HEADERDATA, itself)
        pointer(CURLOPT_PREREQDATA, itself)
        isSet = isSet && edgecert_easy_set_receiver(easy, CURLOPT_WRITEFUNCTION, receiveBody) == CURLE_OK
        isSet = isSet && edgecert_easy_set_receiver(easy, CURLOPT_HEADERFUNCTION, receiveHeader) == CURLE_OK
        isSet = isSet && edgecert_easy_set_prerequest(easy, isAboutToSend) == CURLE_OK
        return isSet
    }

    private func setHeaders(_ request: HTTPRequest) -> Bool {
        // libcurl would wait for a leave to send a long body, and call a body a form.
        var lines = request.headers.map { "\($0.name): \($0.value)" } + ["Expect:"]
        if !request.headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            lines.append("Content-Type:")
        }
        for line in lines { guard append(line) else { return false } }
        if let token = request.token {
            guard token.reveal({ append("Authorization: Bearer \($0)") }) else { return false }
        }
        return edgecert_easy_set_list(easy, CURLOPT_HTTPHEADER, headerList) == CURLE_OK
    }

    private func append(_ line: String) -> Bool {
        guard let longer = curl_slist_append(headerList, line) else { return false }
        headerList = longer
        return true
    }

    private func milliseconds(_ span: Duration) -> Int {
        // libcurl counts in a 32-bit number of milliseconds here and there; 0 would mean "no limit".
        Int(min(max(span.wholeMilliseconds, 1), 86_400_000))
    }

    // MARK: What libcurl calls

    /// - Returns: False when a change is about to be sent a second time, for whatever reason.
    fileprivate func willSend() -> Bool {
        sendings += 1
        return isRead || sendings == 1
    }

    /// - Returns: False to give up.
    fileprivate func receive(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard bytes.count <= limit - received.count else {
            isTooLarge = true
            return false
        }
        received.append(contentsOf: bytes)
        return true
    }

    /// - Returns: False to give up.
    fileprivate func receive(headerLine bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        headerBytes += bytes.count
        guard headerBytes <= 128 << 10 else {
            isTooLarge = true
            return false
        }
        let line = String(decoding: bytes, as: UTF8.self)
        if line.hasPrefix("HTTP/") {
            // HTTP/1 has no mark that ties an answer to its question: what a server or a proxy sends too much would be
            // the next question's answer, and one zone's listing another's. Such a connection serves once.
            if line.hasPrefix("HTTP/1") {
                guard edgecert_easy_set_long(easy, CURLOPT_FORBID_REUSE, 1) == CURLE_OK else { return false }
            }
            headers = []  // one answer may follow another: 100 Continue, or a request that was sent again
            received = []
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            let end = value.lastIndex { !$0.isWhitespace }.map { value.index(after: $0) } ?? value.startIndex
            headers.append(HTTPHeader(String(line[..<colon]), String(value[..<end])))
        }
        return true
    }

    // MARK: The end

    func end(_ code: CURLcode) {
        guard code == CURLE_OK else { return finish(.failure(trouble(code))) }
        var status = 0
        guard edgecert_easy_get_long(easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK, status > 0 else {
            return finish(.failure(.maybeSent(.reset, "the answer has no status")))
        }
        finish(.success(HTTPResponse(status: status, headers: headers, body: received)))
    }

    func end(_ cause: TransportTrouble.Cause, _ detail: String) { finish(.failure(trouble(cause, detail))) }

    private func trouble(_ cause: TransportTrouble.Cause, _ detail: String) -> TransportTrouble {
        sendings == 0 ? .neverSent(cause, detail) : .maybeSent(cause, detail)
    }

    private func trouble(_ code: CURLcode) -> TransportTrouble {
        if isTooLarge || code == CURLE_FILESIZE_EXCEEDED {
            return trouble(.tooLarge, "the answer is longer than \(limit) bytes")
        }
        if !isRead, sendings > 1 {
            return trouble(.reset, "the connection broke on the way, and a change is not sent a second time")
        }
        let said = String(cString: errorText)
        let detail = said.isEmpty ? String(cString: curl_easy_strerror(code)) : said
        let cause: TransportTrouble.Cause =
            switch code {
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .nameResolution
            case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
                CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_CERTPROBLEM:
                .tls
            case CURLE_OPERATION_TIMEDOUT: .timeout
            case CURLE_PARTIAL_FILE: .truncated
            case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: .unfit
            default: sendings == 0 ? .connection : .reset
            }
        return trouble(cause, detail)
    }
}

private func receiveBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ transfer: UnsafeMutableRawPointer?
) -> Int { received(bytes, size * count, transfer) { $0.receive($1) } }

private func receiveHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ transfer: UnsafeMutableRawPointer?
) -> Int { received(bytes, size * count, transfer) { $0.receive(headerLine: $1) } }

/// libcurl takes any other number than the one it offered for "give up".
private func received(
    _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int, _ transfer: UnsafeMutableRawPointer?,
    _ receive: (Transfer, UnsafeBufferPointer<UInt8>) -> Bool
) -> Int {
    guard let bytes, let transfer, count > 0 else { return count }
    let transferObject = Unmanaged<Transfer>.fromOpaque(transfer).takeUnretainedValue()
    let isTaken = bytes.withMemoryRebound(to: UInt8.self, capacity: count) { bytes in
        receive(transferObject, UnsafeBufferPointer(start: bytes, count: count))
    }
    return isTaken ? count : 0
}

private func isAboutToSend(
    _ transfer: UnsafeMutableRawPointer?, _: UnsafeMutablePointer<CChar>?, _: UnsafeMutablePointer<CChar>?, _: Int32,
    _: Int32
) -> Int32 {
    guard let transfer else { return CURL_PREREQFUNC_ABORT }
    return Unmanaged<Transfer>.fromOpaque(transfer).takeUnretainedValue().willSend()
        ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}
