import CloudflareModel
import Domain
import Glibc
import SimulatorServer

/// The files that hold the tokens. The first token may come from its file; all others are written.
struct TokenFiles {
    let path: String
    private let isTemporary: Bool

    /// Takes the first token of the scenario from the file if it is there.
    init(_ path: String?, scenario: inout Scenario) throws(SimulatorTrouble) {
        guard let path else {
            var template = Array("/tmp/edgecert-sim-XXXXXX".utf8CString)
            guard mkdtemp(&template) != nil else { throw .file(path: "/tmp", fault: TextFile.lastFault) }
            let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            (self.path, isTemporary) = ("\(folder)/token", true)
            return
        }
        (self.path, isTemporary) = (path, false)
        guard !scenario.tokens.isEmpty, access(path, F_OK) == 0 else { return }
        let text = String(decoding: try TextFile(path).bytes(), as: UTF8.self)
        guard let line = text.split(whereSeparator: \.isWhitespace).first else { return }
        scenario.tokens[0].secret = Secret(String(line))
    }

    func write(_ secrets: [(label: String, secret: Secret)]) throws(SimulatorTrouble) {
        for (index, entry) in secrets.enumerated() {
            let file = index == 0 ? path : "\(path).\(entry.label)"
            let text = entry.secret.reveal { $0 + "\n" }
            try TextFile(file).write(text, mode: 0o600)
        }
    }

    /// Takes away what was made because no file was named.
    func removeTemporary() {
        guard isTemporary else { return }
        let folder = String(path.dropLast("/token".count))
        guard let stream = opendir(folder) else { return }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix("token") { unlink("\(folder)/\(name)") }
        }
        closedir(stream)
        rmdir(folder)
    }
}
