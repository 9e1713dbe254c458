import Domain
import Engine
import Synchronization

/// A key room without keys: its requests are texts that name subject and generation, and a certificate is for a
/// request when its own text holds the request's DER.
///
/// The same calls give the same requests, so that a simulated run can be made again from its seed. As with the real
/// one, everything that was made survives a crash of the daemon: keep the room, make the engine anew.
public final class MemoryKeyRoom: KeyRoom {
    fileprivate struct Key: Hashable {
        var subject: Subject
        var generation: Int
    }

    /// The room as it was at some moment, as a backup of its folder would have it.
    public struct Copy: Sendable {
        fileprivate var state: State
    }

    /// The room as it is now.
    public func copy() -> Copy { state.withLock { Copy(state: $0) } }

    /// Puts an earlier room in the place of this one: keys that were made since are lost. Or over it, as `cp -a` does: they
    /// stay then, and what is current is what was.
    public func putBack(_ copy: Copy, over isOver: Bool = false) {
        state.withLock { state in
            let now = state
            state = copy.state
            (state.troubles, state.losses) = (now.troubles, now.losses)
            if isOver {
                state.requests.merge(now.requests) { old, _ in old }
                state.deliveries.merge(now.deliveries) { old, _ in old }
                state.current.merge(now.current) { old, _ in old }
            } else {
                state.losses += 1
            }
            state.renewals = now.renewals  // the operators' files are elsewhere
        }
    }

    fileprivate struct Made {
        var request: SigningRequest
        var commonName: String
    }

    fileprivate struct State {
        var requests: [Key: Made] = [:]
        var deliveries: [Key: String] = [:]
        var current: [Subject: Int] = [:]
        var troubles: [KeyTrouble] = []
        /// How often keys were lost: what is made anew is another key then.
        var losses = 0
        /// How often an operator has put another request in the place of one.
        var renewals: [String: Int] = [:]

        /// The request in an operator's file, which is for the names of whoever asks.
        func operators(_ file: String, _ commonName: String) -> SigningRequest {
            SigningRequest(text: "\(operatorsMark)\(file), \(renewals[file] ?? 0), for \(commonName)")
        }
    }

    private let state = Mutex(State())

    public init() {}

    /// The operator makes another request.
    public func renew(file: String) { state.withLock { $0.renewals[file, default: 0] += 1 } }

    /// Whether a request is an operator's, which is sent again for each certificate.
    public static func isOperators(_ der: String) -> Bool { der.hasPrefix(base64(Array(operatorsMark.utf8))) }

    /// The next calls that could fail throw these, one each.
    public func fail(with troubles: KeyTrouble...) { state.withLock { $0.troubles += troubles } }

    /// Loses the key of a generation, as a disk restored from an old backup would.
    public func lose(_ subject: Subject, generation: Int) {
        state.withLock { $0.requests[Key(subject: subject, generation: generation)] = nil }
    }

    /// The generation that `current` points to; nil when none was delivered.
    public func current(for subject: Subject) -> Int? { state.withLock { $0.current[subject] } }

    /// The certificate in place beside the key of a generation; nil when none was delivered.
    public func delivered(_ subject: Subject, generation: Int) -> String? {
        state.withLock { $0.deliveries[Key(subject: subject, generation: generation)] }
    }

    /// A certificate that this room takes for the request's.
    public static func certificate(for request: SigningRequest, notAfter: Timestamp) -> String {
        """
        -----BEGIN CERTIFICATE-----
        \(request.der)
        -----END CERTIFICATE-----
        notAfter=\(notAfter.rfc3339)

        """
    }

    public func request(
        for subject: Subject, zoneName: String, wish: ClientCertificateWish, generation: Int
    ) async throws(KeyTrouble) -> SigningRequest {
        try failIfSet()
        let key = Key(subject: subject, generation: generation)
        return state.withLock { state in
            if let known = state.requests[key] { return known.request }
            let made: SigningRequest
            switch wish.key {
            case .request(let file): made = state.operators(file, wish.commonName)
            case .made:
                let name = "\(subject.path(zoneName: zoneName)) generation \(generation)"
                let losses = state.losses > 0 ? " after \(state.losses) losses" : ""
                made = SigningRequest(text: "\(name)\(losses) for \(wish.commonName)")
            }
            state.requests[key] = Made(request: made, commonName: wish.commonName)
            return made
        }
    }

