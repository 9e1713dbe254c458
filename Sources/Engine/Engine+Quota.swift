import Domain
import Planning

/// What one pass knows of a zone's room for packs.
struct QuotaInPass {
    private(set) var known: PackQuota?
    fileprivate var isAsked = false

    /// The packs that were ordered since it was asked take their places.
    mutating func take(_ operations: [Operation]) {
        let orders = operations.count { $0.action.isPackOrder }
        guard let quota = known else { return }
        known?.used = quota.used.addingReportingOverflow(orders).overflow ? .max : quota.used + orders
    }
}

extension Engine {
    /// Asks for the zone's room when the plan orders a pack, at most once in a pass, so that what would be refused is
    /// held instead and says so.
    ///
    /// An answer that does not come or cannot be read stops nothing: the order is sent, and Cloudflare judges it.
    ///
    /// - Returns: Whether there is something new to plan with.
    func askForQuota(_ quota: inout QuotaInPass, before plan: Plan, in zone: ZoneID) async -> Bool {
        guard !quota.isAsked, !isStopping, plan.entries.contains(where: { $0.decision.action?.isPackOrder == true })
        else { return false }
        quota.isAsked = true
        mark(zone, .asking)
        defer { mark(zone, .working) }
        do throws(ProviderTrouble) {
            let answer = try await ports.provider(.observe).looking.packQuota(in: zone)
            guard answer.isTelling else { return false }
            quota = QuotaInPass(known: answer, isAsked: true)
            return true
        } catch {
            return false  // see above
        }
    }
}

extension Action {
    fileprivate var isPackOrder: Bool {
        guard case .pack(.order) = self else { return false }
        return true
    }
}
