import Domain
import SwiftASN1
import TestKit
import X509

/// The keys on the disk, read by the library that reads X.509 and not by what has written them.
struct KeyFolder {
    private let path: String

    init(state: String) { path = "\(state)/keys/\(Setting.storyZone)/\(Setting.meter)" }

    private var generations: [String] { Files.names(in: path).filter { $0.hasPrefix("generation-") } }

    /// Whether the key that a request is for is there.
    func has(_ request: String) -> Bool {
        generations.contains { SigningRequest(pem: text("\($0)/request.pem"))?.der == request && trouble($0) == nil }
    }

    /// What bears its final name is whole; `current` leads to a key with its own certificate; what the database says was
    /// delivered is there.
    func check(delivered: [Int]) -> [(String, String)] {
        var wrong = generations.compactMap { name in trouble(name).map { ("keys", "\(name): \($0)") } }
        let names = Files.names(in: path)
        if names.contains("current"), text("current/certificate.pem").isEmpty || text("current/key.pem").isEmpty {
            wrong.append(("keys", "'current' leads to no key with its certificate"))
        }
        if !delivered.isEmpty, !names.contains("current") { wrong.append(("keys", "'current' is gone")) }
        for number in delivered {
            let name = "generation-" + String(repeating: "0", count: max(0, 4 - "\(number)".count)) + "\(number)"
            if text("\(name)/certificate.pem").isEmpty { wrong.append(("keys", "\(name) was delivered, and is not")) }
        }
        return wrong
    }

    private func trouble(_ generation: String) -> String? {
        do {
            let key = try Certificate.PrivateKey(pemEncoded: text("\(generation)/key.pem")).publicKey
            let request = try CertificateSigningRequest(pemEncoded: text("\(generation)/request.pem"))
            guard request.publicKey == key else { return "the request is not for the key" }
            guard Files.names(in: "\(path)/\(generation)").contains("certificate.pem") else { return nil }
            let certificate = try Certificate(pemEncoded: text("\(generation)/certificate.pem"))
            return certificate.publicKey == key ? nil : "the certificate is not for the key"
        } catch {
            return "not whole: \(error)"
        }
    }

    private func text(_ name: String) -> String {
        String(decoding: Files.read("\(path)/\(name)") ?? [], as: UTF8.self)
    }
}
