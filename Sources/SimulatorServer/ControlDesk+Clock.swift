import CloudflareModel
import Domain

extension ControlDesk {
    /// The simulated time with the speed that leads on from it. `speed` is zero while the clock stands still.
    func clock(_ world: World) -> [UInt8] {
        let now = world.clock.now()
        return Self.json { writer in
            writer.member("now", now.precise)
            writer.key("speed")
            writer.literal(Self.number(world.clock.currentSpeed))
            writer.member("paused", world.clock.isPaused)
            writer.key("running_speed")
            writer.literal(Self.number(world.clock.speed))
        }
    }

    func setClock(_ world: inout World) throws(ScenarioTrouble) -> [UInt8] {
        var fields = try fields()
        let (set, step) = (try fields.moment("set"), try fields.duration("step"))
        let (speed, isPaused) = (try fields.decimal("speed", in: 0...1_000_000), try fields.flag("paused"))
        try fields.finish()
        if let set { world.clock.set(to: set) }
        if let step { world.clock.step(by: step) }
        if let speed { world.clock.run(at: speed) }
        if let isPaused { world.clock.pause(isPaused) }
        return clock(world)
    }

    private static func number(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : "\(number)"
    }
}

extension Timestamp {
    /// RFC 3339 with three digits of a second, always.
    var precise: String {
        let milliseconds = String(unixMilliseconds - unixSeconds * 1000 + 1000).dropFirst()
        return "\(rfc3339.prefix(19)).\(milliseconds)Z"
    }
}