    public func fits(
        _ wish: ClientCertificateWish, for subject: Subject, zoneName: String, generation: Int
    ) async throws(KeyTrouble) -> Bool {
        try failIfSet()
        return state.withLock { state in
            guard let known = state.requests[Key(subject: subject, generation: generation)] else { return true }
            guard known.commonName == wish.commonName else { return false }
            guard case .request(let file) = wish.key else { return true }
            return known.request == state.operators(file, wish.commonName)
        }
    }

    public func deliver(
        certificatePEM: String, for subject: Subject, zoneName: String, wish: ClientCertificateWish, generation: Int
    ) async throws(KeyTrouble) -> Delivery {
        try failIfSet()
        let key = Key(subject: subject, generation: generation)
        guard let request = state.withLock({ $0.requests[key]?.request }) else {
            throw .noKey(subject: subject.path(zoneName: zoneName), generation: generation)
        }
        guard isFor(request, certificatePEM) else {
            throw .mismatch(subject: subject.path(zoneName: zoneName), generation: generation)
        }
        state.withLock { state in
            state.deliveries[key] = certificatePEM
            state.current[subject] = generation
        }
        return Delivery(
            directory: "/keys/\(zoneName)/\(subject.name)/generation-\(generation)",
            notAfter: notAfter(of: certificatePEM))
    }

    public func generation(
        of certificatePEM: String, for subject: Subject, zoneName: String
    ) async throws(KeyTrouble) -> Int? {
        try failIfSet()
        return state.withLock { state in
            let answering = state.requests.filter {
                $0.key.subject == subject && isFor($0.value.request, certificatePEM)
            }
            // As with the real one, where it was delivered before where its key is.
            let keys = answering.keys.filter { state.deliveries[$0] == certificatePEM }
            return (keys.isEmpty ? Array(answering.keys) : keys).map(\.generation).max()
        }
    }

    public func lastGeneration(for subject: Subject, zoneName: String) async throws(KeyTrouble) -> Int {
        try failIfSet()
        return state.withLock { state in
            state.requests.keys.filter { $0.subject == subject }.map(\.generation).max() ?? 0
        }
    }

    private func failIfSet() throws(KeyTrouble) {
        let trouble = state.withLock { $0.troubles.isEmpty ? nil : $0.troubles.removeFirst() }
        if let trouble { throw trouble }
    }
}

/// As long as to be told in base 64.
private let operatorsMark = "an operator's, "

extension SigningRequest {
    fileprivate init(text: String) {
        let der = base64(Array(text.utf8))
        self.init(pem: "-----BEGIN CERTIFICATE REQUEST-----\n\(der)\n-----END CERTIFICATE REQUEST-----\n", der: der)
    }
}

private func isFor(_ request: SigningRequest, _ certificatePEM: String) -> Bool {
    let text = Array(certificatePEM.utf8).filter { $0 > 32 }
    let der = Array(request.der.utf8)
    guard !der.isEmpty, text.count >= der.count else { return false }
    return (0...(text.count - der.count)).contains { text[$0...].starts(with: der) }
}

/// From a line `notAfter=…`; a year past the start of manual clocks without one.
private func notAfter(of certificatePEM: String) -> Timestamp {
    let line = certificatePEM.split(whereSeparator: \.isNewline).first { $0.hasPrefix("notAfter=") }
    return line.flatMap { Timestamp(cloudflare: String($0.dropFirst("notAfter=".count))) }
        ?? ManualClock.start + .days(365)
}

private func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        let bits = group.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
        for place in 0..<4 {
            text.append(place <= group.count ? alphabet[bits >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
        }
    }
    return String(decoding: text, as: UTF8.self)
}
