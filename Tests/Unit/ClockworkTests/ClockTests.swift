import Domain
import Engine
import Glibc
import Synchronization
import TestKit
import Testing

@testable import Clockwork

@Suite("SystemClock") struct SystemClockTests {
    @Test("now is the wall clock")
    func wall() {
        let before = Int64(time(nil))
        let now = SystemClock().now()
        #expect(now >= Timestamp(unixSeconds: before))
        #expect(now < Timestamp(unixSeconds: Int64(time(nil)) + 2))
    }

    @Test("uptime never goes back, and counts from the start of the machine")
    func uptime() throws {
        let clock = SystemClock()
        let readings = (0..<1000).map { _ in clock.uptime() }
        #expect(readings == readings.sorted())
        // The first number of /proc/uptime is CLOCK_BOOTTIME in hundredths.
        let file = open("/proc/uptime", O_RDONLY)
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(file, &bytes, bytes.count)
        let text = String(decoding: bytes[..<max(0, count)], as: UTF8.self)
        let seconds = try #require(text.split(separator: ".").first.flatMap { Int64($0) })
        #expect(clock.uptime() >= .seconds(seconds))
        #expect(try #require(readings.first) < .seconds(seconds + 1))
    }
}

@Suite("SimulatorFollowingClock") struct SimulatorFollowingClockTests {
    /// Local time that the test moves.
    final class Local: Sendable {
        private let value = Mutex(Duration.seconds(500))
        func pass(_ span: Duration) { value.withLock { $0 += span } }
        var uptime: Duration { value.withLock { $0 } }
    }

    let local = Local()
    let start = ManualClock.start

    func clock(speed: Double) -> SimulatorFollowingClock {
        SimulatorFollowingClock(now: start, speed: speed) { [local] in local.uptime }
    }

    @Test("wall clock and uptime pass at the simulator's speed", arguments: [0.5, 1, 60, 3600])
    func speed(speed: Double) {
        let clock = clock(speed: speed)
        let begun = clock.uptime()
        local.pass(.seconds(10))
        #expect(clock.now() == start + .milliseconds(Int64(10_000 * speed)))
        #expect(clock.uptime() - begun == .milliseconds(Int64(10_000 * speed)))
    }

    @Test("a step of the simulator is a step of the wall clock, and the uptime goes on")
    func step() {
        let clock = clock(speed: 60)
        local.pass(.seconds(1))
        let uptime = clock.uptime()
        #expect(clock.update(now: start + .days(30), speed: 60) == .days(30) - .seconds(60))
        #expect(clock.now() == start + .days(30))
        #expect(clock.uptime() == uptime)
        #expect(clock.update(now: start, speed: 60) == .zero - .days(30))
        #expect(clock.now() == start)
        #expect(clock.uptime() == uptime)
        local.pass(.seconds(1))
        #expect(clock.uptime() == uptime + .seconds(60))
    }

    @Test("an answer that says what was foreseen is no step")
    func noStep() {
        let clock = clock(speed: 100)
        local.pass(.seconds(3))
        #expect(clock.update(now: start + .seconds(300), speed: 100) == .zero)
    }

    @Test("another speed counts from when it was told")
    func otherSpeed() {
        let clock = clock(speed: 1)
        let begun = clock.uptime()
        local.pass(.seconds(10))
        clock.update(now: start + .seconds(10), speed: 1000)
        local.pass(.seconds(10))
        #expect(clock.uptime() - begun == .seconds(10_010))
        #expect(clock.speed == 1000)
    }

    @Test("no speed makes time run back, or traps", arguments: [-1, 0, -.infinity, .infinity, .nan, 1e300, 1e-300])
    func oddSpeeds(speed: Double) {
        let clock = clock(speed: speed)
        let begun = clock.uptime()
        local.pass(.seconds(1 << 40))
        #expect(clock.uptime() >= begun)
        #expect(clock.now() >= start)
        clock.update(now: .distantFuture, speed: speed)
        clock.update(now: .distantPast, speed: speed)
        #expect(clock.uptime() >= begun)
    }

    @Test("spans of any size can be scaled", arguments: [0, 1, -1, 1e300, -1e300, .nan, .infinity])
    func scaled(factor: Double) {
        for span in [Duration.zero, .seconds(Int64.max), .seconds(Int64.min), .nanoseconds(1)] {
            _ = span.scaled(by: factor)
        }
        #expect(Duration.seconds(90).scaled(by: 0.5) == .seconds(45))
        #expect(Duration.seconds(Int64.max).scaled(by: 1) == .seconds(Int64.max))
    }
}

@Suite("Chance") struct ChanceTests {
    @Test("the machine's chance does not repeat itself")
    func system() {
        let chance = SystemChance()
        #expect(Set((0..<100).map { _ in chance.next() }).count == 100)
    }

    @Test("seeded chance is SplitMix64")
    func seeded() {
        let chance = SeededChance(seed: 1_234_567)
        let known: [UInt64] = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        #expect(known.map { _ in chance.next() } == known)
    }
}
