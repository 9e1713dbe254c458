import Domain

/// What keeps the simulator from running.
public enum SimulatorTrouble: Error, Hashable, Sendable {
    case notLoopback(String)
    case notListening(String)
    case authority(String)
    case scenario(ScenarioFault)
    case file(path: String, fault: String)

    public struct ScenarioFault: Hashable, Sendable {
        public let summary: String
        public init(_ summary: String) { self.summary = summary }
    }

    /// Runs what makes keys and certificates.
    static func inAuthority<Result>(_ work: () throws -> Result) throws(SimulatorTrouble) -> Result {
        do { return try work() } catch { throw .authority("\(error)") }
    }
}

extension SimulatorTrouble: Explained {
    public var explanation: Explanation {
        switch self {
        case .notLoopback(let address):
            Explanation(
                code: "simulator-address", summary: "'\(address)' is not an address of this machine alone",
                hint: "the simulator has no business on a network: give 127.0.0.1:PORT, [::1]:PORT or localhost:PORT")
        case .notListening(let fault): Explanation(code: "simulator-listen", summary: "cannot listen: \(fault)")
        case .authority(let fault):
            Explanation(code: "simulator-authority", summary: "a key or certificate cannot be made: \(fault)")
        case .scenario(let fault): Explanation(code: "simulator-scenario", summary: fault.summary)
        case .file(let path, let fault): Explanation(code: "simulator-file", summary: "\(path): \(fault)")
        }
    }
}
