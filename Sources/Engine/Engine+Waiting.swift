import Domain

extension Engine {
    /// A pass that a person waits for: until it is over, or until the daemon stops. The pass itself then ends as every
    /// other: broken off while it asks, waited for while it changes something.
    func personsPass(over zone: ZoneID, _ purpose: PassPurpose) async -> PassResult {
        if isStopping { return PassResult(trouble: Self.stoppingTrouble) }
        lastAwaited += 1
        let waiter = lastAwaited
        return await withCheckedContinuation { continuation in
            awaited[waiter] = (continuation, nil)
            awaited[waiter]?.task = Task {
                let result = await self.pass(over: zone, purpose, for: waiter)
                self.awaited.removeValue(forKey: waiter)?.continuation.resume(returning: result)
            }
        }
    }

    /// Nobody is left waiting by a stop: each is told of it at once, and not by a connection that breaks.
    func answerPeople() {
        for waiter in awaited.values {
            waiter.continuation.resume(returning: PassResult(trouble: Self.stoppingTrouble))
        }
        awaited = [:]
    }
}
