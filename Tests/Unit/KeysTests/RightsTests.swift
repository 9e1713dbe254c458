import Domain
import Engine
import Glibc
import Testing

@testable import Keys

@Suite("FileKeyRoom, rights") struct RightsTests {
    let scratch: Scratch
    let authority = Authority()
    let subject = Subject(zone: ZoneID("z1"), kind: .clientCertificate, name: "meter")

    init() throws { scratch = try Scratch() }

    func wish(group: String? = nil) -> ClientCertificateWish {
        ClientCertificateWish(name: "meter", commonName: "meter.example.com", group: group)
    }

    /// Makes and delivers two generations, looking at every file after every step.
    static func work(
        in state: String, wish: ClientCertificateWish, look: @escaping @Sendable (Scratch.Entry) -> Void
    ) throws {
        let subject = Subject(zone: ZoneID("z1"), kind: .clientCertificate, name: "meter")
        let files = KeyFiles(stateDirectory: state) { _ throws(KeyTrouble) in
            for entry in Scratch.tree("\(state)/keys") where entry.type != S_IFLNK { look(entry) }
        }
        for generation in 1...2 {
            let request = try files.request(
                for: subject, zoneName: "example.com", wish: wish, generation: generation)
            let certificate = try ReadCertificate(pem: Authority().certificate(for: request))
            _ = try files.deliver(
                certificate, for: subject, zoneName: "example.com", wish: wish, generation: generation)
        }
    }

    static func modes(_ state: String) -> [String: mode_t] {
        Dictionary(
            uniqueKeysWithValues: Scratch.tree(state).filter { $0.type != S_IFLNK }.map { ($0.path, $0.mode) })
    }

    static let ownersAlone: [String: mode_t] = [
        "keys": 0o700, "keys/example.com": 0o700, "keys/example.com/meter": 0o700,
        "keys/example.com/meter/.lock": 0o600,
        "keys/example.com/meter/generation-0001": 0o700, "keys/example.com/meter/generation-0002": 0o700,
        "keys/example.com/meter/generation-0001/key.pem": 0o600,
        "keys/example.com/meter/generation-0001/request.pem": 0o600,
        "keys/example.com/meter/generation-0001/certificate.pem": 0o600,
        "keys/example.com/meter/generation-0002/key.pem": 0o600,
        "keys/example.com/meter/generation-0002/request.pem": 0o600,
        "keys/example.com/meter/generation-0002/certificate.pem": 0o600,
    ]

