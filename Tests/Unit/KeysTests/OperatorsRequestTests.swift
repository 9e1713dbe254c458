import Crypto
import Domain
import Engine
import Glibc
import SwiftASN1
import Testing
import X509

@testable import Keys

@Suite("The operator's own request") struct OperatorsRequestTests {
    let scratch: Scratch
    let files: KeyFiles
    let authority = Authority()
    let subject = Subject(zone: ZoneID("z1"), kind: .clientCertificate, name: "meter")

    init() throws {
        scratch = try Scratch()
        files = KeyFiles(stateDirectory: scratch.path)
    }

    func wish(_ file: String) -> ClientCertificateWish {
        ClientCertificateWish(name: "meter", commonName: "meter", key: .request(file: file))
    }

    func request(_ file: String, generation: Int = 1) throws(KeyTrouble) -> SigningRequest {
        try files.request(for: subject, zoneName: "example.com", wish: wish(file), generation: generation)
    }

    func made(_ key: Certificate.PrivateKey, for name: String = "meter") throws -> String {
        let request = try CertificateSigningRequest(
            version: .v1, subject: DistinguishedName { CommonName(name) }, privateKey: key, attributes: .init([]))
        var serializer = DER.Serializer()
        try serializer.serialize(request)
        return PEMText.text(serializer.serializedBytes, label: "CERTIFICATE REQUEST")
    }

    @Test("it is taken over, kept, and its certificate delivered, and no key is looked for")
    func takenOver() throws {
        let theirs = try made(.init(P384.Signing.PrivateKey()))
        let file = try scratch.file("theirs.csr", theirs)
        let request = try request(file)
        #expect(request.pem == theirs)
        // What the operator does with the file later is of the next generation.
        _ = try scratch.file("theirs.csr", "gone")
        #expect(try self.request(file) == request)
        let certificate = try ReadCertificate(pem: authority.certificate(for: request))
        let delivery = try files.deliver(
            certificate, for: subject, zoneName: "example.com", wish: wish(file), generation: 1)
        #expect(content("\(delivery.directory)/certificate.pem") == certificate.pem)
        #expect(content("\(delivery.directory)/key.pem") == nil)
        #expect(try files.generation(of: certificate, for: subject, zoneName: "example.com") == 1)
        let foreign = try ReadCertificate(
            pem: authority.certificate(for: Certificate.PublicKey(P384.Signing.PrivateKey().publicKey)))
        #expect(throws: KeyTrouble.mismatch(subject: "example.com/client_certificate/meter", generation: 1)) {
            try files.deliver(foreign, for: subject, zoneName: "example.com", wish: wish(file), generation: 1)
        }
    }

    @Test("an operator's new request in the same file was never read while nothing had come of the old one")
    func replaced() throws {
        let file = try scratch.file("theirs.csr", made(.init(P256.Signing.PrivateKey())))
        let first = try request(file)
        #expect(try files.fits(wish(file), for: subject, zoneName: "example.com", generation: 1))
        _ = try scratch.file("theirs.csr", made(.init(P256.Signing.PrivateKey())))
        #expect(try !files.fits(wish(file), for: subject, zoneName: "example.com", generation: 1))
        #expect(try request(file, generation: 2) != first)
        #expect(try files.fits(wish(file), for: subject, zoneName: "example.com", generation: 2))
        #expect(unlink(file) == 0)
        #expect(throws: KeyTrouble.self) {
            try files.fits(wish(file), for: subject, zoneName: "example.com", generation: 2)
        }
    }

    @Test("of two generations of one request, the one that has the certificate answers, or else the newer")
    func sameRequestTwice() throws {
        let file = try scratch.file("theirs.csr", made(.init(P256.Signing.PrivateKey())))
        let first = try request(file, generation: 1)
        #expect(try request(file, generation: 2) == first)
        let certificate = try ReadCertificate(pem: authority.certificate(for: first))
        #expect(try files.generation(of: certificate, for: subject, zoneName: "example.com") == 2)
        _ = try files.deliver(certificate, for: subject, zoneName: "example.com", wish: wish(file), generation: 1)
        #expect(try files.generation(of: certificate, for: subject, zoneName: "example.com") == 1)
    }

    @Test("it is found among other text and with other line ends, and a key beside it stays where it is")
    func forms() throws {
        let key = P256.Signing.PrivateKey()
        let theirs = try made(.init(key))
        let old = theirs.replacing("CERTIFICATE REQUEST", with: "NEW CERTIFICATE REQUEST")
        let forms = [
            theirs.replacing("\n", with: "\r\n"), "text\n" + theirs, old, key.pemRepresentation + "\n" + theirs,
        ]
        for (index, form) in forms.enumerated() {
            let file = try scratch.file("\(index).csr", form)
            #expect(try request(file, generation: index + 1).pem == theirs)
        }
        for entry in Scratch.tree("\(scratch.path)/keys") {
            #expect(content("\(scratch.path)/keys/\(entry.path)")?.contains("PRIVATE KEY") != true)
        }
    }

    @Test("what is no sound request is refused in words, and leaves no generation")
    func refused() throws {
        let sound = try made(.init(P256.Signing.PrivateKey()))
        var der = try #require(PEMText.der(labelled: ["CERTIFICATE REQUEST"], in: sound))
        let place = try #require(der.firstRange(of: Array("meter".utf8))).lowerBound
        der[place] ^= 1
        let pipe = "\(scratch.path)/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        let files = [
            "\(scratch.path)/missing", scratch.path, pipe, "/dev/zero", "",
            try scratch.file("empty", ""), try scratch.file("text", "-----BEGIN CERTIFICATE REQUEST-----"),
            try scratch.file("long", String(repeating: "\n", count: 10 << 20) + sound),
            try scratch.file("forged", PEMText.text(der, label: "CERTIFICATE REQUEST")),
            try scratch.file("key", P256.Signing.PrivateKey().pemRepresentation),
        ]
        for file in files {
            #expect(throws: KeyTrouble.self, "\(file) was taken") { try request(file) }
            #expect(try self.files.lastGeneration(for: subject, zoneName: "example.com") == 0)
        }
    }

    @Test("a request for another common name was taken, and its certificate never counted as the wished one")
    func otherName() throws {
        let file = try scratch.file("other.csr", made(.init(P256.Signing.PrivateKey()), for: "Meter\u{1B}"))
        do throws(KeyTrouble) {
            _ = try request(file)
            fail("it was taken")
        } catch {
            #expect(error.explanation.code == "request-names")
            #expect(
                error.explanation.summary
                    == "\(file) is for other names: the request has 'Meter\u{FFFD}', common_name is 'meter'")
        }
        #expect(try files.lastGeneration(for: subject, zoneName: "example.com") == 0)
        #expect(try OperatorsRequest.names(in: file).commonName == "Meter\u{1B}")
    }

    @Test(
        "openssl's own requests are read, of every kind of key",
        .enabled(if: hasOpenSSL, "the program openssl is missing"),
        arguments: [
            ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
            ["rsa:2048"], ["rsa:4096"], ["ed25519"],
        ])
    func ofOpenSSL(kind: [String]) async throws {
        let arguments =
            ["openssl", "req", "-new", "-nodes", "-keyout", "\(scratch.path)/k", "-out", "\(scratch.path)/r"]
            + ["-subj", "/CN=meter", "-addext", "subjectAltName=DNS:Meter.example.com,IP:192.0.2.1", "-newkey"] + kind
        let outcome = await SubprocessRunner().run(arguments, environment: [:], timeout: .seconds(120))
        guard case .succeeded = outcome else { return fail("\(outcome)") }
        let request = try request("\(scratch.path)/r")
        let names = try OperatorsRequest.names(in: "\(scratch.path)/r")
        #expect(names.commonName == "meter" && names.alternativeNames.count == 2)
        var wished = wish("\(scratch.path)/r")
        wished.alternativeNames = ["meter.example.com"]
        #expect(names.differences(from: wished).map(\.key) == ["alternative_names"])
        #expect(names.alternativeNames.first == "Meter.example.com")
        let certificate = try authority.certificate(for: request)
        _ = try files.deliver(
            ReadCertificate(pem: certificate), for: subject, zoneName: "example.com", wish: wish("\(scratch.path)/r"),
            generation: 1)
    }
}

