import Domain
import Glibc

/// Reads the settings' files. The only part of the module that touches the world.
public enum SettingsReader {
    /// - Parameters:
    ///   - mainFile: It must be there.
    ///   - dropInDirectory: Its `*.toml` are read after the main file in order of their names' bytes, hidden ones left
    ///     out. nil, or a folder that is not there, means no drop-ins.
    /// - Throws: Everything that is wrong with any of the files, at once.
    public static func read(mainFile: String, dropInDirectory: String?) throws(SettingsTrouble) -> Settings {
        do throws(SettingsTrouble) {
            return try reading(mainFile, dropInDirectory, keepsPlaces: false).settings
        } catch {
            // What is wrong has to be pointed at.
            return try reading(mainFile, dropInDirectory, keepsPlaces: true).settings
        }
    }

    /// The same, with warnings and places.
    public static func reading(mainFile: String, dropInDirectory: String?) throws(SettingsTrouble) -> SettingsReading {
        try reading(mainFile, dropInDirectory, keepsPlaces: true)
    }

    /// Reads `files` in this order, as if the first were the main file and the others its drop-ins.
    public static func reading(files: [String]) throws(SettingsTrouble) -> SettingsReading {
        try reading(files, [], keepsPlaces: true)
    }

    private static func reading(
        _ mainFile: String, _ directory: String?, keepsPlaces: Bool
    ) throws(SettingsTrouble) -> SettingsReading {
        var troubles: [Diagnostic] = []
        let dropIns = directory.map { dropInFiles(in: $0, &troubles) } ?? []
        return try reading([mainFile] + dropIns, troubles, keepsPlaces: keepsPlaces)
    }

    private static func reading(
        _ files: [String], _ known: [Diagnostic], keepsPlaces: Bool
    ) throws(SettingsTrouble) -> SettingsReading {
        var unreadable = known
        var texts: [SettingsText] = []
        for file in files {
            do throws(Refusal) {
                texts.append(SettingsText(file: file, bytes: try bytes(of: file)))
            } catch {
                unreadable.append(
                    Diagnostic(
                        code: "unreadable-file", file: file, found: error.found, allowed: "a readable file",
                        hint: error.hint))
            }
        }
        return try SettingsReading(texts, unreadable: unreadable, keepsPlaces: keepsPlaces)
    }

    private struct Refusal: Error {
        var found: String
        var hint: String?

        init(_ found: String, hint: String? = nil) { (self.found, self.hint) = (found, hint) }

        init(errno code: Int32) {
            self.init(String(cString: strerror(code)), hint: nil)
            switch code {
            case ENOENT:
                (found, hint) = ("no such file", "check the path; an empty file is good and sets nothing")
            case EACCES, EPERM:
                (found, hint) = ("a file that may not be read", "the daemon's user needs the right to read it")
            default: break
            }
        }
    }

    private static func bytes(of file: String) throws(Refusal) -> [UInt8] {
        // Without O_NONBLOCK a FIFO under this name would keep the daemon waiting for ever.
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Refusal(errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Refusal(errno: errno) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw Refusal("a directory")
        default: throw Refusal("neither a file nor a directory")
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 {
                guard errno == EINTR else { throw Refusal(errno: errno) }
                continue
            }
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: buffer[..<count])
            guard bytes.count <= TOMLParser.longest else {
                throw Refusal("more than \(TOMLParser.longest >> 20) MiB", hint: "spread the zones over drop-ins")
            }
        }
    }

    private static func dropInFiles(in directory: String, _ troubles: inout [Diagnostic]) -> [String] {
        func refuse(_ code: Int32) {
            troubles.append(
                Diagnostic(
                    code: "unreadable-file", file: directory, found: String(cString: strerror(code)),
                    allowed: "a readable directory of drop-ins"))
        }
        guard let stream = opendir(directory) else {
            if errno != ENOENT { refuse(errno) }
            return []
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { refuse(errno) }
                break
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
                    String(cString: $0)
                }
            }
            if name.hasSuffix(".toml"), !name.hasPrefix(".") { names.append(name) }
        }
        let folder = directory.hasSuffix("/") ? directory : directory + "/"
        return names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }.map { folder + $0 }
    }
}
