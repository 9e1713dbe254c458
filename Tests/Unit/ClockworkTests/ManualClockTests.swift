import Domain
import Engine
import Synchronization
import TestKit
import Testing

@Suite("ManualClock") struct ManualClockTests {
    final class Notes: Sendable {
        private let value = Mutex<[String]>([])
        func add(_ note: String) { value.withLock { $0.append(note) } }
        var all: [String] { value.withLock { $0 } }
    }

    let clock = ManualClock()
    let notes = Notes()

    func set(_ name: String, after delay: Duration) -> any TimerHandle {
        clock.once(after: delay, leeway: .seconds(9)) { [clock, notes] in
            notes.add("\(name)@\((clock.now() - ManualClock.start).wholeSeconds)")
        }
    }

    @Test("timers fire in order of their moment, then of their making, and see their moment")
    func order() {
        _ = set("late", after: .seconds(5))
        _ = set("first", after: .seconds(2))
        _ = set("second", after: .seconds(2))
        set("never", after: .seconds(1)).cancel()
        _ = set("beyond", after: .seconds(6))
        clock.advance(by: .milliseconds(5500))
        #expect(notes.all == ["first@2", "second@2", "late@5"])
        #expect(clock.now() == ManualClock.start + .milliseconds(5500))
        #expect(clock.timersSet == 1)
        #expect(clock.advanceToNextTimer() == .milliseconds(500))
        #expect(clock.advanceToNextTimer() == nil)
        #expect(notes.all.last == "beyond@6")
    }

    @Test("a timer that a timer sets fires in the same stretch")
    func chain() {
        _ = clock.once(after: .seconds(1), leeway: .zero) { [self] in _ = set("inner", after: .seconds(1)) }
        clock.advance(by: .seconds(3))
        #expect(notes.all == ["inner@2"])
    }

    @Test("a step of the wall clock moves no timer")
    func step() {
        _ = set("timer", after: .seconds(10))
        let uptime = clock.uptime()
        clock.stepWall(by: .days(1))
        #expect(clock.uptime() == uptime)
        #expect(notes.all.isEmpty)
        clock.advance(by: .seconds(10))
        #expect(notes.all == ["timer@86410"])
    }
}
