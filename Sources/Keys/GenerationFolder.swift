import Domain
import Engine
import X509

/// The folder of one generation: a request, the key it is for, and later the certificate. It appears whole, by one
/// rename, and only its certificate comes later.
struct GenerationFolder {
    let folder: Folder

    static let key = "key.pem"
    static let request = "request.pem"
    static let certificate = "certificate.pem"
    /// Stands in place of the key where the operator has it. A folder with neither has lost its key.
    static let elsewhere = "key-is-elsewhere"
    private static let elsewhereText = "The key that request.pem is for is the operator's. It never came here.\n"

    /// Fills an empty folder, and comes back when all of it is on the disk.
    static func fill(
        _ folder: Folder, for wish: ClientCertificateWish, access: FileAccess
    ) throws(KeyTrouble) {
        try access.check(folder.descriptor, path: folder.path)  // before a slow key is made for nothing
        switch wish.key {
        case .made(let algorithm):
            let new = try NewKey(for: wish, algorithm: algorithm)
            try folder.write(key, new.pem.reveal { Array($0.utf8) }, access: access)
            try folder.write(request, Array(new.request.utf8), access: access)
        case .request(let file):
            let theirs = try OperatorsRequest.read(file, for: wish)
            try folder.write(elsewhere, Array(elsewhereText.utf8), access: access)
            try folder.write(request, Array(theirs.pem.utf8), access: access)
        }
        try folder.settle(access: access)
        try folder.sync()
    }

    /// The public half of the key that is in hand, or that the operator has; nil when the key is gone.
    func publicKey() throws(KeyTrouble) -> Certificate.PublicKey? {
        if let bytes = try folder.read(Self.key, limit: PEMText.limitBytes) {
            let pem = Secret(String(decoding: bytes, as: UTF8.self))
            return try Certificate.PublicKey(ofPrivateKey: pem, path: folder.place(Self.key))
        }
        guard try folder.read(Self.elsewhere, limit: PEMText.limitBytes) != nil else { return nil }
        return try readRequest().publicKey
    }

    /// True where the key is not here by right.
    func isOperators() throws(KeyTrouble) -> Bool { try folder.read(Self.key, limit: PEMText.limitBytes) == nil }

    func readRequest() throws(KeyTrouble) -> ReadRequest {
        let path = folder.place(Self.request)
        guard let bytes = try folder.read(Self.request, limit: PEMText.limitBytes) else {
            throw .unreadable(what: path, detail: "it is gone")
        }
        return try ReadRequest(pem: String(decoding: bytes, as: UTF8.self), what: path)
    }

    func hasCertificate(_ pem: String) throws(KeyTrouble) -> Bool {
        try folder.read(Self.certificate, limit: PEMText.limitBytes) == Array(pem.utf8)
    }

    /// Gives the folder and its files the rights that are set now, which may be others than when they were made.
    func settle(access: FileAccess) throws(KeyTrouble) {
        try folder.settle(access: access)
        for name in [Self.key, Self.elsewhere, Self.request, Self.certificate] {
            try folder.settle(name, access: access)
        }
    }
}
