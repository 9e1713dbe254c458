import Domain
import Engine
import Glibc
import Synchronization
import Testing
import X509

@testable import Keys

/// Work that is killed after each of its steps in turn, and done again.
@Suite("FileKeyRoom, interrupted") struct InterruptedTests {
    let authority = Authority()
    let subject = Subject(zone: ZoneID("z1"), kind: .clientCertificate, name: "meter")
    let wish = ClientCertificateWish(name: "meter", commonName: "meter.example.com")

    /// Counts steps, and after the last one it allows lets no other be: not even one that would tidy up.
    final class Power: Sendable {
        private let left: Mutex<Int>
        private let watch: @Sendable () -> Void
        init(steps: Int, _ watch: @escaping @Sendable () -> Void = {}) {
            left = Mutex(steps)
            self.watch = watch
        }
        static let lost = KeyTrouble.file(path: "power", detail: "lost")
        func step() throws(KeyTrouble) {
            watch()
            let isLost = left.withLock { left in
                left -= 1
                return left < 0
            }
            if isLost { throw Self.lost }
        }
    }

    func files(_ scratch: Scratch, _ power: Power? = nil) -> KeyFiles {
        KeyFiles(stateDirectory: scratch.path) { _ throws(KeyTrouble) in try power?.step() }
    }