@Suite("Names of folders") struct FolderNameTests {
    @Test(
        "a name cannot lead out of its folder, nor to another's",
        arguments: [
            ("example.com", "example.com"), ("a-b_C9", "a-b_C9"), (".", "%2E"), ("..", "%2E."), (".lock", "%2Elock"),
            ("../../etc", "%2E.%2F..%2Fetc"), ("a/b", "a%2Fb"), ("a%2Fb", "a%252Fb"),
            ("*.example.com", "%2A.example.com"),
            ("zähler", "z%C3%A4hler"), ("a b", "a%20b"), ("~", "%7E"),
        ])
    func names(name: String, folder: String) throws {
        #expect(try folderName(for: name, within: "/") == folder)
    }

    @Test("names that are too long for a folder stay apart")
    func long() throws {
        let names = (0..<3).map { String(repeating: "ä", count: 500) + String($0) }
        let folders = try names.map { name throws(KeyTrouble) in try folderName(for: name, within: "/") }
        #expect(Set(folders).count == 3)
        #expect(folders.allSatisfy { $0.utf8.count <= 255 })
    }

    @Test(
        "no folder is made for nothing, or for control characters", arguments: ["", "a\nb", "a\0b", "\u{7F}", "\u{85}"])
    func refused(name: String) {
        #expect(throws: KeyTrouble.self) { try folderName(for: name, within: "/") }
    }

    @Test("a generation's folder is known by its exact name alone")
    func generations() {
        for number in [1, 42, 9999, 10_000, 999_999_999] {
            #expect(GenerationName.number(GenerationName.text(number)) == number)
        }
        for name in [
            "generation-", "generation-1", "generation-0000", "generation-00001", "generation--001", "generation-+001",
            "generation-1000000000", "generation-99999999999999999999", "current", "generation-0001x",
            ".new-generation",
        ] { #expect(GenerationName.number(name) == nil, "\(name)") }
    }
}
