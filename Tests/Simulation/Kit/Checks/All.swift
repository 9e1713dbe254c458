/// Every checker, in order of its invariant. A new one is a file in this folder and a line here.
func allCheckers(_ run: Run) -> [any Checker] {
    [
        S01Unseen { [unowned run] zone in run.live(in: zone) }, S02Ours(), S03Once(), S04Cover(), S05Successor(),
        S06Issuance(), S07Removals(), S08Revoked(), S09Budget(), S10Apart(), S11Skew(), S12NextLook(),
        S13Valid { [unowned run] wall in run.shownValid(wall) }, S14History(), S15Secrets(), S16Unseen(), S17BadState(),
        S18Undone(),
    ]
}
