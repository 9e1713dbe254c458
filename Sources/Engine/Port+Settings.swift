import Domain

/// Where the settings come from, each time anew.
public protocol SettingsSource: Sendable {
    /// The settings as they are on disk now, or everything that is wrong with them.
    func load() async throws(SettingsRefusal) -> Settings
}

/// Why settings are not taken: every error, each with its place.
public struct SettingsRefusal: Error, Hashable, Sendable, Explained {
    /// `FILE:LINE:COLUMN: …`, one for each error, in their order.
    public var errors: [String]
    public init(errors: [String]) { self.errors = errors }

    public var explanation: Explanation {
        Explanation(
            code: "settings-refused", summary: errors.joined(separator: "\n"),
            hint: "mend them and reload; 'edgecertctl check' reads the settings, 'edgecertctl doctor' the token too")
    }
}
