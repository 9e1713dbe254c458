import Domain
import Engine
import Glibc
import Testing

@testable import StateStore

@Suite("Who has a database open") struct HolderTests {
    @Test("the process that keeps other daemons away is named, until it lets go")
    func named() throws {
        let scratch = try Scratch()
        #expect(StoreHolder.process(of: scratch.path) == nil)
        let ledger = try scratch.open().ledger
        #expect(StoreHolder.process(of: scratch.path) == getpid())
        try ledger.close()
        #expect(StoreHolder.process(of: scratch.path) == nil)
    }

    @Test(
        "of the kernel's list only the lock on this very file counts",
        arguments: [
            ("1: FLOCK  ADVISORY  WRITE 126 fe:0a:88 0 EOF", 126),
            ("1: FLOCK  ADVISORY  READ  126 fe:0a:88 0 EOF", nil),
            ("1: POSIX  ADVISORY  WRITE 126 fe:0a:88 0 EOF", nil),
            ("1: FLOCK  ADVISORY  WRITE 126 fe:0a:89 0 EOF", nil),
            ("1: FLOCK  ADVISORY  WRITE 126 00:29:88 0 EOF", nil),
            ("1: FLOCK  ADVISORY  WRITE 777 00:29:88 0 EOF", 777),
            ("1: FLOCK  ADVISORY  WRITE\n\n2: FLOCK  ADVISORY  WRITE 9 fe:0a:88 0 EOF", 9),
            ("1: -> FLOCK  ADVISORY  WRITE 126 fe:0a:88 0 EOF", nil), ("", nil),
        ] as [(String, Int32?)])
    func lines(locks: String, process: Int32?) {
        #expect(StoreHolder.process(holding: 88, on: 0xfe0a, in: locks) { $0 == 777 } == process)
    }
}
