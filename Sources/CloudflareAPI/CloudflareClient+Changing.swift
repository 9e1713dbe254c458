import Domain
import Engine

extension CloudflareClient: Creating, Changing, Removing {
    public func create(_ operation: Operation, lastLook: LastLook) async throws(ProviderTrouble) -> Receipt {
        try await send(operation, of: .create, lastLook)
    }

    public func change(_ operation: Operation, lastLook: LastLook) async throws(ProviderTrouble) -> Receipt {
        try await send(operation, of: .change, lastLook)
    }

    public func remove(_ operation: Operation, lastLook: LastLook) async throws(ProviderTrouble) -> Receipt {
        try await send(operation, of: .remove, lastLook)
    }

    /// Sends a change once. Accepted is what has a good HTTP status, and says that it succeeded or shows the thing.
    private func send(
        _ operation: Operation, of effect: Action.Effect, _ lastLook: LastLook
    ) async throws(ProviderTrouble) -> Receipt {
        // A mode that may not remove has no `remove`; nor may a removal come in by another door.
        precondition(operation.action.effect == effect, "an operation of another effect")
        let api = operation.action.kind.api
        guard let call = api.call(for: operation) else { preconditionFailure("an operation that has nothing to send") }
        let priority: RequestPriority = operation.askedBy == nil ? .change : .person
        let reply = try await reply(to: call, priority, zone: operation.subject.zone, lastLook: lastLook)
        let made = ObjectID(reply.result)
        guard reply.json?["success"].bool == true || made != nil else {
            throw .unanswered(reply.answer("the answer neither says that it succeeded nor shows what was made"))
        }
        let object = operation.action.object ?? made
        let sighting = api.sighting(after: operation, reply.result)
        return Receipt(object: object, sighting: sighting?.id == object ? sighting : nil, ray: reply.ray)
    }
}
