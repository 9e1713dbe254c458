/// What a pack is, besides its status.
public struct PackTraits: Hashable, Sendable {
    /// Kept once for all copies, as a record's are: a plan asks for a pack several times, and each time for little of it.
    @usableFromInline
    struct Parts: Hashable, Sendable {
        @usableFromInline var type: String
        @usableFromInline var hosts: HostSet
        @usableFromInline var authority: String?
        @usableFromInline var method: String?
        @usableFromInline var validityDays: Int?
        @usableFromInline var branding: Bool?
        @usableFromInline var certificates: [IssuedCertificate]
        @usableFromInline var validationRecords: [ValidationRecord]
        @usableFromInline var validationErrors: [String]
    }

    @usableFromInline var shared: Shared<Parts>

    /// Cloudflare's word; only `advanced` packs can be ordered, adopted or deleted by us.
    @inlinable public var type: String {
        get { shared.box.value.type }
        set { shared.wrappedValue.type = newValue }
    }
    @inlinable public var hosts: HostSet {
        get { shared.box.value.hosts }
        set { shared.wrappedValue.hosts = newValue }
    }
    /// Cloudflare's word; nil when the answer had none.
    @inlinable public var authority: String? {
        get { shared.box.value.authority }
        set { shared.wrappedValue.authority = newValue }
    }
    @inlinable public var method: String? {
        get { shared.box.value.method }
        set { shared.wrappedValue.method = newValue }
    }
    @inlinable public var validityDays: Int? {
        get { shared.box.value.validityDays }
        set { shared.wrappedValue.validityDays = newValue }
    }
    @inlinable public var branding: Bool? {
        get { shared.box.value.branding }
        set { shared.wrappedValue.branding = newValue }
    }
    @inlinable public var certificates: [IssuedCertificate] {
        get { shared.box.value.certificates }
        set { shared.wrappedValue.certificates = newValue }
    }
    /// Volatile: never part of a comparison.
    @inlinable public var validationRecords: [ValidationRecord] {
        get { shared.box.value.validationRecords }
        set { shared.wrappedValue.validationRecords = newValue }
    }
    /// Volatile: Cloudflare's own messages, verbatim.
    @inlinable public var validationErrors: [String] {
        get { shared.box.value.validationErrors }
        set { shared.wrappedValue.validationErrors = newValue }
    }

    public init(
        type: String, hosts: HostSet, authority: String? = nil, method: String? = nil, validityDays: Int? = nil,
        branding: Bool? = nil, certificates: [IssuedCertificate] = [], validationRecords: [ValidationRecord] = [],
        validationErrors: [String] = []
    ) {
        shared = Shared(
            wrappedValue: Parts(
                type: type, hosts: hosts, authority: authority, method: method, validityDays: validityDays,
                branding: branding, certificates: certificates, validationRecords: validationRecords,
                validationErrors: validationErrors))
    }

    /// There is no end of a pack itself: it is the earliest end of its certificates.
    public var notAfter: Timestamp? { certificates.lazy.compactMap { $0.notAfter }.min() }

    public var isAdvanced: Bool { type == "advanced" }
}
