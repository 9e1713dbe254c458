import Domain
import Engine
import FoundationEssentials
import SwiftASN1
import X509

/// A client certificate out of an answer, read and judged by itself: nothing is yet said of its key.
struct ReadCertificate {
    let publicKey: Certificate.PublicKey
    let notAfter: Timestamp
    /// The certificate alone, in the usual form of PEM, whatever the text was that it came in.
    let pem: String

    /// Reads the first certificate of a PEM text.
    init(pem text: String) throws(KeyTrouble) {
        guard text.utf8.count <= PEMText.limitBytes else {
            throw .unreadable(what: "the certificate", detail: "it is longer than \(PEMText.limitBytes) bytes")
        }
        guard let der = PEMText.der(labelled: ["CERTIFICATE"], in: text) else {
            throw .unreadable(what: "the certificate", detail: "the text has no whole CERTIFICATE block of PEM")
        }
        let certificate: Certificate
        do { certificate = try Certificate(derEncoded: der) } catch {
            throw .unreadable(what: "the certificate", detail: brief(error))
        }
        guard let notBefore = Timestamp(certificate.notValidBefore),
            let notAfter = Timestamp(certificate.notValidAfter),
            notBefore < notAfter
        else { throw .unreadable(what: "the certificate", detail: "its end is not after its begin") }
        (publicKey, self.notAfter) = (certificate.publicKey, notAfter)
        pem = PEMText.text(der, label: "CERTIFICATE")
    }
}

/// A signing request, made here or by the operator, whose own signature holds.
struct ReadRequest {
    let publicKey: Certificate.PublicKey
    let subject: DistinguishedName
    let attributes: CertificateSigningRequest.Attributes
    let pem: String

    /// - Parameter what: What people call the text, for the trouble.
    init(pem text: String, what: String) throws(KeyTrouble) {
        guard let der = PEMText.der(labelled: ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"], in: text) else {
            throw .unreadable(what: what, detail: "it has no whole CERTIFICATE REQUEST block of PEM")
        }
        let request: CertificateSigningRequest
        do { request = try CertificateSigningRequest(derEncoded: der) } catch {
            throw .unreadable(what: what, detail: brief(error))
        }
        guard request.publicKey.isValidSignature(request.signature, for: request) else {
            throw .unreadable(what: what, detail: "its signature is not by the key that it names")
        }
        (publicKey, subject, attributes) = (request.publicKey, request.subject, request.attributes)
        pem = PEMText.text(der, label: "CERTIFICATE REQUEST")
    }

    var signingRequest: SigningRequest {
        get throws(KeyTrouble) {
            guard let request = SigningRequest(pem: pem) else {
                throw .unreadable(what: "the request", detail: "it has no body")
            }
            return request
        }
    }
}

extension Timestamp {
    /// nil for what no calendar can say.
    init?(_ date: Date) {
        guard let seconds = Int64(exactly: date.timeIntervalSince1970.rounded(.down)) else { return nil }
        self.init(unixSeconds: seconds)
    }
}

/// An error of the libraries beneath, short enough for a line. They name fields and reasons, never a key.
func brief(_ error: any Error) -> String { String(String(describing: error).prefix(200)) }
