import Dispatch
import Synchronization
import Testing

@testable import SystemdLink

@Suite("Outbox") struct OutboxTests {
    /// Takes what is delivered; the first delivery waits until `open` is called.
    final class Gate: Sendable {
        private let gate = DispatchSemaphore(value: 0)
        private let entered = DispatchSemaphore(value: 0)
        let taken = Mutex<[String]>([])

        func take(_ item: Int, _ dropped: Int) {
            if item == 0 {
                entered.signal()
                gate.wait()
            }
            taken.withLock { $0.append(dropped > 0 ? "\(item) after \(dropped) lost" : "\(item)") }
        }

        func awaitEntry() { entered.wait() }
        func open() { gate.signal() }
    }

    private func delivered(limit: Int, replaces: (@Sendable (Int, Int) -> Bool)? = nil, _ items: Range<Int>) -> [String]
    {
        let gate = Gate()
        let outbox = Outbox<Int>(label: "test", limit: limit, replaces: replaces) { gate.take($0, $1) }
        outbox.post(0)
        gate.awaitEntry()  // now 0 is on its way, and everything else has to wait
        for item in items { outbox.post(item) }
        gate.open()
        outbox.flush(within: .seconds(60))
        return gate.taken.withLock { $0 }
    }

    @Test("what was posted is delivered in its order")
    func order() { #expect(delivered(limit: 10, 1..<6) == ["0", "1", "2", "3", "4", "5"]) }

    @Test("past the limit the oldest are lost, and the next delivery says how many")
    func overflow() { #expect(delivered(limit: 2, 1..<6) == ["0", "4 after 3 lost", "5"]) }

    @Test("past the limit of bytes too the oldest are lost, and the newest is kept whatever it has")
    func heavy() {
        let gate = Gate()
        let outbox = Outbox<Int>(label: "test", limit: 100, byteLimit: 10, bytes: \.self) { gate.take($0, $1) }
        outbox.post(0)
        gate.awaitEntry()
        for item in [4, 5, 3, 2, 50, 1] { outbox.post(item) }
        gate.open()
        outbox.flush(within: .seconds(60))
        #expect(gate.taken.withLock { $0 } == ["0", "1 after 5 lost"])
    }

    @Test("a newer item takes the place of the ones that it makes needless")
    func replacement() {
        #expect(delivered(limit: 10, replaces: { $0 % 2 == $1 % 2 }, 1..<6) == ["0", "4", "5"])
    }

    @Test("a delivery that stands still holds up nobody, and flushing it ends with its time")
    func stuck() {
        let gate = Gate()
        let outbox = Outbox<Int>(label: "test", limit: 2) { gate.take($0, $1) }
        outbox.post(0)
        gate.awaitEntry()
        outbox.post(1)
        #expect(outbox.flush(within: .zero) == false)
        gate.open()
        #expect(outbox.flush(within: .seconds(60)))
    }
}
