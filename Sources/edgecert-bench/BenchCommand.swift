import ArgumentParser
import Domain
import Engine
import Glibc
import Planning
import StateStore

/// The measurements of `bench/run` that need no daemon. Not installed.
@main
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edgecert-bench", abstract: "Measures parts of edgecert, and prints milliseconds as JSON.",
        subcommands: [Fill.self, Plans.self, Store.self])
}

/// The account that is measured with.
struct Shape: ParsableArguments {
    @Option var zones = 1000
    @Option(help: "Packs in each zone.") var packs = 10

    var account: SyntheticAccount { SyntheticAccount(zones: zones, packs: packs) }

    mutating func validate() throws {
        guard (1...10_000).contains(zones), (1...10_000).contains(packs) else {
            throw ValidationError("zones and packs are 1 to 10000")
        }
    }
}

struct Fill: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Makes a database with a history in a folder.")

    @OptionGroup var shape: Shape
    @Option(help: "Rows in all tables together.") var rows = 100_000
    @Argument(help: "An empty folder.") var folder: String

    func run() throws {
        let filled = FilledDatabase(account: shape.account, rows: rows, now: Clock.now())
        var samples = Samples()
        samples.note("rows", Double(try filled.write(inFolder: folder)))
        print(samples.json)
    }
}

struct Plans: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Plans for zones that are at rest, and for zones seen for the first time.")

    @OptionGroup var shape: Shape
    @Option var runs = 20

    func run() throws {
        let (account, now, planner) = (shape.account, Clock.now(), Planner())
        let settled = (0..<account.zones).map { account.settled($0, at: now).input }
        var samples = Samples()
        samples.measure("settled", runs: runs) { _ in
            for input in settled { precondition(planner.plan(input).entries.count == account.packs) }
        }
        let fresh = settled.map { input in
            var input = input
            input.state = ZoneState()
            return input
        }
        samples.measure("fresh", runs: max(1, runs / 5)) { _ in
            for input in fresh { precondition(planner.plan(input).entries.count >= account.packs) }
        }
        print(samples.json)
    }
}

struct Store: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Reads and commits on a database that 'fill' made.")

    @OptionGroup var shape: Shape
    @Option var runs = 200
    @Argument var folder: String

    func run() throws {
        let (account, now) = (shape.account, Clock.now())
        let ledger = try SQLiteLedger.open(inFolder: folder, now: now).ledger
        let states = try (0..<runs).map { run in
            try ledger.state(of: account.zoneID(run * 7919 % account.zones), now: now)
        }
        var samples = Samples()
        try samples.measure("state", runs: runs) { run in
            let state = try ledger.state(of: account.zoneID(run * 7907 % account.zones), now: now)
            precondition(state.objects.count == account.packs)
        }
        try samples.measure("counts", runs: runs) { run in
            let state = states[run]
            _ = try ledger.counts(
                names: Planner.namesToCount(account.wish(run * 7919 % account.zones), state), now: now)
        }
        try samples.measure("unwanted elsewhere", runs: runs) { run in
            if let zone = states[run].zone { _ = try ledger.unwantedOurs(outside: zone.id) }
        }
        // What a status that changed writes: the object, its subject's decision, one line of history, the zone.
        try samples.measure("transition", runs: runs) { run in
            try ledger.commit(Self.move(states[run], at: now))
        }
        try samples.measure("quiet pass", runs: runs) { run in
            guard let zone = states[run].zone else { return }
            try ledger.commit([.zone(zone)])
        }
        try ledger.close()
        print(samples.json)
    }

    private static func move(_ state: ZoneState, at now: Timestamp) -> [Change] {
        guard var object = state.objects.first, let zone = state.zone,
            let subject = state.subjects.first(where: { $0.subject == object.subject })
        else { preconditionFailure("the database was made for another account") }
        let before = Transition.Point(object.sighting)
        (object.sighting.status, object.sighting.stage) = ("pending_validation", .underway(.validation))
        (object.since, object.lastSeen) = (now, now)
        return [
            .subject(subject), .object(object),
            .transition(
                Transition(
                    subject: object.subject, object: object.id, at: now, event: .moved, from: before,
                    to: .init(object.sighting), move: .expected)),
            .zone(zone),
        ]
    }
}

private enum Clock {
    static func now() -> Timestamp {
        var moment = timespec()
        clock_gettime(CLOCK_REALTIME, &moment)  // cannot fail: the clock exists and the address is ours
        return Timestamp(unixSeconds: Int64(moment.tv_sec))
    }
}
