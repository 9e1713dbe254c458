import Domain

extension ClientCertificateWish {
    /// The wish is nil when something of it was refused; its name is read all the same.
    static func read(_ reader: inout TableReader) -> (name: String?, wish: ClientCertificateWish?) {
        let name = reader.required("name", .wishName)
        // RFC 5280, appendix A: ub-common-name is 64, ub-state-name and ub-locality-name 128, the other two 64.
        let commonName = reader.required("common_name", .text(upTo: 64))
        let alternativeNames = readAlternativeNames(&reader)
        let key = readKey(&reader)
        let parts = DistinguishedNameParts(
            country: reader.value("country", .country), state: reader.value("state", .text(upTo: 128)),
            location: reader.value("location", .text(upTo: 128)),
            organization: reader.value("organization", .text(upTo: 64)), unit: reader.value("unit", .text(upTo: 64)))
        var wish = ClientCertificateWish(
            name: name ?? "", commonName: commonName ?? "", alternativeNames: alternativeNames ?? [],
            key: key ?? .made(.ecP256), distinguishedName: parts)
        // Cloudflare publishes no firm maximum; its examples go to 3650.
        if let days = reader.value("validity_days", .integer(1...3650)) { wish.validityDays = days }
        if let span = reader.value("renew_before", .duration(.minutes(1) ... .days(3650))) { wish.renewBefore = span }
        if let span = reader.value("overlap", .duration(.zero ... .days(3650))) { wish.overlap = span }
        wish.group = reader.value("group", .group)
        let command = readCommand(&reader)
        wish.command = command ?? []
        if let time = reader.value("command_timeout", .duration(.seconds(1) ... .hours(1))) {
            wish.commandTimeout = time
        }
        let fits = spansFit(wish, reader)
        noteUnusedSubject(wish, reader)
        reader.finish(homes: SettingsDecoder.homes)
        let isGood = name != nil && commonName != nil && alternativeNames != nil && key != nil && command != nil && fits
        return (name, isGood ? wish : nil)
    }

    private static func readAlternativeNames(_ reader: inout TableReader) -> [String]? {
        guard let texts = reader.value("alternative_names", .texts("an array of DNS names")) else {
            return reader.has("alternative_names") ? nil : []
        }
        var areGood = texts.count <= 100
        if !areGood {
            reader.note(
                "bad-value", at: reader.place(of: "alternative_names"), key: "alternative_names",
                found: "\(texts.count) names", allowed: "at most 100 names")
        }
        for (index, text) in texts.enumerated() {
            guard let fault = HostName.fault(in: text.text, allowsWildcard: false) else { continue }
            areGood = false
            reader.note(
                "bad-host", at: text.place, key: "alternative_names[\(index + 1)]", found: text.text.quoted,
                allowed: "a DNS name", hint: fault)
        }
        return areGood ? texts.map { HostSet.normalized($0.text) } : nil
    }

    /// A key that is made here, or a request of the operator's.
    private static func readKey(_ reader: inout TableReader) -> KeySource? {
        let algorithm = reader.value("key", .word as Form<KeyAlgorithm>)
        let file = reader.value("csr_file", .path())
        if reader.has("key"), reader.has("csr_file") {
            reader.note(
                "key-and-request", at: reader.place(of: "csr_file"), key: "csr_file", found: "'key' and 'csr_file'",
                allowed: "one of the two", hint: "with 'csr_file' the key never comes here: leave out 'key'")
            return nil
        }
        if reader.has("csr_file") { return file.map { .request(file: $0) } }
        if reader.has("key") { return algorithm.map { .made($0) } }
        return .made(.ecP256)
    }

    private static func readCommand(_ reader: inout TableReader) -> [String]? {
        let allowed = "an array of texts: an absolute path and its arguments"
        guard let texts = reader.value("command", .texts(allowed)) else { return reader.has("command") ? nil : [] }
        var areGood = true
        func refuse(_ place: TextPlace, _ key: String, found: String, allowed: String, hint: String?) {
            areGood = false
            reader.note("bad-command", at: place, key: key, found: found, allowed: allowed, hint: hint)
        }
        if let program = texts.first, !program.text.hasPrefix("/") {
            refuse(
                program.place, "command[1]", found: program.text.quoted, allowed: "the absolute path of a program",
                hint: program.text.contains(" ")
                    ? "no shell runs: each argument is a text of its own" : "no search path is used")
        }
        if texts.count > 64 {
            refuse(
                reader.place(of: "command"), "command", found: "\(texts.count) texts", allowed: "at most 64", hint: nil)
        }
        for (index, text) in texts.enumerated() where text.text.utf8.count > 4096 || text.text.utf8.contains(0) {
            refuse(
                text.place, "command[\(index + 1)]", found: text.text.quoted,
                allowed: "a text of at most 4096 bytes without NUL", hint: nil)
        }
        return areGood ? texts.map(\.text) : nil
    }

    private static func spansFit(_ wish: ClientCertificateWish, _ reader: TableReader) -> Bool {
        let validity = Duration.days(wish.validityDays)
        guard wish.renewBefore < validity else {
            let key = reader.has("renew_before") ? "renew_before" : "validity_days"
            reader.note(
                "renewal-before-issue", at: reader.place(of: key), key: key,
                found: "a renewal \(wish.renewBefore.written) before the end of \(wish.validityDays) days",
                allowed: "a renew_before shorter than validity_days",
                hint: "it would be renewed as soon as it is issued")
            return false
        }
        if wish.overlap >= wish.renewBefore {
            let key = reader.has("overlap") ? "overlap" : "renew_before"
            reader.note(
                "overlap-past-end", .warning, at: reader.place(of: key), key: key,
                found:
                    "an overlap of \(wish.overlap.written) with a renewal \(wish.renewBefore.written) before the end",
                allowed: "an overlap shorter than renew_before",
                hint: "the old certificate ends before it would be revoked")
        }
        return true
    }

    /// A request of the operator's brings its own subject. Its names are compared with those that are wished.
    private static func noteUnusedSubject(_ wish: ClientCertificateWish, _ reader: TableReader) {
        guard reader.has("csr_file") else { return }
        for key in ["country", "state", "location", "organization", "unit"] where reader.has(key) {
            reader.note(
                "unused-key", .warning, at: reader.place(of: key), key: key, found: "'\(key)' with 'csr_file'",
                allowed: "'\(key)' only where the request is made here", hint: "it has no effect")
        }
    }
}
