import ArgumentParser
import Foundation
import Reports
import TestKit
import Testing

@testable import edgecertctl

@Suite("What the doctor says of a database") struct DoctorTests {
    @Test("a database that was truncated was said to be removed, and Cloudflare to be left alone until it is back")
    func truncated() throws {
        let folder = "/tmp/edgecertctl-test-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        #expect(mkdir(folder, 0o700) == 0)
        defer { Files.removeFolder(folder) }
        let path = "\(folder)/edgecert.db"
        let doctor = try #require(try Edgecertctl.parseAsRoot(["doctor"]) as? Doctor)
        func finding(isRunning: Bool) throws -> HealthFinding {
            var findings: [HealthFinding] = []
            doctor.database(path, isRunning: isRunning, &findings)
            return try #require(findings.first)
        }
        #expect(try finding(isRunning: true) == .databaseRemoved(path: path))
        #expect(try finding(isRunning: false).text == "there is no \(path)")
        try Data().write(to: URL(fileURLWithPath: path))
        for isRunning in [true, false] {
            let finding = try finding(isRunning: isRunning)
            #expect(finding.state == .bad && finding.text.hasPrefix("\(path) is empty"))
            #expect(finding.hint?.contains("put a backup in its place") == true)
            #expect(finding.hint?.contains("nothing is changed") == false)
        }
    }
}
