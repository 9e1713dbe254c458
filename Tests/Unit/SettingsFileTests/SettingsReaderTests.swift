import Domain
import FoundationEssentials
import Glibc
import Testing

@testable import SettingsFile

/// A folder of this test alone, gone with it.
private final class Folder {
    let path: String

    init() throws {
        var template = Array("/tmp/edgecert-settings-XXXXXX\0".utf8CString.dropLast())
        let made = mkdtemp(&template)
        path = String(cString: try #require(made))
    }

    deinit {
        do { try FileManager.default.removeItem(atPath: path) } catch { Issue.record("left behind: \(path)") }
    }

    func write(_ name: String, _ text: String) throws { try write(name, Array(text.utf8)) }
    func write(_ name: String, _ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(filePath: "\(path)/\(name)")) }
    func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: false)
    }
}

@Suite("Settings files") struct SettingsReaderTests {
    private func troubles(_ folder: Folder, main: String = "main.toml") -> [String] {
        do throws(SettingsTrouble) {
            _ = try SettingsReader.read(mainFile: "\(folder.path)/\(main)", dropInDirectory: "\(folder.path)/conf.d")
            return []
        } catch {
            return error.diagnostics.map { $0.description.replacing(folder.path, with: "T") }
        }
    }

    @Test("drop-ins are read in order of their names' bytes; hidden files and other endings are not")
    func order() throws {
        let folder = try Folder()
        try folder.write("main.toml", "[daemon]\nmode = 'create'\nlook_every = '1m'")
        try folder.makeFolder("conf.d")
        try folder.write("conf.d/90-z.toml", "[daemon]\nmode = 'enforce'")
        try folder.write("conf.d/10-a.toml", "[daemon]\nmode = 'observe'\nlook_every = '2m'")
        try folder.write("conf.d/B.toml", "[daemon]\nzones_in_parallel = 2")
        try folder.write("conf.d/a.toml", "[daemon]\nzones_in_parallel = 3")
        for name in [".hidden.toml", "x.toml~", "x.toml.dpkg-old", "README"] {
            try folder.write("conf.d/\(name)", "nonsense")
        }
        let reading = try SettingsReader.reading(
            mainFile: "\(folder.path)/main.toml", dropInDirectory: "\(folder.path)/conf.d/")
        #expect(reading.settings.daemon.mode == .enforce)
        #expect(reading.settings.daemon.lookEvery == .minutes(2))
        #expect(reading.settings.daemon.zonesInParallel == 3)
        let names = reading.files.map { $0.replacing(folder.path, with: "T") }
        #expect(
            names == ["T/main.toml", "T/conf.d/10-a.toml", "T/conf.d/90-z.toml", "T/conf.d/B.toml", "T/conf.d/a.toml"])
    }

    @Test("without a folder of drop-ins there are none")
    func noDropIns() throws {
        let folder = try Folder()
        try folder.write("main.toml", "")
        #expect(troubles(folder) == [])
        #expect(try SettingsReader.read(mainFile: "\(folder.path)/main.toml", dropInDirectory: nil) == Settings())
    }

    @Test("what is wrong with two wishes together is told with the places of their keys, also to the daemon")
    func placesOfPairs() throws {
        let folder = try Folder()
        let pack = """
            [[zone.certificate_pack]]
            name = "NAME"
            certificate_authority = "google"
            validation_method = "txt"
            validity_days = 90
            hosts = ["example.com"]

            """
        let zone = "[[zone]]\nname = \"example.com\"\n"
        try folder.write(
            "main.toml",
            zone + pack.replacing("NAME", with: "a") + pack.replacing("NAME", with: "b")
                + pack.replacing("NAME", with: "b"))
        let found = troubles(folder)
        #expect(found.count == 2)
        #expect(found.first?.hasPrefix("T/main.toml:14:9: error: zone[1].certificate_pack[2].hosts: ") == true)
        #expect(found.first?.contains("at T/main.toml:8:9") == true)
        #expect(found.last?.hasPrefix("T/main.toml:16:8: error: zone[1].certificate_pack[3].name: ") == true)
    }

    @Test("a main file that is not there is told, with what the drop-ins have wrong")
    func missing() throws {
        let folder = try Folder()
        try folder.makeFolder("conf.d")
        try folder.write("conf.d/a.toml", "strange = 1")
        let found = troubles(folder)
        #expect(found.count == 2)
        #expect(found.first?.hasPrefix("T/main.toml: error: found no such file; allowed is a readable file") == true)
        #expect(found.last?.hasPrefix("T/conf.d/a.toml:1:1: error: strange: found an unknown key") == true)
    }

    @Test("what is no file of text is told as what it is")
    func odd() throws {
        let folder = try Folder()
        try folder.write("main.toml", [0x6B, 0xFF])
        try folder.makeFolder("conf.d")
        try folder.makeFolder("conf.d/a.toml")
        #expect(mkfifo("\(folder.path)/conf.d/b.toml", 0o600) == 0)
        #expect(symlink("nowhere", "\(folder.path)/conf.d/c.toml") == 0)
        try folder.write("conf.d/d.toml", [UInt8](repeating: 10, count: TOMLParser.longest + 1))
        #expect(
            troubles(folder).map { $0.split(separator: ";")[0] } == [
                "T/conf.d/a.toml: error: found a directory",
                "T/conf.d/b.toml: error: found neither a file nor a directory",
                "T/conf.d/c.toml: error: found no such file", "T/conf.d/d.toml: error: found more than 16 MiB",
                "T/main.toml:1:2: error: found a byte that is not UTF-8",
            ])
    }

    @Test("a folder of drop-ins that is a file is told")
    func fileForFolder() throws {
        let folder = try Folder()
        try folder.write("main.toml", "")
        try folder.write("conf.d", "")
        #expect(
            troubles(folder) == ["T/conf.d: error: found Not a directory; allowed is a readable directory of drop-ins"])
    }

    @Test("a file without the right to read it is told", .disabled(if: geteuid() == 0, "root may read everything"))
    func forbidden() throws {
        let folder = try Folder()
        try folder.write("main.toml", "")
        #expect(chmod("\(folder.path)/main.toml", 0) == 0)
        #expect(troubles(folder).first?.contains("a file that may not be read") == true)
    }
}
