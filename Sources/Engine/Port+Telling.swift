import Domain

/// Where news goes: the journal, or standard error without one. Telling never fails and never blocks for long.
public protocol NewsSink: Sendable {
    func tell(_ news: News)
}

/// The service manager.
public protocol Supervisor: Sendable {
    func tell(_ notice: Notice)
}

public enum Notice: Hashable, Sendable {
    /// Settings, database and timers are up.
    case ready
    /// One line that a person can read.
    case status(String)
    /// The loop makes progress (S12).
    case alive
    case reloading
    case stopping
}
