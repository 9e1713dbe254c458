import Domain
import Engine

/// What ``FileKeyRoom`` does, step by step and waiting for the disk.
struct KeyFiles: Sendable {
    let stateDirectory: String
    /// Called after each step that changes the disk; what it throws ends the work there and then.
    var probe: Folder.Probe = { _ throws(KeyTrouble) in }

    func request(
        for subject: Subject, zoneName: String, wish: ClientCertificateWish, generation: Int
    ) throws(KeyTrouble) -> SigningRequest {
        let place = try place(of: subject, zoneName: zoneName)
        guard GenerationName.range.contains(generation) else {
            throw .file(
                path: place.path, detail: "generations are counted from 1 to \(GenerationName.range.upperBound)")
        }
        let access = try FileAccess(groupNamed: wish.group, path: place.path)
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

    func deliver(
        _ certificate: ReadCertificate, for subject: Subject, zoneName: String, wish: ClientCertificateWish,
        generation: Int
    ) throws(KeyTrouble) -> Delivery {
        let (path, place) = (subject.path(zoneName: zoneName), try place(of: subject, zoneName: zoneName))
        guard try SubjectFolder.existing(place, probe: probe)?.generation(generation) != nil else {
            throw .noKey(subject: path, generation: generation)
        }
        let access = try FileAccess(groupNamed: wish.group, path: place.path)
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

    func generation(
        of certificate: ReadCertificate, for subject: Subject, zoneName: String
    ) throws(KeyTrouble) -> Int? {
        try SubjectFolder.existing(place(of: subject, zoneName: zoneName), probe: probe)?.generation(for: certificate)
    }

    func lastGeneration(for subject: Subject, zoneName: String) throws(KeyTrouble) -> Int {
        try SubjectFolder.existing(place(of: subject, zoneName: zoneName), probe: probe)?.generations().first ?? 0
    }

    func fits(
        _ wish: ClientCertificateWish, for subject: Subject, zoneName: String, generation: Int
    ) throws(KeyTrouble) -> Bool {
        let home = try SubjectFolder.existing(place(of: subject, zoneName: zoneName), probe: probe)
        guard let found = try home?.generation(generation) else { return true }
        let request: ReadRequest
        do throws(KeyTrouble) {
            request = try found.readRequest()
            guard try found.publicKey() == request.publicKey else { return false }
        } catch .unreadable { return false }
        guard try request.names(in: found.folder.path).differences(from: wish).isEmpty else { return false }
        switch wish.key {
        case .made(let algorithm): return try !found.isOperators() && request.publicKey.isOf(algorithm)
        case .request(let file):
            return try OperatorsRequest.read(file).signingRequest.der == request.signingRequest.der
        }
    }

    private func place(of subject: Subject, zoneName: String) throws(KeyTrouble) -> SubjectFolder.Place {
        try SubjectFolder.Place(state: stateDirectory, zoneName: zoneName, name: subject.name)
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
    /// A generation that cannot be read is passed over, but when none answers its trouble is told rather than a "no": that
    /// of a file that could not be read before that of one whose content is no key.
    fileprivate func generation(for certificate: ReadCertificate) throws(KeyTrouble) -> Int? {
        var newest: Int?
        var trouble: KeyTrouble?
        for number in try generations() {
            do throws(KeyTrouble) {
                guard let found = try generation(number), try found.publicKey() == certificate.publicKey else {
                    continue
                }
                if try found.hasCertificate(certificate.pem) { return number }
                newest = newest ?? number
            } catch {
                if case .unreadable? = trouble { trouble = error } else { trouble = trouble ?? error }
            }
        }
        if newest == nil, let trouble { throw trouble }
        return newest
    }
}
