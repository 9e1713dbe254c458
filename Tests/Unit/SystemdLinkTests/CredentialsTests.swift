import Domain
import Glibc
import Testing

@testable import SystemdLink

@Suite("The API token") struct CredentialsTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func trouble(_ credentials: Credentials, tokenFile: String?) -> CredentialTrouble? {
        do throws(CredentialTrouble) {
            _ = try credentials.token(tokenFile: tokenFile)
            return nil
        } catch {
            return error
        }
    }

    @Test("the credential goes before the file")
    func credentialFirst() throws {
        try folder.write("from-systemd\n".utf8, to: "cloudflare-token", mode: 0o444)
        let file = try folder.write("from-file\n".utf8, to: "file")
        let token = try Credentials(directory: folder.path).token(tokenFile: file)
        #expect(token.reveal { $0 } == "from-systemd")
    }

    @Test("an empty or missing credential leaves the file to speak", arguments: [true, false])
    func fileInstead(isThere: Bool) throws {
        if isThere { try folder.write("\n".utf8, to: "cloudflare-token") }
        let file = try folder.write("from-file".utf8, to: "file")
        #expect(try Credentials(directory: folder.path).token(tokenFile: file).reveal { $0 } == "from-file")
        #expect(trouble(Credentials(directory: folder.path), tokenFile: nil) == .nowhere)
    }

    @Test("no credential and no file is named as such")
    func nowhere() { #expect(trouble(Credentials(directory: nil), tokenFile: nil) == .nowhere) }

    @Test(
        "what is in the file becomes a token, or is refused by its kind",
        arguments: [
            ("abc_DEF-1.2", Optional("abc_DEF-1.2")), ("abc\n", "abc"), ("abc\r\n", "abc"),
            ("", nil), ("\n", nil), ("a b", nil), ("Bearer abc", nil), ("abc\n\n", nil), ("a\0b", nil), ("aé", nil),
            (String(repeating: "a", count: 4096), String(repeating: "a", count: 4096)),
            (String(repeating: "a", count: 4097), nil),
        ])
    func contents(text: String, token: String?) throws {
        let file = try folder.write(text.utf8, to: "file")
        if let token {
            #expect(try Credentials(directory: nil).token(tokenFile: file).reveal { $0 } == token)
        } else {
            #expect(trouble(Credentials(directory: nil), tokenFile: file) != nil)
        }
    }

    @Test("bytes that are no text are refused, not repaired")
    func notText() throws {
        let file = try folder.write([0x61, 0xFF, 0x62], to: "file")
        #expect(trouble(Credentials(directory: nil), tokenFile: file) == .malformed(path: file))
    }

    @Test("a file that everybody may open is refused", arguments: [0o604, 0o602, 0o644, 0o601] as [mode_t])
    func exposed(mode: mode_t) throws {
        let file = try folder.write("abc".utf8, to: "file", mode: mode)
        #expect(trouble(Credentials(directory: nil), tokenFile: file) == .exposed(path: file))
    }

    @Test("folders, devices and pipes are refused without waiting for them")
    func notFiles() throws {
        let pipe = "\(folder.path)/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        for path in [pipe, folder.path, "/dev/zero"] {
            #expect(trouble(Credentials(directory: nil), tokenFile: path) == .notAFile(path: path))
        }
    }

    @Test("a file that is missing is told by its name")
    func missing() {
        let path = "\(folder.path)/nothing"
        #expect(trouble(Credentials(directory: nil), tokenFile: path) == .missing(path: path))
    }

    @Test("nothing that is said about a token has a word of it")
    func secret() throws {
        let file = try folder.write("hunter2 hunter2".utf8, to: "file")
        let told = try #require(self.trouble(Credentials(directory: nil), tokenFile: file))
        #expect(!"\(told) \(told.explanation)".contains("hunter2"))
    }
}
