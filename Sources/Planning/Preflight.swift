import Domain

/// Says before an order what would become of it. Pure, local, and all findings at once.
///
/// The planner asks it before it orders, `edgecertctl check` for all wishes of the settings.
public enum Preflight {
    /// - Parameters:
    ///   - now: The calendar of the CA/Browser Forum depends on it.
    ///   - quota: The advanced packs that the zone may have and has; nil when it is not known.
    /// - Returns: In the order of the wish's keys; empty when nothing speaks against the order.
    public static func findings(
        _ wish: PackWish, zoneName: String, now: Timestamp, quota: (allocated: Int, used: Int)? = nil
    ) -> [Finding] {
        let hosts = wish.hosts.names
        return apex(hosts, zoneName) + count(hosts) + wildcards(hosts) + outside(hosts, zoneName)
            + names(hosts, wish.authority) + method(wish) + validity(wish, now) + branding(wish) + space(quota)
    }

    public static func findings(_ wish: ClientCertificateWish) -> [Finding] {
        var findings: [Finding] = []
        let length = wish.commonName.unicodeScalars.count
        if length == 0 || length > IssuanceFacts.longestCommonName {
            findings.append(
                Finding(
                    .commonNameUnfit, key: "common_name", found: "a common name of \(length) characters",
                    allowed: "1 to \(IssuanceFacts.longestCommonName) characters",
                    hint: "longer names can stand in alternative_names"))
        }
        let days = IssuanceFacts.clientValidityDays
        if !days.contains(wish.validityDays) {
            findings.append(
                Finding(
                    .validityUnfit, key: "validity_days", found: "\(wish.validityDays) days",
                    allowed: "\(days.lowerBound) to \(days.upperBound) days", hint: "choose a validity within these"))
        }
        return findings
    }

    /// Cloudflare would add it by itself, and the pack would then not be the one that was wished.
    private static func apex(_ hosts: [String], _ zone: String) -> [Finding] {
        let zone = HostSet.normalized(zone)
        guard !hosts.contains(zone) else { return [] }
        return [
            Finding(
                .apexMissing, key: "hosts", found: "hosts without the zone's apex",
                allowed: "hosts with \"\(zone)\" among them",
                hint: "add \"\(zone)\": Cloudflare puts it into every advanced pack")
        ]
    }

    private static func count(_ hosts: [String]) -> [Finding] {
        let most = IssuanceFacts.mostHosts
        guard hosts.count > most else { return [] }
        return [
            Finding(
                .tooManyHosts, key: "hosts", found: "\(hosts.count) hosts", allowed: "at most \(most) hosts in a pack",
                hint: "spread them over several packs, or use a wildcard")
        ]
    }

    /// `*` stands for one label, the first one.
    private static func wildcards(_ hosts: [String]) -> [Finding] {
        hosts.filter { $0.contains("*") && !isWildcard($0) }.map { host in
            Finding(
                .wildcardDepth, key: "hosts", found: "\"\(host)\"", allowed: "\"*.\" in front of a name without '*'",
                hint: "a wildcard covers one label: name each level, such as \"*.a.example.com\"")
        }
    }

    private static func isWildcard(_ host: String) -> Bool {
        host.hasPrefix("*.") && !host.dropFirst(2).contains("*") && host.count > 2
    }

    private static func outside(_ hosts: [String], _ zone: String) -> [Finding] {
        let zone = HostSet.normalized(zone)
        return hosts.filter { $0 != zone && !$0.hasSuffix(".\(zone)") }.map { host in
            Finding(
                .hostOutsideZone, key: "hosts", found: "\"\(host)\"", allowed: "\"\(zone)\" or a name below it",
                hint: "it belongs to another zone")
        }
    }

