import Clockwork
import CloudflareAPI
import Dispatch
import Domain
import Engine

/// The time that the daemon lives in: the machine's, or on loopback a simulator's.
struct Pace {
    let clock: any Clock
    /// nil in production.
    let simulatorSpeed: Double?
    private let following: (clock: SimulatorFollowingClock, simulator: SimulatorClock)?

    init(_ settings: CloudflareSettings, _ transport: any Transport) async throws(Daemon.StartTrouble) {
        guard settings.followSimulatorClock else {
            (clock, simulatorSpeed, following) = (SystemClock(), nil, nil)
            return
        }
        let simulator = SimulatorClock(baseURL: settings.baseURL, transport: transport)
        guard let told = await simulator.ask() else {
            throw .other(NoSimulator(origin: SimulatorClock.origin(of: settings.baseURL)))
        }
        let clock = SimulatorFollowingClock(now: told.now, speed: told.speed)
        (self.clock, simulatorSpeed, following) = (clock, told.speed, (clock, simulator))
    }

    /// How fast the clock goes just now.
    var speed: @Sendable () -> Double {
        guard let clock = following?.clock else { return { 1 } }
        return { clock.speed }
    }

    var skewTolerance: Duration { SimulatorClock.skewTolerance(speed: simulatorSpeed ?? 0) }

    /// Asks the simulator for its clock from now on every two seconds; a real clock is watched for being set.
    ///
    /// - Returns: To be kept for as long as the daemon lives.
    func follow(
        _ timers: DispatchTimers, _ queue: DispatchQueue, stepped: @escaping @Sendable () -> Void
    ) throws(ClockTrouble) -> ClockStepWatch? {
        guard let (clock, simulator) = following else {
            return try ClockStepWatch(queue: queue) {
                timers.clockChanged()
                stepped()
            }
        }
        Task {
            while !Task.isCancelled {
                do { try await Task.sleep(for: .seconds(2)) } catch { return }
                guard let told = await simulator.ask() else { continue }
                let wasSpeed = clock.speed
                let step = clock.update(now: told.now, speed: told.speed)
                guard wasSpeed != told.speed || abs(step.wholeSeconds) > 60 else { continue }
                timers.clockChanged()
                stepped()
            }
        }
        return nil
    }
}

private struct NoSimulator: Explained {
    let origin: String
    var explanation: Explanation {
        Explanation(
            code: "no-simulator", summary: "cloudflare.follow_simulator_clock is set and no simulator answers at \(origin)",
            hint: "start edgecert-sim first, or take the setting out")
    }
}
