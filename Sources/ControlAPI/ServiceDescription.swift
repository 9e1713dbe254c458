import FoundationEssentials

/// What every Varlink service can be asked: what it is, and what its interfaces look like.
struct ServiceDescription: Sendable {
    let version: String

    private struct Info: Encodable {
        let vendor = "edgecert"
        let product = "edgecertd"
        let version: String
        let url = "man:edgecertctl(1)"
        let interfaces = [ControlInterface.serviceName, ControlInterface.name]
    }
    private struct Described: Encodable { let description: String }
    private struct Asked: Decodable { let interface: String }
    private struct Envelope: Decodable { let parameters: Asked }

    /// nil when the call is not about the service itself.
    func answer(_ header: CallHeader, _ message: [UInt8]) throws(ControlTrouble) -> ControlPayload? {
        switch header.method {
        case "org.varlink.service.GetInfo": return try ControlPayload(Info(version: version))
        case "org.varlink.service.GetInterfaceDescription":
            return try ControlPayload(Described(description: description(of: asked(message))))
        default: return nil
        }
    }

    private func asked(_ message: [UInt8]) throws(ControlTrouble) -> String {
        do {
            return try JSONDecoder().decode(Envelope.self, from: Data(message)).parameters.interface
        } catch {
            throw .invalidParameter("interface")
        }
    }

    private func description(of interface: String) throws(ControlTrouble) -> String {
        switch interface {
        case ControlInterface.name: return ControlInterface.description
        case ControlInterface.serviceName: return ControlInterface.serviceDescription
        default: throw .interfaceNotFound(interface)
        }
    }
}

extension ControlMethod {
    init(qualifiedName name: String) throws(ControlTrouble) {
        guard let dot = name.lastIndex(of: ".") else { throw .methodNotFound(name) }
        let (interface, member) = (name[..<dot], String(name[name.index(after: dot)...]))
        guard interface == ControlInterface.name else {
            if interface == ControlInterface.serviceName { throw .methodNotFound(member) }
            throw .interfaceNotFound(String(interface))
        }
        guard let method = ControlMethod(rawValue: member) else { throw .methodNotFound(member) }
        self = method
    }
}
