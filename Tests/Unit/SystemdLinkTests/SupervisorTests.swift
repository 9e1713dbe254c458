import Domain
import Engine
import Glibc
import Testing

@testable import SystemdLink

@Suite("The service manager") struct SupervisorTests {
    @Test(
        "each notice has the text of sd_notify(3)",
        arguments: [
            (Notice.ready, "READY=1"), (.alive, "WATCHDOG=1"), (.stopping, "STOPPING=1"),
            (.reloading, "RELOADING=1\nMONOTONIC_USEC=17"),
            (.status("2 zones\nREADY=1\u{7}"), "STATUS=2 zones READY=1 "),
        ])
    func texts(notice: Notice, text: String) {
        #expect(SystemdSupervisor.text(of: notice, monotonicMicroseconds: 17) == text)
    }

    @Test("a status that is longer than anyone reads is cut")
    func longStatus() {
        let text = SystemdSupervisor.text(of: .status(String(repeating: "é", count: 5000)), monotonicMicroseconds: 0)
        #expect(text.count == "STATUS=".count + 1000 && text.hasSuffix("é…"))
    }

    @Test("characters of a hundred marks each made a status too long for the service manager")
    func manyMarks() {
        let status = String(repeating: "e" + String(repeating: "\u{301}", count: 100), count: 900)
        let text = SystemdSupervisor.text(of: .status(status), monotonicMicroseconds: 0)
        // systemd reads notifications of up to 4,096 bytes (`NOTIFY_BUFFER_MAX`, 252).
        #expect(text.utf8.count < 4096 && text.hasSuffix("…"))
    }

    @Test("without a service manager nothing is sent, and nothing is watched")
    func unsupervised() async {
        await #expect(processExitsWith: .success) {
            unsetenv("NOTIFY_SOCKET")
            unsetenv("WATCHDOG_USEC")
            let supervisor = SystemdSupervisor()
            supervisor.tell(.ready)
            supervisor.flush()
            exit(!supervisor.isSupervised && supervisor.watchdogInterval == nil ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }

    @Test("the manager hears everything in order, and is not waited for")
    func heard() async {
        await #expect(processExitsWith: .success) {
            let socket = NotifySocket()
            setenv("NOTIFY_SOCKET", socket.name, 1)
            setenv("WATCHDOG_USEC", "60000000", 1)
            unsetenv("WATCHDOG_PID")
            let supervisor = SystemdSupervisor()
            precondition(supervisor.watchdogInterval == .seconds(60))
            let notices: [Notice] = [.status("starting"), .ready, .alive, .reloading, .ready, .stopping]
            for notice in notices {
                supervisor.tell(notice)
                supervisor.flush(within: .seconds(60))
            }
            let heard = notices.map { _ in socket.receive() }
            precondition(heard[0] == "STATUS=starting")
            precondition(heard[1] == "READY=1")
            precondition(heard[2] == "WATCHDOG=1")
            precondition(heard[3].hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
            precondition(heard[4] == "READY=1")
            precondition(heard[5] == "STOPPING=1")

            // Nobody reads any more: the socket's queue fills, and telling goes on all the same.
            for _ in 0..<10_000 { supervisor.tell(.alive) }
            exit(EXIT_SUCCESS)
        }
    }

    @Test("a manager that went away holds up nobody, and each word that it missed is told on standard error")
    func gone() async throws {
        let result = try await #require(processExitsWith: .success, observing: [\.standardErrorContent]) {
            let socket = NotifySocket()
            setenv("NOTIFY_SOCKET", socket.name, 1)
            let supervisor = SystemdSupervisor()
            socket.close()
            supervisor.tell(.status("\u{0}\u{FFFD}\n"))
            supervisor.tell(.stopping)
            supervisor.flush(within: .seconds(60))
            exit(EXIT_SUCCESS)
        }
        let told = String(decoding: result.standardErrorContent, as: UTF8.self)
        #expect(
            told.split(separator: "\n").count { $0.hasPrefix("<4>edgecertd: the service manager was not told: ") } == 2)
    }
}

/// A datagram socket in the abstract name space, as a service manager has it.
struct NotifySocket {
    let name: String
    private let descriptor: CInt

    init() {
        name = "@edgecert-test-\(getpid())"
        descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: [0] + Array(name.utf8.dropFirst())) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.utf8.count)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        precondition(descriptor >= 0 && bound == 0)
    }

    func close() { Glibc.close(descriptor) }

    func receive() -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let got = recv(descriptor, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(0, got)), as: UTF8.self)
    }
}
