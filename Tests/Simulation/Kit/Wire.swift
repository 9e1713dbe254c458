import CloudflareAPI
import CloudflareModel
import Domain
import PowerDisk
import TestKit

/// The way to Cloudflare and back, with all that can go wrong on it. Each request is a place where the process may end,
/// stop or reload, and where others may get their turn.
struct Wire: Transport {
    unowned let life: Life
    init(_ life: Life) { self.life = life }

    private static let gone = "the process is gone"

    func send(_ request: HTTPRequest) async throws(TransportTrouble) -> HTTPResponse {
        let run = life.run
        let isRead = request.method.isRead
        let zone = Self.zone(of: request.target)
        if life.isDead { throw .neverSent(.closed, Self.gone) }
        let name = "\(request.method.rawValue) \(request.target)"
        run.mayCrash("before \(name)")
        run.power?.disk.pass("request sent")
        if life.isDead { throw .neverSent(.closed, Self.gone) }
        run.interleave()
        // Asked for, also where nobody hears of it.
        let listing = request.method == .get && request.target.utf8.contains(UInt8(ascii: "?"))
        if listing {
            run.memory.lastListing[zone] = run.clock.trueNow
            run.notePlanned(zone)
        }
        if run.fires(.unsent, name) { throw .neverSent(.connection, "no way to Cloudflare") }
        run.note(Exchange(life: life.number, up: run.clock.up, isAnswer: false, run))
        if run.fires(.slow, "the way to \(name)") { await run.pause(life, .seconds(run.odds.within(1...50))) }
        if life.isDead { throw .neverSent(.closed, Self.gone) }
        let operations = isRead ? [] : run.openOperations()
        let (packs, certificates) = isRead ? ([], []) : run.facts(of: zone)
        let before = run.transport.withModel { model, _ in model.ledger.effects.count }
        let twist = run.twist(request, zone: zone, isListing: listing)
        let answer = await reply(to: twist.request)
        run.transport.withModel { model, _ in if let rule = twist.rule { model.removeFaults(rule) } }
        let effect = run.transport.withModel { model, _ in
            model.ledger.effects.count > before ? model.ledger.effects.last?.effect : nil
        }
        run.trace { "\(name) -> \(answer.words)\(twist.words)" }
        if let effect {
            run.judge(effect, zone: zone, packs: packs, certificates: certificates, operations: operations)
        }
        if listing, !isRead || !twist.isLie, case .success(let response) = answer, response.status == 200 {
            run.noteHonest(zone, request.target)
        }
        run.mayCrash("after \(name)")
        run.power?.disk.pass("request answered")
        if life.isDead { throw .maybeSent(.closed, Self.gone) }
        if run.fires(.slow, "the way back of \(name)") { await run.pause(life, .seconds(run.odds.within(1...50))) }
        if life.isDead { throw .maybeSent(.closed, Self.gone) }
        var exchange = Exchange(life: life.number, up: run.clock.up, isAnswer: true, run)
        guard case .success(var response) = answer else {
            run.note(exchange)
            return try answer.get()
        }
        exchange.status = response.status
        exchange.retryAfter = response.header("Retry-After").flatMap { Int($0) } ?? Self.blockEnd(response)
        run.note(exchange)
        twist.change(&response.body)
        return response
    }

    private func reply(to request: HTTPRequest) async -> Result<HTTPResponse, TransportTrouble> {
        do throws(TransportTrouble) {
            return .success(try await life.run.transport.send(request))
        } catch {
            return .failure(error)
        }
    }

    /// `"default";r=0;t=300`: a window that is used up says when it ends.
    private static func blockEnd(_ response: HTTPResponse) -> Int? {
        guard let text = response.header("Ratelimit") else { return nil }
        let parts = text.utf8.split(separator: UInt8(ascii: ";"))
        guard parts.contains(where: { $0.elementsEqual("r=0".utf8) }), let end = parts.last,
            end.starts(with: "t=".utf8)
        else { return nil }
        return Int(Substring(end.dropFirst(2)))
    }

    static func zone(of target: String) -> ZoneID {
        let parts = target.utf8.split(separator: UInt8(ascii: "/"))
        guard let place = parts.firstIndex(where: { $0.elementsEqual("zones".utf8) }), place + 1 < parts.count else {
            return ZoneID("")
        }
        return ZoneID(String(Substring(parts[place + 1].prefix { $0 != UInt8(ascii: "?") })))
    }
}

extension Exchange {
    init(life: Int, up: Duration, isAnswer: Bool, _ run: Run) {
        (self.life, self.up, self.isAnswer) = (life, up, isAnswer)
        (quota, window, share) = (run.limits.quota, run.limits.window, run.share)
    }
}

extension Result where Success == HTTPResponse, Failure == TransportTrouble {
    fileprivate var words: String {
        switch self {
        case .success(let response): "\(response.status)"
        case .failure(let trouble): "\(trouble)"
        }
    }
}

/// What is done to one request and its answer.
struct Twist {
    var request: HTTPRequest
    var rule: Int?
    var isLie = false
    var words = ""
    var change: (inout [UInt8]) -> Void = { _ in }

    init(_ request: HTTPRequest) { self.request = request }
}

