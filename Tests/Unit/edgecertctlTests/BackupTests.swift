import ArgumentParser
import Domain
import Foundation
import TestKit
import Testing

@testable import edgecertctl

@Suite("How a backup is refused") struct BackupTests {
    @Test("an unset variable for a name had all keys copied to where the script ran")
    func emptyName() throws {
        let error = #expect(throws: (any Error).self) { try Edgecertctl.parseAsRoot(["backup", ""]) }
        let message = Edgecertctl.message(for: try #require(error))
        #expect(message == "the name of the folder to make is empty")
        _ = try Edgecertctl.parseAsRoot(["backup", "copy"])
    }

    @Test("what a killed backup left had one be asked for a name that is not there yet, though the name was not there")
    func leftover() throws {
        let folder = "/tmp/edgecertctl-test-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        #expect(mkdir(folder, 0o700) == 0)
        defer { Files.removeFolder(folder) }
        #expect(mkdir("\(folder)/copy.unfinished", 0o700) == 0)
        let backup = try #require(try Edgecertctl.parseAsRoot(["backup", "\(folder)/copy"]) as? Backup)
        let failure = try #require(#expect(throws: Failure.self) { try backup.run() })
        #expect(failure.explanation.code == "backup-unfinished" && failure.exitCode == 1)
        #expect(
            failure.explanation.summary.hasPrefix("there is a \(folder)/copy.unfinished: an earlier backup did not end")
        )
        #expect(failure.explanation.hint?.contains("look at it and remove it") == true)
        // It may be all that is left of something: it is a person's to remove.
        #expect(access("\(folder)/copy.unfinished", F_OK) == 0)
    }
}
