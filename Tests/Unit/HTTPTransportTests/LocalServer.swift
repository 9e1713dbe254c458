import Dispatch
import Glibc
import Synchronization

/// A server on loopback that does to each connection what its script says, byte by byte.
final class LocalServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let accepted = Mutex(0)
    private let requests = Mutex<[String]>([])

    /// - Parameter script: Called for each connection, in a thread of its own, with its number from 1. The connection
    ///   is closed when it returns.
    /// - Parameter isListening: False to hold a port that refuses connections.
    init(isListening: Bool = true, _ script: @escaping @Sendable (Connection) -> Void) {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        port = withUnsafeMutableBytes(of: &address) { bytes in
            let pointer = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
            guard let pointer, bind(descriptor, pointer, length) == 0, !isListening || listen(descriptor, 64) == 0,
                getsockname(descriptor, pointer, &length) == 0
            else { return 0 }
            return UInt16(bigEndian: bytes.assumingMemoryBound(to: sockaddr_in.self)[0].sin_port)
        }
        guard isListening else { return }
        DispatchQueue(label: "test.accept").async { [self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                let number = accepted.withLock {
                    $0 += 1
                    return $0
                }
                DispatchQueue(label: "test.connection").async {
                    script(Connection(descriptor: connection, number: number, server: self))
                    close(connection)
                }
            }
        }
    }

    var url: String { "http://127.0.0.1:\(port)" }
    var connectionCount: Int { accepted.withLock { $0 } }
    /// The head and body of each request that came whole, in order.
    var seen: [String] { requests.withLock { $0 } }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// Descriptors of this process that are connected to this server: those of the transport, not of other tests.
    var clientDescriptors: Int {
        (0..<1024).filter { descriptor in
            var address = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            return withUnsafeMutableBytes(of: &address) { bytes in
                let pointer = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
                guard let pointer, getpeername(Int32(descriptor), pointer, &length) == 0 else { return false }
                return UInt16(bigEndian: bytes.assumingMemoryBound(to: sockaddr_in.self)[0].sin_port) == port
            }
        }.count
    }

    struct Connection: Sendable {
        let descriptor: Int32
        let number: Int
        let server: LocalServer

        /// The next request, whole; nil when the connection ends before.
        func request() -> String? {
            var text: [UInt8] = []
            while true {
                if let whole = Self.whole(text) {
                    server.requests.withLock { $0.append(whole) }
                    return whole
                }
                var byte = [UInt8](repeating: 0, count: 1)
                guard recv(descriptor, &byte, 1, 0) == 1 else { return nil }
                text.append(byte[0])
            }
        }

        private static func whole(_ bytes: [UInt8]) -> String? {
            let text = String(decoding: bytes, as: UTF8.self).replacing("\r\n", with: "\n")
            guard let end = text.firstRange(of: "\n\n") else { return nil }
            let head = text[..<end.lowerBound].split(separator: "\n")
            let length = head.first { $0.lowercased().hasPrefix("content-length:") }
                .flatMap { Int($0.split(separator: ":")[1].drop { $0 == " " }) }
            return text[end.upperBound...].utf8.count >= length ?? 0 ? text : nil
        }

        /// - Returns: False when the other side has hung up.
        @discardableResult
        func write(_ text: String) -> Bool {
            let bytes = Array(text.utf8)
            var place = 0
            while place < bytes.count {
                let sent = bytes[place...].withUnsafeBytes {
                    send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard sent > 0 else { return false }
                place += sent
            }
            return true
        }

        func answer(_ body: String, status: String = "200 OK", headers: [String] = []) {
            let head = (["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers).joined(
                separator: "\r\n")
            write("\(head)\r\n\r\n\(body)")
        }

        /// Closes with a reset instead of an orderly end.
        func reset() {
            var now = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        }

        /// Comes back when the other side has closed.
        func waitForEnd() {
            var byte = [UInt8](repeating: 0, count: 1)
            while recv(descriptor, &byte, 1, 0) > 0 {}
        }
    }
}