extension Run {
    /// Draws what goes wrong with one request.
    func twist(_ request: HTTPRequest, zone: ZoneID, isListing: Bool) -> Twist {
        var twist = Twist(request)
        if let fault = drawnFault(isRead: request.method.isRead, isListing: isListing) {
            twist.rule = transport.withModel { model, _ in model.add(FaultRule(fault, count: 1)) }
            twist.words = " (\(fault.code))"
            if case .limited = fault { hinder() }
        }
        guard request.method.isRead else { return twist }
        if mayLie(zone) {
            if isListing, fires(.stale, request.target) {
                return lie(twist, .staleList(.seconds(odds.within(30...500))))
            }
            if isListing, fires(.empty, request.target) { return lie(twist, .staleList(.days(4000))) }
            let isOne = !isListing && !zone.text.isEmpty && request.target.split(separator: "/").count > 3
            if isOne, fires(.notFound, request.target) {
                twist.request.target = String(request.target.dropLast(4)) + "ffff"
                twist.isLie = true
                twist.words += " (transient 404)"
                memory.lies[zone] = clock.trueNow
                return twist
            }
        }
        if isListing, fires(.reordered, request.target) { twist.change = { $0 = Body.reordered($0) } }
        if isListing, fires(.unreadableHosts, request.target) {
            let number = odds.below(12)
            twist.change = { $0 = Body.withoutHosts($0, of: number) }
        }
        if fires(.unknownField, request.target) { twist.change = { $0 = Body.withUnknownFields($0) } }
        return twist
    }

    private func lie(_ twist: Twist, _ fault: Fault) -> Twist {
        var twist = twist
        if let rule = twist.rule { transport.withModel { model, _ in model.removeFaults(rule) } }
        twist.rule = transport.withModel { model, _ in model.add(FaultRule(fault, count: 1)) }
        twist.isLie = true
        twist.words = " (a lie)"
        memory.lies[Wire.zone(of: twist.request.target)] = clock.trueNow
        return twist
    }

    /// Lies do not come twice in a row: two looks that agree are what the design relies on.
    private func mayLie(_ zone: ZoneID) -> Bool {
        guard let last = memory.lies[zone] else { return true }
        let packs = memory.honestLook["\(zone)/certificate_pack"] ?? .distantFuture
        let others = memory.honestLook["\(zone)/client_certificate"] ?? .distantFuture
        return last + .minutes(20) < min(packs, others)
    }

    private func drawnFault(isRead: Bool, isListing: Bool) -> Fault? {
        if fires(.lostBefore, "") { return odds.happens(0.5) ? .resetBefore : .serverErrorBefore(status: 502) }
        if fires(.lostAfter, "") { return odds.happens(0.5) ? .resetAfter : .delay(.seconds(90)) }
        if fires(.errorAfter, "") { return .serverErrorAfter(status: odds.pick([500, 502, 503, 504]) ?? 500) }
        if fires(.limited, "") { return .limited(retryAfter: odds.within(0...900)) }
        if fires(.limitedBare, "") { return .limited(retryAfter: nil) }
        if fires(.truncated, "") { return .truncated(at: odds.within(0...200)) }
        if fires(.emptyBody, "") { return .emptyBody }
        if fires(.html, "") { return .html(status: odds.pick([200, 403, 502]) ?? 502) }
        if fires(.unsuccessful, "") { return .unsuccessful }
        if fires(.unknownStatus, "") { return .unknownStatus("quantum_pending") }
        if isListing, fires(.duplicated, "") { return .duplicateEntry }
        if isListing, fires(.shortPage, "") { return .missingEntry }
        return nil
    }
}

/// Other forms of the same JSON.
enum Body {
    static func withUnknownFields(_ body: [UInt8]) -> [UInt8] {
        guard let brace = body.firstIndex(of: UInt8(ascii: "{")) else { return body }
        return Array(body[...brace]) + Array("\"brand_new\":{\"deep\":[1,null]},".utf8) + Array(body[(brace + 1)...])
    }

    /// One pack, or a certificate of it, tells its hosts in a form that nobody can read.
    static func withoutHosts(_ body: [UInt8], of number: Int) -> [UInt8] {
        let places = body.ranges(of: Array("\"hosts\":[".utf8))
        guard !places.isEmpty else { return body }
        let end = places[number % places.count].upperBound
        return Array(body[..<end]) + Array("7,".utf8) + Array(body[end...])
    }

    /// The entries of the first array, last first.
    static func reordered(_ body: [UInt8]) -> [UInt8] {
        guard let open = body.firstIndex(of: UInt8(ascii: "[")) else { return body }
        var (depth, isText, isEscaped) = (0, false, false)
        var (entries, start): ([ArraySlice<UInt8>], Int) = ([], open + 1)
        for place in open..<body.count {
            let byte = body[place]
            if isText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte
                    == UInt8(ascii: "\"")
                {
                    isText = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isText = true
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: ",") where depth == 1:
                entries.append(body[start..<place])
                start = place + 1
            default: break
            }
            if depth == 0 {
                guard start < place else { return body }
                entries.append(body[start..<place])
                return Array(body[...open]) + Array(entries.reversed().joined(separator: [UInt8(ascii: ",")]))
                    + Array(body[place...])
            }
        }
        return body
    }
}
