import Domain
import Engine
import SwiftASN1
import X509

@testable import Keys

/// A certificate, a request or a public key that is the same when its text is read again, or a trouble that names what
/// could not be read.
func fuzzCertificates(_ bytes: [UInt8]) throws(Fault) {
    guard let form = bytes.first else { return }
    // As DER, no more than the texts that are read from anywhere: writing PEM is not what is tried here.
    let rest = Array(form == UInt8(ascii: "T") ? bytes.dropFirst() : bytes.dropFirst().prefix(PEMText.limitBytes))
    switch form {
    case UInt8(ascii: "C"): try readCertificate(PEMText.text(rest, label: "CERTIFICATE"))
    case UInt8(ascii: "R"): try readRequest(PEMText.text(rest, label: "CERTIFICATE REQUEST"))
    case UInt8(ascii: "K"): try readKey(String(decoding: rest, as: UTF8.self))
    default:
        let text = String(decoding: rest, as: UTF8.self)
        try readCertificate(text)
        try readRequest(text)
        // What stands in an answer; only its body is compared.
        guard let request = SigningRequest(pem: text) else { return }
        try demand(!request.der.isEmpty, "a request without a body")
    }
}

private func readCertificate(_ text: String) throws(Fault) {
    switch Result(catching: { () throws(KeyTrouble) in try ReadCertificate(pem: text) }) {
    case .success(let found):
        let again = Result { () throws(KeyTrouble) in try ReadCertificate(pem: found.pem) }
        guard case .success(let again) = again, again.pem == found.pem, again.notAfter == found.notAfter,
            again.publicKey == found.publicKey
        else { throw Fault(description: "a certificate is another one when its text is read again") }
    case .failure(let trouble): try judge(trouble, of: "the certificate")
    }
}

private func readRequest(_ text: String) throws(Fault) {
    let place = "/etc/request.pem"
    switch Result(catching: { () throws(KeyTrouble) in try ReadRequest(pem: text, what: place) }) {
    case .success(let found):
        let again = Result { () throws(KeyTrouble) in try ReadRequest(pem: found.pem, what: place) }
        guard case .success(let again) = again, again.pem == found.pem, again.publicKey == found.publicKey,
            let request = SigningRequest(pem: found.pem), !request.der.isEmpty
        else { throw Fault(description: "a request is another one when its text is read again") }
    case .failure(let trouble): try judge(trouble, of: place)
    }
}

private func readKey(_ text: String) throws(Fault) {
    let place = "/keys/key.pem"
    let outcome = Result { () throws(KeyTrouble) in
        try Certificate.PublicKey(ofPrivateKey: Secret(text), path: place)
    }
    guard case .failure(let trouble) = outcome else { return }
    try judge(trouble, of: place)
    try demand(trouble.explanation.summary.utf8.count < 120, "the trouble may say more of a key than that it is one")
}

private func judge(_ trouble: KeyTrouble, of place: String) throws(Fault) {
    let summary = trouble.explanation.summary
    try demand(summary.contains(place), "the trouble does not name \(place): \(summary)")
    try demandShowable(summary, upTo: 1024, "the summary")
}
