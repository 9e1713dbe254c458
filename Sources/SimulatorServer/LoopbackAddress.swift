/// An address that only this machine can reach.
public struct LoopbackAddress: Hashable, Sendable, CustomStringConvertible {
    /// `127.0.0.1` or `::1`.
    public let host: String
    /// 0 to have a free one chosen.
    public let port: Int

    /// Reads `127.0.0.1:8787`, `[::1]:8787`, `localhost:8787`, or a port alone; everything else is refused.
    public init(_ text: String) throws(SimulatorTrouble) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let (name, digits) =
            parts.count < 2
            ? ("127.0.0.1", text) : (parts.dropLast().joined(separator: ":"), String(parts[parts.count - 1]))
        guard let port = Int(digits), (0...65_535).contains(port) else { throw .notLoopback(text) }
        switch name {
        case "127.0.0.1", "localhost": host = "127.0.0.1"
        case "[::1]", "::1": host = "::1"
        default: throw .notLoopback(text)
        }
        self.port = port
    }

    public init(host: Host = .ipv4, port: Int) { (self.host, self.port) = (host.rawValue, port) }

    public enum Host: String, Hashable, Sendable {
        case ipv4 = "127.0.0.1"
        case ipv6 = "::1"
    }

    public var description: String { host == "::1" ? "[::1]:\(port)" : "\(host):\(port)" }
}
