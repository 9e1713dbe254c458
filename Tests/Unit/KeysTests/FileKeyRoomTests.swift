import Crypto
import Domain
import Engine
import Glibc
import SwiftASN1
import Synchronization
import TestKit
import Testing
import X509

@testable import Keys

@Suite("FileKeyRoom") struct FileKeyRoomTests {
    let scratch: Scratch
    let room: FileKeyRoom
    let authority = Authority()
    let subject = Subject(zone: ZoneID("z1"), kind: .clientCertificate, name: "meter")
    let zone = "example.com"
    var home: String { "\(scratch.path)/keys/example.com/meter" }

    init() throws {
        scratch = try Scratch()
        room = FileKeyRoom(stateDirectory: scratch.path)
    }

    func wish(_ key: KeySource = .made(.ecP256), group: String? = nil) -> ClientCertificateWish {
        ClientCertificateWish(
            name: "meter", commonName: "meter.example.com", alternativeNames: ["meter.example.com", "m2.example.com"],
            key: key,
            distinguishedName: .init(
                country: "DE", state: "Hessen", location: "Frankfurt", organization: "Zähler & Co", unit: "Gateways"),
            group: group)
    }

    func request(_ generation: Int = 1, _ wish: ClientCertificateWish? = nil) async throws(KeyTrouble) -> SigningRequest
    {
        try await room.request(for: subject, zoneName: zone, wish: wish ?? self.wish(), generation: generation)
    }

    func deliver(
        _ certificate: String, _ generation: Int = 1, _ wish: ClientCertificateWish? = nil
    ) async throws(KeyTrouble) -> Delivery {
        try await room.deliver(
            certificatePEM: certificate, for: subject, zoneName: zone, wish: wish ?? self.wish(),
            generation: generation)
    }

    func trouble<Result>(_ work: () async throws -> Result) async -> KeyTrouble? {
        do { _ = try await work() } catch let trouble as KeyTrouble { return trouble } catch { Issue.record(error) }
        return nil
    }

