import Clockwork
import CloudflareAPI
import Domain
import Engine
import FoundationEssentials

/// Follows the fast clock of a simulator: asks for it at the start, and again every two seconds, so that a step or a
/// change of speed there is seen here. Loopback only; the settings see to that.
struct SimulatorClock: Sendable {
    private struct Answer: Decodable {
        var now: String
        var speed: Double
    }

    let baseURL: String
    let transport: any Transport

    /// How far a clock that runs `speed` times as fast may seem to be off, through no more than the way of an answer.
    static func skewTolerance(speed: Double) -> Duration { .seconds(60) + .seconds(2) * max(1, min(speed, 1e6)) }

    /// - Returns: nil when no simulator answers there.
    func ask() async -> (now: Timestamp, speed: Double)? {
        let request = HTTPRequest(
            method: .get, baseURL: Self.origin(of: baseURL), target: "/sim/clock", connectTimeout: .seconds(2),
            totalTimeout: .seconds(5), answerLimitBytes: 64 << 10)
        do {
            let response = try await transport.send(request)
            let answer = try JSONDecoder().decode(Answer.self, from: Data(response.body))
            guard response.status == 200, let now = Timestamp(cloudflare: answer.now), answer.speed >= 0 else {
                return nil
            }
            return (now, answer.speed)
        } catch {
            return nil  // it may be gone for a while; the clock runs on at its last pace
        }
    }

    /// Scheme, host and port.
    static func origin(of url: String) -> String {
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return parts.prefix(3).joined(separator: "/")
    }
}
