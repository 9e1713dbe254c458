import Domain
import Engine

/// How one kind is spoken of in Cloudflare's API. A new kind is a file with its own, and a line in ``SubjectKind/api``.
protocol KindAPI: Sendable {
    /// The listing of every status, or of one. The pages are counted by the caller.
    static func listing(in zone: ZoneID, status: String) -> Call
    /// The statuses that are asked for one after another when only what can still change is wanted and every status
    /// would take more pages than this many; empty for a kind of which nothing piles up.
    static var changeableStatuses: [String] { get }
    static func get(_ id: ObjectID, in zone: ZoneID) -> Call
    /// - Returns: nil when the object has no identifier that can be used. Anything else that is odd about it makes it
    ///   `unread`, and no more.
    static func sighting(_ json: JSON) -> Sighting?
    /// What the answer to an accepted change shows of the thing; as ``sighting(_:)`` for most.
    static func sighting(after operation: Operation, _ json: JSON) -> Sighting?
    /// - Returns: nil for an action that asks nothing of Cloudflare.
    static func call(for operation: Operation) -> Call?
}

extension KindAPI {
    static func sighting(after operation: Operation, _ json: JSON) -> Sighting? { sighting(json) }
}

extension SubjectKind {
    var api: any KindAPI.Type {
        switch self {
        case .certificatePack: PackAPI.self
        case .clientCertificate: ClientCertificateAPI.self
        }
    }
}

extension Action {
    var kind: SubjectKind {
        switch self {
        case .pack: .certificatePack
        case .clientCertificate: .clientCertificate
        }
    }
}

extension ObjectID {
    /// The member `id` of an object: text or number, of a length that identifiers have, without white space.
    init?(_ json: JSON) {
        guard let text = json["id"].text, text.utf8.count <= Call.identifierLimit,
            text.unicodeScalars.allSatisfy({ $0.value > 0x20 && !(0x7F...0xA0).contains($0.value) })
        else { return nil }
        self.init(text)
    }
}

extension JSON {
    /// A date in any of the forms that Cloudflare writes; nil for "not set" and for words.
    var date: Timestamp? { text.flatMap(Timestamp.init(cloudflare:)) }

    /// A text that people may read, made fit to be shown.
    var words: String? { text.map(Words.kept) }
}