    /// The umask is the process's: it is changed in one of its own.
    @Test("with any umask everything is the owner's alone, at every moment")
    func anyUmask() async {
        await #expect(processExitsWith: .success) {
            for mask in [0, 0o022, 0o077] as [mode_t] {
                umask(mask)
                let scratch = try Scratch()
                try Self.work(in: scratch.path, wish: ClientCertificateWish(name: "meter", commonName: "m")) { entry in
                    if entry.mode & 0o077 != 0 { exit(2) }
                }
                if Self.modes(scratch.path) != Self.ownersAlone { exit(3) }
            }
        }
    }

    /// A group of this process that is not the one its files get anyway; any will do for root.
    static let otherGroup: (name: String, id: gid_t)? = {
        var own = [gid_t](repeating: 0, count: 256)
        let count = getgroups(CInt(own.count), &own)
        let ids = (geteuid() == 0 ? [gid_t(65534)] : []) + own.prefix(max(0, Int(count)))
        for id in ids where id != getegid() {
            if let entry = getgrgid(id) { return (String(cString: entry.pointee.gr_name), id) }
        }
        return nil
    }()

    /// The folder as the operator prepares it: `d …/meter 2750 edgecertd GROUP`.
    func prepared(_ mode: mode_t = 0o2750) throws -> String {
        let folder = try scratch.folder("keys/example.com/meter", mode: 0o700)
        #expect(chown(folder, uid_t.max, try #require(Self.otherGroup).id) == 0)
        #expect(chmod(folder, mode) == 0)
        return folder
    }

    @Test(
        "with a group every file is of it, and it may read them and no other may",
        .enabled(if: otherGroup != nil, "this user is in one group only"), arguments: [0, 0o022, 0o077] as [mode_t])
    func group(mask: mode_t) async throws {
        await #expect(processExitsWith: .success) { [mask] in
            umask(mask)
            let tests = try RightsTests()
            _ = try tests.prepared()
            let group = try #require(Self.otherGroup)
            try Self.work(in: tests.scratch.path, wish: tests.wish(group: group.name)) { entry in
                let isPassage = entry.path == "example.com"
                if entry.mode & 0o007 != (isPassage ? entry.mode & 0o001 : 0) { exit(2) }
                if entry.type == S_IFREG, entry.mode & 0o040 != 0, entry.group != group.id { exit(4) }
            }
            let files = Scratch.tree(tests.scratch.path).filter { $0.path.contains("generation") }
            if files.count != 8 || !files.allSatisfy({ $0.group == group.id }) { exit(5) }
            for entry in files where entry.mode != (entry.type == S_IFDIR ? 0o750 : 0o640) { exit(6) }
            let modes = Self.modes(tests.scratch.path)
            // Passable to whoever knows the name; the operator's own folder is as it was.
            if modes["keys"] != 0o711 || modes["keys/example.com"] != 0o711 { exit(7) }
            if modes["keys/example.com/meter"] != 0o2750 { exit(8) }
            if modes["keys/example.com/meter/.lock"] != 0o600 { exit(9) }
        }
    }

    @Test("a folder of another group is told before a key is made, and nothing is given to the wrong one")
    func wrongGroup() throws {
        let group = try #require(Self.otherGroup, "this user is in one group only")
        let files = KeyFiles(stateDirectory: scratch.path)
        do {
            _ = try files.request(for: subject, zoneName: "example.com", wish: wish(group: group.name), generation: 1)
            Issue.record("made for the wrong group")
        } catch {
            guard case .group(let path, group.name, _) = error else { return fail("\(error)") }
            #expect(path == "\(scratch.path)/keys/example.com/meter")
        }
        #expect(try files.lastGeneration(for: subject, zoneName: "example.com") == 0)
        #expect(!Scratch.tree(scratch.path).contains { $0.name.hasSuffix(".pem") })
    }

    @Test("a folder without the setgid bit is told by what is made in it, and no file is left that the group may read")
    func noSetgid() throws {
        let group = try #require(Self.otherGroup, "this user is in one group only")
        _ = try prepared(0o750)
        let files = KeyFiles(stateDirectory: scratch.path)
        do {
            _ = try files.request(for: subject, zoneName: "example.com", wish: wish(group: group.name), generation: 1)
            Issue.record("made for the wrong group")
        } catch {
            guard case .group = error else { return fail("\(error)") }
        }
        #expect(!Scratch.tree(scratch.path).contains { $0.name.hasSuffix(".pem") })
    }

    @Test("a group that the machine does not know is told", arguments: ["no-such-group-anywhere", "", "a\nb"])
    func unknownGroup(name: String) throws {
        do {
            _ = try KeyFiles(stateDirectory: scratch.path).request(
                for: subject, zoneName: "example.com", wish: wish(group: name), generation: 1)
            Issue.record("made for a group that is not there")
        } catch {
            guard case .group(_, name, _) = error else { return fail("\(error)") }
        }
    }

    @Test("a group that is set later, or no more, is given its rights, or loses them, with the next delivery")
    func groupChanges() throws {
        let group = try #require(Self.otherGroup, "this user is in one group only")
        _ = try prepared()
        let files = KeyFiles(stateDirectory: scratch.path)
        let request = try files.request(for: subject, zoneName: "example.com", wish: wish(), generation: 1)
        let certificate = try ReadCertificate(pem: authority.certificate(for: request))
        for (group, file, folder) in [(nil, 0o600, 0o700), (group.name, 0o640, 0o750), (nil, 0o600, 0o700)]
            as [(String?, mode_t, mode_t)]
        {
            _ = try files.deliver(
                certificate, for: subject, zoneName: "example.com", wish: wish(group: group), generation: 1)
            let modes = Self.modes(scratch.path)
            let home = "keys/example.com/meter/generation-0001"
            #expect(modes[home] == folder)
            for name in ["key.pem", "request.pem", "certificate.pem"] { #expect(modes["\(home)/\(name)"] == file) }
        }
    }
}
