import Domain

/// Reads the tables of one file after another into one ``Domain/Settings``.
///
/// What a later file sets under `[daemon]`, `[cloudflare]`, `[limits]` and `[deadlines]` takes the place of what an
/// earlier one set; its zones are added.
struct SettingsDecoder {
    private(set) var settings = Settings()
    private(set) var places = SettingsPlaces()
    private var zones = ZoneMerger()
    private let log = DiagnosticLog()
    private(set) var files: [String] = []
    private let keepsPlaces: Bool

    /// - Parameter keepsPlaces: Costs more memory for each wish than the wish; for a daemon the settings are enough.
    init(keepsPlaces: Bool) { self.keepsPlaces = keepsPlaces }

    mutating func read(_ text: SettingsText) {
        files.append(text.file)
        var parser = TOMLParser(text.bytes)
        while parser.step() {
            // A zone is read as soon as it has ended, so that the tree of the whole file is never in memory.
            guard let (index, zone) = parser.takeEnded("zone"), case .table(let table) = zone.content else { continue }
            readZone(
                TableReader(table, file: text.file, path: "zone[\(index + 1)]", place: zone.place, log: log),
                number: index + 1)
        }
        let document = parser.document
        for trouble in document.troubles { note(trouble, of: document, file: text.file) }
        let start = TextPlace(line: 1, column: 1)
        var file = TableReader(document.root, file: text.file, path: "", place: start, log: log)
        readDaemon(file.table("daemon"))
        readCloudflare(file.table("cloudflare"))
        readLimits(file.table("limits"))
        readDeadlines(file.table("deadlines"))
        for (number, zone) in file.tables("zone", header: "zone") { readZone(zone, number: number) }
        file.finish(homes: Self.homes)
    }

    private mutating func readZone(_ reader: TableReader, number: Int) {
        var reader = reader
        let draft = ZoneDraft(&reader, number: number, keepsPlaces: keepsPlaces)
        zones.add(draft, log: log)
    }

    /// What spans files is judged at the end. The diagnostics are in order of file and place.
    mutating func finish() -> [Diagnostic] {
        settings.zones = zones.wishes(mode: settings.daemon.mode, log: log) { name, wishPlaces in
            if keepsPlaces { places.set(name, wishPlaces) }
        }
        judgeTogether()
        return log.diagnostics.inOrder(of: files)
    }

    private func note(_ trouble: TOMLTrouble, of document: TOMLDocument, file: String) {
        // The word that was refused may be a token without its quotes.
        let isSecret = SecretWords.isSecret(trouble.key)
        let isLast = trouble == document.troubles.last && !document.isComplete
        let hints = [trouble.hint, isLast ? "what follows in this file was not read" : nil].compactMap { $0 }
        log.note(
            Diagnostic(
                code: "syntax", file: file, place: trouble.place, key: trouble.key,
                found: isSecret ? "another value (not shown)" : trouble.found, allowed: trouble.allowed,
                suggestion: isSecret ? nil : trouble.suggestion,
                hint: hints.isEmpty ? nil : hints.joined(separator: "; ")))
    }

    private mutating func readDaemon(_ reader: TableReader?) {
        guard var reader else { return }
        if let mode = reader.value("mode", .word as Form<Mode>) { settings.daemon.mode = mode }
        if let every = reader.value("look_every", .duration(.minutes(1) ... .days(7))) {
            settings.daemon.lookEvery = every
        }
        if let count = reader.value("zones_in_parallel", .integer(1...64)) { settings.daemon.zonesInParallel = count }
        if let path = reader.value("state_directory", .path()) { settings.daemon.stateDirectory = path }
        // A socket's address holds 108 bytes with the NUL at its end (unix(7)).
        if let path = reader.value("control_socket", .path(upTo: 107)) { settings.daemon.controlSocket = path }
        // Decisions look back as far as 35 days.
        if let span = reader.value("keep_history", .duration(.days(36) ... .days(36_500))) {
            settings.daemon.keepHistory = span
        }
        finish(reader)
    }

    private mutating func readCloudflare(_ reader: TableReader?) {
        guard var reader else { return }
        if let url = reader.value("base_url", .baseURL) { settings.cloudflare.baseURL = url }
        if let path = reader.value("token_file", .path(isHidden: true)) { settings.cloudflare.tokenFile = path }
        if let share = reader.value("request_share", .share(allowingZero: false)) {
            settings.cloudflare.requestShare = share
        }
        if let time = reader.value("connect_timeout", .duration(.milliseconds(100) ... .minutes(5))) {
            settings.cloudflare.connectTimeout = time
        }
        if let time = reader.value("request_timeout", .duration(.seconds(1) ... .minutes(10))) {
            settings.cloudflare.requestTimeout = time
        }
        if let count = reader.value("answer_limit", .bytes(64 << 10...256 << 20)) {
            settings.cloudflare.answerLimitBytes = count
        }
        if let path = reader.value("trusted_roots_file", .path()) { settings.cloudflare.trustedRootsFile = path }
        if let follows = reader.value("follow_simulator_clock", .truth) {
            settings.cloudflare.followSimulatorClock = follows
        }
        finish(reader)
    }