    /// What must hold at any moment, whoever looks.
    func check(_ scratch: Scratch) throws {
        let home = "\(scratch.path)/keys/example.com/meter"
        for number in 1...2 {
            let generation = "\(home)/generation-000\(number)"
            guard access(generation, F_OK) == 0 else { continue }
            let key = try #require(content("\(generation)/key.pem"))
            let request = try ReadRequest(pem: try #require(content("\(generation)/request.pem")), what: "request")
            let ofKey = try Certificate.PublicKey(ofPrivateKey: Secret(key), path: "key")
            #expect(ofKey == request.publicKey)
            if let certificate = content("\(generation)/certificate.pem") {
                #expect(try ReadCertificate(pem: certificate).publicKey == ofKey)
            }
        }
        if Scratch.tree(home).contains(where: { $0.path == "current" }) {
            #expect(content("\(home)/current/certificate.pem") != nil, "current has no certificate")
        }
    }

    @Test("a request that is killed after any step is completed by the next call, and nothing unfinished is left")
    func request() throws {
        var steps = 0
        while true {
            let scratch = try Scratch()
            let power = Power(steps: steps)
            var first: SigningRequest?
            do throws(KeyTrouble) {
                first = try files(scratch, power).request(
                    for: subject, zoneName: "example.com", wish: wish, generation: 1)
            } catch { #expect(error == Power.lost) }
            try check(scratch)
            let before = content("\(scratch.path)/keys/example.com/meter/generation-0001/request.pem")
            let again = try files(scratch).request(for: subject, zoneName: "example.com", wish: wish, generation: 1)
            if let before { #expect(again.pem == before) }
            try check(scratch)
            #expect(!Scratch.tree(scratch.path).contains { $0.name.hasPrefix(SubjectFolder.unfinished) })
            if let first {
                #expect(again == first)
                break
            }
            steps += 1
        }
        #expect(steps > 15, "the steps are not counted")
    }

    @Test("a delivery that is killed after any step is completed by the next call, and no pair is ever torn")
    func deliver() throws {
        var steps = 0
        while true {
            let scratch = try Scratch()
            let home = "\(scratch.path)/keys/example.com/meter"
            var certificates: [String] = []
            for generation in 1...2 {
                let request = try files(scratch).request(
                    for: subject, zoneName: "example.com", wish: wish, generation: generation)
                certificates.append(try authority.certificate(for: request))
            }
            _ = try files(scratch).deliver(
                ReadCertificate(pem: certificates[0]), for: subject, zoneName: "example.com", wish: wish, generation: 1)
            let power = Power(steps: steps) { [certificates] in
                // Somebody reads at every moment, and meets one pair or the other.
                let pair = content("\(home)/current/certificate.pem")
                #expect(pair == certificates[0] || pair == certificates[1])
            }
            var isDone = false
            do throws(KeyTrouble) {
                _ = try files(scratch, power).deliver(
                    ReadCertificate(pem: certificates[1]), for: subject, zoneName: "example.com", wish: wish,
                    generation: 2)
                isDone = true
            } catch { #expect(error == Power.lost) }
            try check(scratch)
            let delivery = try files(scratch).deliver(
                ReadCertificate(pem: certificates[1]), for: subject, zoneName: "example.com", wish: wish, generation: 2)
            #expect(delivery.directory == "\(home)/generation-0002")
            #expect(content("\(home)/current/certificate.pem") == certificates[1])
            try check(scratch)
            #expect(!Scratch.tree(scratch.path).contains { $0.name.hasPrefix(SubjectFolder.unfinished) })
            if isDone { break }
            steps += 1
        }
        #expect(steps > 8, "the steps are not counted")
    }

    @Test("while one works, no other does: not on the same subject")
    func locked() throws {
        let scratch = try Scratch()
        let isHeld = Mutex<[Bool]>([])
        let files = KeyFiles(stateDirectory: scratch.path) { step throws(KeyTrouble) in
            guard step.hasSuffix("key.pem") || step == "linked .new-current" else { return }
            let lock = open("\(scratch.path)/keys/example.com/meter/.lock", O_RDWR)
            isHeld.withLock { $0.append(flock(lock, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) }
            close(lock)
        }
        let request = try files.request(for: subject, zoneName: "example.com", wish: wish, generation: 1)
        _ = try files.deliver(
            ReadCertificate(pem: authority.certificate(for: request)), for: subject, zoneName: "example.com",
            wish: wish, generation: 1)
        #expect(isHeld.withLock { $0.count > 1 && !$0.contains(false) })
        let lock = open("\(scratch.path)/keys/example.com/meter/.lock", O_RDWR)
        #expect(flock(lock, LOCK_EX | LOCK_NB) == 0, "it was not let go")
        close(lock)
    }

    @Test("a reader that enters the folder once never holds a key with another's certificate")
    func readers() async throws {
        let scratch = try Scratch()
        let room = FileKeyRoom(stateDirectory: scratch.path)
        var certificates: [String] = []
        var pairs: [String: String] = [:]
        for generation in 1...2 {
            let request = try await room.request(
                for: subject, zoneName: "example.com", wish: wish, generation: generation)
            let certificate = try authority.certificate(for: request)
            certificates.append(certificate)
            let folder = "\(scratch.path)/keys/example.com/meter/generation-000\(generation)"
            pairs[try #require(content("\(folder)/key.pem"))] = certificate
        }
        _ = try await room.deliver(
            certificatePEM: certificates[0], for: subject, zoneName: "example.com", wish: wish, generation: 1)
        let over = Over()
        await withTaskGroup { group in
            group.addTask { [pairs] in
                var read = 0
                while !over.flag.load(ordering: .relaxed) || read < 100 {
                    let pair = Self.pair(in: "\(scratch.path)/keys/example.com/meter/current")
                    #expect(pair.certificate != nil && pair.certificate == pairs[pair.key ?? ""])
                    read += 1
                }
            }
            for turn in 1...100 {
                do {
                    _ = try await room.deliver(
                        certificatePEM: certificates[turn % 2], for: subject, zoneName: "example.com", wish: wish,
                        generation: turn % 2 + 1)
                } catch { Issue.record(error) }
            }
            over.flag.store(true, ordering: .relaxed)
        }
    }

    final class Over: Sendable { let flag = Atomic(false) }

    /// As the documentation tells readers to.
    private static func pair(in folder: String) -> (key: String?, certificate: String?) {
        let entered = open(folder, O_RDONLY | O_DIRECTORY)
        guard entered >= 0 else { return (nil, nil) }
        defer { close(entered) }
        func file(_ name: String) -> String? {
            let file = openat(entered, name, O_RDONLY)
            guard file >= 0 else { return nil }
            defer { close(file) }
            var bytes = [UInt8](repeating: 0, count: 1 << 16)
            return String(decoding: bytes[..<max(0, read(file, &bytes, bytes.count))], as: UTF8.self)
        }
        return (file("key.pem"), file("certificate.pem"))
    }
}
