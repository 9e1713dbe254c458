import Domain

public struct Planner: Sendable {
    public init() {}
    public func plan(_ input: PlanInput) -> Plan { preconditionFailure() }
    public static func namesToCount(_ wish: ZoneWish?, _ state: ZoneState) -> Set<String> { [] }
    public func objection(to operation: Operation, in input: PlanInput) -> Decision? { nil }
    public func settle(
        _ operation: Operation, _ outcome: SendOutcome, in state: ZoneState, zoneName: String, now: Timestamp
    ) -> (changes: [Change], news: [News], state: ZoneState) { ([], [], state) }
    public func approvalsUsed(by entry: Plan.Entry, in input: PlanInput) -> [Change] { [] }
}
