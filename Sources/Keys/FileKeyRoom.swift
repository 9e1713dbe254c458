public import Domain
public import Engine

/// Keys, requests and certificates as files under the daemon's state directory.
///
///     STATE/keys/example.com/meter-gateway/
///         generation-0001/  key.pem  request.pem  certificate.pem
///         generation-0002/  key.pem  request.pem  certificate.pem
///         current -> generation-0002
///
/// Where the key is the operator's, `key-is-elsewhere` stands in place of `key.pem`. Folders are 0700 and files 0600;
/// 0750 and 0640 where a group is set, which the folder `meter-gateway` must then hand down (setgid), since the daemon
/// may not give files away.
///
/// A generation appears by one rename once all of it is on the disk, its certificate likewise once it has been found
/// to be for the key, and `current` is swapped by one rename after that. So a process killed at any point leaves a
/// state that the same call, made again, completes; what it left unfinished is removed then.
///
/// A reader that opens `current/key.pem` and `current/certificate.pem` one after the other may meet a swap between the
/// two, and hold a pair that does not fit. It must enter the folder once, and open both from there: `cd current` in a
/// shell, `openat` in a program. Old generations stay: whoever entered one can go on reading it, and their certificates
/// are valid until they are revoked. Nothing here removes them.
///
/// All work is done off the caller's executor: it waits for the disk, and an RSA key may take seconds.
public struct FileKeyRoom: KeyRoom {
    private let files: KeyFiles

    /// - Parameter stateDirectory: Must exist. The folder `keys` in it is made when it is first needed.
    public init(stateDirectory: String) { self.init(KeyFiles(stateDirectory: stateDirectory)) }

    init(_ files: KeyFiles) { self.files = files }

    public func request(
        for subject: Subject, zoneName: String, wish: ClientCertificateWish, generation: Int
    ) async throws(KeyTrouble) -> SigningRequest {
        try await elsewhere { () throws(KeyTrouble) in
            try files.request(for: subject, zoneName: zoneName, wish: wish, generation: generation)
        }
    }

    public func deliver(
        certificatePEM: String, for subject: Subject, zoneName: String, wish: ClientCertificateWish, generation: Int
    ) async throws(KeyTrouble) -> Delivery {
        try await elsewhere { () throws(KeyTrouble) in
            let certificate = try ReadCertificate(pem: certificatePEM)
            return try files.deliver(certificate, for: subject, zoneName: zoneName, wish: wish, generation: generation)
        }
    }

    public func generation(
        of certificatePEM: String, for subject: Subject, zoneName: String
    ) async throws(KeyTrouble) -> Int? {
        try await elsewhere { () throws(KeyTrouble) in
            try files.generation(of: ReadCertificate(pem: certificatePEM), for: subject, zoneName: zoneName)
        }
    }

    public func lastGeneration(for subject: Subject, zoneName: String) async throws(KeyTrouble) -> Int {
        try await elsewhere { () throws(KeyTrouble) in
            try files.lastGeneration(for: subject, zoneName: zoneName)
        }
    }

    public func fits(
        _ wish: ClientCertificateWish, for subject: Subject, zoneName: String, generation: Int
    ) async throws(KeyTrouble) -> Bool {
        try await elsewhere { () throws(KeyTrouble) in
            try files.fits(wish, for: subject, zoneName: zoneName, generation: generation)
        }
    }

    /// Runs blocking work where it holds up nobody's actor.
    @concurrent private func elsewhere<Result: Sendable>(
        _ work: @Sendable () throws(KeyTrouble) -> Result
    ) async throws(KeyTrouble) -> Result {
        try work()
    }
}
