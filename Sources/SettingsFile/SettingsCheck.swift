import Domain
import Planning

/// Looks at settings as the planner will before it orders: ``Planning/Preflight`` for every wish.
public enum SettingsCheck {
    /// What the settings' own warnings and preflight say, in order of file and place.
    ///
    /// - Parameters:
    ///   - now: The calendar of the CA/Browser Forum depends on it.
    ///   - request: What the signing request in this file says; nil where it cannot be looked at from here.
    /// - Returns: Errors for wishes that would not be ordered, warnings for doubtful ones. Quotas are not looked at.
    public static func diagnostics(
        of reading: SettingsReading, now: Timestamp, request: (_ file: String) -> RequestAtHand? = { _ in nil }
    ) -> [Diagnostic] {
        let findings = reading.settings.zones.flatMap { zone in
            zone.wishes.flatMap { wish in
                self.findings(wish, zone, now).map { diagnostic(of: $0, wish, zone, reading.places) }
                    + self.requestFlaws(wish, zone, reading.places, request)
            }
        }
        return (reading.warnings + emptiness(of: reading) + findings).inOrder(of: reading.files)
    }

    /// A file that was cut off, or written anew by a program that failed, is often empty, and good TOML.
    private static func emptiness(of reading: SettingsReading) -> [Diagnostic] {
        guard reading.settings.zones.isEmpty else { return [] }
        return [
            Diagnostic(
                .warning, code: "no-zones", file: reading.files.first ?? "", place: TextPlace(line: 1, column: 1),
                key: "zone", found: "no zone at all",
                allowed: "one or more [[zone]]", hint: "with these settings nothing is ordered, renewed or removed")
        ]
    }

    private static func findings(_ wish: Wish, _ zone: ZoneWish, _ now: Timestamp) -> [Finding] {
        switch wish {
        case .pack(let pack): Preflight.findings(pack, zoneName: zone.name, now: now)
        case .clientCertificate(let certificate): Preflight.findings(certificate)
        }
    }

    /// A request that is in hand has to be sound, and for the names that are wished.
    private static func requestFlaws(
        _ wish: Wish, _ zone: ZoneWish, _ places: SettingsPlaces, _ request: (String) -> RequestAtHand?
    ) -> [Diagnostic] {
        guard case .clientCertificate(let certificate) = wish, case .request(let file) = certificate.key,
            let atHand = request(file)
        else { return [] }
        func flaw(_ code: String, _ key: String, _ found: String, _ allowed: String, _ hint: String?) -> Diagnostic {
            let spot = places.spot(of: key, in: wish, of: zone)
            return Diagnostic(
                .error, code: code, file: spot?.file ?? "", place: spot?.place, key: spot?.key ?? key, found: found,
                allowed: allowed, hint: hint)
        }
        switch atHand {
        case .flawed(let why):
            return [flaw("request-unreadable", "csr_file", why, "a signing request in PEM", nil)]
        case .names(let names):
            return names.differences(from: certificate).map { difference in
                flaw(
                    "request-names", difference.key, difference.wished, "what \(file) has: \(difference.found)",
                    "make another request, or bring the settings in line with it")
            }
        }
    }

    private static func diagnostic(
        of finding: Finding, _ wish: Wish, _ zone: ZoneWish, _ places: SettingsPlaces
    ) -> Diagnostic {
        let spot = places.spot(of: finding.key, in: wish, of: zone)
        return Diagnostic(
            finding.weight == .refusing ? .error : .warning, code: finding.code.rawValue, file: spot?.file ?? "",
            place: spot?.place, key: spot?.key ?? finding.key, found: finding.found, allowed: finding.allowed,
            hint: finding.hint)
    }
}

/// A signing request of the operator's that could be looked at.
public enum RequestAtHand: Hashable, Sendable {
    case names(RequestNames)
    /// It is no request, or not a sound one: why, in a clause.
    case flawed(String)
}
