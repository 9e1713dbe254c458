import Domain

/// What `edgecertctl records` shows: for each pack that waits for it, what has to be published so that the authority
/// believes that its names are ours.
public struct RecordsReport: Codable, Hashable, Sendable {
    public var source: ReportSource
    public var at: Moment
    public var packs: [PackRecords]
}

/// The validation of one pack.
public struct PackRecords: Codable, Hashable, Sendable {
    public var path: String
    public var object: String
    public var status: String
    public var hosts: [String]
    public var method: String?
    /// Since when it has been waiting, and for how long.
    public var since: Moment
    public var ageSeconds: Int
    /// After this it counts as overdue; left out where it is not the pack's turn (a renewal that is being prepared).
    public var deadline: Moment?
    /// The last certificate's end, where one serves.
    public var notAfter: Moment?
    /// Empty while Cloudflare has not made them yet.
    public var records: [RecordRow]
    /// Cloudflare's own messages, verbatim.
    public var errors: [String]
}

extension PackRecords {
    /// nil when nothing has to be published for it and nothing is wrong with its validation.
    init?(_ object: ObjectRecord, _ context: ReportContext, deadlines: DeadlineSettings) {
        guard case .pack(let pack) = object.sighting.traits, object.missingSince == nil else { return nil }
        let stage = object.sighting.stage
        let deadline: Timestamp? =
            switch stage {
            case .underway(.validation): object.since + deadlines.validation
            case .underway(.start): object.since + deadlines.initializing
            default: nil
            }
        let awaitsProof = deadline != nil || stage == .stalled(.validation)
        let isWorth = awaitsProof || !pack.validationErrors.isEmpty || !pack.validationRecords.isEmpty
        guard isWorth, !stage.isOver, stage != .leaving else { return nil }
        self.init(
            path: context.path(object.subject), object: object.id.text, status: object.sighting.shownStatus,
            hosts: pack.hosts.names, method: pack.method, since: Moment(object.since),
            ageSeconds: Int(clamping: (context.now - object.since).wholeSeconds), deadline: deadline.map(Moment.init),
            notAfter: pack.notAfter.map(Moment.init), records: pack.validationRecords.flatMap(RecordRow.rows),
            errors: pack.validationErrors)
    }
}

/// One thing to be published.
public struct RecordRow: Codable, Hashable, Sendable {
    /// `TXT`, `CNAME`, `HTTP` or `EMAIL`.
    public var type: String
    /// The record's name, or the URL to answer at; left out for mail.
    public var name: String?
    /// The record's value, the body of the answer, or the address that a message was sent to.
    public var value: String
    public var status: String?

    static func rows(_ record: ValidationRecord) -> [RecordRow] {
        switch record.form {
        case .txt(let name, let value): [RecordRow(type: "TXT", name: name, value: value, status: record.status)]
        case .cname(let name, let target):
            [RecordRow(type: "CNAME", name: name, value: target, status: record.status)]
        case .http(let url, let body): [RecordRow(type: "HTTP", name: url, value: body, status: record.status)]
        case .email(let addresses):
            addresses.map { RecordRow(type: "EMAIL", name: nil, value: $0, status: record.status) }
        }
    }
}
