import Domain
import FoundationEssentials

/// One call, taken off the socket and found to be permitted.
public struct ControlCall: Sendable {
    public let method: ControlMethod
    public let peer: PeerCredentials
    /// The caller takes any number of replies.
    public let wantsMore: Bool
    let message: [UInt8]

    /// The parameters as `type`.
    public func parameters<Parameters: Decodable>(_ type: Parameters.Type) throws(ControlTrouble) -> Parameters {
        do {
            let envelope = try JSONDecoder().decode(Envelope<Parameters>.self, from: Data(message))
            // A call without parameters is one with an empty object.
            return try envelope.parameters ?? JSONDecoder().decode(type, from: Data("{}".utf8))
        } catch let error as DecodingError {
            throw .invalidParameter(error.memberName)
        } catch {
            throw .invalidParameter("parameters")
        }
    }

    private struct Envelope<Parameters: Decodable>: Decodable { let parameters: Parameters? }
}

extension DecodingError {
    /// The path of the member that is missing or not of its type.
    var memberName: String {
        let path: [any CodingKey] =
            switch self {
            case .keyNotFound(let key, let context): context.codingPath + [key]
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
                context.codingPath
            @unknown default: []
            }
        let names = path.map(\.stringValue).filter { $0 != "parameters" }
        return names.isEmpty ? "parameters" : names.joined(separator: ".")
    }
}

/// The parameters of one reply, as the JSON object that goes over the socket.
public struct ControlPayload: Hashable, Sendable {
    let bytes: [UInt8]

    /// What of `reply` is nil is left out.
    public init(_ reply: some Encodable) throws(ControlTrouble) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            bytes = Array(try encoder.encode(reply))
        } catch {
            throw .told(
                .trouble, Explanation(code: "control-reply", summary: "the reply cannot be written: \(error)"),
                exitCode: 1)
        }
    }
}

/// Answers the calls. The daemon's desk satisfies it; the server knows nothing of what is asked.
public protocol ControlHandler: Sendable {
    /// Answers one call with its last reply. Where the caller asked for `more`, replies before it go to `stream`.
    /// Cancelled when the caller is gone.
    func answer(_ call: ControlCall, _ stream: ControlStream) async throws(ControlTrouble) -> ControlPayload
}

/// Where the replies before the last one go.
public struct ControlStream: Sendable {
    let server: VarlinkServer
    let connection: Int
    let call: Int

    /// Comes back when the reply is written, or can wait in the caller's bounded buffer.
    public func next(_ payload: ControlPayload) async throws(ControlTrouble) {
        try await server.stream(payload, to: connection, call: call)
    }
}
