import Domain
import FoundationEssentials

/// What every call has, whatever its method.
struct CallHeader: Decodable {
    let method: String
    let more: Bool?
    let oneway: Bool?
    let upgrade: Bool?

    /// nil for what is no call: not JSON, not an object, without a method, or with a mark that is not a truth value.
    init?(_ message: [UInt8]) {
        do {
            self = try JSONDecoder().decode(CallHeader.self, from: Data(message))
        } catch {
            return nil  // whatever is wrong with it, the answer is to end the connection
        }
    }
}

/// Builds the bytes of a reply, NUL included.
enum ReplyMessage {
    static func parameters(_ payload: ControlPayload, continues: Bool = false) -> [UInt8] {
        var message = Array(#"{"parameters":"#.utf8)
        message.reserveCapacity(payload.bytes.count + 40)
        message.append(contentsOf: payload.bytes)
        message.append(contentsOf: (continues ? #","continues":true}"# : "}").utf8)
        message.append(0)
        return message
    }

    static func error(_ trouble: ControlTrouble) -> [UInt8] {
        let body: ErrorBody =
            switch trouble {
            case .invalidParameter(let name):
                ErrorBody(error: "org.varlink.service.InvalidParameter", parameters: ErrorParameters(parameter: name))
            case .methodNotFound(let name):
                ErrorBody(error: "org.varlink.service.MethodNotFound", parameters: ErrorParameters(method: name))
            case .interfaceNotFound(let name):
                ErrorBody(error: "org.varlink.service.InterfaceNotFound", parameters: ErrorParameters(interface: name))
            case .expectedMore:
                ErrorBody(error: "org.varlink.service.ExpectedMore", parameters: ErrorParameters())
            case .told(let told, let explanation, let exitCode):
                ErrorBody(
                    error: "\(ControlInterface.name).\(told.rawValue)",
                    parameters: ErrorParameters(
                        code: explanation.code, summary: explanation.summary, hint: explanation.hint,
                        exitCode: exitCode))
            case .callerLeft:
                ErrorBody(error: "\(ControlInterface.name).Trouble", parameters: ErrorParameters(code: "caller-left"))
            }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(body)) + [0]
        } catch {  // strings and a number: only a defect of the encoder leads here, and the caller still gets an end
            return Array(#"{"error":"io.edgecert.Control.Trouble","parameters":{}}"#.utf8) + [0]
        }
    }
}

/// An error reply, written by the server and read by the client.
struct ErrorBody: Codable {
    var error: String
    var parameters: ErrorParameters?
}

struct ErrorParameters: Codable {
    var parameter: String?
    var method: String?
    var interface: String?
    var code: String?
    var summary: String?
    var hint: String?
    var exitCode: Int?
}

extension ControlTrouble {
    /// What an error reply says.
    init(_ body: ErrorBody) {
        let parameters = body.parameters ?? ErrorParameters()
        switch body.error {
        case "org.varlink.service.InvalidParameter": self = .invalidParameter(parameters.parameter ?? "?")
        case "org.varlink.service.MethodNotFound", "org.varlink.service.MethodNotImplemented":
            self = .methodNotFound(parameters.method ?? "?")
        case "org.varlink.service.InterfaceNotFound": self = .interfaceNotFound(parameters.interface ?? "?")
        case "org.varlink.service.ExpectedMore": self = .expectedMore
        default:
            let name = body.error.split(separator: ".").last.map(String.init) ?? body.error
            self = .told(
                Told(rawValue: name) ?? .trouble,
                .init(
                    code: parameters.code ?? "control-error", summary: parameters.summary ?? body.error,
                    hint: parameters.hint),
                exitCode: parameters.exitCode ?? 1)
        }
    }
}