    /// What an authority thinks of the names themselves.
    private static func names(_ hosts: [String], _ authority: CertificateAuthority) -> [Finding] {
        hosts.flatMap { host -> [Finding] in
            var findings: [Finding] = []
            let labels = host.split(separator: ".", omittingEmptySubsequences: false)
            if !IssuanceFacts.takesPunycode(authority), labels.contains(where: { $0.hasPrefix("xn--") }) {
                findings.append(
                    Finding(
                        .punycodeNotOffered, key: "hosts", found: "\"\(host)\" with \(authority.rawValue)",
                        allowed: "names without punycode with \(authority.rawValue)",
                        hint: "order it from lets_encrypt or ssl_com"))
            }
            let most = IssuanceFacts.mostLevelsAtLetsEncrypt
            if authority == .letsEncrypt, labels.count > most {
                findings.append(
                    Finding(
                        .tooManyLevels, key: "hosts", found: "\"\(host)\" with \(labels.count) levels",
                        allowed: "at most \(most) levels with lets_encrypt", hint: "order it from google or ssl_com"))
            }
            return findings
        }
    }

    private static func method(_ wish: PackWish) -> [Finding] {
        var findings: [Finding] = []
        let methods = IssuanceFacts.methods(of: wish.authority)
        if !methods.contains(wish.method) {
            let words = methods.map(\.rawValue).joined(separator: " or ")
            findings.append(
                Finding(
                    .methodNotOffered, key: "validation_method",
                    found: "\(wish.method.rawValue) with \(wish.authority.rawValue)",
                    allowed: "\(words) with \(wish.authority.rawValue)", hint: "only ssl_com validates by email"))
        }
        if wish.method == .http, let wildcard = wish.hosts.names.first(where: { $0.hasPrefix("*") }) {
            findings.append(
                Finding(
                    .wildcardOverHTTP, key: "validation_method", found: "http with the wildcard \"\(wildcard)\"",
                    allowed:
                        "\(methods.filter { $0 != .http }.map(\.rawValue).joined(separator: " or ")) with a wildcard",
                    hint: "a wildcard can only be validated in the DNS or by email"))
        }
        return findings
    }

    private static func validity(_ wish: PackWish, _ now: Timestamp) -> [Finding] {
        var findings: [Finding] = []
        let days = wish.validityDays
        let offered = IssuanceFacts.validityDays(of: wish.authority)
        let longest = IssuanceFacts.longestValidityDays(at: now)
        if !offered.contains(days) {
            findings.append(
                Finding(
                    .validityNotOffered, key: "validity_days", found: "\(days) days with \(wish.authority.rawValue)",
                    allowed: "\(words(offered)) with \(wish.authority.rawValue)",
                    hint: "choose another validity or another authority"))
        } else if IssuanceFacts.isEnterpriseOnly(wish.authority, validityDays: days) {
            findings.append(
                Finding(
                    .enterpriseOnly, .doubtful, key: "validity_days", found: "\(days) days",
                    allowed: "\(days) days in Enterprise zones alone", hint: "other zones are refused by Cloudflare"))
        }
        if days > longest {
            let fitting = offered.filter { $0 <= longest }
            let hint = fitting.isEmpty ? "order it from another authority" : "set validity_days to \(words(fitting))"
            findings.append(
                Finding(
                    .validityPastCalendar, key: "validity_days", found: "\(days) days",
                    allowed: "at most \(longest) days for a public certificate issued now", hint: hint))
        }
        return findings
    }

    private static func words(_ numbers: [Int]) -> String {
        numbers.map { String($0) }.joined(separator: " or ")
    }

    private static func branding(_ wish: PackWish) -> [Finding] {
        guard wish.branding, !IssuanceFacts.takesBranding(wish.authority) else { return [] }
        return [
            Finding(
                .brandingNotOffered, .doubtful, key: "cloudflare_branding",
                found: "true with \(wish.authority.rawValue)",
                allowed: "true with google or ssl_com", hint: "leave it out if the order is refused")
        ]
    }

    private static func space(_ quota: (allocated: Int, used: Int)?) -> [Finding] {
        guard let quota, quota.used >= quota.allocated else { return [] }
        return [
            Finding(
                .quotaUsedUp, key: "", found: "\(quota.used) of \(quota.allocated) advanced packs in the zone",
                allowed: "fewer than the zone's quota",
                hint: "remove a pack that is not needed, or ask Cloudflare for more")
        ]
    }
}
