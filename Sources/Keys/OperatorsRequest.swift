import Domain
import Engine
import SwiftASN1
import X509

/// The operator's own signing request, in a file that the settings name.
public enum OperatorsRequest {
    /// The names in it; it is sound, and signed by the key that it is for.
    public static func names(in file: String) throws(KeyTrouble) -> RequestNames { try read(file).names(in: file) }

    /// Nothing but the request is taken over, whatever else the file holds.
    static func read(_ path: String) throws(KeyTrouble) -> ReadRequest {
        let bytes = try readFile(path, limit: PEMText.limitBytes)
        return try ReadRequest(pem: String(decoding: bytes, as: UTF8.self), what: path)
    }

    /// The request, when it is for the names that are wished: what it makes is watched, counted and adopted by them.
    static func read(_ path: String, for wish: ClientCertificateWish) throws(KeyTrouble) -> ReadRequest {
        let request = try read(path)
        let differences = try request.names(in: path).differences(from: wish)
        guard differences.isEmpty else {
            throw .otherNames(path: path, detail: differences.map(\.text).joined(separator: "; "))
        }
        return request
    }
}

extension ReadRequest {
    /// - Parameter path: For the words of a trouble.
    func names(in path: String) throws(KeyTrouble) -> RequestNames {
        let alternatives: SubjectAlternativeNames?
        do {
            alternatives = try attributes.extensionRequest?.extensions.subjectAlternativeNames
        } catch { throw .unreadable(what: path, detail: brief(error)) }
        let names = (alternatives.map(Array.init) ?? []).map { name in
            if case .dnsName(let text) = name { text } else { "another form: \(brief("\(name)"))" }
        }
        return RequestNames(commonName: commonName, alternativeNames: names)
    }

    /// The last one: the most particular.
    private var commonName: String? {
        for name in subject.reversed() {
            for attribute in name where attribute.type == .RDNAttributeType.commonName {
                return String(attribute.value) ?? "\(attribute.value)"
            }
        }
        return nil
    }
}

private func brief(_ text: String) -> String { String(text.prefix(60)) }
