import Domain

/// One settings file as it was read: a name for diagnostics, and its bytes.
public struct SettingsText: Hashable, Sendable {
    public var file: String
    public var bytes: [UInt8]

    public init(file: String, bytes: [UInt8]) { (self.file, self.bytes) = (file, bytes) }
    public init(file: String, text: String) { self.init(file: file, bytes: Array(text.utf8)) }
}

/// Settings that were read without an error, what is doubtful about them, and where each of them stands.
public struct SettingsReading: Hashable, Sendable {
    public let settings: Settings
    /// All of them ``Diagnostic/Severity/warning``s, in order of file and place.
    public let warnings: [Diagnostic]
    public let places: SettingsPlaces
    /// In the order in which they were read.
    public let files: [String]

    /// Reads the main file and the drop-ins after it. Pure: equal texts give equal settings.
    ///
    /// Later texts replace single keys of `[daemon]`, `[cloudflare]`, `[limits]` and `[deadlines]` and add zones; the
    /// same zone in two texts is one zone with the wishes of both.
    /// - Throws: Everything that is wrong, at once, up to a thousand diagnostics.
    public init(_ texts: [SettingsText]) throws(SettingsTrouble) {
        try self.init(texts, unreadable: [], keepsPlaces: true)
    }

    /// - Parameters:
    ///   - unreadable: One error for each file that is not among the texts.
    ///   - keepsPlaces: False where only the settings count: there are then no ``places``, and what is wrong with the
    ///     whole is said without its exact place.
    init(_ texts: [SettingsText], unreadable: [Diagnostic], keepsPlaces: Bool) throws(SettingsTrouble) {
        var decoder = SettingsDecoder(keepsPlaces: keepsPlaces)
        for text in texts { decoder.read(text) }
        let diagnostics = unreadable + decoder.finish()
        guard !diagnostics.contains(where: { $0.severity == .error }) else {
            throw SettingsTrouble(diagnostics: diagnostics)
        }
        (settings, warnings) = (decoder.settings, diagnostics)
        (places, files) = (decoder.places, decoder.files)
    }
}
