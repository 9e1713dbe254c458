import Domain
import Testing

@testable import SystemdLink

@Suite("Message identifiers") struct MessageIDTests {
    @Test(
        "the identifier of a kind never changes: operators' alerts match it",
        arguments: [
            (News.Kind.started, "6af323601cd84556a565e8bf8ebbed45"),
            (.stopping, "f6e4639d3a364bfe97c4cbca8d2fb81a"),
            (.settingsLoaded, "3b88331a4b6a47eca998e799e72911cc"),
            (.settingsRefused, "ea10348ec90242e99a8832ce10086c91"),
            (.transition, "f6575578c6da4d45969cc742d9a90297"),
            (.decision, "b948ee84d88346c39a78bb5b1221a3d0"),
            (.operationSent, "004bf7db59224acaab3e3df3ccf15508"),
            (.operationAccepted, "58e8489846914ce18b2946d6e9934bbf"),
            (.operationRefused, "60b5bd418a7d40dc9491853b7e94668a"),
            (.operationUnanswered, "1d345067ff7449d984788280752e2c86"),
            (.operationLost, "562c87c3471b4a94a8b74bda99673431"),
            (.episodeRaised, "65a349f5d42a481fabb599b02a530840"),
            (.episodeReminder, "29f59cd6a6554a2ba8958186135f211a"),
            (.episodeResolved, "60333a4f6a2e48539be9d67e538da943"),
            (.expiryRung, "7e5022e98afc49ea936fba9945b82702"),
            (.delivered, "d9faf0db91ca4e0e849e59cffef18b30"),
            (.commandOutput, "3382babe92334ca8942b3060981ff63f"),
            (.commandFailed, "8477cd979c954884907bdc8769ea5abf"),
            (.personActed, "ad693c44114742d7bffacc2996ec8bfd"),
            (.simulatorClock, "3b363fb5acc34510aa05b38174cbdcf9"),
            (.clockStepped, "b33de614aa38408fbd24b961c44a0874"),
            (.databaseQuarantined, "8547080826db4b7dbe03dded86aae098"),
            (.databaseMigrated, "866533fbae184888a7a449b008a4b5ce"),
            (.databaseRestored, "60a95e484eca47698137790ec7180964"),
        ])
    func fixed(kind: News.Kind, identifier: String) {
        #expect(kind.messageID == identifier)
    }

    @Test("no two kinds share an identifier, and each is 32 hexadecimal digits")
    func distinct() {
        let identifiers = News.Kind.allCases.map(\.messageID)
        #expect(Set(identifiers).count == identifiers.count)
        #expect(identifiers.allSatisfy { $0.count == 32 && $0.allSatisfy { "0123456789abcdef".contains($0) } })
    }
}

@Suite("Journal catalog") struct CatalogTests {
    let entries: [Substring: [Substring]]

    init() throws {
        let text = try textOfFile("systemd/edgecert.catalog")
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("#") }
        var entries: [Substring: [Substring]] = [:]
        var identifier: Substring?
        for line in lines {
            if line.hasPrefix("-- ") {
                identifier = line.dropFirst(3)
                try #require(entries[line.dropFirst(3)] == nil, "two entries for \(line)")
                entries[line.dropFirst(3)] = []
            } else if let identifier {
                entries[identifier, default: []].append(line)
            }
        }
        self.entries = entries
    }

    @Test("every kind of news has an entry, and every entry a kind")
    func complete() {
        #expect(Set(entries.keys.map(String.init)) == Set(News.Kind.allCases.map(\.messageID)))
    }

    @Test("every entry has a subject and a text that is no wider than a terminal")
    func filled() {
        for (identifier, lines) in entries {
            #expect(lines.first?.hasPrefix("Subject: ") == true, "\(identifier)")
            let text = lines.drop { !$0.isEmpty }
            #expect(text.contains { !$0.isEmpty }, "\(identifier)")
            #expect(lines.allSatisfy { $0.count <= 100 }, "\(identifier)")
        }
    }

    @Test("only fields that entries have are named in it")
    func knownFields() {
        let always = ["SUBJECT", "ZONE", "KIND", "NEWS"]
        let known = Set((always + News.Field.Name.allCases.map(\.rawValue)).map { "EDGECERT_\($0)" })
        for (identifier, lines) in entries {
            for line in lines {
                for (index, part) in line.split(separator: "@", omittingEmptySubsequences: false).enumerated()
                where index % 2 == 1 {
                    #expect(known.contains(String(part)), "\(identifier): @\(part)@")
                }
            }
        }
    }
}
