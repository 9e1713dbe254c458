/// Cloudflare's identifier of a zone: 32 hexadecimal digits, kept as it came.
public struct ZoneID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let text: String
    public init(_ text: String) { self.text = text }
    public var description: String { text }
    public static func < (left: ZoneID, right: ZoneID) -> Bool { left.text < right.text }
}

/// Cloudflare's identifier of one certificate pack or client certificate. Never used twice by Cloudflare.
public struct ObjectID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let text: String
    public init(_ text: String) { self.text = text }
    public var description: String { text }
    public static func < (left: ObjectID, right: ObjectID) -> Bool { left.text < right.text }
}

/// The kinds of things that are kept. The raw value is written to the database, the journal and the tool.
public enum SubjectKind: String, Hashable, Sendable, CaseIterable, Comparable {
    case certificatePack = "certificate_pack"
    case clientCertificate = "client_certificate"

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// What everything is about: one named thing of one kind in one zone.
///
/// The name is the settings' where a wish names it, and Cloudflare's identifier where the thing was only discovered.
public struct Subject: Hashable, Comparable, Sendable {
    /// Kept once for all copies: a subject is the key of nearly everything.
    @usableFromInline
    final class Parts: Sendable {
        @usableFromInline let zone: ZoneID
        @usableFromInline let kind: SubjectKind
        @usableFromInline let name: String
        /// The name's alone: within one zone names differ nearly always. A plan looks a subject up ten times.
        @usableFromInline let hash: Int
        @usableFromInline
        init(zone: ZoneID, kind: SubjectKind, name: String) {
            (self.zone, self.kind, self.name) = (zone, kind, name)
            hash = name.hashValue
        }
    }

    @usableFromInline let parts: Parts

    public init(zone: ZoneID, kind: SubjectKind, name: String) {
        parts = Parts(zone: zone, kind: kind, name: name)
    }

    @inlinable public var zone: ZoneID { parts.zone }
    @inlinable public var kind: SubjectKind { parts.kind }
    @inlinable public var name: String { parts.name }

    @inlinable public static func == (left: Subject, right: Subject) -> Bool {
        if left.parts === right.parts { return true }
        return left.name == right.name && left.kind == right.kind && left.zone == right.zone
    }

    /// `example.com/certificate_pack/main`: how people write and read it, in the tool and in the journal.
    public func path(zoneName: String) -> String { "\(zoneName)/\(kind.rawValue)/\(name)" }

    @inlinable public func hash(into hasher: inout Hasher) { hasher.combine(parts.hash) }

    public static func < (left: Subject, right: Subject) -> Bool {
        if left.zone != right.zone { return left.zone < right.zone }
        if left.kind != right.kind { return left.kind < right.kind }
        return left.name < right.name
    }
}

/// Our own identifier of one change asked of Cloudflare: 23 characters that sort by time.
///
/// The operator's word for an operation is *order*, so it is what `edgecertctl orders` prints.
public struct OperationID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let text: String
    public init(_ text: String) { self.text = text }

    /// - Parameter chance: 64 bits that no other operation of the same millisecond has.
    public init(at moment: Timestamp, chance: UInt64) {
        var digits: [UInt8] = []
        var time = UInt64(clamping: moment.unixMilliseconds)
        for _ in 0..<10 {
            digits.append(Self.alphabet[Int(time % 32)])
            time /= 32
        }
        digits.reverse()
        var rest = chance
        for _ in 0..<13 {
            digits.append(Self.alphabet[Int(rest % 32)])
            rest /= 32
        }
        text = String(decoding: digits, as: UTF8.self)
    }

    public var description: String { text }
    public static func < (left: OperationID, right: OperationID) -> Bool { left.text < right.text }

    /// Crockford's base 32: no letter that is taken for a digit.
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
}
