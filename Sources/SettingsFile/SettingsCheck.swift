import Domain
import Planning

/// Looks at settings as the planner will before it orders: ``Planning/Preflight`` for every wish.
public enum SettingsCheck {
    /// What the settings' own warnings and preflight say, in order of file and place.
    ///
    /// - Parameter now: The calendar of the CA/Browser Forum depends on it.
    /// - Returns: Errors for wishes that would not be ordered, warnings for doubtful ones. Quotas are not looked at.
    public static func diagnostics(of reading: SettingsReading, now: Timestamp) -> [Diagnostic] {
        let findings = reading.settings.zones.flatMap { zone in
            zone.wishes.flatMap { wish in
                self.findings(wish, zone, now).map { diagnostic(of: $0, wish, zone, reading.places) }
            }
        }
        return (reading.warnings + findings).inOrder(of: reading.files)
    }

    private static func findings(_ wish: Wish, _ zone: ZoneWish, _ now: Timestamp) -> [Finding] {
        switch wish {
        case .pack(let pack): Preflight.findings(pack, zoneName: zone.name, now: now)
        case .clientCertificate(let certificate): Preflight.findings(certificate)
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
