import Domain
import Engine
import TestKit

/// The key room as it is: with a disk that fails, and a process that may end before and after each call.
struct LifeKeys: KeyRoom {
    let life: Life
    init(_ life: Life) { self.life = life }

    private func alive() throws(KeyTrouble) {
        if life.isDead { throw .file(path: "simulated", detail: "the process is gone") }
    }

    private func reached<Answer: Sendable>(
        _ words: String, _ work: () async throws(KeyTrouble) -> Answer
    ) async throws(KeyTrouble) -> Answer {
        let run = life.run
        try alive()
        run.mayCrash("before \(words)", times: Run.rarity)
        try alive()
        let full = KeyTrouble.file(path: "simulated", detail: "No space left on device")
        if run.fires(.keysFail, words) { throw full }
        let answer = try await work()
        if run.fires(.keysFail, "when done: \(words)", times: 0.3) { throw full }
        run.mayCrash("after \(words)", times: Run.rarity)
        try alive()
        return answer
    }

    func request(
        for subject: Subject, zoneName: String, wish: ClientCertificateWish, generation: Int
    ) async throws(KeyTrouble) -> SigningRequest {
        try await reached("making key \(generation) of \(subject.name)") { () throws(KeyTrouble) in
            try await life.run.keys.request(for: subject, zoneName: zoneName, wish: wish, generation: generation)
        }
    }

    func deliver(
        certificatePEM: String, for subject: Subject, zoneName: String, wish: ClientCertificateWish, generation: Int
    ) async throws(KeyTrouble) -> Delivery {
        try await reached("delivering \(generation) of \(subject.name)") { () throws(KeyTrouble) in
            try await life.run.keys.deliver(
                certificatePEM: certificatePEM, for: subject, zoneName: zoneName, wish: wish, generation: generation)
        }
    }

    func generation(of certificatePEM: String, for subject: Subject, zoneName: String) async throws(KeyTrouble) -> Int?
    {
        try await reached("finding a key of \(subject.name)") { () throws(KeyTrouble) in
            try await life.run.keys.generation(of: certificatePEM, for: subject, zoneName: zoneName)
        }
    }

    func fits(
        _ wish: ClientCertificateWish, for subject: Subject, zoneName: String, generation: Int
    ) async throws(KeyTrouble) -> Bool {
        try await reached("comparing key \(generation) of \(subject.name)") { () throws(KeyTrouble) in
            try await life.run.keys.fits(wish, for: subject, zoneName: zoneName, generation: generation)
        }
    }

    func lastGeneration(for subject: Subject, zoneName: String) async throws(KeyTrouble) -> Int {
        try await reached("counting the keys of \(subject.name)") { () throws(KeyTrouble) in
            try await life.run.keys.lastGeneration(for: subject, zoneName: zoneName)
        }
    }
}

/// Commands as they are: each takes its time, and the process may end before, meanwhile and after.
struct LifeCommands: CommandRunner {
    let life: Life
    init(_ life: Life) { self.life = life }

    private static let gone = CommandOutcome.unstartable("the process is gone")

    func run(_ command: [String], environment: [String: String], timeout: Duration) async -> CommandOutcome {
        let run = life.run
        if life.isDead { return Self.gone }
        run.mayCrash("before a command", times: Run.rarity)
        if life.isDead { return Self.gone }
        let outcome = await run.commands.run(command, environment: environment, timeout: timeout)
        if life.isDead { return Self.gone }
        if run.fires(.slow, "a command") { await run.pause(life, .seconds(run.odds.within(1...25))) }
        if life.isDead { return Self.gone }
        run.mayCrash("after a command", times: Run.rarity)
        return life.isDead ? Self.gone : outcome
    }
}
