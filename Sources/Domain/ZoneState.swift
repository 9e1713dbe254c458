/// Everything a plan for one zone is made from, besides the settings and the looks.
public struct ZoneState: Hashable, Sendable {
    /// nil before the first pass.
    public var zone: ZoneRecord?
    public var subjects: [SubjectRecord]
    /// All that are not over; and of ours that are over those of the last 35 days, and the newest of each subject.
    public var objects: [ObjectRecord]
    public var openOperations: [Operation]
    public var approvals: [Approval]
    /// Those of the zone, of its subjects, and of everything; also those whose end has passed.
    public var suspensions: [Suspension]
    /// Open ones of the zone and of its subjects.
    public var episodes: [Episode]

    public init(
        zone: ZoneRecord? = nil, subjects: [SubjectRecord] = [], objects: [ObjectRecord] = [],
        openOperations: [Operation] = [], approvals: [Approval] = [], suspensions: [Suspension] = [],
        episodes: [Episode] = []
    ) {
        (self.zone, self.subjects, self.objects, self.openOperations) = (zone, subjects, objects, openOperations)
        (self.approvals, self.suspensions, self.episodes) = (approvals, suspensions, episodes)
    }
}

/// What the brakes count.
public struct BrakeCounts: Hashable, Sendable {
    /// Orders and restarts by host set or common name, renewals that were due left out.
    public var issuances: [String: Issuances]
    /// Orders of the whole daemon in the last 24 hours.
    public var ordersInADay: Int
    /// Removals of what was wished no more, accepted or open, in the last 24 hours, by zone.
    public var removalsInADay: [ZoneID: Int]

    public struct Issuances: Hashable, Sendable {
        public var inADay: Int
        public var inAWeek: Int
        public init(inADay: Int, inAWeek: Int) { (self.inADay, self.inAWeek) = (inADay, inAWeek) }
    }

    public init(issuances: [String: Issuances] = [:], ordersInADay: Int = 0, removalsInADay: [ZoneID: Int] = [:]) {
        (self.issuances, self.ordersInADay, self.removalsInADay) = (issuances, ordersInADay, removalsInADay)
    }
}