    @Test(
        "openssl finds key and request sound and for each other, whatever the kind of key",
        .enabled(if: hasOpenSSL, "the program openssl is missing"), arguments: KeyAlgorithm.allCases)
    func openssl(algorithm: KeyAlgorithm) async throws {
        let request = try await request(1, wish(.made(algorithm)))
        let (key, csr) = ("\(home)/generation-0001/key.pem", "\(home)/generation-0001/request.pem")
        #expect(content(csr) == request.pem)
        #expect(try await KeysTests.openssl("pkey", "-in", key, "-check", "-noout").hasPrefix("Key is valid"))
        #expect(content(key)?.hasPrefix("-----BEGIN PRIVATE KEY-----\n") == true)
        let text = try await KeysTests.openssl(
            "req", "-in", csr, "-verify", "-noout", "-text", "-reqopt", "no_sigdump", "-nameopt", "utf8,sep_comma_plus")
        #expect(text.contains("self-signature verify OK"))
        #expect(text.contains("Subject: C=DE,ST=Hessen,L=Frankfurt,O=Zähler & Co,OU=Gateways,CN=meter.example.com"))
        #expect(text.contains("DNS:meter.example.com, DNS:m2.example.com"))
        let size: [KeyAlgorithm: String] = [
            .ecP256: "prime256v1", .ecP384: "secp384r1", .rsa2048: "(2048 bit)", .rsa3072: "(3072 bit)",
            .rsa4096: "(4096 bit)",
        ]
        #expect(text.contains(try #require(size[algorithm])))
        let ofKey = try await KeysTests.openssl("pkey", "-in", key, "-pubout")
        #expect(try await KeysTests.openssl("req", "-in", csr, "-noout", "-pubkey") == ofKey)
        let certificate = try authority.certificate(for: request)
        let delivery = try await deliver(certificate, 1, wish(.made(algorithm)))
        #expect(
            try await KeysTests.openssl("x509", "-in", "\(delivery.directory)/certificate.pem", "-noout", "-pubkey")
                == ofKey)
    }

    @Test("a request with nothing but a common name has no other names")
    func plainRequest() async throws {
        let plain = ClientCertificateWish(name: "meter", commonName: "meter")
        let der = try #require(PEMText.der(labelled: ["CERTIFICATE REQUEST"], in: try await request(1, plain).pem))
        let read = try CertificateSigningRequest(derEncoded: der)
        #expect(read.attributes.count == 0)
        #expect(String(describing: read.subject) == "CN=meter")
    }

    @Test("the same generation gives the same request again, from another room too, and another generation another")
    func sameAgain() async throws {
        let first = try await request()
        #expect(try await request() == first)
        #expect(
            try await FileKeyRoom(stateDirectory: scratch.path + "/")
                .request(for: subject, zoneName: zone, wish: wish(.made(.ecP384)), generation: 1) == first)
        #expect(SigningRequest(pem: first.pem) == first)
        #expect(try await request(2).der != first.der)
        #expect(try await room.lastGeneration(for: subject, zoneName: zone) == 2)
    }

    @Test("what was made for a wish fits it, whatever its names; not another's, and not without its key")
    func fits() async throws {
        let names = ["meter", "Zähler 7", "Meter.Example.com", String(repeating: "n", count: 64)]
        for (place, name) in names.enumerated() {
            var wish = self.wish()
            (wish.commonName, wish.alternativeNames) = (name, ["B.example.com", "a.example.com", "*.c.example.com"])
            let generation = place + 1
            #expect(try await room.fits(wish, for: subject, zoneName: zone, generation: generation), "nothing is there")
            _ = try await request(generation, wish)
            #expect(try await room.fits(wish, for: subject, zoneName: zone, generation: generation), "\(name)")
            var other = wish
            other.commonName += "2"
            #expect(try await !room.fits(other, for: subject, zoneName: zone, generation: generation), "\(name)")
            other = wish
            other.alternativeNames.removeLast()
            #expect(try await !room.fits(other, for: subject, zoneName: zone, generation: generation), "\(name)")
        }
        _ = try await request(9)
        #expect(unlink("\(home)/generation-0009/key.pem") == 0)
        #expect(try await !room.fits(wish(), for: subject, zoneName: zone, generation: 9))
    }

    @Test("many who ask at once get the same request")
    func atOnce() async throws {
        let all = try await withThrowingTaskGroup(of: SigningRequest.self) { group in
            for _ in 0..<16 {
                let room = FileKeyRoom(stateDirectory: scratch.path)
                group.addTask { [subject, zone, wish = wish()] in
                    try await room.request(for: subject, zoneName: zone, wish: wish, generation: 1)
                }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(all.count == 1)
    }

    @Test("a delivered certificate is whole beside its key, and current; delivering again changes nothing")
    func delivered() async throws {
        let certificate = try authority.certificate(for: try await request())
        let delivery = try await deliver(certificate)
        #expect(delivery == Delivery(directory: "\(home)/generation-0001", notAfter: Authority.begin + .days(365)))
        #expect(content("\(home)/current/certificate.pem") == certificate)
        let before = Scratch.tree(scratch.path)
        #expect(
            before.map(\.path).filter { !$0.hasSuffix(".pem") } == [
                "keys", "keys/example.com", "keys/example.com/meter", "keys/example.com/meter/.lock",
                "keys/example.com/meter/current", "keys/example.com/meter/generation-0001",
            ])
        #expect(try await deliver(certificate) == delivery)
        #expect(Scratch.tree(scratch.path) == before)  // the inodes too
    }

    @Test("the newest delivered generation is current, and the one before stays whole")
    func renewal() async throws {
        let first = try authority.certificate(for: try await request(1))
        _ = try await deliver(first, 1)
        let second = try authority.certificate(for: try await request(2))
        #expect(content("\(home)/current/certificate.pem") == first)
        _ = try await deliver(second, 2)
        #expect(content("\(home)/current/certificate.pem") == second)
        #expect(content("\(home)/generation-0001/certificate.pem") == first)
        #expect(try await room.generation(of: first, for: subject, zoneName: zone) == 1)
        #expect(try await room.generation(of: second, for: subject, zoneName: zone) == 2)
        let foreign = try authority.certificate(for: Certificate.PublicKey(P256.Signing.PrivateKey().publicKey))
        #expect(try await room.generation(of: foreign, for: subject, zoneName: zone) == nil)
        let other = Subject(zone: ZoneID("z1"), kind: .clientCertificate, name: "other")
        #expect(try await room.generation(of: first, for: other, zoneName: zone) == nil)
        #expect(try await room.lastGeneration(for: other, zoneName: zone) == 0)
    }

    @Test("a certificate for another key puts nothing in place")
    func mismatch() async throws {
        _ = try await request(1)
        let other = try await request(2)
        let before = Scratch.tree(scratch.path)
        let trouble = await trouble { try await deliver(try authority.certificate(for: other), 1) }
        #expect(trouble == .mismatch(subject: "example.com/client_certificate/meter", generation: 1))
        #expect(Scratch.tree(scratch.path) == before)
    }

    @Test("a certificate is read whatever its line ends and what stands around it, and the first alone is kept")
    func forms() async throws {
        let certificate = try authority.certificate(for: try await request())
        let other = try authority.certificate(for: Certificate.PublicKey(P256.Signing.PrivateKey().publicKey))
        let body = certificate.split(separator: "\n").dropFirst().dropLast().joined()
        let forms = [
            certificate.split(separator: "\n").joined(separator: "\r\n"), "Subject: CN=x\n" + certificate,
            certificate + other, "  \n" + certificate.dropLast(),
            "-----BEGIN CERTIFICATE-----\n\(body)\n-----END CERTIFICATE-----",
        ]
        for form in forms {
            _ = try await deliver(form)
            #expect(content("\(home)/current/certificate.pem") == certificate)
        }
    }

    @Test(
        "what is no certificate is refused in words, and puts nothing in place",
        arguments: [
            "", "garbage", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
            "-----END CERTIFICATE-----\nMIIB\n-----BEGIN CERTIFICATE-----",
            "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----",
        ])
    func noCertificate(text: String) async throws { try await isRefused(text) }

    @Test("ten megabytes are refused in words, too")
    func longTexts() async throws {
        try await isRefused(String(repeating: "A", count: 10 << 20))
        let body = String(repeating: "MIIB", count: 2 << 20)
        try await isRefused("-----BEGIN CERTIFICATE-----\n\(body)\n-----END CERTIFICATE-----")
    }

    private func isRefused(_ text: String) async throws {
        _ = try await request()
        let before = Scratch.tree(scratch.path)
        guard case .unreadable(let what, let detail) = await trouble({ try await deliver(text) }) else {
            return fail("taken for a certificate")
        }
        #expect(what == "the certificate")
        #expect(detail.utf8.count < 300)
        #expect(await trouble { try await room.generation(of: text, for: subject, zoneName: zone) } != nil)
        #expect(Scratch.tree(scratch.path) == before)
    }

    @Test("a request cannot stand in for a certificate, nor a certificate that ends before it begins")
    func oddCertificates() async throws {
        let request = try await request()
        let disguised = PEMText.text(
            try #require(PEMText.der(labelled: ["CERTIFICATE REQUEST"], in: request.pem)), label: "CERTIFICATE")
        let backward = try authority.certificate(
            for: request, notBefore: Authority.begin, notAfter: Authority.begin - .seconds(1))
        for text in [disguised, backward] {
            guard case .unreadable = await trouble({ try await deliver(text) }) else {
                return fail("taken for a certificate")
            }
        }
    }

    @Test("an expired certificate, and one without an end, are delivered with their end: who judges it has a clock")
    func ends() async throws {
        let request = try await request()
        let ends = [
            Timestamp(unixSeconds: 86_400), Timestamp(unixSeconds: 2_524_607_999),
            Timestamp(unixSeconds: 2_524_608_000),
            Timestamp(unixSeconds: 253_402_300_799),
        ]
        for end in ends {
            let certificate = try authority.certificate(
                for: request, notBefore: Timestamp(unixSeconds: 0), notAfter: end)
            #expect(try await deliver(certificate).notAfter == end)
        }
    }

    @Test("no certificate that chance has spoilt traps")
    func spoilt() async throws {
        let certificate = try authority.certificate(for: try await request())
        let der = try #require(PEMText.der(labelled: ["CERTIFICATE"], in: certificate))
        var chance = SeededChance(seed: 20_261_121)
        for _ in 0..<500 {
            var spoilt = der
            for _ in 0..<Int.random(in: 1...4, using: &chance) {
                let place = Int.random(in: spoilt.indices, using: &chance)
                switch Int.random(in: 0..<4, using: &chance) {
                case 0: spoilt[place] = UInt8.random(in: 0...255, using: &chance)
                case 1: spoilt[place] ^= 1 << UInt8.random(in: 0..<8, using: &chance)
                case 2 where spoilt.count > 1: spoilt.remove(at: place)
                default: spoilt.insert(UInt8.random(in: 0...255, using: &chance), at: place)
                }
            }
            let text = PEMText.text(spoilt, label: "CERTIFICATE")
            do throws(KeyTrouble) { _ = try ReadCertificate(pem: text).notAfter } catch {
                #expect(error.explanation.code == "key-unreadable", "of \(text)")
            }
        }
    }

    @Test("a generation without its key is never relied upon, and counts as one all the same")
    func torn() async throws {
        let certificate = try authority.certificate(for: try await request(1))
        #expect(unlink("\(home)/generation-0001/key.pem") == 0)
        let noKey = KeyTrouble.noKey(subject: "example.com/client_certificate/meter", generation: 1)
        #expect(await trouble { try await request(1) } == noKey)
        #expect(await trouble { try await deliver(certificate, 1) } == noKey)
        #expect(try await room.generation(of: certificate, for: subject, zoneName: zone) == nil)
        #expect(try await room.lastGeneration(for: subject, zoneName: zone) == 1)
        #expect(
            await trouble { try await deliver(certificate, 2) }
                == .noKey(subject: "example.com/client_certificate/meter", generation: 2))
        #expect(try await request(2).der.isEmpty == false)
    }

    @Test("a key that has been exchanged for another's, or spoilt, is noticed before its request is used")
    func exchanged() async throws {
        let certificate = try authority.certificate(for: try await request(1))
        _ = try await request(2)
        let key = try #require(content("\(home)/generation-0001/key.pem"))
        #expect(rename("\(home)/generation-0002/key.pem", "\(home)/generation-0001/key.pem") == 0)
        guard case .unreadable = await trouble({ try await request(1) }) else { return fail("not noticed") }
        guard case .mismatch = await trouble({ try await deliver(certificate, 1) }) else {
            return fail("not noticed")
        }
        #expect(try await room.generation(of: certificate, for: subject, zoneName: zone) == nil)
        // Spoilt: in words, and without the key in them (S15).
        _ = try scratch.file("keys/example.com/meter/generation-0001/key.pem", key.replacing("M", with: "N"))
        let trouble = try #require(await trouble { try await request(1) })
        #expect(trouble.explanation.code == "key-unreadable")
        for line in key.split(separator: "\n") {
            #expect(!"\(trouble) \(trouble.explanation)".contains(line.prefix(16).dropFirst(2)))
        }
    }

    @Test("a generation that cannot be read does not hide the others, but is told when none answers")
    func unreadableGeneration() async throws {
        let first = try authority.certificate(for: try await request(1))
        _ = try await request(2)
        _ = try scratch.file("keys/example.com/meter/generation-0002/key.pem", "spoilt")
        #expect(try await room.generation(of: first, for: subject, zoneName: zone) == 1)
        let foreign = try authority.certificate(for: Certificate.PublicKey(P256.Signing.PrivateKey().publicKey))
        #expect(await trouble { try await room.generation(of: foreign, for: subject, zoneName: zone) } != nil)
    }

    @Test("a key whose request is lost answers to its certificate all the same, and fits no wish")
    func lostRequest() async throws {
        let certificate = try authority.certificate(for: try await request(1))
        #expect(unlink("\(home)/generation-0001/request.pem") == 0)
        #expect(try await room.generation(of: certificate, for: subject, zoneName: zone) == 1)
        #expect(try await !room.fits(wish(), for: subject, zoneName: zone, generation: 1))
        #expect(try await deliver(certificate).directory.hasSuffix("generation-0001"))
    }

    @Test("a key of another kind than is wished does not fit, nor an operator's where one is to be made")
    func otherKind() async throws {
        for (place, algorithm) in KeyAlgorithm.allCases.enumerated() {
            let wish = self.wish(.made(algorithm))
            _ = try await request(place + 1, wish)
            for other in KeyAlgorithm.allCases {
                let fits = try await room.fits(
                    self.wish(.made(other)), for: subject, zoneName: zone, generation: place + 1)
                #expect(fits == (other == algorithm), "\(algorithm) for \(other)")
            }
        }
        let file = try scratch.file("meter.csr", try await request(1).pem)
        let theirs = wish(.request(file: file))
        _ = try await request(9, theirs)
        #expect(try await room.fits(theirs, for: subject, zoneName: zone, generation: 9))
        #expect(try await !room.fits(wish(), for: subject, zoneName: zone, generation: 9))
    }

    @Test("generations that cannot be are refused", arguments: [0, -1, .min, .max])
    func generations(number: Int) async throws {
        #expect(await trouble { try await request(number) } != nil)
        let certificate = try authority.certificate(for: try await request(1))
        #expect(await trouble { try await deliver(certificate, number) } != nil)
    }

    @Test("a state directory that is missing is told, and not made")
    func noState() async throws {
        let room = FileKeyRoom(stateDirectory: scratch.path + "/nowhere")
        guard
            case .file(let path, _) = await trouble({
                try await room.request(for: subject, zoneName: zone, wish: wish(), generation: 1)
            })
        else { return fail("no trouble") }
        #expect(path == scratch.path + "/nowhere")
    }

    @Test("the caller's thread is not the one that works")
    @MainActor func elsewhere() async throws {
        let main = pthread_self()
        let others = Mutex(0)
        let files = KeyFiles(stateDirectory: scratch.path) { _ throws(KeyTrouble) in
            #expect(pthread_equal(pthread_self(), main) == 0)
            others.withLock { $0 += 1 }
        }
        _ = try await FileKeyRoom(files).request(for: subject, zoneName: zone, wish: wish(), generation: 1)
        #expect(others.withLock { $0 } > 0)
    }
}
