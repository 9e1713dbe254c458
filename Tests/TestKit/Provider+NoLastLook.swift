import Domain
import Engine

// For tests of what is sent: nothing has changed when the turn comes.

extension Creating {
    public func create(_ operation: Operation) async throws(ProviderTrouble) -> Receipt {
        try await create(operation) { nil }
    }
}

extension Changing {
    public func change(_ operation: Operation) async throws(ProviderTrouble) -> Receipt {
        try await change(operation) { nil }
    }
}

extension Removing {
    public func remove(_ operation: Operation) async throws(ProviderTrouble) -> Receipt {
        try await remove(operation) { nil }
    }
}