    private mutating func readLimits(_ reader: TableReader?) {
        guard var reader else { return }
        if let count = reader.value("orders_per_name_a_day", .integer(1...1000)) {
            settings.limits.ordersPerNameADay = count
        }
        if let count = reader.value("orders_per_name_a_week", .integer(1...1000)) {
            settings.limits.ordersPerNameAWeek = count
        }
        if let count = reader.value("orders_a_day", .integer(1...100_000)) { settings.limits.ordersADay = count }
        if let share = reader.value("removals_per_zone_share", .share(allowingZero: true)) {
            settings.limits.removalsPerZoneShare = share
        }
        if let count = reader.value("removals_a_day", .integer(0...100_000)) { settings.limits.removalsADay = count }
        finish(reader)
    }

    private mutating func readDeadlines(_ reader: TableReader?) {
        guard var reader else { return }
        let form = Form<Duration>.duration(.minutes(1) ... .days(30))
        if let span = reader.value("initializing", form) { settings.deadlines.initializing = span }
        if let span = reader.value("validation", form) { settings.deadlines.validation = span }
        if let span = reader.value("issuance", form) { settings.deadlines.issuance = span }
        if let span = reader.value("deployment", form) { settings.deadlines.deployment = span }
        if let span = reader.value("removal", form) { settings.deadlines.removal = span }
        finish(reader)
    }

    private mutating func finish(_ reader: TableReader) {
        reader.finish(homes: Self.homes)
        for key in reader.keys { places.set(reader.fullPath(key.name), file: reader.file, place: key.place) }
    }

    /// Settings that are good alone and not together, in whatever files they stand.
    private func judgeTogether() {
        let cloudflare = settings.cloudflare
        if cloudflare.followSimulatorClock, let spot = places.spot(of: "cloudflare.follow_simulator_clock"),
            !isLoopback(cloudflare.baseURL)
        {
            log.note(
                Diagnostic(
                    code: "clock-not-loopback", file: spot.file, place: spot.place, key: spot.key,
                    found: "true with the base URL \(cloudflare.baseURL.quoted)",
                    allowed: "true only with a base URL on loopback",
                    hint: "only the simulator's clock is followed; leave the key out"))
        }
        let limits = settings.limits
        let spots = ["limits.orders_per_name_a_week", "limits.orders_per_name_a_day"].compactMap { places.spot(of: $0) }
        if limits.ordersPerNameAWeek < limits.ordersPerNameADay, let spot = spots.first {
            log.note(
                Diagnostic(
                    .warning, code: "week-below-day", file: spot.file, place: spot.place, key: spot.key,
                    found: "\(limits.ordersPerNameAWeek) a week with \(limits.ordersPerNameADay) a day",
                    allowed: "at least as many a week as a day", hint: "the week's number is reached first"))
        }
    }

    private func isLoopback(_ url: String) -> Bool {
        do throws(BaseURL.Fault) { return try BaseURL(url).isLoopback } catch { return false }
    }

    /// Where a key belongs that was found elsewhere. Keys that several tables have are left out.
    static let homes: [String: String] = {
        let keys: [String: [String]] = [
            "[daemon]": [
                "look_every", "zones_in_parallel", "state_directory", "control_socket", "keep_history",
            ],
            "[cloudflare]": [
                "base_url", "token_file", "request_share", "connect_timeout", "request_timeout", "answer_limit",
                "trusted_roots_file", "follow_simulator_clock",
            ],
            "[limits]": [
                "orders_per_name_a_day", "orders_per_name_a_week", "orders_a_day", "removals_per_zone_share",
                "removals_a_day",
            ],
            "[deadlines]": ["initializing", "validation", "issuance", "deployment", "removal"],
            "[[zone]]": ["certificate_pack", "client_certificate"],
            "[[zone.certificate_pack]]": [
                "hosts", "certificate_authority", "validation_method", "cloudflare_branding",
            ],
            "[[zone.client_certificate]]": [
                "common_name", "alternative_names", "csr_file", "renew_before", "overlap", "command", "command_timeout",
            ],
        ]
        return Dictionary(
            keys.flatMap { home, names in names.map { ($0, home) } }, uniquingKeysWith: { first, _ in first })
    }()
}
