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
    private let stateDirectory: String
    private let probe: Folder.Probe

    /// - Parameter stateDirectory: Must exist. The folder `keys` in it is made when it is first needed.
    public init(stateDirectory: String) { self.init(stateDirectory: stateDirectory) { _ throws(KeyTrouble) in } }

    /// - Parameter probe: Called after each step that changes the disk; what it throws ends the work there and then.
    init(stateDirectory: String, probe: @escaping Folder.Probe) {
        self.stateDirectory = stateDirectory
        self.probe = probe
    }

    public func request(
        for subject: Subject, zoneName: String, wish: ClientCertificateWish, generation: Int
    ) async throws(KeyTrouble) -> SigningRequest {
        try await elsewhere { () throws(KeyTrouble) in
            let place = try place(of: subject, zoneName: zoneName)
            let name = GenerationName.text(generation)
            guard GenerationName.range.contains(generation) else {
                throw .file(path: name, detail: "generations are counted from 1 to \(GenerationName.range.upperBound)")
            }
            let access = try FileAccess(groupNamed: wish.group, path: "the keys of \(wish.name)")
            return try SubjectFolder.changing(place, access: access, probe: probe) { home throws(KeyTrouble) in
                let found = try home.generation(generation, orMadeFor: wish, access: access)
                let request = try found.readRequest()
                guard let key = try found.publicKey() else {
                    throw .noKey(subject: subject.path(zoneName: zoneName), generation: generation)
                }
                guard key == request.publicKey else {
                    throw .unreadable(
                        what: found.folder.path, detail: "\(GenerationFolder.request) is not for the key beside it")
                }
                try home.folder.sync()  // an earlier call may have been killed between its rename and its sync
                return try request.signingRequest
            }
        }
    }

    public func deliver(
        certificatePEM: String, for subject: Subject, zoneName: String, wish: ClientCertificateWish, generation: Int
    ) async throws(KeyTrouble) -> Delivery {
        try await elsewhere { () throws(KeyTrouble) in
            let certificate = try ReadCertificate(pem: certificatePEM)
            let (path, place) = (subject.path(zoneName: zoneName), try place(of: subject, zoneName: zoneName))
            guard try SubjectFolder.existing(place, probe: probe)?.generation(generation) != nil else {
                throw .noKey(subject: path, generation: generation)
            }
            let access = try FileAccess(groupNamed: wish.group, path: "the keys of \(wish.name)")
            return try SubjectFolder.changing(place, access: access, probe: probe) { home throws(KeyTrouble) in
                guard let target = try home.generation(generation), let key = try target.publicKey() else {
                    throw .noKey(subject: path, generation: generation)
                }
                guard key == certificate.publicKey else { throw .mismatch(subject: path, generation: generation) }
                try target.settle(access: access)
                try home.put(certificate.pem, into: target, access: access)
                try home.makeCurrent(generation)
                return Delivery(directory: target.folder.path, notAfter: certificate.notAfter)
            }
        }
    }

    public func generation(
        of certificatePEM: String, for subject: Subject, zoneName: String
    ) async throws(KeyTrouble) -> Int? {
        try await elsewhere { () throws(KeyTrouble) in
            let certificate = try ReadCertificate(pem: certificatePEM)
            let place = try place(of: subject, zoneName: zoneName)
            guard let home = try SubjectFolder.existing(place, probe: probe) else { return nil }
            return try home.generation(for: certificate)
        }
    }

    public func lastGeneration(for subject: Subject, zoneName: String) async throws(KeyTrouble) -> Int {
        try await elsewhere { () throws(KeyTrouble) in
            let place = try place(of: subject, zoneName: zoneName)
            return try SubjectFolder.existing(place, probe: probe)?.generations().first ?? 0
        }
    }

    private func place(of subject: Subject, zoneName: String) throws(KeyTrouble) -> SubjectFolder.Place {
        try SubjectFolder.Place(state: stateDirectory, zoneName: zoneName, name: subject.name)
    }

    /// Runs blocking work where it holds up nobody's actor.
    @concurrent private func elsewhere<Result: Sendable>(
        _ work: @Sendable () throws(KeyTrouble) -> Result
    ) async throws(KeyTrouble) -> Result {
        try work()
    }
}

extension SubjectFolder {
    /// A generation that is there, or a new one, made aside and put in its place when all of it is on the disk.
    fileprivate func generation(
        _ generation: Int, orMadeFor wish: ClientCertificateWish, access: FileAccess
    ) throws(KeyTrouble) -> GenerationFolder {
        if let known = try self.generation(generation) { return known }
        let (unfinished, name) = (Self.unfinished + "generation", GenerationName.text(generation))
        try GenerationFolder.fill(folder.makeFolder(unfinished), for: wish, access: access)
        try folder.rename(unfinished, to: name, in: folder)
        guard let made = try self.generation(generation) else {
            throw .file(path: folder.place(name), detail: "went away as it was made")
        }
        return made
    }

    /// Puts a certificate beside its key. It is made here and moved there, so that it gets the group of this folder.
    fileprivate func put(
        _ pem: String, into target: GenerationFolder, access: FileAccess
    ) throws(KeyTrouble) {
        if try !target.hasCertificate(pem) {
            let unfinished = Self.unfinished + "certificate"
            try folder.write(unfinished, Array(pem.utf8), access: access)
            try folder.rename(unfinished, to: GenerationFolder.certificate, in: target.folder)
        }
        try target.folder.sync()
    }

    fileprivate func makeCurrent(_ generation: Int) throws(KeyTrouble) {
        let name = GenerationName.text(generation)
        if try folder.linkTarget("current") != name {
            let unfinished = Self.unfinished + "current"
            try folder.link(unfinished, to: name)
            try folder.rename(unfinished, to: "current", in: folder)
        }
        try folder.sync()
    }

    /// The newest generation that has the certificate, or else the newest whose key it is for.
    ///
    /// A generation that cannot be read is passed over, but when none answers its trouble is told rather than a "no".
    fileprivate func generation(for certificate: ReadCertificate) throws(KeyTrouble) -> Int? {
        var newest: Int?
        var trouble: KeyTrouble?
        for number in try generations() {
            do throws(KeyTrouble) {
                guard let found = try generation(number), try found.readRequest().publicKey == certificate.publicKey,
                    try found.publicKey() == certificate.publicKey
                else { continue }
                if try found.hasCertificate(certificate.pem) { return number }
                newest = newest ?? number
            } catch { trouble = trouble ?? error }
        }
        if newest == nil, let trouble { throw trouble }
        return newest
    }
}
