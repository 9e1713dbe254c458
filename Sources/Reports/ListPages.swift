import Domain
import Engine

/// The rows of `list`, some at a time.
public struct ListPages: Sendable {
    let ledger: any LedgerReading
    let source: ReportSource
    let context: ReportContext
    let filter: SubjectFilter
    let rows: RowFilter
    let zones: [ZoneID]
    private var nextZone = 0
    /// A page ends with the zone that brings it to this many rows.
    private static let pageRows = 200

    init(
        ledger: any LedgerReading, source: ReportSource, context: ReportContext, filter: SubjectFilter,
        rows: RowFilter, zones: [ZoneID]
    ) {
        (self.ledger, self.source, self.context) = (ledger, source, context)
        (self.filter, self.rows, self.zones) = (filter, rows, zones)
    }

    /// The next page, `truncated` while others follow it; nil after the last. There is always a first one.
    public mutating func next() throws(StoreTrouble) -> ListReport? {
        guard nextZone < max(1, zones.count) else { return nil }
        var page: [SubjectRow] = []
        while nextZone < zones.count, page.count < Self.pageRows {
            var zoneFilter = filter
            zoneFilter.zone = zones[nextZone]
            try ledger.forEachSubject(zoneFilter) { record, objects in
                let row = SubjectRow(record, objects, context)
                if rows.passes(row) { page.append(row) }
            }
            nextZone += 1
        }
        nextZone = max(1, nextZone)
        return ListReport(
            source: source, at: Moment(context.now), rows: page, truncated: nextZone < zones.count)
    }
}
