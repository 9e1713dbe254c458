import Domain

extension News.Kind {
    /// The `MESSAGE_ID` of the kind, 128 random bits in hexadecimal: what `journalctl -x` finds the catalog entry by, and
    /// what an operator's alerts match. Never changed, and never given to another kind.
    public var messageID: String {
        switch self {
        case .started: "6af323601cd84556a565e8bf8ebbed45"
        case .stopping: "f6e4639d3a364bfe97c4cbca8d2fb81a"
        case .settingsLoaded: "3b88331a4b6a47eca998e799e72911cc"
        case .settingsRefused: "ea10348ec90242e99a8832ce10086c91"
        case .transition: "f6575578c6da4d45969cc742d9a90297"
        case .decision: "b948ee84d88346c39a78bb5b1221a3d0"
        case .operationSent: "004bf7db59224acaab3e3df3ccf15508"
        case .operationAccepted: "58e8489846914ce18b2946d6e9934bbf"
        case .operationRefused: "60b5bd418a7d40dc9491853b7e94668a"
        case .operationUnanswered: "1d345067ff7449d984788280752e2c86"
        case .operationLost: "562c87c3471b4a94a8b74bda99673431"
        case .episodeRaised: "65a349f5d42a481fabb599b02a530840"
        case .episodeReminder: "29f59cd6a6554a2ba8958186135f211a"
        case .episodeResolved: "60333a4f6a2e48539be9d67e538da943"
        case .expiryRung: "7e5022e98afc49ea936fba9945b82702"
        case .delivered: "d9faf0db91ca4e0e849e59cffef18b30"
        case .commandOutput: "3382babe92334ca8942b3060981ff63f"
        case .commandFailed: "8477cd979c954884907bdc8769ea5abf"
        case .personActed: "ad693c44114742d7bffacc2996ec8bfd"
        case .simulatorClock: "3b363fb5acc34510aa05b38174cbdcf9"
        case .clockStepped: "b33de614aa38408fbd24b961c44a0874"
        case .databaseQuarantined: "8547080826db4b7dbe03dded86aae098"
        case .databaseMigrated: "866533fbae184888a7a449b008a4b5ce"
        case .databaseRestored: "60a95e484eca47698137790ec7180964"
        }
    }
}
